//! What the command line and the demo share: the report.
#![forbid(unsafe_code)]

pub mod report;
