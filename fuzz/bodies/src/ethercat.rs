//! Rings of EtherCAT, out and back, whole and bent.

use iia_capture::Packet;
use iia_capture::decode::FIELDS_MAX;
use iia_capture::pipeline::{Options, Pipeline};
use iia_capture::source::LinkType;
use iia_core::Timestamp;
use iia_core::observe::{Observation, Protocol, Said};

use crate::input::Input;

/// Any frames: each datagram on the wire is told once, names keep to their protocol, and the same is said again.
pub fn frames(data: &[u8]) {
    let mut input = Input(data);
    let mut frames = Vec::new();
    let mut at = 1_800_000_000_000_000_000i64;
    while !input.is_empty() && frames.len() < 64 {
        let [kind, gap, mac] = input.array();
        at += i64::from(gap) << (kind % 32);
        let body = input.piece();
        let frame = ethernet(kind & 0x80 != 0, mac % 4, body);
        frames.push((at, frame));
        if kind & 0x40 != 0 {
            // The same frame comes back, done by whoever counts the last byte of it.
            frames.push((at + i64::from(gap), ethernet(true, mac % 4, &done(body))));
        }
    }
    let (seen, datagrams) = run(&frames);
    assert_eq!(run(&frames), (seen, datagrams));
    let on_the_wire: usize = frames.iter().map(|frame| count(&frame.1[14..])).sum();
    assert_eq!(datagrams, on_the_wire);
}

fn ethernet(marked: bool, mac: u8, body: &[u8]) -> Vec<u8> {
    let source = [if marked { 2 } else { 0 }, 0, 0, 0, 0, mac];
    [&[0xff; 6][..], &source, &[0x88, 0xa4], body].concat()
}

/// A frame whose last datagram was done once.
fn done(body: &[u8]) -> Vec<u8> {
    let mut body = body.to_vec();
    if let [.., counter, _] = body.as_mut_slice() {
        *counter = 1;
    }
    body
}

/// Datagrams of a frame, counted by nothing but their lengths.
fn count(frame: &[u8]) -> usize {
    let [low, high, rest @ ..] = frame else {
        return 0;
    };
    let header = u16::from_le_bytes([*low, *high]);
    let len = usize::from(header & 0x7ff).min(rest.len());
    let (mut body, mut count) = (&rest[..len], 0);
    while header >> 12 == 1 && body.len() >= 12 {
        let flags = u16::from_le_bytes([body[6], body[7]]);
        let len = 12 + usize::from(flags & 0x7ff);
        if len > body.len() {
            break;
        }
        (body, count) = (&body[len..], count + 1);
        if flags & 0x8000 == 0 {
            break;
        }
    }
    count
}

/// Records as text, and how often a datagram was seen in them.
fn run(frames: &[(i64, Vec<u8>)]) -> (Vec<String>, usize) {
    let mut pipeline = Pipeline::new(Options::default());
    let (mut seen, mut datagrams) = (Vec::new(), 0);
    let mut sink = |observation: &Observation<'_>| {
        let Observation::Said(said) = observation else {
            return;
        };
        sound(said);
        let places = said.asked.iter().chain(said.answered);
        datagrams += places
            .filter(|field| field.name == "iia.ecat.place")
            .count();
        seen.push(format!("{said:?}"));
    };
    for (at, data) in frames {
        let packet = Packet {
            ts: Timestamp::from_ns(*at),
            link: LinkType::ETHERNET,
            orig_len: data.len() as u32,
            data,
        };
        pipeline.handle_packet(&packet, &mut sink);
    }
    pipeline.finish(&mut sink);
    (seen, datagrams)
}

fn sound(said: &Said<'_>) {
    assert_eq!(said.protocol, Protocol::Ethercat);
    assert!(said.latency_ns.is_none_or(|latency| latency >= 0));
    for side in [said.asked, said.answered] {
        assert!(side.len() <= FIELDS_MAX + 1);
        for field in side {
            let name = field.name;
            let known = ["ecat.", "ecatf.", "ecat_mailbox.", "ams.", "iia."];
            let known = known.iter().any(|start| name.starts_with(start));
            assert!(known, "{name}");
        }
    }
}
