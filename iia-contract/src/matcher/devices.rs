//! Device contracts, indexed by where is answered and then by who asks.

mod rules;

use alloc::vec::Vec;

use hashbrown::HashMap;

use super::place::{Host, Place, Prefix, Width};
use super::rule::Rule;
use super::verdict::{Best, Says, Verdict};
use super::{Clause, Contracts};
use crate::scope::Terms;
pub(super) use rules::Asks;
use rules::Rules;

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
    clients: Clients,
    /// Its first rule of each protocol.
    firsts: Vec<u32>,
}

/// Where the nodes of a server's clients are: most servers have one client or network, and it stands here; several are
/// looked up, once for each width that their networks have.
#[derive(Clone, Debug)]
enum Clients {
    One(Prefix, u32),
    /// The narrowest first.
    Several(Vec<Width>),
}

/// One client or network at one server.
#[derive(Clone, Debug)]
struct Node {
    rules: Rules,
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

impl Default for Clients {
    fn default() -> Self {
        Self::Several(Vec::new())
    }
}

impl Clients {
    fn add(&mut self, prefix: Prefix, node: u32) {
        match self {
            Self::Several(widths) if widths.is_empty() => *self = Self::One(prefix, node),
            Self::Several(widths) => {
                if let Err(at) = widths.binary_search_by(|width| prefix.width.cmp(width)) {
                    widths.insert(at, prefix.width);
                }
            }
            Self::One(first, _) => {
                *self = Self::Several(alloc::vec![first.width]);
                self.add(prefix, node);
            }
        }
    }
}

impl<'a> Devices<'a> {
    pub(super) fn new(contracts: Contracts<'a>) -> Self {
        let mut devices = Self::default();
        let mut lists = Vec::new();
        for (contract, terms) in (0..).zip(contracts) {
            if let Terms::Device(device) = &terms.terms {
                devices.add(Rule::new(contract, device), &mut lists);
            }
        }
        devices.close(lists);
        devices
    }

    /// Adds a rule to the list of every client that it names.
    fn add(&mut self, rule: Rule<'a>, lists: &mut Vec<Vec<u32>>) {
        let at = count(self.rules.len());
        for place in rule.places() {
            let server = self.server(place);
            self.first(server, at, &rule);
            for prefix in rule.prefixes() {
                let node = self.node(server, prefix, lists);
                let list = lists.get_mut(node as usize);
                if let Some(list) = list.filter(|list| list.last() != Some(&at)) {
                    list.push(at);
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
            first.is_some_and(|first| first.protocol == rule.protocol)
        };
        if !server.firsts.iter().any(same) && server.firsts.last() != Some(&at) {
            server.firsts.push(at);
        }
    }

    fn node(&mut self, server: u32, prefix: Prefix, lists: &mut Vec<Vec<u32>>) -> u32 {
        let next = count(lists.len());
        let node = *self.clients.entry((server, prefix)).or_insert(next);
        if node == next {
            lists.push(Vec::new());
            if let Some(server) = self.servers.get_mut(server as usize) {
                server.clients.add(prefix, node);
            }
        }
        node
    }

    /// Makes nodes of the lists, each linked to the next wider network.
    fn close(&mut self, lists: Vec<Vec<u32>>) {
        let node = |list| Node {
            rules: Rules::of(list, &self.rules),
            wider: NONE,
        };
        let mut nodes: Vec<Node> = lists.into_iter().map(node).collect();
        for ((server, prefix), node) in &self.clients {
            if let Some(node) = nodes.get_mut(*node as usize) {
                node.wider = self.find(*server, prefix.host(), Some(prefix.width));
            }
        }
        self.nodes = nodes;
    }

    /// The narrowest network that holds a host; of those wider than `than`.
    #[inline]
    fn find(&self, server: u32, host: Host, than: Option<Width>) -> u32 {
        let is_wider = |width: Width| than.is_none_or(|than| width < than);
        let Some(server_of) = self.servers.get(server as usize) else {
            return NONE;
        };
        match &server_of.clients {
            Clients::One(prefix, node) => match prefix.holds(host) && is_wider(prefix.width) {
                true => *node,
                false => NONE,
            },
            Clients::Several(widths) => {
                let widths = widths.iter().copied().filter(|width| is_wider(*width));
                widths
                    .filter(|width| width.family == host.family)
                    .find_map(|width| self.clients.get(&(server, Prefix::of(host, width))))
                    .copied()
                    .unwrap_or(NONE)
            }
        }
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
        asks: Asks,
        speaks: impl Fn(&Rule<'_>) -> bool,
        judge: impl Fn(&Rule<'_>) -> Says,
    ) -> Verdict {
        let mut best = Best::new(Clause::Server);
        let mut next = way.node;
        while let Some(node) = self.nodes.get(next as usize) {
            for list in node.rules.to_ask(asks) {
                for rule in list
                    .iter()
                    .filter_map(|rule| self.rules.get(*rule as usize))
                {
                    let says = match speaks(rule) {
                        true => judge(rule),
                        false => Err(Clause::Protocol),
                    };
                    best.take(rule.contract, says);
                    if says.is_ok() {
                        break;
                    }
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
