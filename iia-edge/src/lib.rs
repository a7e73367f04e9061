#![doc = include_str!("../README.md")]
#![cfg_attr(not(feature = "std"), no_std)]
#![forbid(unsafe_code)]

extern crate alloc;

pub mod error;
#[cfg(feature = "std")]
pub mod outbox;
pub mod publish;
pub mod query;
pub mod relay;
#[cfg(feature = "vault")]
pub mod vault;
pub mod wire;

pub use error::EdgeError;
