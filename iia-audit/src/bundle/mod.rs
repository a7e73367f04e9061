//! One file of evidence: chosen records, each proven to be in the log, with what they refer to; checked offline.
//!
//! The format by bytes stands in the README of this crate. Reading needs memory for the file and little more.

mod check;
#[cfg(feature = "std")]
mod chosen;
mod cover;
#[cfg(feature = "std")]
mod make;
mod runs;
pub mod tar;
#[cfg(feature = "std")]
mod writer;

#[cfg(feature = "std")]
pub(crate) use check::head_of;
pub use check::{Bad, Head, Known, Outcome, Report, verify};
#[cfg(feature = "std")]
pub use chosen::Show;
#[cfg(feature = "std")]
pub(crate) use chosen::{signed, thin};
#[cfg(feature = "std")]
pub use make::{Made, make, prove};
pub use runs::RUN_HEAD_LEN;

/// Longest bundle in bytes.
pub const BUNDLE_LEN_MAX: u64 = 1024 * 1024 * 1024;
/// Signed heads in a bundle at most.
pub const HEADS_MAX: usize = 64;
/// The first entry: what this file is.
pub const TITLE: &str = "bundle";
/// Its content.
pub const TITLE_TEXT: &str = "iia-bundle 1\n";
/// Where the captures are, under the names of their files.
pub const CAPTURES: &str = "captures/";
