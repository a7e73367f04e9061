//! What goes up and down beside identities: who is revoked, which link was refused, what became of messages meanwhile.

use iia_core::canon::minicbor;
use minicbor::{Decode, Encode};

/// Whose word counts no more.
#[derive(Clone, Debug, Decode, Encode, Eq, Ord, PartialEq, PartialOrd)]
pub enum Whom {
    /// A workload's, whatever it shows.
    #[n(0)]
    Identity(#[n(0)] String),
    /// Whoever shows the certificate with this serial number.
    #[n(1)]
    Certificate(#[n(0)] String),
}

/// A link that was refused, as whoever dialled saw it.
#[derive(Clone, Debug, Default, Decode, Encode, Eq, Ord, PartialEq, PartialOrd)]
pub struct Refusal {
    /// Whom it wanted to reach.
    #[n(0)]
    pub peer: String,
    /// Under which contract.
    #[n(1)]
    pub contract: String,
    /// For what.
    #[n(2)]
    pub operation: String,
    /// Why not.
    #[n(3)]
    pub code: String,
    /// Why not, in words.
    #[n(4)]
    pub reason: String,
    /// Whether it is the other end that could not prove who it is.
    #[n(5)]
    pub unproven: bool,
}

/// Something that happened to messages while the other end was away.
#[derive(Clone, Debug, Decode, Encode)]
pub struct Outage {
    /// Under which contract.
    #[n(0)]
    pub contract: String,
    /// On which stream the contract wants it; empty where it names none.
    #[n(1)]
    pub stream: String,
    /// What happened.
    #[n(2)]
    pub what: Happened,
    /// To how many messages.
    #[n(3)]
    pub count: u64,
}

/// What happened to messages.
#[derive(Clone, Copy, Debug, Decode, Encode, Eq, PartialEq)]
#[cbor(index_only)]
pub enum Happened {
    /// They are kept from now on.
    #[n(0)]
    BufferingBegan,
    /// They are kept no more: the other end is there.
    #[n(1)]
    BufferingEnded,
    /// There was no more room.
    #[n(2)]
    DroppedFull,
    /// They were too old.
    #[n(3)]
    DroppedOld,
    /// The contract keeps none.
    #[n(4)]
    LetGo,
}
