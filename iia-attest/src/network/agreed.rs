//! What the device contracts agree on, read from the catalog by the observer itself.

use alloc::boxed::Box;
use alloc::vec::Vec;

use hashbrown::HashMap;
use iia_contract::catalog::Catalog;
use iia_contract::scope::{Contract, Device, Net, Run, Server, Terms, Text, TopicFilter};
use iia_core::Timestamp;
use iia_core::observe::{Mac, Protocol};

use super::deed::{Place, Who};
use super::values::Declared;

/// One device contract, in as little memory as it takes.
#[derive(Clone, Debug)]
pub(super) struct Rule {
    pub(super) contract: Text,
    /// When it goes out of force.
    until: Option<Timestamp>,
    pub(super) protocol: Protocol,
    clients: Box<[Net]>,
    senders: Box<[Mac]>,
    pub(super) vlans: Box<[u16]>,
    pub(super) units: Box<[u8]>,
    pub(super) functions: Box<[u8]>,
    pub(super) reads: Box<[Run]>,
    pub(super) writes: Box<[Run]>,
    pub(super) tags: Declared,
}

impl Rule {
    fn new(contract: &Contract, device: &Device) -> Self {
        let ethernet = device.ethernet.as_deref();
        Self {
            contract: contract.id.clone(),
            until: contract.deprecated,
            protocol: device.protocol,
            clients: device.clients.as_slice().into(),
            senders: ethernet.map_or_else(Box::default, |one| one.senders.as_slice().into()),
            vlans: device.vlans.as_slice().into(),
            units: device.units.as_slice().into(),
            functions: device.functions.as_slice().into(),
            reads: device.reads.as_slice().into(),
            writes: device.writes.as_slice().into(),
            tags: Declared::new(device),
        }
    }

    /// Whether it is in force.
    pub(super) fn in_force(&self, now: Timestamp) -> bool {
        self.until.is_none_or(|until| now < until)
    }

    /// Whether it names who speaks.
    fn names(&self, who: &Who) -> bool {
        match who {
            Who::Ip(addr) => self.clients.iter().any(|net| net.contains(*addr)),
            Who::Mac(mac) => self.senders.contains(mac),
            Who::Topic(_) => false,
        }
    }
}

/// Which rules begin where in the list.
#[derive(Clone, Copy, Debug)]
struct Range {
    first: u32,
    count: u32,
}

/// Every device contract, by where is answered.
///
/// Contracts that name hosts are found by both ends, so that a thousand clients at one server cost no more than one.
#[derive(Clone, Debug, Default)]
pub(super) struct Agreed {
    rules: Vec<Rule>,
    /// By the place and, where the contract names a host and no network, by who speaks.
    ranges: HashMap<(Place, Option<Who>), Range>,
    listed: Vec<u32>,
    /// One rule of each place, to name the nearest contract.
    anybody: HashMap<Place, u32>,
    topics: Vec<(TopicFilter, u32)>,
}

impl Agreed {
    /// Reads the catalog; `place` says how servers are told apart.
    pub(super) fn read(catalog: &Catalog, place: fn(&Server) -> Place) -> Self {
        let mut agreed = Self::default();
        let mut pairs = Vec::new();
        for contract in catalog.contracts() {
            let Terms::Device(device) = &contract.terms else {
                continue;
            };
            let rule = u32::try_from(agreed.rules.len()).unwrap_or(u32::MAX);
            let places = places(device, place);
            for place in &places {
                agreed.anybody.entry(*place).or_insert(rule);
                pairs.extend(speakers(device).map(|who| ((*place, who), rule)));
            }
            let topic = device.observed.as_ref().and_then(|one| one.topic.as_ref());
            let topic = topic.and_then(|topic| TopicFilter::parse(topic));
            agreed.topics.extend(topic.map(|topic| (topic, rule)));
            agreed.rules.push(Rule::new(contract, device));
        }
        agreed.list(pairs);
        agreed
    }

    fn list(&mut self, mut pairs: Vec<((Place, Option<Who>), u32)>) {
        pairs.sort_unstable();
        pairs.dedup();
        self.ranges.reserve(pairs.len());
        self.listed.reserve_exact(pairs.len());
        for (key, rule) in pairs {
            let first = u32::try_from(self.listed.len()).unwrap_or(u32::MAX);
            let range = self.ranges.entry(key).or_insert(Range { first, count: 0 });
            range.count += 1;
            self.listed.push(rule);
        }
        self.ranges.shrink_to_fit();
        self.anybody.shrink_to_fit();
        self.rules.shrink_to_fit();
    }

    /// The rules for whoever speaks at a place, by their index.
    pub(super) fn at<'a>(
        &'a self,
        place: Place,
        who: &'a Who,
    ) -> impl Iterator<Item = (u32, &'a Rule)> {
        let keys = [(place, Some(who.clone())), (place, None)];
        let ranges = keys
            .into_iter()
            .filter_map(|key| self.ranges.get(&key).copied());
        let listed = ranges.flat_map(|range| {
            let (first, count) = (range.first as usize, range.count as usize);
            let listed = self.listed.get(first..first.saturating_add(count));
            listed.unwrap_or_default()
        });
        listed
            .filter_map(|index| Some((*index, self.rule(*index)?)))
            .filter(|(_, rule)| rule.names(who))
    }

    /// Some contract that is answered at a place, whoever may speak there.
    pub(super) fn somebody_at(&self, place: Place) -> Option<&Rule> {
        self.rule(*self.anybody.get(&place)?)
    }

    /// The rules whose devices speak under a topic.
    pub(super) fn under(&self, topic: &str) -> impl Iterator<Item = u32> {
        let meant = self
            .topics
            .iter()
            .filter(move |(filter, _)| filter.covers(topic));
        meant.map(|(_, rule)| *rule)
    }

    pub(super) fn rule(&self, index: u32) -> Option<&Rule> {
        self.rules.get(index as usize)
    }
}

/// Everywhere that a contract is answered.
fn places(device: &Device, place: fn(&Server) -> Place) -> Vec<Place> {
    let mut places: Vec<Place> = device.servers.iter().map(place).collect();
    if let Some(ethernet) = &device.ethernet {
        for receiver in &ethernet.receivers {
            let types = ethernet.ethertypes.iter();
            places.extend(types.map(|ethertype| Place::Group(*receiver, *ethertype)));
        }
    }
    places
}

/// Whoever may speak: hosts by name, networks as nobody in particular.
fn speakers(device: &Device) -> impl Iterator<Item = Option<Who>> {
    let hosts = device.clients.iter().map(|net| {
        let is_host = net.prefix == if net.addr.is_ipv4() { 32 } else { 128 };
        is_host.then_some(Who::Ip(net.addr))
    });
    let senders = device.ethernet.iter().flat_map(|one| &one.senders);
    hosts.chain(senders.map(|mac| Some(Who::Mac(*mac))))
}
