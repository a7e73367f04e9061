//! Messages that were made by hand from the standards.

pub mod profinet;
