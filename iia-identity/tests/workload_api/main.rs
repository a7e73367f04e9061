//! The Workload API as public clients see it, and as those who would bend it do.
#![expect(clippy::string_slice, clippy::unwrap_used, reason = "tests")]

#[path = "../common/mod.rs"]
mod common;

mod abuse;
mod processes;
mod python;
mod rust;
mod world;
