//! The observer of the audit chain: every way to bend a real log is one finding that names it, and a clean day is silent.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests"
)]

mod bounds;
mod damage;
mod history;
mod plant;
mod quiet;
