//! The inventory of the control network: which endpoints are there, and which contract knows each of them.
//!
//! An endpoint is known when a device contract names it, as one of its servers, senders and receivers, or as a client by
//! its address or network. Which of them may speak to whom is the matcher's to say. An endpoint that none names is an
//! event, once, when it is first seen.

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::ToString as _;
use alloc::vec::Vec;
use core::fmt;
use core::net::IpAddr;

use iia_core::Timestamp;
use iia_core::finding::{Conclusion, Finding, Severity};
use iia_core::observe::{Flow, Mac, Observation};
use iia_core::stream::Stream;

use crate::catalog::Catalog;
use crate::scope::{Device, Net, Terms, Text};

/// Endpoints kept at most, unknown ones and those of the catalog together; beyond it sights of further ones are counted.
pub const ENDPOINTS_MAX: usize = 16_384;

/// Who is on the control network.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Endpoint {
    /// By its IP address.
    Addr(IpAddr),
    /// By its Ethernet address, where it speaks without IP.
    Mac(Mac),
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Addr(addr) => addr.fmt(f),
            Self::Mac(mac) => mac.fmt(f),
        }
    }
}

impl Endpoint {
    /// A group, or everybody: nobody of its own.
    fn is_group(&self) -> bool {
        match self {
            Self::Addr(IpAddr::V4(addr)) => {
                addr.is_multicast() || addr.is_broadcast() || addr.is_unspecified()
            }
            Self::Addr(IpAddr::V6(addr)) => addr.is_multicast() || addr.is_unspecified(),
            Self::Mac(Mac([first, ..])) => first & 1 == 1,
        }
    }
}

/// What is known of an endpoint.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Entry {
    /// The id of the first contract that names it; nothing when it is unknown.
    pub contract: Option<Text>,
    /// When it was first and last seen; nothing when a contract names it and it was not.
    pub seen: Option<(Timestamp, Timestamp)>,
}

/// Everybody who is named or was seen.
#[derive(Clone, Debug, Default)]
pub struct Inventory {
    endpoints: BTreeMap<Endpoint, Entry>,
    /// Networks of clients, narrowest first, with their contracts.
    networks: Vec<(Net, Text)>,
    beyond: u64,
}

impl Inventory {
    /// An inventory of whom the catalog names; nobody was seen yet.
    pub fn new(catalog: &Catalog) -> Self {
        let mut inventory = Self::default();
        for contract in catalog.contracts() {
            if let Terms::Device(device) = &contract.terms {
                inventory.declare(&contract.id, device);
            }
        }
        let networks = &mut inventory.networks;
        networks.sort_by(|(one, id), (other, than)| {
            other.prefix.cmp(&one.prefix).then_with(|| id.cmp(than))
        });
        inventory
    }

    fn declare(&mut self, id: &Text, device: &Device) {
        let servers = device
            .servers
            .iter()
            .map(|server| Endpoint::Addr(server.addr));
        let frames = device.ethernet.iter();
        let macs = frames.flat_map(|frames| frames.senders.iter().chain(&frames.receivers));
        let (hosts, networks): (Vec<&Net>, Vec<&Net>) = device
            .clients
            .iter()
            .partition(|net| net.prefix == width(net.addr));
        let hosts = hosts.into_iter().map(|net| Endpoint::Addr(net.addr));
        let named = servers
            .chain(hosts)
            .chain(macs.map(|mac| Endpoint::Mac(*mac)));
        for endpoint in named.filter(|one| !one.is_group()) {
            if self.endpoints.len() >= ENDPOINTS_MAX {
                self.beyond += 1;
                continue;
            }
            self.endpoints.entry(endpoint).or_insert_with(|| Entry {
                contract: Some(id.clone()),
                seen: None,
            });
        }
        self.networks
            .extend(networks.into_iter().map(|net| (*net, id.clone())));
    }

    /// Takes an observation; gives an event for each endpoint in it that no contract knows and that was not seen before.
    pub fn handle_observation(&mut self, observation: &Observation<'_>) -> Vec<Finding> {
        let flow = |flow: &Flow| [flow.orig_h, flow.resp_h].map(Endpoint::Addr);
        let ends = match observation {
            Observation::Exchange(exchange) => flow(&exchange.flow),
            Observation::Conn(conn) => flow(&conn.flow),
            Observation::Access(access) => flow(&access.flow),
            Observation::Frame(frame) => [frame.source, frame.destination].map(Endpoint::Mac),
            _ => return Vec::new(),
        };
        let at = observation.ts();
        let ends = ends.into_iter().filter(|end| !end.is_group());
        ends.filter_map(|end| self.see(at, end)).collect()
    }

    fn see(&mut self, at: Timestamp, endpoint: Endpoint) -> Option<Finding> {
        if let Some(entry) = self.endpoints.get_mut(&endpoint) {
            let (first, last) = entry.seen.unwrap_or((at, at));
            entry.seen = Some((first.min(at), last.max(at)));
            return None;
        }
        if self.endpoints.len() >= ENDPOINTS_MAX {
            self.beyond += 1;
            return None;
        }
        let contract = self.network(endpoint);
        let event = contract.is_none().then(|| unknown(at, endpoint));
        let seen = Some((at, at));
        self.endpoints.insert(endpoint, Entry { contract, seen });
        event
    }

    /// The contract of the narrowest network of clients that an endpoint lies in.
    fn network(&self, endpoint: Endpoint) -> Option<Text> {
        let Endpoint::Addr(addr) = endpoint else {
            return None;
        };
        let mut networks = self.networks.iter();
        let found = networks.find(|(net, _)| net.contains(addr));
        found.map(|(_, id)| id.clone())
    }

    /// Everybody, in the order of addresses.
    pub fn endpoints(&self) -> impl Iterator<Item = (&Endpoint, &Entry)> {
        self.endpoints.iter()
    }

    /// Sights of endpoints that found no room.
    pub const fn beyond(&self) -> u64 {
        self.beyond
    }
}

const fn width(addr: IpAddr) -> u8 {
    match addr {
        IpAddr::V4(_) => 32,
        IpAddr::V6(_) => 128,
    }
}

fn unknown(at: Timestamp, endpoint: Endpoint) -> Finding {
    Finding {
        ts_ns: at.as_ns(),
        stream: Stream::VIOLATION.as_str().into(),
        conclusion: Conclusion::Diverge,
        severity: Severity::High,
        contract: "".into(),
        clause: "inventory".into(),
        source: endpoint.to_string(),
        destination: "".into(),
        operation: "unknown_device".into(),
        reason: format!("{endpoint} is there, and no contract names it"),
        evidence: Vec::new(),
    }
}
