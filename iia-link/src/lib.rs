#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

pub mod error;
pub mod frame;
pub mod hello;
#[cfg(feature = "tokio")]
pub mod rt;

pub use error::LinkError;
