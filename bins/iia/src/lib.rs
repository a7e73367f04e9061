//! What the command line and the demo share: reports, and reading captures and evidence.
#![forbid(unsafe_code)]

pub mod captures;
pub mod evidence;
pub mod iec62443;
pub mod lake_report;
pub mod marks;
pub mod report;
pub mod sla;
pub mod standing;
pub mod table;
pub mod timeline;
mod words;
