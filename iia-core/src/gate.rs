//! The one question every enforcement point asks: may this be said by whom, to whom?

use alloc::string::String;

use crate::code::{Code, Coded};
use crate::{SpiffeId, Timestamp};

/// A question to the catalog about one stream between two workloads.
#[derive(Clone, Copy, Debug)]
pub struct Ask<'a> {
    /// Who speaks; taken from the peer's certificate, never from its words.
    pub source: &'a SpiffeId,
    /// Who is spoken to.
    pub destination: &'a SpiffeId,
    /// The contract that the speaker names.
    pub contract: &'a str,
    /// The operation that the speaker names.
    pub operation: &'a str,
}

/// By which version of a contract something is permitted, and until when.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Standing {
    /// The version; empty where a gate knows of no versions.
    pub version: String,
    /// When that version goes out of force, if it does.
    pub until: Option<Timestamp>,
}

/// Answers from a catalog. Implemented by `iia-contract`.
pub trait Gate: Send + Sync {
    /// Whether the named contract exists, joins these two and allows the operation.
    ///
    /// # Errors
    /// The first clause that fails.
    fn permits(&self, ask: &Ask<'_>) -> Result<(), Refusal>;

    /// By which version of the contract this is permitted, and until when.
    fn standing(&self, _ask: &Ask<'_>) -> Standing {
        Standing::default()
    }

    /// The same as [`Gate::permits`], when the speaker says which version of the contract it goes by.
    ///
    /// # Errors
    /// The first clause that fails, [`Refusal::OtherVersion`] among them.
    fn permits_version(&self, ask: &Ask<'_>, _version: &str) -> Result<(), Refusal> {
        self.permits(ask)
    }

    /// Whether any contract names this workload: no contract, no SVID (001:199).
    fn knows(&self, workload: &SpiffeId) -> bool;

    /// How many nanoseconds an SVID of this workload lives at most by what is agreed about it; nothing where no contract
    /// says so.
    fn life_max_ns(&self, _workload: &SpiffeId) -> Option<i64> {
        None
    }
}

/// Why the catalog says no.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// The contract is not in the catalog.
    #[error("contract {contract} is not in the catalog")]
    NoContract {
        /// The contract that was named.
        contract: String,
    },
    /// The contract does not list the operation.
    #[error("contract {contract} does not allow operation {operation}")]
    NoOperation {
        /// The contract that was named.
        contract: String,
        /// The operation that was named.
        operation: String,
    },
    /// The contract joins other workloads.
    #[error("contract {contract} does not join {source_id} to {destination_id}")]
    OtherParties {
        /// The contract that was named.
        contract: String,
        /// Who spoke.
        source_id: String,
        /// Who was spoken to.
        destination_id: String,
    },
    /// The speaker claims to be another source, or the only source of a stream.
    #[error("{source_id} does not speak for {claimed}")]
    OtherSource {
        /// Who spoke.
        source_id: String,
        /// The source or stream that it spoke for.
        claimed: String,
    },
    /// The speaker goes by a version of the contract that is not in force here.
    #[error("contract {contract} is not in force here as {version}")]
    OtherVersion {
        /// The contract that was named.
        contract: String,
        /// The version that was named.
        version: String,
    },
}

impl Coded for Refusal {
    fn code(&self) -> Code {
        match self {
            Self::NoContract { .. } => Code::new("COR", 110),
            Self::NoOperation { .. } => Code::new("COR", 111),
            Self::OtherParties { .. } => Code::new("COR", 112),
            Self::OtherSource { .. } => Code::new("COR", 113),
            Self::OtherVersion { .. } => Code::new("COR", 114),
        }
    }
}
