#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

pub mod bus;
pub mod connection;
pub mod error;
pub mod failure;
pub mod frame;
pub mod hello;
pub mod mux;
pub mod party;
pub mod preface;
pub mod rt;

pub use error::LinkError;
pub use party::Target;
