//! What happens at the Workload API, for a log and for the audit chain.

use std::fmt;
use std::sync::Arc;

use iia_core::SpiffeId;
use iia_core::code::Coded;

/// Hears what happens. It is called while callers wait, so it returns soon.
pub type Tell = Arc<dyn Fn(&News<'_>) + Send + Sync>;

/// Something that happened; in words by `Display`.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum News<'a> {
    /// An identity was given to a process.
    Issued {
        /// The process in words.
        who: &'a str,
        /// The identity.
        id: &'a SpiffeId,
        /// What it is: `x509-svid` or `jwt-svid`.
        kind: &'static str,
    },
    /// A process was refused; a stream that lived until now has ended.
    Refused {
        /// The process in words.
        who: &'a str,
        /// The call.
        call: &'a str,
        /// Why; the peer is told its code.
        why: &'a dyn Reason,
    },
    /// A connection was closed: its process does not read, does not speak, or there are too many.
    Closed {
        /// The process in words.
        who: &'a str,
        /// Why.
        why: &'a str,
    },
}

/// An error with a code and words.
pub trait Reason: Coded + fmt::Display + fmt::Debug {}

impl<T: Coded + fmt::Display + fmt::Debug> Reason for T {}

impl fmt::Display for News<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Issued { who, id, kind } => write!(f, "{kind} {id} for {who}"),
            Self::Refused { who, call, why } => {
                write!(f, "{call} refused: {} {why}: {who}", why.code())
            }
            Self::Closed { who, why } => write!(f, "connection closed: {why}: {who}"),
        }
    }
}
