//! Addresses given out: DHCP for IPv4 (RFC 2131) and for IPv6 (RFC 8415).

mod names;
mod v4;
mod v6;

pub use v4::{Dhcp, fits};
pub use v6::{DEPTH_MAX, Dhcp6, fits as fits6};

#[cfg(test)]
mod tests;
