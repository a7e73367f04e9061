//! Who may say and hear what over a broker, read from the catalog by the observer itself.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use core::net::SocketAddr;

use iia_contract::catalog::Catalog;
use iia_contract::scope::{Boundary, Device, Internal, Terms, TopicFilter};
use iia_contract::topology::{Topology, ZoneNet};
use iia_core::SpiffeId;
use iia_core::zone::Side;

use super::filter::Filter;
use super::{Act, Bus};

/// A contract lets these topics be said or heard.
#[derive(Clone, Debug)]
pub(super) struct Right {
    pub(super) contract: String,
    pub(super) act: Act,
    pub(super) filter: Filter,
    /// As the contract spells it.
    pub(super) topic: String,
}

/// What each may do, by the name under which the broker knows it.
#[derive(Clone, Debug, Default)]
pub(super) struct Agreed {
    rights: BTreeMap<String, Vec<Right>>,
}

/// Somebody with a certificate: a workload has a SPIFFE ID, whoever matches common names has one besides or alone.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
struct Party {
    id: Option<String>,
    common: Option<String>,
}

impl Party {
    fn workload(id: &SpiffeId) -> Self {
        Self {
            id: Some(id.to_string()),
            common: None,
        }
    }

    /// The one name that common names are compared by.
    fn name(&self) -> String {
        let name = self.common.as_ref().or(self.id.as_ref());
        name.cloned().unwrap_or_default()
    }

    /// How a broker of this kind knows it.
    fn known_as(&self, bus: Bus) -> String {
        match (bus, &self.id) {
            (Bus::Topics, _) => self.name(),
            (Bus::Subjects, Some(id)) => id.clone(),
            (Bus::Subjects, None) => format!("CN={}", self.name()),
        }
    }
}

type Made = Vec<(Party, Act, TopicFilter)>;

impl Agreed {
    /// What a catalog agrees; where `at` names places, only what devices say to a broker at one of them.
    pub(super) fn read(
        bus: Bus,
        catalog: &Catalog,
        topology: &Topology,
        at: &[SocketAddr],
    ) -> Self {
        let mut all = Vec::new();
        for contract in catalog.contracts() {
            let made = match &contract.terms {
                Terms::Device(terms) if is_at(terms, at) => device(terms),
                Terms::Internal(terms) if at.is_empty() => internal(terms, topology),
                Terms::Boundary(terms) if at.is_empty() => boundary(terms, topology),
                _ => Made::new(),
            };
            let id = contract.id.to_string();
            all.extend(made.into_iter().map(|made| (id.clone(), made)));
        }
        let shared = shared(all.iter().map(|(_, (party, ..))| party));
        let mut agreed = Self::default();
        for (contract, (party, act, topic)) in all {
            let filter = Filter::mqtt(topic.as_str());
            let filter = filter.and_then(|filter| match bus {
                Bus::Topics => Some(filter),
                Bus::Subjects => filter.subjects(),
            });
            let Some(filter) = filter.filter(|_| !shared.contains(&party.name())) else {
                continue;
            };
            let rights = agreed.rights.entry(party.known_as(bus)).or_default();
            rights.push(Right {
                contract,
                act,
                filter,
                topic: topic.as_str().to_string(),
            });
        }
        agreed
    }

    /// Everybody who may do something.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.rights.keys().map(String::as_str)
    }

    /// What somebody may do.
    pub(super) fn of(&self, name: &str, act: Act) -> impl Iterator<Item = &Right> {
        let rights = self.rights.get(name).into_iter().flatten();
        rights.filter(move |right| right.act == act)
    }
}

/// Names that two parties have: neither may do what is the other's.
fn shared<'p>(parties: impl Iterator<Item = &'p Party>) -> BTreeSet<String> {
    let mut known: BTreeMap<String, BTreeSet<&Party>> = BTreeMap::new();
    for party in parties {
        known.entry(party.name()).or_default().insert(party);
    }
    let twice = known.into_iter().filter(|(_, parties)| parties.len() > 1);
    twice.map(|(name, _)| name).collect()
}

fn is_at(terms: &Device, at: &[SocketAddr]) -> bool {
    let here = |server: &iia_contract::scope::Server| {
        at.contains(&SocketAddr::new(server.addr, server.port))
    };
    at.is_empty() || terms.servers.iter().any(here)
}

fn home<'t>(topology: &'t Topology, id: &SpiffeId) -> Option<&'t ZoneNet> {
    let lives = |zone: &&ZoneNet| zone.workloads.iter().any(|(who, _)| who == id);
    topology.zones.iter().find(lives)
}

/// The source says and the destination hears, never from one side to the other.
fn internal(terms: &Internal, topology: &Topology) -> Made {
    let homes = (
        home(topology, &terms.source),
        home(topology, &terms.destination),
    );
    let (Some(from), Some(to)) = homes else {
        return Made::new();
    };
    // IIA 4: whatever the catalog says, the two sides meet in the DMZ.
    let sides = (from.role.side(), to.role.side());
    if matches!(
        sides,
        (Side::Inbound, Side::Outbound) | (Side::Outbound, Side::Inbound)
    ) {
        return Made::new();
    }
    let (says, hears) = (
        Party::workload(&terms.source),
        Party::workload(&terms.destination),
    );
    between(&says, &hears, &terms.transport.topics)
}

/// The publisher says and the consumer hears, which may have a common name of its own.
fn boundary(terms: &Boundary, topology: &Topology) -> Made {
    if home(topology, &terms.publisher).is_none() {
        return Made::new();
    }
    let hears = Party {
        common: terms
            .obligations
            .auth
            .cn_alias
            .as_ref()
            .map(ToString::to_string),
        ..Party::workload(&terms.consumer)
    };
    let says = Party::workload(&terms.publisher);
    between(&says, &hears, &terms.obligations.profile.topics)
}

fn between(says: &Party, hears: &Party, topics: &[TopicFilter]) -> Made {
    let both = |topic: &TopicFilter| {
        [
            (says.clone(), Act::Publish, topic.clone()),
            (hears.clone(), Act::Subscribe, topic.clone()),
        ]
    };
    topics.iter().flat_map(both).collect()
}

/// Devices say what their collector hears.
fn device(terms: &Device) -> Made {
    let observed = terms.observed.as_ref();
    let topic = observed.and_then(|observed| TopicFilter::parse(observed.topic.as_deref()?));
    let (Some(observed), Some(topic)) = (observed, topic) else {
        return Made::new();
    };
    let named = |name: &iia_contract::scope::Text| {
        let party = Party {
            id: None,
            common: Some(name.to_string()),
        };
        (party, Act::Publish, topic.clone())
    };
    let mut made: Made = observed.identities.iter().map(named).collect();
    let collector = terms.collector.as_ref().map(Party::workload);
    made.extend(collector.map(|party| (party, Act::Subscribe, topic.clone())));
    made
}
