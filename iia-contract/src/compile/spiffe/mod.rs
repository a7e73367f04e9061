//! Registration entries of a SPIFFE issuer: `spire-server entry create -data FILE`, and `entry show -output json`.
//!
//! A workload has an entry when a contract names it and an image or a unit pins what it is. Contracts stand in the
//! hint of each entry.

#[cfg(feature = "std")]
mod read;
mod text;

use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use core::fmt::{self, Display, Formatter};

use super::identity::identities;
use super::policy::{Contracts, Permit, Policy, joined};
use crate::catalog::Catalog;
use crate::topology::{Pin, Topology};

/// The path of the box's own agent, under which its workloads stand.
pub const AGENT: &str = "/spire/agent/iia-box";
/// Lifetime of an SVID in seconds; one hour at most (001:355).
pub const SVID_TTL_SECS: u64 = 3600;

/// Bytes of a hint at most; the issuer's own limit.
const HINT_LEN_MAX: usize = 1024;

/// An entry: who gets which identity.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Registration {
    /// The SPIFFE ID.
    pub id: String,
    /// The SPIFFE ID of the agent that attests it.
    pub parent: String,
    /// What must be seen of the process, all of it: `unix:uid:2001`.
    pub selectors: BTreeSet<String>,
    /// Trust domains whose bundles it gets.
    pub federates_with: BTreeSet<String>,
    /// Lifetime of its SVID in seconds.
    pub ttl_secs: u64,
}

impl Display for Registration {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} under {} for {} s where",
            self.id, self.parent, self.ttl_secs
        )?;
        for selector in &self.selectors {
            write!(f, " {selector}")?;
        }
        for domain in &self.federates_with {
            write!(f, " trusting {domain}")?;
        }
        Ok(())
    }
}

impl Permit for Registration {
    fn compile(catalog: &Catalog, topology: &Topology) -> (Policy<Self>, Vec<String>) {
        let (bound, mut notes) = identities(catalog, topology);
        let mut policy = Policy::default();
        for (id, bound) in bound {
            let mut pinned = false;
            for pin in topology.pins.iter().filter(|pin| pin.workload == id) {
                pinned = true;
                let registration = Self {
                    id: id.to_string(),
                    parent: format!("{}{AGENT}", id.trust_domain().to_id()),
                    selectors: selectors(pin),
                    federates_with: bound
                        .peers
                        .iter()
                        .map(|one| one.to_id().to_string())
                        .collect(),
                    ttl_secs: SVID_TTL_SECS,
                };
                policy
                    .allowed
                    .insert(registration, fitting(&bound.contracts));
            }
            if !pinned {
                notes.push(format!(
                    "{id} is not registered: no image and no unit pins it"
                ));
            }
        }
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

/// What must be seen of a process, all of it, to be what a pin says.
pub fn selectors(pin: &Pin) -> BTreeSet<String> {
    let image = match pin.digest.strip_prefix("sha256:") {
        Some(hex) if pin.program => format!("unix:sha256:{hex}"),
        _ => format!("docker:image_id:{}", pin.digest),
    };
    let user = pin.user.map(|user| format!("unix:uid:{user}"));
    [image].into_iter().chain(user).collect()
}

/// As many whole ids as fit into a hint.
fn fitting(contracts: &Contracts) -> Contracts {
    let mut fitting = contracts.clone();
    while joined(&fitting).len() > HINT_LEN_MAX {
        fitting.pop_last();
    }
    fitting
}
