//! Which packets to ask a policy about: what is agreed, what lies beside it, whatever the listing itself names, and
//! strangers.

use alloc::collections::BTreeSet;
use alloc::string::String;
use alloc::vec::Vec;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use iia_contract::scope::Net;
use iia_contract::topology::{InterfaceKind, L4, Topology};

use super::agreed::{Agreed, Way};
use super::odd::Odd;
use super::packet::{Hook, Packet};
use super::read::Loaded;

/// Packets of one look at most; the observer says when there are more to ask about.
pub const PROBES_MAX: usize = 200_000;
/// Nobody whom any catalog can name: addresses and a port that are kept for examples (RFC 5737, RFC 3849).
const STRANGER_4: IpAddr = IpAddr::V4(Ipv4Addr::new(203, 0, 113, 77));
const STRANGER_6: IpAddr = IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0x77));
const SOURCE_PORT: u16 = 40_404;
/// What people leave open.
const USUAL_PORTS: [u16; 6] = [22, 80, 102, 443, 502, 8080];

/// An address, and the interface behind which it is.
type Place = (String, IpAddr);

/// Where things are, as probes need it.
#[derive(Clone, Debug, Default)]
pub(super) struct Ground {
    /// Workloads, behind the bridges of their zones.
    inside: Vec<Place>,
    /// Strangers, behind every interface and every bridge.
    strangers: Vec<Place>,
    zones: Vec<(Net, String)>,
    /// Interfaces to other boxes.
    routed: Vec<String>,
    ports: BTreeSet<(L4, u16)>,
}

impl Ground {
    pub(super) fn new(topology: &Topology, agreed: &Agreed) -> Self {
        let mut ground = Self::default();
        for zone in &topology.zones {
            ground.zones.push((zone.subnet, zone.bridge.clone()));
            let homes = zone.workloads.iter();
            ground
                .inside
                .extend(homes.map(|(_, addr)| (zone.bridge.clone(), *addr)));
            ground.stranger(&zone.bridge);
        }
        for interface in &topology.interfaces {
            ground.stranger(&interface.name);
            if interface.kind == InterfaceKind::It {
                ground.routed.push(interface.name.clone());
            }
        }
        ground
            .ports
            .extend(agreed.ways.iter().map(|way| (way.l4, way.port)));
        let usual = USUAL_PORTS.into_iter().map(|port| (L4::Tcp, port));
        ground.ports.extend(usual);
        ground
    }

    fn stranger(&mut self, interface: &str) {
        for addr in [STRANGER_4, STRANGER_6] {
            self.strangers.push((interface.into(), addr));
        }
    }

    /// Behind which interface an address is: the bridge of its zone, or those to other boxes.
    fn behind(&self, addr: IpAddr) -> Vec<String> {
        let zones = self.zones.iter().filter(|(net, _)| net.contains(addr));
        let bridges: Vec<String> = zones.map(|(_, bridge)| bridge.clone()).collect();
        if bridges.is_empty() {
            return self.routed.clone();
        }
        bridges
    }

    /// What must pass: one packet of each way that is agreed.
    pub(super) fn agreed<'a>(
        &'a self,
        agreed: &'a Agreed,
    ) -> impl Iterator<Item = (&'a Way, Packet)> {
        let forward = agreed.ways.iter().filter(|way| way.hook == Hook::Forward);
        forward.filter_map(|way| {
            let destination = way.destination?;
            let stranger = if destination.is_ipv4() {
                STRANGER_4
            } else {
                STRANGER_6
            };
            let source = way.sources.first().map_or(stranger, |net| net.addr);
            Some((way, packet(way, source, destination)))
        })
    }

    /// What must not pass, unless it is agreed as well; and whether there was more.
    pub(super) fn others(&self, agreed: &Agreed, loaded: &Loaded) -> (Vec<Packet>, bool) {
        let mut made = Made::default();
        for (way, packet) in self.agreed(agreed) {
            self.beside(way, &packet, &mut made);
        }
        let odd = Odd::read(loaded);
        self.named(&odd, &mut made);
        self.everybody(&odd, &mut made);
        self.itself(&odd, &mut made);
        (made.packets, made.is_full)
    }

    /// What lies beside something agreed: another source, port, transport or interface, and the way back.
    fn beside(&self, way: &Way, packet: &Packet, made: &mut Made) {
        let stranger = if packet.source.is_ipv4() {
            STRANGER_4
        } else {
            STRANGER_6
        };
        let l4 = if packet.l4 == L4::Tcp {
            L4::Udp
        } else {
            L4::Tcp
        };
        made.add(Packet {
            source: stranger,
            ..packet.clone()
        });
        for port in [packet.port.wrapping_add(1), packet.port.wrapping_sub(1)] {
            made.add(Packet {
                port,
                ..packet.clone()
            });
        }
        made.add(Packet {
            l4,
            ..packet.clone()
        });
        for net in &way.sources {
            let source = last(*net);
            made.add(Packet {
                source,
                ..packet.clone()
            });
        }
        for (from, _) in self.strangers.iter().step_by(2) {
            made.add(Packet {
                from: from.clone(),
                ..packet.clone()
            });
        }
        made.add(Packet {
            from: packet.to.clone(),
            to: packet.from.clone(),
            source: packet.destination,
            destination: packet.source,
            ..packet.clone()
        });
    }

    /// Whatever an element of the listing names, from where it would come.
    fn named(&self, odd: &Odd, made: &mut Made) {
        for element in &odd.elements {
            let destination = element.destination;
            let stranger = if destination.is_ipv4() {
                STRANGER_4
            } else {
                STRANGER_6
            };
            let source = element.source.unwrap_or(stranger);
            for from in self.behind(source) {
                for to in self.behind(destination) {
                    made.add(Packet {
                        hook: Hook::Forward,
                        from: from.clone(),
                        to,
                        source,
                        destination,
                        l4: element.l4,
                        source_port: SOURCE_PORT,
                        port: element.port,
                    });
                }
            }
        }
    }

    /// Everybody to everybody, at every port that anybody names.
    fn everybody(&self, odd: &Odd, made: &mut Made) {
        let mut ends = self.inside.clone();
        ends.extend(self.strangers.iter().cloned());
        for addr in &odd.addrs {
            let behind = self.behind(*addr).into_iter();
            ends.extend(behind.map(|interface| (interface, *addr)));
        }
        for interface in &odd.interfaces {
            ends.push((interface.clone(), STRANGER_4));
        }
        for (l4, port) in self.ports.iter().chain(&odd.ports) {
            for (from, source) in &ends {
                for (to, destination) in &ends {
                    if source == destination || source.is_ipv4() != destination.is_ipv4() {
                        continue;
                    }
                    made.add(Packet {
                        hook: Hook::Forward,
                        from: from.clone(),
                        to: to.clone(),
                        source: *source,
                        destination: *destination,
                        l4: *l4,
                        source_port: SOURCE_PORT,
                        port: *port,
                    });
                    if made.is_full {
                        return;
                    }
                }
            }
        }
    }

    /// To the box itself, and from it.
    fn itself(&self, odd: &Odd, made: &mut Made) {
        for (l4, port) in self.ports.iter().chain(&odd.ports) {
            for (interface, addr) in &self.strangers {
                let own = if addr.is_ipv4() {
                    STRANGER_4
                } else {
                    STRANGER_6
                };
                let packet = |hook, from: &str, to: &str| Packet {
                    hook,
                    from: from.into(),
                    to: to.into(),
                    source: *addr,
                    destination: own,
                    l4: *l4,
                    source_port: SOURCE_PORT,
                    port: *port,
                };
                made.add(packet(Hook::Input, interface, ""));
                made.add(packet(Hook::Output, "", interface));
            }
        }
    }
}

fn packet(way: &Way, source: IpAddr, destination: IpAddr) -> Packet {
    Packet {
        hook: way.hook,
        from: way.from.clone(),
        to: way.to.clone(),
        source,
        destination,
        l4: way.l4,
        source_port: SOURCE_PORT,
        port: way.port,
    }
}

/// The last address of a network.
fn last(net: Net) -> IpAddr {
    match net.addr {
        IpAddr::V4(addr) => {
            let host = u32::MAX.checked_shr(u32::from(net.prefix)).unwrap_or(0);
            IpAddr::V4(Ipv4Addr::from(u32::from(addr) | host))
        }
        IpAddr::V6(addr) => {
            let host = u128::MAX.checked_shr(u32::from(net.prefix)).unwrap_or(0);
            IpAddr::V6(Ipv6Addr::from(u128::from(addr) | host))
        }
    }
}

/// Packets, as many as there may be.
#[derive(Default)]
struct Made {
    packets: Vec<Packet>,
    is_full: bool,
}

impl Made {
    fn add(&mut self, packet: Packet) {
        match self.packets.len() < PROBES_MAX {
            true => self.packets.push(packet),
            false => self.is_full = true,
        }
    }
}
