//! Permissions of a subject-based bus: the `authorization` part of a nats-server configuration, for `verify_and_map`.
//!
//! A client is known by the URI of its SVID, and a device by the subject of its certificate. Levels of a topic become
//! tokens of a subject; what a filter with `#` covers takes two subjects, because `>` stands for one token at least.

#[cfg(feature = "std")]
mod conf;
#[cfg(feature = "std")]
mod read;
mod text;

use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::{self, Display, Formatter};

use super::grant::{Access, Grants, Party, grants};
use super::policy::{Permit, Policy};
use crate::catalog::Catalog;
use crate::scope::TopicFilter;
use crate::topology::Topology;

/// A client may do something with subjects.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Permission {
    /// How the server names the client: `spiffe://…` or `CN=…`.
    pub user: String,
    /// What it may do.
    pub access: Access,
    /// With which subjects.
    pub subject: String,
}

impl Display for Permission {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{} may {} {}", self.user, self.access, self.subject)
    }
}

impl Permit for Permission {
    fn compile(catalog: &Catalog, topology: &Topology) -> (Policy<Self>, Vec<String>) {
        let Grants { allowed, mut notes } = grants(catalog, topology);
        let mut policy = Policy::default();
        let mut untold = BTreeSet::new();
        for (grant, contracts) in allowed {
            let Some(subjects) = subjects(&grant.filter) else {
                untold.insert(grant.filter);
                continue;
            };
            for subject in subjects {
                let permission = Self {
                    user: user(&grant.party),
                    access: grant.access,
                    subject,
                };
                let known = policy.allowed.entry(permission).or_default();
                known.extend(contracts.iter().cloned());
            }
        }
        let words = |filter| format!("{filter} opens no subject: a level has a dot in it");
        notes.extend(untold.iter().map(words));
        (policy, notes)
    }

    fn write(policy: &Policy<Self>) -> String {
        text::write(policy)
    }

    #[cfg(feature = "std")]
    fn read(loaded: &[u8]) -> Result<Policy<Self>, super::policy::ReadError> {
        read::read(loaded)
    }
}

fn user(party: &Party) -> String {
    let named = || format!("CN={}", party.name());
    party
        .id()
        .map_or_else(named, alloc::string::ToString::to_string)
}

/// The subjects that cover what a filter covers; `None` when a level is no token.
fn subjects(filter: &TopicFilter) -> Option<Vec<String>> {
    let mut subject = String::new();
    for level in filter.levels() {
        let token = match level {
            // `>` stands for one level at least, and so do `+` and `#` together.
            "#" if subject == "*" || subject.ends_with(".*") => {
                subject.pop();
                return Some(Vec::from([subject + ">"]));
            }
            "#" => return Some(Vec::from([subject.clone(), subject + ".>"])),
            "+" => "*",
            level if level.contains('.') => return None,
            level => level,
        };
        let dot = if subject.is_empty() { "" } else { "." };
        subject += &format!("{dot}{token}");
    }
    Some(Vec::from([subject]))
}
