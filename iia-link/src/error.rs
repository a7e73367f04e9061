//! Why a link does not come to be, or ends.

use iia_core::code::{Code, Coded};
use iia_core::gate::Refusal;
use iia_identity::IdentityError;
use iia_identity::tls::Fault;

/// An error of this crate.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum LinkError {
    /// The catalog says no.
    #[error("{0}")]
    Catalog(Refusal),
    /// The version of the contract that covered this has gone out of force.
    #[error("the contract has gone out of force")]
    ContractEnded,
    /// The peer speaks a protocol that is none of ours.
    #[error("the peer speaks {what}")]
    ForeignPreface {
        /// What it speaks.
        what: &'static str,
    },
    /// The frame is longer than the limit.
    #[error("frame of {len} bytes, {max} allowed")]
    FrameTooLong {
        /// Its length.
        len: u64,
        /// The limit.
        max: u64,
    },
    /// The peer speaks HTTP (invariant 1).
    #[error("the peer speaks HTTP, which this boundary never does")]
    HttpPreface,
    /// The peer's identity is not believed.
    #[error("{0}")]
    Identity(IdentityError),
    /// What came is not TLS.
    #[error("what came is not TLS")]
    NotTls,
    /// The peer speaks an older TLS.
    #[error("the peer does not speak TLS 1.3")]
    OldTls,
    /// The peer sent what has no place here.
    #[error("message has no place here: {what}")]
    Protocol {
        /// What it was.
        what: &'static str,
    },
    /// The other side refused, with this code.
    #[error("the other side refuses: {code}")]
    Refused {
        /// Its code.
        code: String,
    },
    /// The peer wants to negotiate again.
    #[error("the peer begins another handshake in a session")]
    Renegotiation,
    /// The identity of the peer was revoked.
    #[error("the peer's identity is revoked")]
    Revoked,
    /// The peer's SVID has come to its end, and the session with it.
    #[error("the peer's SVID has expired")]
    SvidExpired,
    /// The peer took too long.
    #[error("timed out: {what}")]
    TimedOut {
        /// What was awaited.
        what: &'static str,
    },
    /// The TLS handshake failed.
    #[error("handshake failed")]
    Tls,
    /// Too many subscribers, or too many topics of one.
    #[error("{max} subscribers or topics, and no more")]
    TooManySubscribers {
        /// The limit.
        max: usize,
    },
    /// Too many sessions are open.
    #[error("{max} sessions are open already")]
    TooManySessions {
        /// The limit.
        max: usize,
    },
    /// The peer ended in the middle, and did not say that it would.
    #[error("the connection was cut off in the middle")]
    Truncated,
    /// The network failed.
    #[error("network: {kind}")]
    Transport {
        /// What kind of failure.
        kind: std::io::ErrorKind,
    },
}

impl Coded for LinkError {
    fn code(&self) -> Code {
        let number = match self {
            Self::Catalog(refusal) => return refusal.code(),
            Self::Identity(error) => return error.code(),
            Self::HttpPreface => 1,
            Self::Protocol { .. } => 2,
            Self::NotTls => 3,
            Self::Truncated => 4,
            Self::ForeignPreface { .. } => 5,
            Self::Tls => 101,
            Self::Refused { .. } => 102,
            Self::Revoked => 103,
            Self::OldTls => 104,
            Self::SvidExpired => 301,
            Self::Renegotiation => 302,
            Self::ContractEnded => 303,
            Self::FrameTooLong { .. } => 401,
            Self::TooManySessions { .. } => 402,
            Self::TooManySubscribers { .. } => 403,
            Self::TimedOut { .. } => 501,
            Self::Transport { .. } => 502,
        };
        Code::new("LNK", number)
    }
}

impl LinkError {
    /// The peer speaks another application protocol, or names none.
    pub const ANOTHER_PROTOCOL: Self = Self::Protocol {
        what: "another application protocol",
    };
}

impl From<std::io::Error> for LinkError {
    fn from(error: std::io::Error) -> Self {
        Self::Transport { kind: error.kind() }
    }
}

impl From<Fault> for LinkError {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Identity(error) => Self::Identity(error),
            Fault::NoProtocol => Self::ANOTHER_PROTOCOL,
            Fault::NotTls => Self::NotTls,
            Fault::OldVersion => Self::OldTls,
            Fault::Renegotiation => Self::Renegotiation,
            _ => Self::Tls,
        }
    }
}

impl From<IdentityError> for LinkError {
    fn from(error: IdentityError) -> Self {
        Self::Identity(error)
    }
}

impl From<Refusal> for LinkError {
    fn from(refusal: Refusal) -> Self {
        Self::Catalog(refusal)
    }
}
