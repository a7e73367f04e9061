#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

pub mod batch;
mod column;
pub mod error;
mod footer;
pub mod ipc;
pub mod lake;
pub mod retention;
pub mod schema;
pub mod sink;
mod wal;

pub use error::LakeError;
pub use lake::{Lake, Options};
