#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

pub mod admission;
mod authority;
pub mod bundle;
pub mod check;
pub mod crl;
mod der;
pub mod device;
pub mod endorsement;
pub mod error;
pub mod image;
pub mod issue;
pub mod journal;
pub mod jwt;
mod kept;
mod key;
pub mod lent;
pub mod mend;
pub mod pcr_policy;
pub mod pem;
pub mod pipe;
mod random;
mod request;
pub mod revoke;
mod rules;
#[cfg(feature = "secrets")]
pub mod secrets;
mod signature;
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
