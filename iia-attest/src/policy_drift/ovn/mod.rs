//! Virtual networks: what the ACLs of an OVN northbound database let through, against what the contracts let be opened.
//!
//! The observer reads the tables itself, and asks of each pair of ports what the switches between them would do with the
//! first packet of a connection: what is agreed must pass, and nothing else may. A group that lost a port, an ACL before the
//! others, one on a switch that no compiler wrote, a drop that is gone are findings, because of what they let pass.

mod expr;
mod tables;
mod verdict;

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use core::net::IpAddr;

use iia_contract::catalog::Catalog;
use iia_contract::scope::Net as Network;
use iia_contract::topology::{L4, Topology};
use iia_core::Timestamp;
use iia_core::finding::Finding;

pub use self::tables::TABLES_LEN_MAX;

use self::expr::{Constant, Expr};
use self::tables::{Net, Port};
use self::verdict::{Packet, Verdict};
use super::agreed::{Agreed, Way};
use super::file::ReadError;
use super::packet::Hook;
use super::told::{Difference, Found, Told, add};
use crate::correlator::Correlator;

/// ACLs that are asked about packets at most in one look; the observer says when there would be more.
pub const QUESTIONS_MAX: usize = 20_000_000;
/// Ports that ACLs name and that are asked about, at most.
const ODD_MAX: usize = 64;
/// What people leave open.
const USUAL_PORTS: [u16; 6] = [22, 80, 102, 443, 502, 8080];

/// Tables of the northbound database, each as `ovn-nbctl --format=json list TABLE` prints it.
#[derive(Clone, Debug, Default)]
pub struct Tables {
    /// `ACL`.
    pub acls: Vec<u8>,
    /// `Port_Group`.
    pub groups: Vec<u8>,
    /// `Logical_Switch`.
    pub switches: Vec<u8>,
    /// `Logical_Switch_Port`.
    pub ports: Vec<u8>,
    /// `Address_Set`.
    pub sets: Vec<u8>,
    /// `NB_Global`.
    pub global: Vec<u8>,
}

/// What is seen of a virtual network.
#[derive(Clone, Debug)]
pub enum Seen {
    /// Its northbound database.
    Tables(Tables),
    /// Somebody changed it, as the log of the database has it.
    Changed {
        /// Such as `ovn-nbctl (root)`.
        by: String,
    },
    /// It cannot be read.
    Unreadable {
        /// Why, in words.
        why: String,
    },
}

/// A virtual network as it is set.
#[derive(Clone, Debug)]
pub struct VirtualNetwork(Net);

impl VirtualNetwork {
    /// Reads the tables.
    ///
    /// # Errors
    /// [`ReadError`].
    pub fn read(tables: &Tables) -> Result<Self, ReadError> {
        Net::read(tables).map(Self)
    }

    /// Whether the first packet of a connection passes that this port sends; nothing where it is in the hands of an ACL that
    /// is not known here, or a port is not there.
    pub fn passes(
        &self,
        from: &str,
        source: IpAddr,
        destination: IpAddr,
        end: (L4, u16),
    ) -> Option<bool> {
        let named = |port: &&Port| port.name == from;
        let from = self.0.ports.iter().find(named)?;
        let to = self
            .0
            .ports
            .iter()
            .find(|port| port.addrs.contains(&destination))?;
        let (l4, port) = end;
        let packet = Packet {
            source,
            destination,
            l4,
            port,
        };
        match self.0.verdict(from, to, &packet).0 {
            Verdict::Passes(_) => Some(true),
            Verdict::Dropped(_) => Some(false),
            Verdict::Unclear(_) => None,
        }
    }
}

/// The observer.
#[derive(Clone, Debug)]
pub struct OvnDrift {
    ways: Vec<Way>,
    zones: Vec<(String, Network)>,
    told: Told,
}

impl OvnDrift {
    /// An observer of what the contracts open in a virtual network that joins the zones of a box.
    pub fn new(catalog: &Catalog, topology: &Topology) -> Self {
        let mut ways = Agreed::read(catalog, topology).ways;
        ways.retain(|way| way.hook == Hook::Forward);
        let zones = topology.zones.iter();
        Self {
            ways,
            zones: zones
                .map(|zone| (zone.bridge.clone(), zone.subnet))
                .collect(),
            told: Told::new("the virtual network's policy"),
        }
    }

    /// Whether it was seen and was what is agreed when it was last seen.
    pub fn converges(&self) -> bool {
        self.told.converges()
    }

    /// The zone in whose network an address is.
    fn zone(&self, addr: IpAddr) -> Option<&str> {
        let within = self.zones.iter().find(|(_, net)| net.contains(addr));
        within.map(|(bridge, _)| bridge.as_str())
    }

    /// The zone of a port, by the first of its addresses.
    fn home(&self, port: &Port) -> Option<&str> {
        self.zone(*port.addrs.first()?)
    }

    /// Whether a way begins at, or ends at, this zone; what lies in none is behind an interface.
    fn is_end(&self, way_end: &str, zone: Option<&str>) -> bool {
        match zone {
            Some(zone) => way_end == zone,
            None => !self.zones.iter().any(|(bridge, _)| bridge == way_end),
        }
    }

    fn allows(&self, from: &Port, to: &Port, packet: &Packet) -> bool {
        let (here, there) = (self.home(from), self.home(to));
        self.ways.iter().any(|way| {
            way.destination == Some(packet.destination)
                && (way.l4, way.port) == (packet.l4, packet.port)
                && (way.sources.is_empty()
                    || way.sources.iter().any(|net| net.contains(packet.source)))
                && self.is_end(&way.from, here)
                && self.is_end(&way.to, there)
        })
    }

    fn look(&self, net: &Net) -> Found {
        let mut look = Look {
            drift: self,
            net,
            left: QUESTIONS_MAX,
            found: Found::new(),
            open: BTreeMap::new(),
        };
        look.blocked();
        look.opened();
        look.end()
    }
}

struct Look<'a> {
    drift: &'a OvnDrift,
    net: &'a Net,
    left: usize,
    found: Found,
    /// What passes and is not agreed, by what lets it pass: the first packet in words, and how many.
    open: BTreeMap<String, (String, u64)>,
}

impl<'a> Look<'a> {
    fn ask(&mut self, from: &Port, to: &Port, packet: &Packet) -> Option<Verdict> {
        if self.left == 0 {
            return None;
        }
        let (verdict, asked) = self.net.verdict(from, to, packet);
        self.left = self.left.saturating_sub(asked + self.drift.ways.len());
        Some(verdict)
    }

    /// What is agreed between ports that are there, and does not pass.
    fn blocked(&mut self) {
        let (drift, net) = (self.drift, self.net);
        for way in &drift.ways {
            let Some(destination) = way.destination else {
                continue;
            };
            let has = |net: &Network, port: &Port| {
                port.addrs.iter().find(|addr| net.contains(**addr)).copied()
            };
            let sends = net
                .ports
                .iter()
                .filter(|port| drift.is_end(&way.from, drift.home(port)));
            let sources = sends.filter_map(|port| match way.sources.as_slice() {
                [] => Some((
                    port,
                    port.addrs
                        .iter()
                        .find(|one| one.is_ipv4() == destination.is_ipv4())
                        .copied()?,
                )),
                nets => Some((port, nets.iter().find_map(|net| has(net, port))?)),
            });
            let to = net
                .ports
                .iter()
                .find(|port| port.addrs.contains(&destination));
            for (from, source) in sources {
                let Some(to) = to.filter(|to| to.name != from.name) else {
                    continue;
                };
                let (l4, port) = (way.l4, way.port);
                let packet = Packet {
                    source,
                    destination,
                    l4,
                    port,
                };
                let by = match self.ask(from, to, &packet) {
                    None | Some(Verdict::Passes(_)) => continue,
                    Some(Verdict::Dropped(by)) => format!("dropped by {by}"),
                    Some(Verdict::Unclear(by)) => {
                        format!("in the hands of {by}, which no contract asks for")
                    }
                };
                self.tell_blocked(way, &spelled(from, &packet), &by);
            }
        }
    }

    fn tell_blocked(&mut self, way: &Way, packet: &str, by: &str) {
        let contract = &way.by;
        let difference = Difference {
            contract: contract.clone(),
            clause: "parties",
            words: format!("contract {contract} is agreed, and {packet} is {by}"),
            operation: packet.to_string(),
            ..Difference::default()
        };
        add(&mut self.found, format!("blocked {contract}"), difference);
    }

    /// Everybody to everybody, also under the addresses of others, at every port that anybody names.
    fn opened(&mut self) {
        let (drift, net) = (self.drift, self.net);
        let ends = ends(drift, net);
        let parties: BTreeSet<IpAddr> = drift
            .ways
            .iter()
            .flat_map(|way| way.sources.iter().map(|net| net.addr))
            .collect();
        for from in net.ports.iter().filter(|port| !port.addrs.is_empty()) {
            let mut sources: BTreeSet<IpAddr> = from.addrs.iter().copied().collect();
            // Who is not in a zone may say what it likes: the networks outside are not the box's.
            if drift.home(from).is_some() {
                sources.extend(&parties);
            }
            for to in net.ports.iter().filter(|port| port.name != from.name) {
                for destination in &to.addrs {
                    let fitting = sources
                        .iter()
                        .filter(|source| source.is_ipv4() == destination.is_ipv4());
                    for source in fitting.filter(|source| *source != destination) {
                        for (l4, port) in &ends {
                            let packet = Packet {
                                source: *source,
                                destination: *destination,
                                l4: *l4,
                                port: *port,
                            };
                            self.tried(from, to, &packet);
                        }
                    }
                }
            }
        }
    }

    fn tried(&mut self, from: &Port, to: &Port, packet: &Packet) {
        let drift = self.drift;
        let is_outside = drift.home(from).is_none() && drift.home(to).is_none();
        if is_outside || drift.allows(from, to, packet) {
            return;
        }
        let by = match self.ask(from, to, packet) {
            None | Some(Verdict::Dropped(_)) => return,
            Some(Verdict::Passes(by)) if by.is_empty() => "no ACL is about it".to_string(),
            Some(Verdict::Passes(by)) => format!("it passes by {by}"),
            Some(Verdict::Unclear(by)) => format!("it is in the hands of {by}"),
        };
        let first = || (spelled(from, packet), 0);
        self.open.entry(by).or_insert_with(first).1 += 1;
    }

    fn end(mut self) -> Found {
        for (by, (packet, count)) in core::mem::take(&mut self.open) {
            let more = match count - 1 {
                0 => String::new(),
                more => format!(" (and {more} more of those asked about)"),
            };
            let difference = Difference {
                clause: "surplus",
                words: format!("{packet}: {by}, and no contract allows it{more}"),
                operation: packet,
                ..Difference::default()
            };
            add(&mut self.found, format!("open {by}"), difference);
        }
        if self.left == 0 {
            let difference = Difference {
                clause: "limit",
                words: format!(
                    "more than {QUESTIONS_MAX} things to ask about: the rest was not asked"
                ),
                ..Difference::default()
            };
            add(&mut self.found, "questions".into(), difference);
        }
        self.found
    }
}

fn spelled(from: &Port, packet: &Packet) -> String {
    let Packet {
        source,
        destination,
        l4,
        port,
    } = packet;
    format!(
        "{source} from port {} to {} {destination} port {port}",
        from.name,
        l4.name()
    )
}

/// Ports that contracts or ACLs name, and those that people leave open.
fn ends(drift: &OvnDrift, net: &Net) -> BTreeSet<(L4, u16)> {
    let mut odd = BTreeSet::new();
    for expr in net.acls.iter().filter_map(|acl| acl.said.expr()) {
        numbers(expr, &mut odd);
    }
    let named = odd
        .into_iter()
        .flat_map(|port| [(L4::Tcp, port), (L4::Udp, port)]);
    let usual = USUAL_PORTS.into_iter().map(|port| (L4::Tcp, port));
    let agreed = drift.ways.iter().map(|way| (way.l4, way.port));
    named.chain(usual).chain(agreed).collect()
}

/// Numbers that a match compares ports with, and those beside them.
fn numbers(expr: &Expr, odd: &mut BTreeSet<u16>) {
    match expr {
        Expr::All(terms) | Expr::Any(terms) => terms.iter().for_each(|term| numbers(term, odd)),
        Expr::Not(inner) => numbers(inner, odd),
        Expr::Compare(field, _, constants) if field.ends_with(".dst") => {
            for constant in constants {
                let Constant::Word(word) = constant else {
                    continue;
                };
                let Ok(port) = word.parse::<u16>() else {
                    continue;
                };
                if odd.len() + 3 <= ODD_MAX {
                    odd.extend([port.saturating_sub(1), port, port.saturating_add(1)]);
                }
            }
        }
        Expr::Compare(..) | Expr::Is(_) | Expr::Always(_) => {}
    }
}

impl Correlator for OvnDrift {
    type Observation = Seen;

    fn handle_observation(&mut self, now: Timestamp, seen: Seen) {
        match seen {
            Seen::Changed { by } => self.told.changed(by),
            Seen::Unreadable { why } => self.told.blind(now, &why),
            Seen::Tables(tables) => match Net::read(&tables) {
                Err(error) => self.told.blind(now, &error.to_string()),
                Ok(net) => {
                    self.told.seen(now);
                    let found = self.look(&net);
                    self.told.tell(now, found, None);
                }
            },
        }
    }

    fn handle_timeout(&mut self, now: Timestamp) {
        self.told.handle_timeout(now);
    }

    fn poll_finding(&mut self) -> Option<Finding> {
        self.told.poll_finding()
    }

    fn poll_timeout(&self) -> Option<Timestamp> {
        self.told.poll_timeout()
    }
}
