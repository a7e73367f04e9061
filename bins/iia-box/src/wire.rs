//! Messages between the roles of one box, canonical CBOR inside link frames.

use iia_audit::chunk::{Chunk, Position};
pub(crate) use iia_audit::submit::{AuditAsk, Watermark};
use iia_core::canon::{self, minicbor};
use iia_core::finding::Finding;
use iia_core::record::{Sequence, ServiceId};
use iia_core::store::Batch;
use minicbor::bytes::{ByteArray, ByteVec};
use minicbor::{Decode, Encode};

/// Rows to the lake.
pub(crate) const WRITE_BATCH: &str = "WRITE_BATCH";
/// Rows to the lake that a box below has published.
pub(crate) const WRITE_CHILD: &str = "WRITE_CHILD";
/// Rows out of the lake in order.
pub(crate) const SIPHON: &str = "SIPHON";
/// Events to the audit chain.
pub(crate) const SUBMIT_EVENT: &str = "SUBMIT_EVENT";
/// The signed head with a consistency proof.
pub(crate) const FETCH_HEAD: &str = "FETCH_HEAD";
/// The log's own bytes, for its mirror.
pub(crate) const FETCH_RECORDS: &str = "FETCH_RECORDS";
/// The mirror's signature.
pub(crate) const SUBMIT_MIRRORED: &str = "SUBMIT_MIRRORED";
/// The witness's receipt.
pub(crate) const SUBMIT_RECEIPT: &str = "SUBMIT_RECEIPT";
/// What has become durable.
pub(crate) const ANNOUNCE: &str = "ANNOUNCE";
/// Announcements, live.
pub(crate) const SUBSCRIBE: &str = "SUBSCRIBE";
/// What was done under contracts, for the accounts.
pub(crate) const REPORT_DEEDS: &str = "REPORT_DEEDS";
/// A refusal at the query API, for the lake.
pub(crate) const REPORT_VIOLATION: &str = "REPORT_VIOLATION";

/// What the mirror lacks.
#[derive(Clone, Debug, Decode, Encode)]
pub(crate) enum RecordsAsk {
    /// Genesis and policy.
    #[n(0)]
    Texts,
    /// The chunk at this position.
    #[n(1)]
    From(#[n(0)] Position),
}

/// The answer.
#[derive(Clone, Debug, Decode, Encode)]
pub(crate) enum RecordsAnswer {
    #[n(0)]
    Texts(#[n(0)] String, #[n(1)] String),
    /// Nothing where the mirror has everything.
    #[n(1)]
    Chunk(#[n(0)] Option<Chunk>),
}

/// To the audit chain: what a box below asks its witness or its mirror, and who asked under which contract.
#[derive(Clone, Debug, Decode, Encode)]
pub(crate) struct ChildAsk {
    #[n(0)]
    pub(crate) peer: String,
    #[n(1)]
    pub(crate) contract: String,
    /// The message as it came.
    #[n(2)]
    pub(crate) payload: ByteVec,
}

/// To the lake.
#[derive(Clone, Debug, Decode, Encode)]
pub(crate) enum LakeAsk {
    /// What is the newest durable number of this service?
    #[n(0)]
    Watermark(#[n(0)] String, #[n(1)] ByteArray<16>),
    /// Store these rows.
    #[n(1)]
    Write(#[n(0)] WriteBatch),
}

/// Rows of one service, contiguous from `first`.
#[derive(Clone, Debug, Decode, Encode)]
pub(crate) struct WriteBatch {
    #[n(0)]
    pub(crate) stream: String,
    #[n(1)]
    pub(crate) service: ByteArray<16>,
    #[n(2)]
    pub(crate) first: u64,
    #[n(3)]
    pub(crate) rows: u64,
    #[n(4)]
    pub(crate) ipc: ByteVec,
}

impl From<Batch> for WriteBatch {
    fn from(batch: Batch) -> Self {
        Self {
            stream: batch.stream.as_str().into(),
            service: ByteArray::from(*batch.service.as_bytes()),
            first: batch.first.as_u64(),
            rows: batch.rows,
            ipc: batch.ipc.into(),
        }
    }
}

impl TryFrom<WriteBatch> for Batch {
    type Error = anyhow::Error;

    fn try_from(batch: WriteBatch) -> anyhow::Result<Self> {
        Ok(Self {
            stream: batch.stream.parse()?,
            service: ServiceId::from_bytes(batch.service.into()),
            first: Sequence::new(batch.first),
            rows: batch.rows,
            ipc: batch.ipc.into(),
        })
    }
}

/// To the lake, from the relay.
#[derive(Clone, Debug, Decode, Encode)]
pub(crate) struct SiphonAsk {
    #[n(0)]
    pub(crate) stream: String,
    #[n(1)]
    pub(crate) cursor: u64,
    #[n(2)]
    pub(crate) rows_max: u64,
}

/// From the lake, through the relay.
#[derive(Clone, Debug, Decode, Encode)]
pub(crate) struct SiphonAnswer {
    #[n(0)]
    pub(crate) rows: u64,
    #[n(1)]
    pub(crate) next: u64,
    #[n(2)]
    pub(crate) ipc: ByteVec,
}

/// A run: exchanges of one client at one server without a long pause between them.
#[derive(Clone, Debug, Decode, Encode, Eq, PartialEq)]
pub(crate) struct Seen {
    /// The client's address.
    #[n(0)]
    pub(crate) client: String,
    /// The server's address.
    #[n(1)]
    pub(crate) server: String,
    /// The server's port.
    #[n(2)]
    pub(crate) port: u16,
    /// When first, nanoseconds since the epoch.
    #[n(3)]
    pub(crate) first_ns: i64,
    /// When last, nanoseconds since the epoch.
    #[n(4)]
    pub(crate) last_ns: i64,
    /// How many exchanges.
    #[n(5)]
    pub(crate) count: u64,
}

/// Values of a device's memory that an exchange carried, as the collector's own decoder has them.
#[derive(Clone, Debug, Decode, Encode, Eq, PartialEq)]
pub(crate) struct Values {
    /// The server's address.
    #[n(0)]
    pub(crate) server: String,
    /// The unit behind it.
    #[n(1)]
    pub(crate) unit: u8,
    /// The table, by its name.
    #[n(2)]
    pub(crate) table: String,
    /// The first address.
    #[n(3)]
    pub(crate) first: u32,
    /// The values, in address order.
    #[n(4)]
    pub(crate) values: Vec<u16>,
    /// When the frame that carried them was there, nanoseconds since the epoch.
    #[n(5)]
    pub(crate) at_ns: i64,
    /// How long the answer took; nothing where the device was told them.
    #[n(6)]
    pub(crate) took_ns: Option<i64>,
}

/// What has just become durable, told to whoever listens; may be dropped.
#[derive(Clone, Debug, Default, Decode, Encode)]
pub(crate) struct Announce {
    /// How far the source's time has come, nanoseconds since the epoch.
    #[n(0)]
    pub(crate) now_ns: i64,
    /// Packets since the start.
    #[n(1)]
    pub(crate) packets: u64,
    /// Exchanges since the start.
    #[n(2)]
    pub(crate) exchanges: u64,
    /// Violations since the start.
    #[n(3)]
    pub(crate) violations: u64,
    /// Who spoke since the last announcement, in the order in which runs began.
    #[n(4)]
    pub(crate) seen: Vec<Seen>,
    /// New findings, the first of each kind.
    #[n(5)]
    pub(crate) findings: Vec<Finding>,
    /// What the next box up holds, in words.
    #[n(6)]
    pub(crate) north: String,
    /// Announcements that this subscriber lost before this one.
    #[n(7)]
    pub(crate) lost: u64,
    /// Who announces.
    #[n(8)]
    pub(crate) source: String,
    /// Exchanges since the start that a contract covers.
    #[n(9)]
    pub(crate) covered: u64,
    /// The newest head that the next box up vouches for, in words.
    #[n(10)]
    pub(crate) head: String,
    /// What was read and written since the last announcement at the devices that an IO master reads as well.
    #[n(11)]
    pub(crate) values: Vec<Values>,
    /// Exchanges of those devices that found no room in it.
    #[n(12)]
    pub(crate) unsaid: u64,
}

/// Decodes a message of a peer.
pub(crate) fn decode<'b, T>(bytes: &'b [u8]) -> anyhow::Result<T>
where
    T: Decode<'b, ()> + Encode<()>,
{
    Ok(canon::decode(bytes)?)
}

/// Encodes a message for a peer.
pub(crate) fn encode<T: Encode<()>>(message: &T) -> Vec<u8> {
    canon::encode(message)
}
