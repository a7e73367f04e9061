//! Who may publish and subscribe to which topics of a bus.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use core::fmt::{self, Display, Formatter};

use iia_core::SpiffeId;
use iia_core::zone::Conduit;

use super::policy::Contracts;
use crate::catalog::Catalog;
use crate::scope::{Boundary, Device, Internal, Terms, Text, TopicFilter};
use crate::topology::Topology;

/// Somebody whom a broker knows: by the SPIFFE ID or by the common name of a certificate.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Party {
    /// A workload, and the common name that it has besides.
    Workload(SpiffeId, Option<Text>),
    /// A device, which has a common name only.
    Device(Text),
}

impl Party {
    /// For brokers that match common names: the name, and the SPIFFE ID of whoever has none.
    pub fn name(&self) -> &str {
        match self {
            Self::Workload(_, Some(name)) | Self::Device(name) => name,
            Self::Workload(id, None) => id.as_str(),
        }
    }

    /// The common name, where there is one.
    pub fn common_name(&self) -> Option<&str> {
        match self {
            Self::Workload(_, name) => name.as_deref(),
            Self::Device(name) => Some(name),
        }
    }

    /// The SPIFFE ID, where there is one.
    pub const fn id(&self) -> Option<&SpiffeId> {
        match self {
            Self::Workload(id, _) => Some(id),
            Self::Device(_) => None,
        }
    }
}

/// What may be done with a topic.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Access {
    /// Saying something.
    Publish,
    /// Hearing what is said.
    Subscribe,
}

impl Display for Access {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Publish => "publish",
            Self::Subscribe => "subscribe to",
        })
    }
}

/// Somebody may do something with topics.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Grant {
    /// Who.
    pub party: Party,
    /// What.
    pub access: Access,
    /// With which topics.
    pub filter: TopicFilter,
}

/// The grants of a catalog with their contracts, and what could not become a grant.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Grants {
    /// Each grant with the ids of its contracts.
    pub allowed: BTreeMap<Grant, Contracts>,
    /// Contracts whose topics open nothing, and why; for people.
    pub notes: Vec<String>,
}

/// The grants of a catalog on a box.
pub fn grants(catalog: &Catalog, topology: &Topology) -> Grants {
    let mut grants = Grants::default();
    for contract in catalog.contracts() {
        let made = match &contract.terms {
            Terms::Internal(terms) => internal(terms, topology),
            Terms::Boundary(terms) => boundary(terms, topology),
            Terms::Device(terms) => device(terms),
            Terms::Inbound(_) => Ok(Vec::new()),
        };
        match made {
            Ok(made) => made
                .into_iter()
                .for_each(|grant| grants.add(grant, &contract.id)),
            Err(why) => grants
                .notes
                .push(format!("{} opens no topic: {why}", contract.id)),
        }
    }
    grants.part_names();
    grants
}

type Made = Result<Vec<Grant>, &'static str>;

fn internal(terms: &Internal, topology: &Topology) -> Made {
    let topics = &terms.transport.topics;
    if topics.is_empty() {
        return Ok(Vec::new());
    }
    let (from, _) = topology
        .workload(&terms.source)
        .ok_or("its source is in no zone")?;
    let (to, _) = topology
        .workload(&terms.destination)
        .ok_or("its destination is in no zone")?;
    // IIA 4: whatever the catalog says, the two sides are never joined here.
    Conduit::new(from.role, to.role).map_err(|_| "it joins the two sides past the DMZ")?;
    let party = |id: &SpiffeId| Party::Workload(id.clone(), None);
    Ok(between(
        party(&terms.source),
        party(&terms.destination),
        topics,
    ))
}

fn boundary(terms: &Boundary, topology: &Topology) -> Made {
    let topics = &terms.obligations.profile.topics;
    if topics.is_empty() {
        return Ok(Vec::new());
    }
    topology
        .workload(&terms.publisher)
        .ok_or("its publisher is in no zone")?;
    let publisher = Party::Workload(terms.publisher.clone(), None);
    let alias = terms.obligations.auth.cn_alias.clone();
    Ok(between(
        publisher,
        Party::Workload(terms.consumer.clone(), alias),
        topics,
    ))
}

/// Devices publish what their collector hears.
fn device(terms: &Device) -> Made {
    let Some(observed) = &terms.observed else {
        return Ok(Vec::new());
    };
    let Some(topic) = &observed.topic else {
        return Ok(Vec::new());
    };
    let filter = TopicFilter::parse(topic).ok_or("its topic filter is none")?;
    let mut made = Vec::new();
    let mut grant = |party, access| {
        made.push(Grant {
            party,
            access,
            filter: filter.clone(),
        })
    };
    for name in &observed.identities {
        grant(Party::Device(name.clone()), Access::Publish);
    }
    if let Some(collector) = &terms.collector {
        grant(Party::Workload(collector.clone(), None), Access::Subscribe);
    }
    if made.is_empty() {
        return Err("it names neither a collector nor an identity of a device");
    }
    Ok(made)
}

fn between(from: Party, to: Party, topics: &[TopicFilter]) -> Vec<Grant> {
    let mut made = Vec::new();
    for filter in topics {
        for (party, access) in [(&from, Access::Publish), (&to, Access::Subscribe)] {
            made.push(Grant {
                party: party.clone(),
                access,
                filter: filter.clone(),
            });
        }
    }
    made
}

impl Grants {
    fn add(&mut self, grant: Grant, contract: &str) {
        self.allowed
            .entry(grant)
            .or_default()
            .insert(contract.into());
    }

    /// A common name that stands for two parties stands for none: neither may do what is the other's.
    fn part_names(&mut self) {
        let mut parties: BTreeMap<String, BTreeSet<Party>> = BTreeMap::new();
        for Grant { party, .. } in self.allowed.keys() {
            parties
                .entry(party.name().to_string())
                .or_default()
                .insert(party.clone());
        }
        for (name, _) in parties.into_iter().filter(|(_, parties)| parties.len() > 1) {
            self.allowed.retain(|grant, _| grant.party.name() != name);
            self.notes.push(format!(
                "{name} opens no topic: two parties have this common name"
            ));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_of_two_parties_opens_nothing() {
        let bridge = "spiffe://enterprise.example/bridge".parse().unwrap();
        let other = Party::Workload(bridge, Some("press".into()));
        let grant = |party| Grant {
            party,
            access: Access::Publish,
            filter: TopicFilter::parse("cell/#").unwrap(),
        };
        let mut grants = Grants::default();
        for party in [
            Party::Device("press".into()),
            other,
            Party::Device("lathe".into()),
        ] {
            grants.add(grant(party), "iia.contract.device.one");
        }
        grants.part_names();
        let left: Vec<&str> = grants
            .allowed
            .keys()
            .map(|grant| grant.party.name())
            .collect();
        assert_eq!(left, ["lathe"]);
        assert_eq!(
            grants.notes,
            ["press opens no topic: two parties have this common name"]
        );
    }
}
