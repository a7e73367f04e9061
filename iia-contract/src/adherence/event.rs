//! What happens under a contract, as the box saw it.

use iia_core::Timestamp;

/// Whose doing it is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Side {
    /// The box's.
    Box,
    /// The other side's.
    Consumer,
}

/// One thing that happened. Tickets are numbers that the caller gives, one for each message, question or incident.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Event<'a> {
    /// The link is there.
    Up,
    /// The link is away.
    Down,
    /// The link takes another way.
    Route(&'a str),
    /// A round trip took so many nanoseconds.
    Latency(i64),
    /// So many bytes were moved in so many nanoseconds.
    Transfer(u64, i64),
    /// A message went out; the same ticket again while it waits is a retransmission.
    Sent {
        /// Its ticket.
        ticket: u64,
        /// Records in it.
        records: u64,
        /// Its bytes.
        len: u64,
    },
    /// The other side has so many records of a message.
    Acked {
        /// The ticket of the message.
        ticket: u64,
        /// Records acknowledged, all of them or fewer.
        records: u64,
    },
    /// The other side has so many records of a message, and asks for the others again.
    AckedPart {
        /// The ticket of the message.
        ticket: u64,
        /// Records acknowledged so far.
        records: u64,
    },
    /// The other side refused a message.
    Rejected(u64),
    /// So many records were given up before they were sent.
    Dropped(u64),
    /// Credentials changed.
    Rotated(Side),
    /// Credentials end at this time.
    Expires(Side, Timestamp),
    /// Somebody could not prove who it is.
    AuthFailed(&'a str),
    /// The other side fetched this version of the contract.
    Pulled(&'a str),
    /// The other side uses a version that is deprecated.
    Deprecated(&'a str),
    /// A record or message has another shape than agreed.
    Mismatch(&'a str),
    /// The other side asked and was given so many rows.
    Queried {
        /// Rows of the answer.
        rows: u64,
        /// Bytes of the answer.
        len: u64,
    },
    /// The answer to a question of the other side took so many nanoseconds.
    Served(i64),
    /// The oldest record of a message was so many nanoseconds old when the other side had it.
    Lag(i64),
    /// The other side saw no records between these sequence numbers, both included.
    Gap(u64, u64),
    /// The other side asked for the watermark.
    WatermarkAsked,
    /// The other side asked for these sequence numbers again, both included.
    ReplayAsked(u64, u64),
    /// The box published a chain head of this size.
    HeadPublished(u64),
    /// The other side checked the head of this size, and it holds.
    HeadSound(u64),
    /// The other side checked the head of this size, and it does not hold.
    HeadUnsound(u64),
    /// The box asked the other side something.
    Asked(u64),
    /// The other side answered.
    Answered(u64),
    /// The box called the other side about an incident.
    Raised(u64),
    /// Somebody there took it up.
    Responded(u64),
}

impl Event<'_> {
    /// Its name, for a finding about it.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::Down => "down",
            Self::Route(_) => "route",
            Self::Latency(_) => "latency",
            Self::Transfer(..) => "transfer",
            Self::Sent { .. } => "sent",
            Self::Acked { .. } => "acked",
            Self::AckedPart { .. } => "acked_part",
            Self::Rejected(_) => "rejected",
            Self::Dropped(_) => "dropped",
            Self::Rotated(_) => "rotated",
            Self::Expires(..) => "expires",
            Self::AuthFailed(_) => "auth_failed",
            Self::Pulled(_) => "pulled",
            Self::Deprecated(_) => "deprecated",
            Self::Mismatch(_) => "mismatch",
            Self::Queried { .. } => "queried",
            Self::Served(_) => "served",
            Self::Lag(_) => "lag",
            Self::Gap(..) => "gap",
            Self::WatermarkAsked => "watermark_asked",
            Self::ReplayAsked(..) => "replay_asked",
            Self::HeadPublished(_) => "head_published",
            Self::HeadSound(_) => "head_sound",
            Self::HeadUnsound(_) => "head_unsound",
            Self::Asked(_) => "asked",
            Self::Answered(_) => "answered",
            Self::Raised(_) => "raised",
            Self::Responded(_) => "responded",
        }
    }
}
