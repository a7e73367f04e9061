//! The ACL file of an MQTT broker (mosquitto.conf(5), `acl_file`): whoever is not named may do nothing.
//!
//! A broker knows a client by one name, the common name of its certificate (`use_identity_as_username`) or its user
//! name; see [`Party::name`](super::Party::name).

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

/// A client may do something with topics.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Right {
    /// The name by which the broker knows the client.
    pub user: String,
    /// What it may do.
    pub access: Access,
    /// With which topics.
    pub filter: TopicFilter,
}

impl Display for Right {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{} may {} {}", self.user, self.access, self.filter)
    }
}

impl Permit for Right {
    fn compile(catalog: &Catalog, topology: &Topology) -> (Policy<Self>, Vec<String>) {
        let Grants { allowed, notes } = grants(catalog, topology);
        let rights = allowed.into_iter().map(|(grant, contracts)| {
            let right = Self {
                user: grant.party.name().to_string(),
                access: grant.access,
                filter: grant.filter,
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
