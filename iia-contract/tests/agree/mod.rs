//! Random boxes that a validator would take, and what may be tried on them: who at which place, which topic, which
//! conversation of devices.
#![allow(dead_code, reason = "every test file uses some of it")]

pub(crate) mod named;
pub(crate) mod network;

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};

use iia_contract::Catalog;
use iia_contract::compile::{Interface, InterfaceKind, L4, Listener, Pin, Topology, ZoneNet};
use iia_contract::matcher::Matcher;
use iia_contract::raw::Entry;
use iia_contract::scope::{Net, Terms};
use iia_core::SpiffeId;
use iia_core::zone::{Conduit, Side, Zone as Role};

use crate::dice::{self, Dice, IDS};
use crate::made;

/// Workloads of the box: identity, address, and the roles that its zone may have.
const OWN: [(&str, &str, [Role; 3]); 4] = [
    (
        IDS[0],
        "10.0.2.2",
        [Role::AcsCollect, Role::AcsCollect, Role::DmzBus],
    ),
    (
        IDS[1],
        "10.0.2.17",
        [Role::AcsLake, Role::DmzBus, Role::ItApi],
    ),
    (
        IDS[2],
        "10.0.2.33",
        [Role::ItPublish, Role::ItPublish, Role::DmzBus],
    ),
    (IDS[4], "10.0.2.49", [Role::MgmtCfg; 3]),
];
/// The other side of boundary contracts.
pub(crate) const THEIRS: &str = IDS[3];
/// From where what is pulled is pulled.
pub(crate) const SOURCE: &str = "spiffe://site.example/source";
/// The name by which brokers know the other side, in some boxes.
pub(crate) const ALIAS: &str = "bi-bridge";
/// Interfaces to others: the network behind each.
pub(crate) const EDGES: [(&str, Side, &str); 2] = [
    ("it0", Side::Outbound, "203.0.113"),
    ("acs0", Side::Inbound, "198.51.100"),
];
/// The last numbers of who comes in, of where the other side answers, and of where is pulled from.
const COMES: u8 = 9;
const ANSWERS: u8 = 10;
const PULLED: u8 = 30;

/// A box and what it agreed to.
pub(crate) struct World {
    pub(crate) topology: Topology,
    pub(crate) catalog: Catalog,
    entries: Vec<Entry>,
    pub(crate) aliased: bool,
}

/// Somebody opens a connection, in the words of the network.
#[derive(Clone, Debug)]
pub(crate) struct Opening {
    pub(crate) from: (String, IpAddr),
    pub(crate) to: (String, SocketAddr),
    pub(crate) l4: L4,
    /// Whether anybody answers there.
    pub(crate) answered: bool,
}

/// An address behind an interface.
pub(crate) fn behind(interface: &str, last: u8) -> IpAddr {
    let (_, _, net) = EDGES.into_iter().find(|edge| edge.0 == interface).unwrap();
    format!("{net}.{last}").parse().unwrap()
}

pub(crate) fn id(text: &str) -> SpiffeId {
    text.parse().unwrap()
}

impl World {
    pub(crate) fn random(dice: &mut Dice<'_>) -> Self {
        let mut topology = topology(dice);
        topology.listeners = OWN
            .iter()
            .flat_map(|own| listeners(dice, own.0, own.1))
            .collect();
        topology.connections = EDGES
            .into_iter()
            .flat_map(|(name, ..)| there(dice, name))
            .collect();
        for (own, ..) in OWN {
            if !dice.once_in(4) {
                let digest = format!("sha256:{:064x}", dice.roll(9));
                topology.pins.push(Pin {
                    workload: id(own),
                    digest,
                    user: None,
                    program: false,
                });
            }
        }
        let aliased = dice.once_in(2);
        let mut entries: Vec<Entry> = Vec::new();
        for number in 0..usize::from(2 + dice.roll(30)) {
            let text = placed(&dice::contract(dice, number), aliased);
            entries.extend(made::text::entries(&text));
            let sound = Catalog::check(&entries).is_ok_and(|(catalog, _)| {
                catalog
                    .contracts()
                    .iter()
                    .all(|one| is_carried(&one.terms, &topology))
            });
            if !sound {
                entries.pop();
            }
        }
        let catalog = Catalog::check(&entries).unwrap().0;
        Self {
            topology,
            catalog,
            entries,
            aliased,
        }
    }

    /// The catalog with one of its contracts only.
    pub(crate) fn only(&self, contract: &str) -> Catalog {
        let entries = self.entries.iter().filter(|entry| entry.name == contract);
        Catalog::check(&entries.cloned().collect::<Vec<_>>())
            .unwrap()
            .0
    }

    /// Who may speak first to whom by some contract or, half of the time, anybody to anybody.
    pub(crate) fn pair(&self, dice: &mut Dice<'_>) -> (&str, &str) {
        let contracts = self.catalog.contracts();
        let drawn = contracts.get(usize::from(dice.roll(2 * contracts.len() as u8)));
        match drawn.map(|one| &one.terms) {
            Some(Terms::Internal(terms)) => (terms.source.as_str(), terms.destination.as_str()),
            Some(Terms::Boundary(terms)) if dice.once_in(2) => {
                (terms.publisher.as_str(), terms.consumer.as_str())
            }
            Some(Terms::Boundary(terms)) => (terms.consumer.as_str(), terms.publisher.as_str()),
            _ => (dice.of(&IDS), dice.of(&IDS)),
        }
    }

    fn zone(&self, who: &str) -> Option<&ZoneNet> {
        let who = id(who);
        self.topology.workload(&who).map(|(zone, _)| zone)
    }

    /// The places where one answers when the other asks.
    fn answers<'w>(&'w self, source: &str, destination: &str) -> Vec<&'w Listener> {
        let side = |one: &ZoneNet| {
            let faced = EDGES.into_iter().find(|edge| edge.1 == one.role.side());
            faced.map(|(name, ..)| name)
        };
        let (from, to) = (self.zone(source), self.zone(destination));
        let all = self
            .topology
            .listeners
            .iter()
            .chain(&self.topology.connections);
        let theirs = all.filter(|place| place.workload.as_str() == destination);
        let reached = theirs.filter(|place| match (from, to) {
            (Some(_), Some(_)) => true,
            (Some(own), None) | (None, Some(own)) => {
                side(own).is_some() && place.interface.as_deref() == side(own)
            }
            _ => false,
        });
        reached.collect()
    }

    /// One of the places where the destination answers the source, or one where nobody does.
    pub(crate) fn opening(
        &self,
        dice: &mut Dice<'_>,
        source: &str,
        destination: &str,
    ) -> Option<Opening> {
        let places = self.answers(source, destination);
        let place = *places.get(usize::from(dice.roll(places.len().max(1) as u8)))?;
        let interface = || place.interface.clone().unwrap_or_default();
        let bridge = |who| self.zone(who).map(|zone| zone.bridge.clone());
        let answered = !dice.once_in(9);
        let port = if answered { place.port } else { 7999 };
        let who = id(source);
        let addr = self
            .topology
            .workload(&who)
            .map_or_else(|| behind(&interface(), COMES), |(_, addr)| addr);
        Some(Opening {
            from: (bridge(source).unwrap_or_else(interface), addr),
            to: (
                bridge(destination).unwrap_or_else(interface),
                SocketAddr::new(place.addr, port),
            ),
            l4: place.l4,
            answered,
        })
    }
}

/// An opening, whether it crosses the edge of the box, and whether the matcher lets it.
pub(crate) struct Tried {
    pub(crate) opening: Opening,
    pub(crate) across: bool,
    pub(crate) due: bool,
}

/// Boxes where enough is allowed across the edge to be worth a network of their own, with everything to try on them.
pub(crate) fn edgy() -> impl Iterator<Item = (World, Vec<Tried>)> {
    let worlds = (1..).map(|seed| {
        let bytes = dice::bytes(12_000, seed);
        let mut dice = Dice(&bytes);
        let world = World::random(&mut dice);
        let tried = tried(&world, &mut dice);
        (world, tried)
    });
    worlds.filter(|(_, tried)| tried.iter().filter(|one| one.across && one.due).count() >= 3)
}

fn tried(world: &World, dice: &mut Dice<'_>) -> Vec<Tried> {
    let matcher = Matcher::new(&world.catalog);
    let mut tried = BTreeMap::new();
    for _ in 0..400 {
        let ends = world.pair(dice);
        let Some(opening) = world.opening(dice, ends.0, ends.1) else {
            continue;
        };
        let due = named::opens(&matcher, ends, &opening);
        let across = [ends.0, ends.1].contains(&THEIRS);
        let ends = (opening.from.clone(), opening.to.clone());
        tried.insert(
            ends,
            Tried {
                opening,
                across,
                due,
            },
        );
    }
    tried.into_values().collect()
}

/// A validator takes a contract that the zones can carry: no way past the DMZ, one end of a boundary in the box and on
/// a side, and whoever pulls is in the box.
fn is_carried(terms: &Terms, topology: &Topology) -> bool {
    let role = |who: &SpiffeId| topology.workload(who).map(|(zone, _)| zone.role);
    match terms {
        Terms::Internal(terms) => match (role(&terms.source), role(&terms.destination)) {
            (Some(from), Some(to)) => Conduit::new(from, to).is_ok(),
            _ => false,
        },
        Terms::Boundary(terms) => {
            let faces = |role: Role| matches!(role.side(), Side::Inbound | Side::Outbound);
            role(&terms.publisher).is_some_and(faces) && role(&terms.consumer).is_none()
        }
        Terms::Inbound(terms) => role(&terms.puller).is_some(),
        Terms::Device(_) => true,
    }
}

/// Places of the other side lie outside, those of the box inside.
fn placed(text: &str, aliased: bool) -> String {
    let text = match text.contains("scope internal") {
        true => text.replace("tls/10.0.2.1:", "tls/10.0.2.17:"),
        false => text
            .replace(
                "endpoint tls/10.0.2.1:",
                &format!("endpoint tls/{}:", behind("it0", ANSWERS)),
            )
            .replace(
                "target tls/10.0.2.1:",
                &format!("target tls/{}:", behind("it0", PULLED)),
            ),
    };
    match aliased {
        true => text.replace("\nauth {\n", &format!("\nauth {{\ncn_alias {ALIAS}\n")),
        false => text,
    }
}

fn topology(dice: &mut Dice<'_>) -> Topology {
    let mut topology = Topology::default();
    for (own, addr, roles) in OWN {
        let own = id(own);
        let name = own.zone_workload().unwrap().0.to_owned();
        topology.zones.push(ZoneNet {
            role: dice.of(&roles),
            bridge: format!("iz-{name}"),
            name,
            subnet: Net::parse(&format!(
                "10.0.2.{}/28",
                split(addr.parse().unwrap()).1 & 0xf0
            ))
            .unwrap(),
            workloads: vec![(own, addr.parse().unwrap())],
        });
    }
    for (name, side, _) in EDGES {
        let (name, kind) = (name.into(), InterfaceKind::It);
        topology.interfaces.push(Interface { name, kind, side });
    }
    topology
}

fn listeners(dice: &mut Dice<'_>, workload: &str, addr: &str) -> Vec<Listener> {
    let mut all = Vec::new();
    for (port, interface) in [
        (7443, None),
        (7444, None),
        (7443, Some("it0")),
        (7444, Some("acs0")),
    ] {
        let taken = all.iter().any(|one: &Listener| one.port == port);
        if taken || dice.once_in(3) {
            continue;
        }
        let net = |name| Net::parse(&format!("{}/29", behind(name, COMES & 0xf8))).unwrap();
        all.push(Listener {
            endpoint: format!("{addr}-{port}"),
            workload: id(workload),
            l4: L4::Tcp,
            addr: addr.parse().unwrap(),
            port,
            interface: interface.map(Into::into),
            allow: interface
                .filter(|_| dice.once_in(2))
                .map(net)
                .into_iter()
                .collect(),
        });
    }
    all
}

fn there(dice: &mut Dice<'_>, interface: &str) -> Vec<Listener> {
    let all = [7444, 7445].into_iter().filter(|_| dice.once_in(2));
    let place = |port| Listener {
        endpoint: format!("{interface}-{port}"),
        workload: id(THEIRS),
        l4: L4::Tcp,
        addr: behind(interface, ANSWERS),
        port,
        interface: Some(interface.into()),
        allow: vec![],
    };
    all.map(place).collect()
}

/// A network of the box or beside it: the interface, the gateway, the width, and who is there.
pub(crate) type Lan = (String, IpAddr, u8, Vec<IpAddr>);

/// Every network of the box and beside it.
pub(crate) fn lans(topology: &Topology) -> Vec<Lan> {
    let zones = topology.zones.iter().map(|zone| {
        let hosts = zone.workloads.iter().map(|(_, addr)| *addr).collect();
        let (head, first) = split(zone.subnet.addr);
        let gateway = format!("{head}.{}", first + 14).parse().unwrap();
        (zone.bridge.clone(), gateway, zone.subnet.prefix, hosts)
    });
    let edges = EDGES.into_iter().map(|(name, ..)| {
        let hosts = vec![behind(name, COMES), behind(name, ANSWERS)];
        (name.to_owned(), behind(name, 1), 24, hosts)
    });
    zones.chain(edges).collect()
}

fn split(addr: IpAddr) -> (String, u8) {
    let text = addr.to_string();
    let (head, last) = text.rsplit_once('.').unwrap();
    (head.to_owned(), last.parse().unwrap())
}

/// Where somebody may pull from, or not.
pub(crate) fn target(dice: &mut Dice<'_>) -> SocketAddr {
    SocketAddr::new(behind("it0", PULLED), dice.of(&[7444, 7445, 7446]))
}
