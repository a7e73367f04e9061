#![doc = include_str!("../README.md")]
#![cfg_attr(not(feature = "std"), no_std)]
#![forbid(unsafe_code)]

extern crate alloc;

pub mod beat;
pub mod bundle;
pub mod checkpoint;
#[cfg(feature = "std")]
pub mod coverage;
pub mod envelope;
pub mod error;
pub mod frame;
#[cfg(feature = "std")]
pub mod log;
pub mod note;
pub mod policy;
pub mod proof;
pub mod seal;
pub mod segment;
#[cfg(feature = "std")]
pub mod table;
pub mod tree;
#[cfg(feature = "std")]
pub mod verify;
pub mod witness;

pub use error::AuditError;
