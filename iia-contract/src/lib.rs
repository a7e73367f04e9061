#![doc = include_str!("../README.md")]
#![cfg_attr(not(feature = "std"), no_std)]
#![forbid(unsafe_code)]

extern crate alloc;

pub mod adherence;
pub mod answer;
pub mod catalog;
mod clash;
pub mod compile;
pub mod explain;
pub mod gate;
pub mod inventory;
pub mod learn;
pub mod matcher;
pub mod raw;
mod read;
mod rules;
pub mod schema;
pub mod scope;
pub mod shape;
pub mod topology;
pub mod tree;
pub mod version;

pub use catalog::Catalog;
