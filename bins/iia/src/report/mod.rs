//! The self-contained HTML report: what was seen, by which contract, what broke which, and who spoke to whom.

mod flowmap;
mod html;
mod tally;
mod timeline;

pub(crate) use html::escape;
pub use html::render;
pub use tally::{Edge, Report, Seen, Series, Table, Tally, Violation};
