#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

pub mod bundle;
pub mod check;
mod der;
pub mod endorsement;
pub mod error;
pub mod issue;
pub mod jwt;
pub mod mend;
pub mod pcr_policy;
pub mod revoke;
mod rules;
#[cfg(feature = "secrets")]
pub mod secrets;
pub mod svid;
pub mod tls;
#[cfg(feature = "tpm")]
pub mod tpm;
mod tpm_error;
pub mod verify;
pub mod workload;
#[cfg(feature = "workload-api")]
pub mod workload_api;

pub use error::IdentityError;
pub use tpm_error::HardwareError;
