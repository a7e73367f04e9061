//! Packets that a firewall rule logged (linux/netfilter/nfnetlink_log.h): which rule, where, from whom to whom.

use alloc::string::{String, ToString as _};

use iia_core::Timestamp;
use iia_core::event::{Event, EventKind};
use iia_core::observe::Transport;

use super::netlink::{Message, attributes, messages};
use super::{Counts, Notice};
use crate::net;

/// The subsystem of logged packets, in the upper byte of a type; the lower one is 0 for a packet.
const PACKET: u16 = 4 << 8;
/// Types below are answers and errors.
const FIRST_TYPE: u16 = 16;
/// Bytes before the attributes: family, version, group.
const HEAD_LEN: usize = 4;
/// The hooks of the kernel's firewall, by number.
const HOOKS: [&str; 5] = ["prerouting", "input", "forward", "output", "postrouting"];

/// Attributes by number.
mod attribute {
    pub(super) const HEADER: u16 = 1;
    pub(super) const TIME: u16 = 3;
    pub(super) const IN: u16 = 4;
    pub(super) const OUT: u16 = 5;
    pub(super) const PAYLOAD: u16 = 9;
    pub(super) const PREFIX: u16 = 10;
    pub(super) const USER: u16 = 11;
    pub(super) const SEQUENCE: u16 = 12;
}

/// Reads a datagram of the kernel; `take` is given each packet. `now` stands where the kernel gives no time.
pub fn read(datagram: &[u8], now: Timestamp, mut take: impl FnMut(Notice)) -> Counts {
    let mut counts = Counts::default();
    let whole = messages(datagram, |message| {
        match message.kind {
            PACKET => match packet(&message, now) {
                Some(notice) => {
                    counts.notices += 1;
                    take(notice);
                }
                None => counts.malformed += 1,
            },
            // Acknowledgements.
            0..FIRST_TYPE => {}
            _ => counts.malformed += 1,
        }
    });
    counts.malformed += u64::from(!whole);
    counts
}

/// What the attributes say.
#[derive(Default)]
struct Said<'a> {
    hook: Option<u8>,
    time: Option<Timestamp>,
    inward: Option<u32>,
    outward: Option<u32>,
    payload: &'a [u8],
    prefix: String,
    user: Option<u32>,
    sequence: Option<u32>,
}

fn packet(message: &Message<'_>, now: Timestamp) -> Option<Notice> {
    let mut said = Said::default();
    attributes(message.payload.get(HEAD_LEN..)?, |kind, value| {
        said.take(kind, value)
    })?;
    let mut event = Event::new(EventKind::PacketLogged, said.time.unwrap_or(now))
        .with("prefix", core::mem::take(&mut said.prefix));
    let hook = said.hook.and_then(|hook| HOOKS.get(usize::from(hook)));
    if let Some(hook) = hook {
        event = event.with("hook", *hook);
    }
    for (key, number) in [
        ("in", said.inward),
        ("out", said.outward),
        ("uid", said.user),
    ] {
        if let Some(number) = number {
            event = event.with(key, number.to_string());
        }
    }
    Some(Notice {
        serial: said.sequence,
        event: flow(event, said.payload),
    })
}

/// Numbers of the network are big-endian.
fn number(value: &[u8]) -> Option<u32> {
    Some(u32::from_be_bytes(value.try_into().ok()?))
}

impl<'a> Said<'a> {
    fn take(&mut self, kind: u16, value: &'a [u8]) {
        match kind {
            attribute::HEADER => self.hook = value.get(2).copied(),
            attribute::TIME => self.time = time(value),
            attribute::IN => self.inward = number(value),
            attribute::OUT => self.outward = number(value),
            attribute::PAYLOAD => self.payload = value,
            attribute::PREFIX => {
                let end = value.iter().position(|byte| *byte == 0);
                let text = value.get(..end.unwrap_or(value.len()));
                self.prefix = String::from_utf8_lossy(text.unwrap_or_default()).into();
            }
            attribute::USER => self.user = number(value),
            attribute::SEQUENCE => self.sequence = number(value),
            _ => {}
        }
    }
}

fn time(value: &[u8]) -> Option<Timestamp> {
    let (secs, micros) = value.split_first_chunk::<8>()?;
    let micros = i64::from_be_bytes(*micros.first_chunk()?);
    let secs = i64::from_be_bytes(*secs);
    (0..1_000_000)
        .contains(&micros)
        .then(|| Timestamp::from_secs(secs) + micros * 1000)
}

/// From whom to whom, when the packet's own headers say it.
fn flow(event: Event, ip: &[u8]) -> Event {
    let event = event.with("bytes", ip.len().to_string());
    let Ok(segment) = net::segment(ip) else {
        return event;
    };
    let end = |addr: core::net::IpAddr, port: u16| match segment.transport {
        Transport::Ip(_) => addr.to_string(),
        _ => core::net::SocketAddr::new(addr, port).to_string(),
    };
    let transport = match segment.transport {
        Transport::Tcp => "tcp".to_string(),
        Transport::Udp => "udp".to_string(),
        Transport::Ip(number) => number.to_string(),
    };
    event
        .with("transport", transport)
        .with("source", end(segment.src, segment.sport))
        .with("destination", end(segment.dst, segment.dport))
}

/// What is asked of the kernel: packets of a group, whole up to `len` bytes each, with a number each.
#[cfg(feature = "live")]
pub(crate) fn bind(group: u16, len: u32) -> [alloc::vec::Vec<u8>; 2] {
    /// A request for a group: its message, with an attribute.
    fn config(group: u16, attributes: &[(u16, &[u8])]) -> alloc::vec::Vec<u8> {
        const CONFIG: u16 = PACKET + 1;
        let mut payload = alloc::vec![0, 0];
        payload.extend_from_slice(&group.to_be_bytes());
        for (kind, value) in attributes {
            let len = u16::try_from(4 + value.len()).unwrap_or(u16::MAX);
            payload.extend_from_slice(&len.to_ne_bytes());
            payload.extend_from_slice(&kind.to_ne_bytes());
            payload.extend_from_slice(value);
            payload.resize(payload.len().next_multiple_of(4), 0);
        }
        super::netlink::request(CONFIG, &payload)
    }
    const COMMAND: u16 = 1;
    const MODE: u16 = 2;
    const TIMEOUT: u16 = 4;
    const FLAGS: u16 = 6;
    /// Hundredths of a second that the kernel may keep packets to hand them over together.
    const WAIT: u32 = 10;
    const BIND: u8 = 1;
    const WHOLE_PACKETS: u8 = 2;
    const NUMBERED: u16 = 1;
    let [a, b, c, d] = len.to_be_bytes();
    let mode = [a, b, c, d, WHOLE_PACKETS, 0];
    [
        config(group, &[(COMMAND, &[BIND])]),
        config(
            group,
            &[
                (MODE, &mode),
                (TIMEOUT, &WAIT.to_be_bytes()),
                (FLAGS, &NUMBERED.to_be_bytes()),
            ],
        ),
    ]
}
