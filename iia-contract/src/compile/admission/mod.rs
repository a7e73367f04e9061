//! The admission policy: which image or program may run as which workload. Whoever starts something asks
//! [`admits`] first, and what is not in the list does not start (001:200).

#[cfg(feature = "std")]
mod read;

use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use core::fmt::{self, Display, Formatter};

use super::identity::identities;
use super::json::Json;
use super::policy::{Contracts, Permit, Policy};
use crate::catalog::Catalog;
use crate::topology::Topology;

/// A digest that may run as a workload.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Admitted {
    /// The SPIFFE ID of the workload.
    pub workload: String,
    /// The digest of its image or program, such as `sha256:…`.
    pub digest: String,
}

impl Display for Admitted {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{} may run as {}", self.digest, self.workload)
    }
}

/// The contracts by which a digest may run as a workload; `None` when it may not.
pub fn admits<'p>(
    policy: &'p Policy<Admitted>,
    workload: &str,
    digest: &str,
) -> Option<&'p Contracts> {
    let asked = Admitted {
        workload: workload.into(),
        digest: digest.into(),
    };
    policy.allowed.get(&asked)
}

impl Permit for Admitted {
    fn compile(catalog: &Catalog, topology: &Topology) -> (Policy<Self>, Vec<String>) {
        let (bound, mut notes) = identities(catalog, topology);
        let mut policy = Policy::default();
        for (id, bound) in bound {
            let pins = topology.pins.iter().filter(|pin| pin.workload == id);
            let before = policy.allowed.len();
            policy.allowed.extend(pins.map(|pin| {
                let admitted = Self {
                    workload: id.to_string(),
                    digest: pin.digest.clone(),
                };
                (admitted, bound.contracts.clone())
            }));
            if policy.allowed.len() == before {
                notes.push(format!("{id} may not run: no image and no unit pins it"));
            }
        }
        (policy, notes)
    }

    fn write(policy: &Policy<Self>) -> String {
        let items = policy.allowed.iter().map(|(one, contracts)| {
            Json::Object(Vec::from([
                ("workload", Json::text(one.workload.as_str())),
                ("digest", Json::text(one.digest.as_str())),
                ("contracts", Json::texts(contracts.iter().cloned())),
            ]))
        });
        let items = Json::List(items.collect());
        Json::Object(Vec::from([
            ("default", Json::text("refuse")),
            ("admitted", items),
        ]))
        .document()
    }

    #[cfg(feature = "std")]
    fn read(loaded: &[u8]) -> Result<Policy<Self>, super::policy::ReadError> {
        read::read(loaded)
    }
}
