//! Addresses given out: DHCP for IPv4 and for IPv6.

mod names;
mod v4;
mod v6;

pub use v4::{Dhcp, fits};
pub use v6::{DEPTH_MAX, Dhcp6, fits as fits6};

#[cfg(test)]
mod tests;
