//! Readers: of the signed artifact, and of what runs.

mod envelope;
mod flat;
mod reference;
pub mod running;

pub use self::envelope::ArtifactError;
pub use self::flat::{ENTRIES_MAX, FlatError, TEXT_LEN_MAX};
pub use self::reference::Reference;
