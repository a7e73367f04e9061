//! The walking box as its user runs it: the whole way, with roles killed on it, and with every kind of damage after it.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "tests"
)]

mod admitted;
mod alert;
mod attack;
mod breaks;
mod cell;
mod damage;
mod demo;
mod ended;
mod events;
mod failures;
mod falls;
mod heads;
mod identities;
mod intrusion;
mod kept;
mod latency;
mod outage;
mod part;
mod refused;
mod revoked;
mod rollback;
mod rotated;
#[cfg(feature = "tpm")]
mod sealed;
mod secrets;
mod strained;
mod users;
mod whole;
mod wire;

#[cfg(feature = "tpm")]
#[path = "../../../../iia-identity/tests/common/mod.rs"]
mod common;
#[cfg(feature = "tpm")]
#[path = "../../../../iia-identity/tests/machine/mod.rs"]
mod machine;
