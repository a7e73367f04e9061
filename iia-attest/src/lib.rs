#![doc = include_str!("../README.md")]
#![cfg_attr(not(feature = "std"), no_std)]
#![forbid(unsafe_code)]

extern crate alloc;

pub mod aggregate;
pub mod audit_chain;
#[cfg(feature = "std")]
pub mod config;
pub mod correlator;
pub mod identity;
#[cfg(feature = "tpm")]
pub mod image;
pub mod io;
#[cfg(feature = "live")]
pub mod live;
pub mod network;
#[cfg(feature = "std")]
pub mod policy_drift;
mod said;
#[cfg(feature = "tpm")]
pub mod tpm;
