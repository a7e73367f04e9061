#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

pub mod apply;
pub mod approval;
#[cfg(feature = "std")]
pub mod desk;
pub mod diagnostic;
pub mod diff;
pub mod envelope;
pub mod explain;
pub mod format;
#[cfg(feature = "arbitrary")]
pub mod generate;
#[cfg(feature = "forensics")]
pub mod history;
#[cfg(feature = "keys")]
pub mod keys;
pub mod lifecycle;
pub mod limits;
pub mod parse;
pub mod render;
pub mod schema;
#[cfg(feature = "std")]
pub mod stage;
pub mod trust;
pub mod validate;
