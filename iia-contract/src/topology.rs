//! Where things are: zones with bridges and networks, interfaces, and the ports behind which workloads answer.

use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use core::net::IpAddr;

use iia_core::SpiffeId;
use iia_core::id::TrustDomain;
use iia_core::zone::{Side, Zone as Role};

use crate::scope::Net;
use crate::tree::{Entry, Field, Tree};

/// Bytes of an interface's name at most; the kernel's own limit.
const IFNAME_LEN_MAX: usize = 15;
/// The trust domain of a box whose artifact names none.
const TRUST_DOMAIN_DEFAULT: &str = "iia.local";

/// A transport that the kernel's filter can tell by its ports.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[allow(missing_docs, reason = "the protocols' own names")]
pub enum L4 {
    Tcp,
    Udp,
    Sctp,
}

impl L4 {
    /// The name that nft and `/etc/protocols` use.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Tcp => "tcp",
            Self::Udp => "udp",
            Self::Sctp => "sctp",
        }
    }

    /// What carries a port of the language, such as the `tls` of `tls/192.0.2.1:7443`.
    fn carrying(scheme: &str) -> Option<Self> {
        Some(match scheme {
            "tcp" | "tls" => Self::Tcp,
            "udp" | "dtls" | "quic" => Self::Udp,
            "sctp" => Self::Sctp,
            _ => return None,
        })
    }
}

/// A zone as the network sees it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ZoneNet {
    /// Its name.
    pub name: String,
    /// Its role, which implies its side.
    pub role: Role,
    /// Its bridge.
    pub bridge: String,
    /// Its network.
    pub subnet: Net,
    /// Its workloads.
    pub workloads: Vec<(SpiffeId, IpAddr)>,
}

/// What an interface is for.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum InterfaceKind {
    /// Sees the control network and never sends.
    Observation,
    /// Serves the cell, and is never routed.
    Services,
    /// Faces everybody else.
    It,
    /// For the operator beside the box.
    Management,
}

/// An interface of the box.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Interface {
    /// Its name in the kernel.
    pub name: String,
    /// What it is for.
    pub kind: InterfaceKind,
    /// The side it faces.
    pub side: Side,
}

/// Where a workload of this box answers.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Listener {
    /// The name of its entry.
    pub endpoint: String,
    /// Who.
    pub workload: SpiffeId,
    /// The transport.
    pub l4: L4,
    /// The address.
    pub addr: IpAddr,
    /// The port.
    pub port: u16,
    /// The interface through which others are spoken with; `None` stays inside the box.
    pub interface: Option<String>,
    /// Who may come through it, none within another; empty is whoever proves who they are.
    pub allow: Vec<Net>,
}

/// Where somebody of another box is reached.
pub type Connection = Listener;

/// A service of the cell, on the services interface only.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Service {
    /// Its name.
    pub name: String,
    /// The interface.
    pub interface: String,
    /// The cell's network: who may ask.
    pub network: Net,
    /// Whether it gives addresses to those that have none yet.
    pub dhcp: bool,
    /// Whether it is an endpoint that only the interface's own neighbours reach, and is listed as that.
    pub endpoint: bool,
    /// The ports, and the address of each that has one.
    pub ports: Vec<(L4, Option<IpAddr>, u16)>,
}

/// What a workload of this box runs.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Pin {
    /// Who.
    pub workload: SpiffeId,
    /// The digest of its image or program, such as `sha256:…`.
    pub digest: String,
    /// The user id under which it runs, where it runs as a unit.
    pub user: Option<u32>,
    /// Whether the digest is that of a program that a unit runs without a container.
    pub program: bool,
}

/// Everything the compilers need beside the catalog. What cannot be read is left out, so that less is allowed.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Topology {
    /// The zones, by name.
    pub zones: Vec<ZoneNet>,
    /// The interfaces, by name.
    pub interfaces: Vec<Interface>,
    /// Where workloads of this box answer.
    pub listeners: Vec<Listener>,
    /// Where others are reached.
    pub connections: Vec<Connection>,
    /// The services of the cell, by name.
    pub services: Vec<Service>,
    /// What workloads run, by workload and digest.
    pub pins: Vec<Pin>,
}

impl Topology {
    /// Reads the entries of a configuration.
    pub fn read(tree: &Tree) -> Self {
        let named = tree
            .of_kind("artifact")
            .find_map(|entry| entry.field("trust_domain"));
        let domain = named
            .map_or(TRUST_DOMAIN_DEFAULT, |field| field.text())
            .parse();
        let zone = |entry: Entry<'_>| zone(&entry, domain.as_ref().ok()?);
        let mut topology = Self {
            zones: tree.of_kind("zone").filter_map(zone).collect(),
            interfaces: tree
                .of_kind("interface")
                .filter_map(|entry| interface(&entry))
                .collect(),
            listeners: tree
                .of_kind("endpoint")
                .filter_map(|entry| place(&entry, "listen"))
                .collect(),
            connections: tree
                .of_kind("endpoint")
                .filter_map(|entry| place(&entry, "connect"))
                .collect(),
            services: tree
                .of_kind("service")
                .filter_map(|entry| service(&entry))
                .collect(),
            pins: Vec::new(),
        };
        if let Ok(domain) = &domain {
            topology.pins = pins(tree, domain);
        }
        topology.serve_local();
        topology.sort();
        topology
    }

    /// What listens on an interface that is not routed is answered by the box itself, to those who are allowed.
    fn serve_local(&mut self) {
        let local = |name: &str| {
            let mut interfaces = self.interfaces.iter();
            interfaces.any(|interface| {
                let kind = interface.kind;
                interface.name == name
                    && matches!(kind, InterfaceKind::Services | InterfaceKind::Management)
            })
        };
        let mut services = Vec::new();
        for listener in &self.listeners {
            let Some(interface) = listener.interface.as_ref().filter(|name| local(name)) else {
                continue;
            };
            for (number, network) in listener.allow.iter().enumerate() {
                services.push(Service {
                    name: format!("{}/{number}", listener.endpoint),
                    interface: interface.clone(),
                    network: *network,
                    dhcp: false,
                    endpoint: true,
                    ports: Vec::from([(listener.l4, Some(listener.addr), listener.port)]),
                });
            }
        }
        self.services.append(&mut services);
    }

    /// Same content, same order, whatever order the document has.
    fn sort(&mut self) {
        self.zones.sort_by(|left, right| left.name.cmp(&right.name));
        self.interfaces
            .sort_by(|left, right| left.name.cmp(&right.name));
        self.services
            .sort_by(|left, right| left.name.cmp(&right.name));
        self.listeners
            .sort_by(|left, right| left.endpoint.cmp(&right.endpoint));
        self.connections
            .sort_by(|left, right| left.endpoint.cmp(&right.endpoint));
        let key = |pin: &Pin| (pin.workload.clone(), pin.digest.clone(), pin.user);
        self.pins.sort_by_key(key);
    }

    /// The zone and the address of a workload.
    pub fn workload(&self, id: &SpiffeId) -> Option<(&ZoneNet, IpAddr)> {
        let of = |zone: &'_ ZoneNet| {
            zone.workloads
                .iter()
                .find(|(who, _)| who == id)
                .map(|(_, addr)| *addr)
        };
        self.zones.iter().find_map(|zone| Some((zone, of(zone)?)))
    }

    /// The interfaces of a kind.
    pub fn interfaces_of(&self, kind: InterfaceKind) -> impl Iterator<Item = &str> {
        let same = self
            .interfaces
            .iter()
            .filter(move |interface| interface.kind == kind);
        same.map(|interface| interface.name.as_str())
    }

    /// The interfaces by which a zone of `side` speaks with other boxes and organisations.
    pub fn interfaces_for(&self, side: Side) -> impl Iterator<Item = &str> {
        let routed = self
            .interfaces
            .iter()
            .filter(|interface| interface.kind == InterfaceKind::It);
        let facing = routed.filter(move |interface| interface.side == side);
        facing.map(|interface| interface.name.as_str())
    }
}

fn zone(entry: &Entry<'_>, domain: &TrustDomain) -> Option<ZoneNet> {
    let workload = |field: Field<'_>| {
        let id = SpiffeId::workload(domain, entry.name, field.text()).ok()?;
        Some((id, field.value(1)?.text.parse().ok()?))
    };
    Some(ZoneNet {
        name: entry.name.to_string(),
        role: entry.text("role").parse().ok()?,
        bridge: ifname(entry.text("bridge"))?,
        subnet: Net::parse(entry.text("subnet"))?,
        workloads: entry.fields("workload").filter_map(workload).collect(),
    })
}

fn interface(entry: &Entry<'_>) -> Option<Interface> {
    let kind = match entry.text("kind") {
        "observation" => InterfaceKind::Observation,
        "services" => InterfaceKind::Services,
        "it" => InterfaceKind::It,
        "management" => InterfaceKind::Management,
        _ => return None,
    };
    let side = match entry.text("side") {
        "inbound" => Side::Inbound,
        "outbound" => Side::Outbound,
        "management" => Side::Management,
        _ => return None,
    };
    Some(Interface {
        name: ifname(entry.name)?,
        kind,
        side,
    })
}

fn place(entry: &Entry<'_>, key: &str) -> Option<Listener> {
    let (l4, addr, port) = port(entry.text(key))?;
    let nets: Vec<Net> = entry
        .fields("allow")
        .filter_map(|field| Net::parse(field.text()))
        .collect();
    let within = |net: &Net| {
        nets.iter()
            .any(|other| other != net && other.contains(net.addr) && other.prefix <= net.prefix)
    };
    Some(Listener {
        endpoint: entry.name.to_string(),
        workload: entry.text("workload").parse().ok()?,
        l4,
        addr: addr?,
        port,
        interface: entry
            .field("interface")
            .and_then(|field| ifname(field.text())),
        allow: nets.iter().filter(|net| !within(net)).copied().collect(),
    })
}

fn service(entry: &Entry<'_>) -> Option<Service> {
    let ports = entry
        .fields("listen")
        .filter_map(|field| port(field.text()));
    Some(Service {
        name: entry.name.to_string(),
        interface: ifname(entry.text("interface"))?,
        network: Net::parse(entry.text("network"))?,
        dhcp: entry.text("kind") == "dhcp",
        endpoint: false,
        ports: ports.collect(),
    })
}

/// What zones pin, and the images of units.
fn pins(tree: &Tree, domain: &TrustDomain) -> Vec<Pin> {
    let mut pins = Vec::new();
    let sound = |digest: &str| {
        digest
            .split_once(':')
            .is_some_and(|(_, hex)| !hex.is_empty())
    };
    for zone in tree.of_kind("zone") {
        pins.extend(zone.fields("image").filter_map(|field| {
            let digest = field.value(1)?.text;
            Some(Pin {
                workload: SpiffeId::workload(domain, zone.name, field.text()).ok()?,
                digest: sound(digest).then(|| digest.to_string())?,
                user: None,
                program: false,
            })
        }));
    }
    for unit in tree.of_kind("unit") {
        let Ok(workload) = unit.text("workload").parse::<SpiffeId>() else {
            continue;
        };
        let user = unit.field("user").and_then(|field| field.count());
        let user = user.and_then(|user| u32::try_from(user).ok());
        let (digest, container) = (unit.text("image"), unit.field("repository").is_some());
        if sound(digest) {
            pins.push(Pin {
                workload,
                digest: digest.to_string(),
                user,
                program: false,
            });
        } else if !container {
            // What the zone pins is the program that this unit runs.
            for pin in pins.iter_mut().filter(|pin| pin.workload == workload) {
                (pin.user, pin.program) = (user, true);
            }
        }
    }
    pins
}

/// A name that is an interface's and nothing else to whoever reads the compiled text.
fn ifname(name: &str) -> Option<String> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    let sound = (1..=IFNAME_LEN_MAX).contains(&name.len()) && name.bytes().all(plain);
    sound.then(|| name.to_string())
}

/// `tls/192.0.2.1:7443`, or `udp/53` without an address.
pub(super) fn port(text: &str) -> Option<(L4, Option<IpAddr>, u16)> {
    let (scheme, rest) = text.split_once('/')?;
    let l4 = L4::carrying(scheme)?;
    if let Ok(port) = rest.parse() {
        return Some((l4, None, port));
    }
    let socket: core::net::SocketAddr = rest.parse().ok()?;
    Some((l4, Some(socket.ip()), socket.port()))
}

/// A place with an address, such as `tls/192.0.2.1:7443`.
pub(super) fn socket(text: &str) -> Option<(L4, IpAddr, u16)> {
    let (l4, addr, port) = port(text)?;
    Some((l4, addr?, port))
}
