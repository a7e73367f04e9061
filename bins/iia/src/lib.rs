//! What the command line and the demo share: the report, and reading captures.
#![forbid(unsafe_code)]

pub mod captures;
pub mod lake_report;
pub mod marks;
pub mod report;
pub mod sla;
