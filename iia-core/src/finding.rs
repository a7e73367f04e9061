//! What an observer concludes: a violation, a divergence, a missing thing; always with evidence and a reason.

use alloc::string::String;
use alloc::vec::Vec;

use minicbor::{Decode, Encode};

use crate::stream::Stream;

/// How bad it is; a finding of attestation is never less than `High` (001:351).
#[derive(Clone, Copy, Debug, Decode, Encode, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[cbor(index_only)]
pub enum Severity {
    /// All is well, said on a cadence.
    #[n(0)]
    Info,
    /// To look at.
    #[n(1)]
    Medium,
    /// As bad as a detected threat.
    #[n(2)]
    High,
    /// Prevention has failed.
    #[n(3)]
    Critical,
}

impl Severity {
    /// The name in records and reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }

    /// The severity of this name.
    pub fn named(name: &str) -> Option<Self> {
        let all = [Self::Info, Self::Medium, Self::High, Self::Critical];
        all.into_iter().find(|severity| severity.name() == name)
    }
}

/// The outcome of comparing what was seen with the reference.
#[derive(Clone, Copy, Debug, Decode, Encode, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[cbor(index_only)]
pub enum Conclusion {
    /// They agree.
    #[n(0)]
    Converge,
    /// They disagree.
    #[n(1)]
    Diverge,
    /// Something expected did not come.
    #[n(2)]
    Missing,
}

/// One finding.
#[derive(Clone, Debug, Decode, Encode, Eq, PartialEq)]
pub struct Finding {
    /// Nanoseconds since the epoch: when it became true.
    #[n(0)]
    pub ts_ns: i64,
    /// The stream it is published on, as text.
    #[n(1)]
    pub stream: String,
    /// The comparison's outcome.
    #[n(2)]
    pub conclusion: Conclusion,
    /// How bad.
    #[n(3)]
    pub severity: Severity,
    /// The contract concerned, empty when none covers it.
    #[n(4)]
    pub contract: String,
    /// The clause that failed.
    #[n(5)]
    pub clause: String,
    /// Who, SPIFFE ID or address.
    #[n(6)]
    pub source: String,
    /// To whom.
    #[n(7)]
    pub destination: String,
    /// The operation attempted.
    #[n(8)]
    pub operation: String,
    /// The reason in words.
    #[n(9)]
    pub reason: String,
    /// What proves it, such as `ot.acs.modbus#<service>/<sequence>`.
    #[n(10)]
    pub evidence: Vec<String>,
}

impl Finding {
    /// Whether it belongs to `stream`.
    pub fn is_on(&self, stream: &Stream) -> bool {
        self.stream == stream.as_str()
    }
}
