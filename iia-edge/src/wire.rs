//! Messages at the boundary, canonical CBOR inside link frames. Rows travel as Arrow IPC bytes.

use alloc::string::String;
use alloc::vec::Vec;

use iia_audit::chunk::{Chunk, Position};
use iia_core::canon::{self, minicbor};
use iia_core::store::Range;
use iia_core::{Timestamp, stream::Stream};
use minicbor::bytes::ByteVec;
use minicbor::{Decode, Encode};

use crate::EdgeError;

/// The operation that carries [`PublishBatch`].
pub const PUBLISH_BATCH: &str = "PUBLISH_BATCH";
/// The same for rows about the audit chain, which have a contract of their own.
pub const PUBLISH_HEAD: &str = "PUBLISH_HEAD";
/// The operation that carries [`HeadOffer`].
pub const ADD_CHECKPOINT: &str = "ADD_CHECKPOINT";
/// The operation that carries [`MirrorAsk`].
pub const ADD_ENTRIES: &str = "ADD_ENTRIES";
/// The operation that carries [`QueryAsk`].
pub const QUERY: &str = "QUERY";

/// Rows on their way north.
#[derive(Clone, Debug, Decode, Encode, Eq, PartialEq)]
pub struct PublishBatch {
    /// The stream, as text.
    #[n(0)]
    pub stream: String,
    /// How many rows of the stream were sent before: the consumer deduplicates and finds gaps by it.
    #[n(1)]
    pub position: u64,
    /// Rows in `ipc`.
    #[n(2)]
    pub rows: u64,
    /// Arrow IPC stream.
    #[n(3)]
    pub ipc: ByteVec,
}

/// What the consumer has stored.
#[derive(Clone, Debug, Decode, Encode, Eq, PartialEq)]
pub struct PublishAck {
    /// The stream, as text.
    #[n(0)]
    pub stream: String,
    /// Rows of the stream that are durable at the consumer.
    #[n(1)]
    pub position: u64,
}

/// A signed head of the audit chain, offered to the next box up as its witness.
#[derive(Clone, Debug, Decode, Encode, Eq, PartialEq)]
pub struct HeadOffer {
    /// The C2SP checkpoint, a signed note.
    #[n(0)]
    pub checkpoint: String,
    /// The size the proof starts from.
    #[n(1)]
    pub old_size: u64,
    /// RFC 6962 consistency proof, 32-byte hashes.
    #[n(2)]
    pub proof: Vec<ByteVec>,
}

/// The witness's answer.
#[derive(Clone, Debug, Decode, Encode, Eq, PartialEq)]
pub enum HeadAnswer {
    /// Cosigned: the signature line to add to the note.
    #[n(0)]
    Cosigned(#[n(0)] String),
    /// The witness knows another size; prove from there.
    #[n(1)]
    Stale(#[n(0)] u64),
    /// Refused, with the code of the reason.
    #[n(2)]
    Refused(#[n(0)] String),
}

/// What a log says to its mirror, the next box up (C2SP tlog-mirror, over the box's own link).
#[derive(Clone, Debug, Decode, Encode, Eq, PartialEq)]
pub enum MirrorAsk {
    /// How far is the log of this name?
    #[n(0)]
    At(#[n(0)] String),
    /// Begin to hold the log of this name: its genesis and its policy.
    #[n(1)]
    Begin(#[n(0)] String, #[n(1)] String, #[n(2)] String),
    /// Store a piece of the log of this name.
    #[n(2)]
    Take(#[n(0)] String, #[n(1)] Chunk),
    /// Sign for this head of the log of this name.
    #[n(3)]
    Sign(#[n(0)] String, #[n(1)] String),
}

/// The mirror's answer.
#[derive(Clone, Debug, Decode, Encode, Eq, PartialEq)]
pub enum MirrorAnswer {
    /// The mirror knows the log and has none of it.
    #[n(0)]
    Unknown,
    /// What is to come next.
    #[n(1)]
    At(#[n(0)] Position),
    /// Everything up to the head is stored: the signature line to add to the note.
    #[n(2)]
    Signed(#[n(0)] String),
    /// Refused, with the code of the reason.
    #[n(3)]
    Refused(#[n(0)] String),
}

/// A time range that a consumer asks for.
#[derive(Clone, Debug, Decode, Encode, Eq, PartialEq)]
pub struct QueryAsk {
    /// The stream, as text.
    #[n(0)]
    pub stream: String,
    /// From here, included; nanoseconds since the epoch.
    #[n(1)]
    pub from_ns: i64,
    /// To here, excluded.
    #[n(2)]
    pub to_ns: i64,
    /// At most so many rows.
    #[n(3)]
    pub rows_max: u64,
}

impl QueryAsk {
    /// The typed range.
    ///
    /// # Errors
    /// [`EdgeError::Malformed`] for a bad stream name, [`EdgeError::WrongRange`] for an empty range.
    pub fn to_range(&self) -> Result<Range, EdgeError> {
        let stream: Stream = self.stream.parse().map_err(|_| EdgeError::Malformed {
            what: "stream name",
        })?;
        if self.from_ns >= self.to_ns {
            return Err(EdgeError::WrongRange);
        }
        let (from, to) = (
            Timestamp::from_ns(self.from_ns),
            Timestamp::from_ns(self.to_ns),
        );
        Ok(Range {
            stream,
            from,
            to,
            rows_max: self.rows_max,
        })
    }
}

/// The answer to a [`QueryAsk`].
#[derive(Clone, Debug, Decode, Encode, Eq, PartialEq)]
pub struct QueryAnswer {
    /// Rows in `ipc`.
    #[n(0)]
    pub rows: u64,
    /// Arrow IPC stream; empty when no row lies in the range.
    #[n(1)]
    pub ipc: ByteVec,
    /// Rows of the stream that were durable when the answer was made: the watermark.
    #[n(2)]
    pub watermark: u64,
}

/// Decodes a message, refusing every encoding but the canonical one.
///
/// # Errors
/// [`EdgeError::Malformed`] with `what`.
pub fn decode<'b, T>(bytes: &'b [u8], what: &'static str) -> Result<T, EdgeError>
where
    T: minicbor::Decode<'b, ()> + minicbor::Encode<()>,
{
    canon::decode(bytes).map_err(|_| EdgeError::Malformed { what })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_must_name_a_stream_and_a_range() {
        let ask = |stream: &str, from_ns, to_ns| QueryAsk {
            stream: stream.into(),
            from_ns,
            to_ns,
            rows_max: 1,
        };
        assert!(ask("ot.acs.modbus", 1, 2).to_range().is_ok());
        assert_eq!(
            ask("ot.acs.modbus", 2, 2).to_range(),
            Err(EdgeError::WrongRange)
        );
        assert_eq!(
            ask("x", 1, 2).to_range(),
            Err(EdgeError::Malformed {
                what: "stream name"
            })
        );
    }

    #[test]
    fn every_prefix_of_a_message_is_refused() {
        let bytes = canon::encode(&PublishBatch {
            stream: "ot.acs.modbus".into(),
            position: 7,
            rows: 2,
            ipc: ByteVec::from(alloc::vec![1, 2, 3]),
        });
        assert!(decode::<PublishBatch>(&bytes, "batch").is_ok());
        for cut in 0..bytes.len() {
            assert!(
                decode::<PublishBatch>(&bytes[..cut], "batch").is_err(),
                "{cut}"
            );
        }
    }
}
