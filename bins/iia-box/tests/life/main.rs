//! Boxes from an empty directory to one that runs, with the programs that an operator has, in a network of their own.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    clippy::string_slice,
    reason = "tests"
)]

#[cfg(feature = "tpm")]
mod attested;
mod doors;
mod drift;
mod one;
mod operators;
mod place;
mod running;
mod served;
mod two;

#[path = "../../../../iia-contract/tests/net/ovn.rs"]
mod ovn;
#[path = "../../../../iia-contract/tests/net/programs.rs"]
mod programs;
