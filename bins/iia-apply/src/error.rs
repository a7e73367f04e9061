//! Why nothing was applied.

use iia_config::desk::DeskError;

/// Why the applier stopped.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The command line asks for something else than applying.
    #[error("{0}")]
    Arguments(String),
    /// The desk did not take the step.
    #[error("{0}")]
    Desk(#[from] DeskError),
    /// A file could not be read or written.
    #[error("{what}: {why}")]
    File {
        /// Which.
        what: String,
        /// Why.
        why: std::io::Error,
    },
    /// The kernel did not take a privilege away: then nothing is done with it.
    #[error("a privilege could not be dropped: {0}")]
    Privilege(rustix::io::Errno),
}

impl Error {
    /// Names the file that an error is about.
    pub(crate) fn file(what: impl std::fmt::Display) -> impl FnOnce(std::io::Error) -> Self {
        let what = what.to_string();
        move |why| Self::File { what, why }
    }
}
