//! The observer of configuration, beside the real compiler of artifacts: what it reads of a signed text is what is made of it,
//! and whatever is not made, made otherwise or changed afterwards is named.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests"
)]

mod bounds;
mod cadence;
mod causes;
mod machine;
mod reading;
