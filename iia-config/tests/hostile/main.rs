//! Documents that mean harm, and documents that people get wrong: each gets its exact diagnostics at their exact
//! places. Nothing hangs, nothing panics, and the entries around a mistake stay whole.
#![expect(clippy::string_slice, clippy::unwrap_used, reason = "tests")]

mod bounds;
mod characters;
mod cut;
mod documents;
mod lines;
mod marked;
