#![doc = include_str!("../README.md")]
#![cfg_attr(not(feature = "std"), no_std)]
#![forbid(unsafe_code)]

extern crate alloc;

mod access;
mod beside;
pub mod decode;
mod desk;
pub mod detect;
pub mod error;
mod exchange;
mod flow;
#[cfg(feature = "generate")]
pub mod generate;
pub mod layers;
pub mod link;
#[cfg(all(feature = "live", target_os = "linux"))]
pub mod live;
pub mod net;
mod options;
pub mod pipeline;
#[cfg(feature = "std")]
pub mod ring;
pub mod sensor;
mod serial;
pub mod source;
mod stream;
pub mod summary;
mod talk;

pub use error::CaptureError;
pub use source::Packet;
