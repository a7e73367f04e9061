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

/// One device contract: what is looked at for each deed lies in one line of the processor's cache, and nothing else does.
#[derive(Clone, Debug)]
#[repr(align(64))]
pub(super) struct Rule {
    /// When it goes out of force.
    until: Timestamp,
    pub(super) protocol: Protocol,
    lists: Option<Box<Lists>>,
    pub(super) reads: Runs,
    pub(super) writes: Runs,
    named: Box<Named>,
}

/// What few contracts say.
#[derive(Clone, Debug, Default)]
struct Lists {
    vlans: Box<[u16]>,
    units: Box<[u8]>,
    functions: Box<[u8]>,
    tags: Declared,
}

/// Whom a contract names, and what it is called.
#[derive(Clone, Debug)]
struct Named {
    contract: Text,
    clients: Box<[Net]>,
    senders: Box<[Mac]>,
}

/// Runs of addresses; most contracts have one.
#[derive(Clone, Debug)]
pub(super) enum Runs {
    None,
    One(Run),
    Many(Box<Several>),
}

/// More runs than one, behind one pointer.
#[derive(Clone, Debug)]
pub(super) struct Several(Box<[Run]>);

impl Runs {
    fn new(runs: &[Run]) -> Self {
        match runs {
            [] => Self::None,
            [one] => Self::One(*one),
            many => Self::Many(Box::new(Several(many.into()))),
        }
    }

    pub(super) const fn is_empty(&self) -> bool {
        matches!(self, Self::None)
    }

    /// Whether one of them holds all of another; they do not touch each other.
    pub(super) fn hold(&self, one: &Run) -> bool {
        let runs = match self {
            Self::None => &[],
            Self::One(run) => core::slice::from_ref(run),
            Self::Many(runs) => &runs.0,
        };
        runs.iter()
            .any(|run| run.table == one.table && run.first <= one.first && one.last <= run.last)
    }
}

impl Rule {
    fn new(contract: &Contract, device: &Device) -> Self {
        let ethernet = device.ethernet.as_deref();
        let lists = Lists {
            vlans: device.vlans.as_slice().into(),
            units: device.units.as_slice().into(),
            functions: device.functions.as_slice().into(),
            tags: Declared::new(device),
        };
        let named = Named {
            contract: contract.id.clone(),
            clients: device.clients.as_slice().into(),
            senders: ethernet.map_or_else(Box::default, |one| one.senders.as_slice().into()),
        };
        Self {
            until: contract.deprecated.unwrap_or(Timestamp::from_ns(i64::MAX)),
            protocol: device.protocol,
            lists: (!lists.is_empty()).then(|| Box::new(lists)),
            reads: Runs::new(&device.reads),
            writes: Runs::new(&device.writes),
            named: Box::new(named),
        }
    }

    /// Its name.
    pub(super) fn contract(&self) -> &str {
        &self.named.contract
    }

    /// Whether it is in force.
    pub(super) fn in_force(&self, now: Timestamp) -> bool {
        now < self.until || self.until.as_ns() == i64::MAX
    }

    /// On which VLANs; all where there are none.
    pub(super) fn vlans(&self) -> &[u16] {
        self.lists.as_deref().map_or(&[], |lists| &lists.vlans)
    }

    /// For which units; all where there are none.
    pub(super) fn units(&self) -> &[u8] {
        self.lists.as_deref().map_or(&[], |lists| &lists.units)
    }

    /// Which functions.
    pub(super) fn functions(&self) -> &[u8] {
        self.lists.as_deref().map_or(&[], |lists| &lists.functions)
    }

    /// Which values have names and ranges; nothing where none has.
    pub(super) fn tags(&self) -> Option<&Declared> {
        self.lists.as_deref().map(|lists| &lists.tags)
    }

    /// Whether it names who speaks.
    fn names(&self, who: &Who) -> bool {
        match who {
            Who::Ip(addr) => self.named.clients.iter().any(|net| net.contains(*addr)),
            Who::Mac(mac) => self.named.senders.contains(mac),
            Who::Topic(_) => false,
        }
    }
}

impl Lists {
    fn is_empty(&self) -> bool {
        let none = self.vlans.is_empty() && self.units.is_empty() && self.functions.is_empty();
        none && self.tags.is_empty()
    }
}

/// One rule, or those that begin somewhere in the list.
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
    /// By the place and who speaks, where the contract names a host.
    hosts: HashMap<(Place, Who), Range>,
    /// By the place, where it names a network.
    networks: HashMap<Place, Range>,
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
        let same = |one: &((Place, Option<Who>), u32), other: &((Place, Option<Who>), u32)| {
            one.0 == other.0
        };
        for chunk in pairs.chunk_by(same) {
            let Some(((place, who), rule)) = chunk.first() else {
                continue;
            };
            let mut range = Range {
                first: *rule,
                count: 1,
            };
            if chunk.len() > 1 {
                range.first = u32::try_from(self.listed.len()).unwrap_or(u32::MAX);
                range.count = u32::try_from(chunk.len()).unwrap_or(u32::MAX);
                self.listed.extend(chunk.iter().map(|(_, rule)| *rule));
            }
            match who {
                Some(who) => drop(self.hosts.insert((*place, who.clone()), range)),
                None => drop(self.networks.insert(*place, range)),
            }
        }
        self.hosts.shrink_to_fit();
        self.networks.shrink_to_fit();
        self.listed.shrink_to_fit();
        self.anybody.shrink_to_fit();
        self.rules.shrink_to_fit();
    }

    /// The rules of a range: one by itself, several from the list.
    fn listed(&self, range: Option<Range>) -> impl Iterator<Item = u32> {
        let range = range.unwrap_or(Range { first: 0, count: 0 });
        let (first, count) = (range.first as usize, range.count as usize);
        let several = (count > 1).then(|| self.listed.get(first..first.saturating_add(count)));
        let several = several.flatten().unwrap_or_default();
        let one = (count == 1).then_some(range.first);
        one.into_iter().chain(several.iter().copied())
    }

    /// The rules for whoever speaks at a place, by their index.
    pub(super) fn at<'a>(
        &'a self,
        place: Place,
        who: &'a Who,
    ) -> impl Iterator<Item = (u32, &'a Rule)> {
        let host = self.hosts.get(&(place, who.clone())).copied();
        let network = match self.networks.is_empty() {
            true => None,
            false => self.networks.get(&place).copied(),
        };
        let rule = |index| Some((index, self.rule(index)?));
        let hosts = self.listed(host).filter_map(rule);
        let networks = self.listed(network).filter_map(rule);
        hosts.chain(networks.filter(|(_, rule)| rule.names(who)))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_is_one_line_of_the_cache() {
        assert_eq!((size_of::<Rule>(), align_of::<Rule>()), (64, 64));
    }
}
