//! The kernel firewall of a box: zone bridges joined by contracts only, everything else dropped and logged.
//!
//! A ruleset is a value: the compiler makes one, its text loads with `nft -f`, and the reader makes the same value
//! from `nft -j list ruleset`, so that what is loaded can be held against what should be. Shapes that nft 1.0.6
//! crashes on do not occur: no two interface names in one concatenation, no log prefix beyond 127 bytes, no chain
//! named by a keyword.

mod admit;
mod build;
mod delta;
mod drift;
mod parse;
#[cfg(feature = "std")]
mod read;
mod rules;
mod ruleset;
mod text;
mod ways;

pub use admit::Opened;
pub use build::ruleset;
pub use delta::delta;
pub use drift::drift;
#[cfg(feature = "std")]
pub use read::read;
pub use ruleset::{Chain, Element, Hook, Map, Rule, Ruleset, Table};

/// The table of the box in family `inet`.
pub const TABLE: &str = "iia";
/// The table of observation interfaces in family `netdev`.
pub const TABLE_OBSERVE: &str = "iia-observe";
/// The nflog group of rejected connections.
pub const GROUP_REJECTED: u16 = 5;
/// The nflog group of packets that would join the two sides.
pub const GROUP_CROSS_SIDE: u16 = 6;
/// The nflog group of frames that would leave an observation interface.
pub const GROUP_OBSERVE: u16 = 7;
/// Bytes of a comment at most; nft's own limit.
pub const COMMENT_LEN_MAX: usize = 127;
