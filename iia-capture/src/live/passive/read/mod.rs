//! What the kernel and its firewall say, read.

mod hooks;
mod link;

pub use hooks::{Hook, Hooks, LISTING_LEN_MAX};
pub use link::ADDRESSES_MAX;
pub(super) use link::ask;
