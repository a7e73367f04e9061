//! Why there is no key.

use iia_core::code::{Code, Coded};

/// Why there is no key.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// The form is known, this build leaves it out.
    #[error("keys of {form} are left out of this build")]
    NotBuilt {
        /// Which form.
        form: &'static str,
    },
    /// Others than the owner may read the file.
    #[error("others may read this key file: its mode is {mode:03o}, make it 600")]
    Open {
        /// The file's mode.
        mode: u32,
    },
    /// No passphrase, or a wrong one.
    #[error("the passphrase is missing or wrong")]
    Passphrase,
    /// The file system refused.
    #[error("storage: {detail}")]
    Storage {
        /// What the system said; not API.
        detail: String,
    },
    /// The token does not answer, or has no such key.
    #[error("token: {detail}")]
    Token {
        /// What it said; not API.
        detail: String,
    },
    /// The bytes are a key of none of the known forms.
    #[error("neither 32 bytes, 64 hexadecimal digits, a minisign key nor an OpenSSH key")]
    UnknownForm,
    /// The key is not an ed25519 key.
    #[error("only ed25519 keys sign here")]
    WrongAlgorithm,
}

impl From<std::io::Error> for KeyError {
    fn from(error: std::io::Error) -> Self {
        Self::Storage {
            detail: error.to_string(),
        }
    }
}

impl Coded for KeyError {
    fn code(&self) -> Code {
        let number = match self {
            Self::UnknownForm => 20,
            Self::WrongAlgorithm => 21,
            Self::Passphrase => 121,
            Self::Open { .. } => 122,
            Self::NotBuilt { .. } => 540,
            Self::Storage { .. } => 542,
            Self::Token { .. } => 541,
        };
        Code::new("CFG", number)
    }
}
