//! Why there is no catalog, for whoever reads one from a file.

use iia_core::code::{Code, Coded};

/// Why there is no catalog.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum CatalogError {
    /// The file cannot be opened.
    #[error("cannot be opened: {why}")]
    NotOpened {
        /// What the system says; not API.
        why: String,
    },
    /// The text is no sound catalog; the rules that it breaks have codes of their own.
    #[error("{mistakes}; nothing was judged")]
    NotSound {
        /// How many, in words.
        mistakes: String,
    },
}

impl Coded for CatalogError {
    fn code(&self) -> Code {
        match self {
            Self::NotSound { .. } => Code::new("CFG", 30),
            Self::NotOpened { .. } => Code::new("CFG", 550),
        }
    }
}
