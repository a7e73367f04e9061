//! Who gets which identity: what was seen of a process against registration entries, and what the catalog says then.
//!
//! A process is recognised by what the kernel says of it, never by what it claims. Nothing here reads anything: what
//! was seen comes in, identities go out.

mod entry;
mod error;
mod source;

pub use entry::{ENTRIES_MAX, Entries, Entry, SELECTORS_MAX, Selector};
pub use error::WorkloadError;
pub use source::{Attested, Granted, Source, Terms};
