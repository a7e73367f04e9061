//! An ear of the observer's own: from the frames of a tap to what was done, by the decoders of [`crate::io::wire`] and not by
//! those of the collector whose word it checks.
//!
//! Of Modbus over TCP it tells each exchange; of everything else over TCP and UDP who speaks to whom, when it begins, each
//! second while it goes on, and when it ends; of frames without IP each one.

mod modbus;
mod talk;

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;
use core::mem;
use core::net::IpAddr;

use iia_contract::catalog::Catalog;
use iia_contract::scope::Terms;
use iia_core::Timestamp;
use iia_core::observe::{self, Flow, Mac, Protocol, Transport};
use iia_core::time::SECOND_NS;

use self::talk::{Pair, Talk};
use super::deed::Deed;
use crate::io::wire::net::{Carried, End, Frame, Packet, inside};
use crate::io::wire::{WireError, profinet};

/// Conversations that are followed at most; beyond it those that were quiet longest make room.
pub const TALKS_MAX: usize = 16_384;
/// How long a question waits for its answer, in nanoseconds.
pub const PENDING_MAX_NS: i64 = 10 * SECOND_NS;
/// How long a conversation may be quiet before it is forgotten, in nanoseconds.
pub const IDLE_MAX_NS: i64 = 300 * SECOND_NS;

/// How many conversations make room at once.
const ROOM: usize = TALKS_MAX / 16;
/// How often what waits is looked through.
const SWEEP_NS: i64 = SECOND_NS;
/// The port of Modbus, whoever answers there.
const MODBUS_PORT: u16 = 502;
/// What every network says of itself, addresses and neighbours, is no contract's.
const OWN_FRAMES: [u16; 2] = [0x0806, 0x88cc];
/// The same of IP: ICMP, IGMP, ICMPv6.
const OWN_PACKETS: [u8; 3] = [1, 2, 58];
/// Options of IPv6 before what is carried.
const HOP_BY_HOP: u8 = 0;

/// What an ear heard so far.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Counts {
    /// Frames.
    pub frames: u64,
    /// Frames and fragments of which nobody can say what they carry.
    pub unread: u64,
    /// Places in streams where bytes are missing.
    pub gaps: u64,
    /// Conversations that made room for others.
    pub forgotten: u64,
}

/// The ear.
#[derive(Clone, Debug)]
pub struct Ear {
    /// Where contracts have something answered, and whether that is Modbus.
    servers: BTreeMap<(bool, IpAddr, u16), bool>,
    talks: BTreeMap<Pair, Talk>,
    counts: Counts,
    /// What of the counts is told.
    told: u64,
    swept: Option<Timestamp>,
}

impl Ear {
    /// An ear that knows by the catalog who answers where.
    pub fn new(catalog: &Catalog) -> Self {
        let mut servers = BTreeMap::new();
        for contract in catalog.contracts() {
            let Terms::Device(device) = &contract.terms else {
                continue;
            };
            for server in &device.servers {
                let place = (server.transport == Transport::Udp, server.addr, server.port);
                let known = servers.entry(place).or_insert(false);
                *known |= device.protocol == Protocol::ModbusTcp;
            }
        }
        Self {
            servers,
            talks: BTreeMap::new(),
            counts: Counts::default(),
            told: 0,
            swept: None,
        }
    }

    /// What it heard so far.
    pub const fn counts(&self) -> Counts {
        self.counts
    }

    /// Takes a frame of Ethernet that was there at `at`, and gives what was done with it.
    pub fn handle_frame(
        &mut self,
        at: Timestamp,
        bytes: &[u8],
        mut each: impl FnMut(Timestamp, Deed),
    ) {
        self.counts.frames += 1;
        if self.frame(at, bytes, &mut |deed| each(at, deed)).is_err() {
            self.counts.unread += 1;
        }
        self.sweep(at, &mut each);
    }

    /// Takes the passing of time: what waits too long, and what could not be read.
    pub fn handle_timeout(&mut self, now: Timestamp, mut each: impl FnMut(Timestamp, Deed)) {
        self.sweep(now, &mut each);
    }

    fn frame(
        &mut self,
        at: Timestamp,
        bytes: &[u8],
        each: &mut impl FnMut(Deed),
    ) -> Result<(), WireError> {
        let frame = Frame::parse(bytes)?;
        if !frame.is_ip() {
            if !OWN_FRAMES.contains(&frame.ethertype) {
                each(Deed::Frame(without_ip(at, &frame)));
            }
            return Ok(());
        }
        let Some(packet) = Packet::parse(&frame)? else {
            return self.other(&frame, each);
        };
        self.packet((at, frame.vlan), &packet, each);
        Ok(())
    }

    /// A packet of neither TCP nor UDP, or a piece of one.
    fn other(&mut self, frame: &Frame<'_>, each: &mut impl FnMut(Deed)) -> Result<(), WireError> {
        let Some((orig_h, resp_h, protocol, payload)) = inside(frame)? else {
            self.counts.unread += 1;
            return Ok(());
        };
        let behind = match protocol {
            HOP_BY_HOP => payload.first().copied().unwrap_or_default(),
            protocol => protocol,
        };
        if !OWN_PACKETS.contains(&behind) {
            let flow = Flow {
                orig_h,
                orig_p: 0,
                resp_h,
                resp_p: 0,
                transport: Transport::Ip(behind),
                vlan: frame.vlan,
            };
            each(Deed::Flow {
                flow,
                protocol: Protocol::Unknown,
                carried: true,
                answered: false,
            });
        }
        Ok(())
    }

    fn packet(
        &mut self,
        (at, vlan): (Timestamp, u16),
        packet: &Packet<'_>,
        each: &mut impl FnMut(Deed),
    ) {
        let is_udp = matches!(packet.carried, Carried::Udp(_));
        let pair = Pair::of(is_udp, (packet.from, packet.to));
        if !self.talks.contains_key(&pair) {
            let Some(talk) = self.begun((at, vlan), packet) else {
                return;
            };
            self.make_room();
            self.talks.insert(pair, talk);
        }
        if let Some(talk) = self.talks.get_mut(&pair) {
            self.counts.gaps += talk.handle_packet(at, packet, each);
        }
    }

    /// A conversation from its first packet on; nothing where that neither opens one nor says anything.
    fn begun(&self, (at, vlan): (Timestamp, u16), packet: &Packet<'_>) -> Option<Talk> {
        let (from, to) = (packet.from, packet.to);
        let is_udp = matches!(packet.carried, Carried::Udp(_));
        let place = |end: End| (is_udp, end.addr, end.port);
        let asks = match packet.carried {
            Carried::Udp(_) if self.servers.contains_key(&place(from)) => false,
            Carried::Udp(_) => true,
            Carried::Tcp(segment) if segment.syn => segment.ack == 0,
            Carried::Tcp(segment) if segment.data.is_empty() => return None,
            // It was there before: who is known to answer, or else the lower port.
            Carried::Tcp(_) => {
                let known = |end| self.servers.contains_key(&place(end)) || end.port == MODBUS_PORT;
                known(to) || !known(from) && to.port < from.port
            }
        };
        let (client, server) = if asks { (from, to) } else { (to, from) };
        let known = self.servers.get(&place(server)).copied();
        let is_modbus = !is_udp && known.unwrap_or(server.port == MODBUS_PORT);
        let flow = Flow {
            orig_h: client.addr,
            orig_p: client.port,
            resp_h: server.addr,
            resp_p: server.port,
            transport: if is_udp {
                Transport::Udp
            } else {
                Transport::Tcp
            },
            vlan,
        };
        Some(Talk::new(at, flow, is_modbus))
    }

    fn make_room(&mut self) {
        if self.talks.len() < TALKS_MAX {
            return;
        }
        let mut quiet: Vec<(Timestamp, Pair)> = self
            .talks
            .iter()
            .map(|(pair, talk)| (talk.last(), *pair))
            .collect();
        quiet.sort_unstable();
        for (_, pair) in quiet.into_iter().take(ROOM) {
            self.talks.remove(&pair);
            self.counts.forgotten += 1;
        }
    }

    fn sweep(&mut self, now: Timestamp, each: &mut impl FnMut(Timestamp, Deed)) {
        let swept = *self.swept.get_or_insert(now);
        if now.since_ns(swept) < SWEEP_NS {
            return;
        }
        self.swept = Some(now);
        let mut gone = BTreeSet::new();
        for (pair, talk) in &mut self.talks {
            if talk.handle_timeout(now, &mut |deed| each(now, deed)) {
                gone.insert(*pair);
            }
        }
        self.talks.retain(|pair, _| !gone.contains(pair));
        let unread = self.counts.unread - mem::replace(&mut self.told, self.counts.unread);
        if unread > 0 {
            each(now, Deed::Lost(unread));
        }
    }
}

/// A frame without IP as contracts speak of it.
fn without_ip(at: Timestamp, frame: &Frame<'_>) -> observe::Frame {
    let (protocol, func) = spoken(frame);
    observe::Frame {
        ts: at,
        source: Mac(frame.source),
        destination: Mac(frame.destination),
        vlan: frame.vlan,
        ethertype: frame.ethertype,
        protocol,
        func,
        payload_len: frame.payload.len() as u64,
    }
}

/// What a frame speaks, and the service where the protocol has one.
fn spoken(frame: &Frame<'_>) -> (Protocol, Option<u8>) {
    match (frame.ethertype, frame.payload) {
        // DCP has the last four identifiers, and its service behind them (IEC 61158-6-10, 4.3.1).
        (profinet::ETHERTYPE, [0xfe, 0xfc..=0xff, service, ..]) => {
            (Protocol::ProfinetDcp, Some(*service))
        }
        (ethertype, _) => {
            let mut borne =
                Protocol::borne_by(ethertype).filter(|one| *one != Protocol::ProfinetDcp);
            (borne.next().unwrap_or(Protocol::Unknown), None)
        }
    }
}
