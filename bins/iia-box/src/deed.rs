//! What was done under a contract, on its way from whoever did it to the accounts.

use iia_contract::adherence::{Event, Side};
use iia_core::Timestamp;
use iia_core::canon::minicbor;
use minicbor::{Decode, Encode};

/// One thing that was done, and when.
#[derive(Clone, Debug, Decode, Encode)]
pub(crate) struct Deed {
    /// Nanoseconds since the epoch, by the clock of whoever did it.
    #[n(0)]
    pub(crate) ts_ns: i64,
    /// The contract under which it was done; empty when none was named.
    #[n(1)]
    pub(crate) contract: String,
    /// What.
    #[n(2)]
    pub(crate) what: What,
}

/// What was done.
#[derive(Clone, Debug, Decode, Encode)]
pub(crate) enum What {
    /// The link is there, or away.
    #[n(0)]
    Link(#[n(0)] bool),
    /// A small message and its answer took so many nanoseconds.
    #[n(1)]
    Latency(#[n(0)] i64),
    /// So many bytes in so many nanoseconds.
    #[n(2)]
    Transfer(#[n(0)] u64, #[n(1)] i64),
    /// A message went out.
    #[n(3)]
    Sent(#[n(0)] Sent),
    /// The other side has so many records of a message.
    #[n(4)]
    Acked(#[n(0)] u64, #[n(1)] u64),
    /// The other side has so many records of a message so far.
    #[n(13)]
    AckedPart(#[n(0)] u64, #[n(1)] u64),
    /// The other side wants these numbers again.
    #[n(5)]
    Again(#[n(0)] u64, #[n(1)] u64),
    /// Credentials changed: those of the other side, or the box's own.
    #[n(6)]
    Rotated(#[n(0)] bool),
    /// Credentials end at this time, and no others are there yet.
    #[n(7)]
    Expires(#[n(0)] bool, #[n(1)] i64),
    /// Somebody could not prove who it is.
    #[n(8)]
    AuthFailed(#[n(0)] String),
    /// A question was answered with so many rows and bytes, or refused.
    #[n(9)]
    Queried(#[n(0)] u64, #[n(1)] u64),
    /// The answer took so many nanoseconds.
    #[n(12)]
    Served(#[n(0)] i64),
    /// A head of this size was published.
    #[n(10)]
    HeadPublished(#[n(0)] u64),
    /// The other side checked a head of this size, and it holds or not.
    #[n(11)]
    HeadChecked(#[n(0)] u64, #[n(1)] bool),
    /// The other side uses this version of the contract, which goes out of force.
    #[n(14)]
    Deprecated(#[n(0)] String),
}

/// A message that went out.
#[derive(Clone, Debug, Decode, Encode)]
pub(crate) struct Sent {
    /// Its number; the same again when it is sent again.
    #[n(0)]
    pub(crate) ticket: u64,
    /// Its records.
    #[n(1)]
    pub(crate) records: u64,
    /// Its bytes.
    #[n(2)]
    pub(crate) len: u64,
    /// Where its records lie, such as `ot.acs.modbus/1-500`.
    #[n(3)]
    pub(crate) about: String,
}

impl Deed {
    /// When.
    pub(crate) const fn at(&self) -> Timestamp {
        Timestamp::from_ns(self.ts_ns)
    }
}

impl What {
    /// The same for the accounts.
    pub(crate) fn event(&self) -> Event<'_> {
        let side = |theirs| if theirs { Side::Consumer } else { Side::Box };
        match self {
            Self::Link(true) => Event::Up,
            Self::Link(false) => Event::Down,
            Self::Latency(ns) => Event::Latency(*ns),
            Self::Transfer(len, ns) => Event::Transfer(*len, *ns),
            Self::Sent(Sent {
                ticket,
                records,
                len,
                ..
            }) => Event::Sent {
                ticket: *ticket,
                records: *records,
                len: *len,
            },
            Self::Acked(ticket, records) => Event::Acked {
                ticket: *ticket,
                records: *records,
            },
            Self::AckedPart(ticket, records) => Event::AckedPart {
                ticket: *ticket,
                records: *records,
            },
            Self::Again(first, last) => Event::ReplayAsked(*first, *last),
            Self::Rotated(theirs) => Event::Rotated(side(*theirs)),
            Self::Expires(theirs, at_ns) => {
                Event::Expires(side(*theirs), Timestamp::from_ns(*at_ns))
            }
            Self::AuthFailed(who) => Event::AuthFailed(who),
            Self::Queried(rows, len) => Event::Queried {
                rows: *rows,
                len: *len,
            },
            Self::Served(ns) => Event::Served(*ns),
            Self::HeadPublished(size) => Event::HeadPublished(*size),
            Self::HeadChecked(size, true) => Event::HeadSound(*size),
            Self::HeadChecked(size, false) => Event::HeadUnsound(*size),
            Self::Deprecated(version) => Event::Deprecated(version),
        }
    }
}
