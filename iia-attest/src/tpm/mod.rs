//! What a TPM 2.0 says of its machine, appraised without a TPM: quotes, keys, registers, logs of a measured boot.
//!
//! [`appraise`] takes Evidence and Reference Values (RFC 9334) and gives an [`AttestationResult`]: affirming, warning or
//! contraindicated, with every reason. Nothing here opens a file or a device.

mod algorithm;
mod appraise;
mod attest;
mod error;
mod key;
pub mod log;
mod pcr;
mod pure;
mod signature;
mod wire;

pub use algorithm::{hash_id, hash_name, hash_of};
pub use appraise::{AttestationResult, Evidence, Reference, Tier, appraise, verify};
pub use attest::{ATTEST_LEN_MAX, Attest, Clock, Quote};
pub use error::TpmError;
pub use key::{Attributes, PUBLIC_LEN_MAX, PublicArea};
pub use log::EventLog;
pub use pcr::{Pcrs, SELECTIONS_MAX, Selection};
pub use pure::PureRust;
pub use signature::{SIGNATURE_LEN_MAX, TpmSignature};
