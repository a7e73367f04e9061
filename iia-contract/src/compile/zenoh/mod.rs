//! Access control of a Zenoh router (`access_control` of its configuration, JSON5): what no rule allows is denied.
//!
//! A device is known by the common name of its certificate, and a workload by a user name: its SPIFFE ID without the
//! scheme, because a colon ends a name in the router's list of users. Who subscribes may declare it, and is sent what
//! it declared.

#[cfg(feature = "std")]
mod read;
mod text;

use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use core::fmt::{self, Display, Formatter};

use super::grant::{Access, Grants, grants};
use super::policy::{Permit, Policy};
use crate::catalog::Catalog;
use crate::scope::TopicFilter;
use crate::topology::Topology;

/// Somebody may do something with keys.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct KeyRight {
    /// The user name or the common name.
    pub who: String,
    /// Whether it is a common name.
    pub by_certificate: bool,
    /// What.
    pub access: Access,
    /// With which keys, such as `cell/*/**`.
    pub key: String,
}

impl Display for KeyRight {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{} may {} {}", self.who, self.access, self.key)
    }
}

impl Permit for KeyRight {
    fn compile(catalog: &Catalog, topology: &Topology) -> (Policy<Self>, Vec<String>) {
        let Grants { allowed, notes } = grants(catalog, topology);
        let rights = allowed.into_iter().map(|(grant, contracts)| {
            let right = Self {
                who: user(grant.party.name()).to_string(),
                by_certificate: grant.party.common_name().is_some(),
                access: grant.access,
                key: key(&grant.filter),
            };
            (right, contracts)
        });
        (rights.collect(), notes)
    }

    fn write(policy: &Policy<Self>) -> String {
        text::write(policy)
    }

    #[cfg(feature = "std")]
    fn read(loaded: &[u8]) -> Result<Policy<Self>, super::policy::ReadError> {
        read::read(loaded)
    }
}

/// The name by which the router knows somebody.
fn user(name: &str) -> &str {
    name.strip_prefix("spiffe://").unwrap_or(name)
}

/// The key expression that covers what a filter covers.
fn key(filter: &TopicFilter) -> String {
    let chunks = filter.levels().map(|level| match level {
        "+" => "*",
        "#" => "**",
        level => level,
    });
    chunks.collect::<Vec<_>>().join("/")
}

/// Each way of a right: the word in the rule's id, the flow seen from the router, and the messages.
const fn ways(access: Access) -> &'static [(&'static str, &'static str, &'static [&'static str])] {
    match access {
        Access::Publish => &[("publish", "ingress", &["put", "delete"])],
        Access::Subscribe => &[
            ("subscribe", "ingress", &["declare_subscriber"]),
            ("hear", "egress", &["put", "delete"]),
        ],
    }
}
