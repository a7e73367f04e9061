#![doc = include_str!("../README.md")]
#![cfg_attr(not(feature = "std"), no_std)]
#![forbid(unsafe_code)]

extern crate alloc;

pub mod beat;
pub mod body;
pub mod bundle;
pub mod checkpoint;
pub mod chunk;
#[cfg(feature = "std")]
pub mod coverage;
mod draft;
pub mod envelope;
pub mod error;
pub mod fork;
pub mod frame;
pub mod genesis;
#[cfg(feature = "std")]
pub mod log;
pub mod note;
pub mod own;
pub mod policy;
pub mod proof;
mod raw;
pub mod seal;
pub mod segment;
pub mod submit;
#[cfg(feature = "std")]
pub mod table;
pub mod tile;
pub mod tree;
pub mod vault;
#[cfg(feature = "std")]
pub mod verify;
pub mod witness;

pub use error::AuditError;
