//! The audit log's untrusted inputs: bundles, records, tables, notes, policies, proofs, offers to a witness, receipts of a
//! vault.

pub mod bundle;
pub mod note;
pub mod proof;
pub mod record;
pub mod table;
pub mod vault;

use iia_audit::note::{Purpose, VerifierKey};
use iia_core::sign::Signer as _;

use crate::input::key;

/// The log's name in every body.
pub const ORIGIN: &str = "fuzz.example/audit";

/// Its public half under a name.
pub fn verifier(name: &str, purpose: Purpose, seed: u8) -> VerifierKey {
    VerifierKey {
        name: name.into(),
        purpose,
        key: key(seed).public_key(),
    }
}
