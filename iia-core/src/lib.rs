#![doc = include_str!("../README.md")]
#![cfg_attr(not(feature = "std"), no_std)]
#![forbid(unsafe_code)]

extern crate alloc;

pub mod address;
pub mod bound;
pub mod canon;
pub mod code;
pub mod digest;
pub mod event;
pub mod finding;
pub mod gate;
pub mod id;
pub mod isa95;
pub mod issuance;
pub mod lanes;
pub mod level;
#[cfg(feature = "mldsa")]
pub mod mldsa;
pub mod observe;
pub mod outside;
pub mod record;
pub mod sign;
pub mod store;
pub mod stream;
pub mod time;
pub mod zone;

pub use digest::Digest;
pub use id::SpiffeId;
pub use time::Timestamp;
