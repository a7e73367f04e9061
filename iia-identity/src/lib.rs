#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

pub mod admission;
mod authority;
pub mod bundle;
pub mod crl;
pub mod device;
pub mod error;
pub mod image;
pub mod issue;
pub mod journal;
mod kept;
mod key;
mod random;
mod request;
pub mod revoke;
mod rules;
mod signature;
pub mod svid;
pub mod tls;
pub mod verify;

pub use error::IdentityError;
