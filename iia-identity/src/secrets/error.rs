//! Why a secret is not kept or not given.

use iia_core::code::{Code, Coded};

use crate::HardwareError;

/// An error of the secret store.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SecretsError {
    /// The store is not one.
    #[error("secret store: {what}")]
    BadStore {
        /// What is wrong.
        what: &'static str,
    },
    /// A name is no name of a secret, or an owner no workload of a zone.
    #[error("neither name of a secret nor workload of a zone")]
    BadName,
    /// The file is not this owner's secret of this name, or was changed.
    #[error("not this workload's secret of this name, or changed")]
    NotTheirs,
    /// The store has no secret of this name for this owner.
    #[error("no secret {name} of this workload in the store")]
    Missing {
        /// The name.
        name: String,
    },
    /// The store was made with another kind of keeper.
    #[error("the store's key is kept by something else")]
    WrongKeeper,
    /// More than a limit.
    #[error("more than {max} {what}")]
    TooMuch {
        /// Of what.
        what: &'static str,
        /// The limit.
        max: usize,
    },
    /// A file could not be read or written.
    #[error("could not {what}")]
    Io {
        /// What failed.
        what: &'static str,
    },
    /// Secrets would be handed over on something else than memory.
    #[error("not in memory: only tmpfs and ramfs take secrets")]
    NotInMemory,
    /// Memory would be written to a disk.
    #[error("memory of this machine may be swapped to a disk, and ramfs was not given")]
    Swaps,
    /// The TPM did not do it.
    #[error("{0}")]
    Hardware(HardwareError),
}

impl From<HardwareError> for SecretsError {
    fn from(error: HardwareError) -> Self {
        Self::Hardware(error)
    }
}

impl Coded for SecretsError {
    fn code(&self) -> Code {
        let number = match self {
            Self::BadStore { .. } => 2001,
            Self::BadName => 2002,
            Self::NotTheirs => 2101,
            Self::WrongKeeper => 2102,
            Self::Missing { .. } => 2201,
            Self::TooMuch { .. } => 2401,
            Self::Io { .. } => 2501,
            Self::NotInMemory => 2502,
            Self::Swaps => 2503,
            Self::Hardware(error) => return error.code(),
        };
        Code::new("IDN", number)
    }
}
