#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

pub mod bundle;
pub mod error;
pub mod issue;
pub mod jwt;
pub mod mend;
pub mod revoke;
mod rules;
pub mod svid;
pub mod tls;
pub mod verify;
pub mod workload;
#[cfg(feature = "workload-api")]
pub mod workload_api;

pub use error::IdentityError;
