//! Device contracts, indexed by where is answered and then by who asks.

use alloc::vec::Vec;

use hashbrown::HashMap;

use super::place::{Host, Place, Prefix, Width};
use super::rule::Rule;
use super::verdict::{Best, Says, Verdict};
use super::{Clause, Contracts};
use crate::scope::Terms;

/// Nothing is there.
const NONE: u32 = u32::MAX;

/// The device contracts.
#[derive(Clone, Debug, Default)]
pub(super) struct Devices<'a> {
    rules: Vec<Rule<'a>>,
    places: HashMap<Place, u32>,
    servers: Vec<Server>,
    clients: HashMap<(u32, Prefix), u32>,
    nodes: Vec<Node>,
}

/// What is known of one server.
#[derive(Clone, Debug, Default)]
struct Server {
    /// How wide its clients' networks are, the narrowest first.
    widths: Vec<Width>,
    /// Its first rule of each protocol.
    firsts: Vec<u32>,
}

/// The rules of one client or network at one server.
#[derive(Clone, Debug)]
struct Node {
    prefix: Prefix,
    server: u32,
    /// In the catalog's order.
    rules: Vec<u32>,
    /// The next wider network that holds this one.
    wider: u32,
}

/// Where the rules for one client at one server begin.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Way {
    server: u32,
    node: u32,
}

impl Way {
    /// Where no contract is.
    pub(super) const NOWHERE: Self = Self {
        server: NONE,
        node: NONE,
    };
}

impl<'a> Devices<'a> {
    pub(super) fn new(contracts: Contracts<'a>) -> Self {
        let mut devices = Self::default();
        for (contract, terms) in (0..).zip(contracts) {
            if let Terms::Device(device) = &terms.terms {
                devices.add(Rule::new(contract, device));
            }
        }
        devices.close();
        devices
    }

    fn add(&mut self, rule: Rule<'a>) {
        let at = count(self.rules.len());
        for place in rule.places() {
            let server = self.server(place);
            self.first(server, at, &rule);
            for prefix in rule.prefixes() {
                let node = self.node(server, prefix);
                if let Some(node) = self.nodes.get_mut(node as usize)
                    && node.rules.last() != Some(&at)
                {
                    node.rules.push(at);
                }
            }
        }
        self.rules.push(rule);
    }

    fn server(&mut self, place: Place) -> u32 {
        let next = count(self.servers.len());
        let server = *self.places.entry(place).or_insert(next);
        if server == next {
            self.servers.push(Server::default());
        }
        server
    }

    fn first(&mut self, server: u32, at: u32, rule: &Rule<'_>) {
        let Some(server) = self.servers.get_mut(server as usize) else {
            return;
        };
        let same = |first: &u32| {
            let first = self.rules.get(*first as usize);
            first.is_some_and(|first| first.device.protocol == rule.device.protocol)
        };
        if !server.firsts.iter().any(same) && server.firsts.last() != Some(&at) {
            server.firsts.push(at);
        }
    }

    fn node(&mut self, server: u32, prefix: Prefix) -> u32 {
        let next = count(self.nodes.len());
        let node = *self.clients.entry((server, prefix)).or_insert(next);
        if node == next {
            self.nodes.push(Node {
                prefix,
                server,
                rules: Vec::new(),
                wider: NONE,
            });
            let server = self.servers.get_mut(server as usize);
            if let Some(server) = server.filter(|server| !server.widths.contains(&prefix.width)) {
                server.widths.push(prefix.width);
                server.widths.sort_unstable_by(|a, b| b.cmp(a));
            }
        }
        node
    }

    /// Links each network to the next wider one.
    fn close(&mut self) {
        for at in 0..self.nodes.len() {
            let Some(node) = self.nodes.get(at) else {
                continue;
            };
            let wider = self.find(node.server, node.prefix.host(), Some(node.prefix.width));
            if let Some(node) = self.nodes.get_mut(at) {
                node.wider = wider;
            }
        }
    }

    /// The narrowest network that holds a host; of those wider than `than`.
    #[inline]
    fn find(&self, server: u32, host: Host, than: Option<Width>) -> u32 {
        let Some(known) = self.servers.get(server as usize) else {
            return NONE;
        };
        let widths = known.widths.iter();
        widths
            .filter(|width| width.family == host.family && than.is_none_or(|than| **width < than))
            .find_map(|width| self.clients.get(&(server, Prefix::of(host, *width))))
            .copied()
            .unwrap_or(NONE)
    }

    /// Where the rules for a client at a place begin.
    #[inline]
    pub(super) fn way(&self, place: Place, client: Host) -> Way {
        let server = self.places.get(&place).copied().unwrap_or(NONE);
        let node = self.find(server, client, None);
        Way { server, node }
    }

    /// Asks the rules on a way: `judge` says whether one covers, `speaks` whether it is for this protocol at all.
    #[inline]
    pub(super) fn judge(
        &self,
        way: Way,
        speaks: impl Fn(&Rule<'_>) -> bool,
        judge: impl Fn(&Rule<'_>) -> Says,
    ) -> Verdict {
        let mut best = Best::new(Clause::Server);
        let mut next = way.node;
        while let Some(node) = self.nodes.get(next as usize) {
            let rules = node.rules.iter();
            for rule in rules.filter_map(|rule| self.rules.get(*rule as usize)) {
                let says = match speaks(rule) {
                    true => judge(rule),
                    false => Err(Clause::Protocol),
                };
                best.take(rule.contract, says);
                if says.is_ok() {
                    break;
                }
            }
            next = node.wider;
        }
        if !best.is_covered() {
            self.others(way, speaks, &mut best);
        }
        best.verdict()
    }

    /// Contracts at the same place that are for other clients.
    fn others(&self, way: Way, speaks: impl Fn(&Rule<'_>) -> bool, best: &mut Best) {
        let server = self.servers.get(way.server as usize);
        let firsts = server.map_or(&[][..], |server| server.firsts.as_slice());
        for rule in firsts
            .iter()
            .filter_map(|rule| self.rules.get(*rule as usize))
        {
            let clause = match speaks(rule) {
                true => Clause::Client,
                false => Clause::Protocol,
            };
            best.take(rule.contract, Err(clause));
        }
    }
}

fn count(len: usize) -> u32 {
    u32::try_from(len).unwrap_or(NONE)
}
