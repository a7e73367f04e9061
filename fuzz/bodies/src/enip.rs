//! Streams and datagrams of EtherNet/IP.

use iia_capture::generate;
use iia_capture::pipeline::{Options, Pipeline, Stats};
use iia_capture::source::LinkType;
use iia_capture::{Packet, decode::enip};
use iia_core::Timestamp;
use iia_core::observe::{Observation, Outcome, Protocol, Said};

use crate::input::Input;

/// Messages of one input at most.
const MESSAGES_MAX: usize = 64;

/// The two directions of a connection, and I/O beside it, cut into segments as the input says: nothing panics, records keep
/// the limits, and sound messages are the same records however they were cut.
pub fn enip(data: &[u8]) {
    let mut input = Input(data);
    let cut = 1 + usize::from(input.byte());
    let (mut turns, mut sound) = (Vec::new(), true);
    while !input.is_empty() && turns.len() < MESSAGES_MAX {
        let kind = input.byte();
        let bytes = match kind & 2 {
            0 => {
                sound = false;
                input.piece().to_vec()
            }
            _ => message(kind, &mut input),
        };
        let _ = (enip::fits_stream(&bytes), enip::claims(&bytes));
        let _ = (enip::fits_datagram(&bytes), enip::fits_io(&bytes));
        turns.push((kind & 1 == 0, bytes));
    }
    let (whole, _) = talk(&turns, usize::MAX);
    let (pieces, stats) = talk(&turns, cut);
    assert_eq!(stats.flows, 0);
    if sound {
        assert_eq!(whole, pieces, "{cut} bytes at a time");
    }
}

/// A whole message of the encapsulation whose CIP comes from the input.
fn message(kind: u8, input: &mut Input<'_>) -> Vec<u8> {
    let cip = input.take(usize::from(kind >> 3) * 8);
    let [context, sequence] = input.array();
    let unconnected = kind & 4 == 0;
    let mut body = vec![0, 0, 0, 0, 0, 0, 2, 0];
    if unconnected {
        body.extend([0, 0, 0, 0, 0xb2, 0]);
        body.extend((cip.len() as u16).to_le_bytes());
    } else {
        body.extend([0xa1, 0, 4, 0, context, 0, 0, 0, 0xb1, 0]);
        body.extend((cip.len() as u16 + 2).to_le_bytes());
        body.extend([sequence, 0]);
    }
    body.extend(cip);
    let mut bytes = vec![if unconnected { 0x6f } else { 0x70 }, 0];
    bytes.extend((body.len() as u16).to_le_bytes());
    bytes.extend([1, 0, 0, 0, 0, 0, 0, 0, context % 4]);
    bytes.extend([0; 11]);
    bytes.extend(body);
    bytes
}

/// What is said of the turns in a connection seen from its beginning; times are left out, because they depend on the cut.
fn talk(turns: &[(bool, Vec<u8>)], cut: usize) -> (Vec<String>, Stats) {
    const FLAGS: usize = 14 + 20 + 13;
    let (client, server) = ([10, 0, 0, 1], [10, 0, 0, 2]);
    let ports = (40_000, enip::PORT);
    let mut open = generate::frame((client, server), ports, (0, 0), &[]);
    open[FLAGS] = 0x02;
    let mut answer = generate::frame((server, client), (ports.1, ports.0), (0, 0), &[]);
    answer[FLAGS] = 0x12;
    let (mut frames, mut sequences) = (vec![open, answer], [1u32, 1]);
    for (up, bytes) in turns {
        for part in bytes.chunks(cut.min(1400)) {
            let [mine, theirs] = [usize::from(!*up), usize::from(*up)].map(|side| sequences[side]);
            let numbers = (mine, theirs);
            frames.push(match up {
                true => generate::frame((client, server), ports, numbers, part),
                false => generate::frame((server, client), (ports.1, ports.0), numbers, part),
            });
            sequences[usize::from(!*up)] = mine.wrapping_add(part.len() as u32);
        }
    }
    let (mut pipeline, mut said) = (Pipeline::new(Options::default()), Vec::new());
    let mut sink = |seen: &Observation<'_>| {
        if let Observation::Said(one) = seen {
            keeps(one);
            said.push(format!(
                "{} {:?} {:?} {:?}",
                one.what, one.outcome, one.asked, one.answered
            ));
        }
    };
    for frame in &frames {
        let packet = Packet {
            ts: Timestamp::from_secs(1_800_000_000),
            link: LinkType::ETHERNET,
            orig_len: frame.len() as u32,
            data: frame,
        };
        pipeline.handle_packet(&packet, &mut sink);
    }
    pipeline.finish(&mut sink);
    (said, pipeline.stats())
}

/// A record's promises.
fn keeps(said: &Said<'_>) {
    assert!(matches!(
        said.protocol,
        Protocol::Enip | Protocol::CipIo | Protocol::Http
    ));
    for fields in [said.asked, said.answered] {
        assert!(fields.len() <= iia_capture::decode::FIELDS_MAX + 1);
        assert!(fields.iter().all(|field| !field.name.is_empty()));
    }
    assert!(said.latency_ns.is_none_or(|latency| latency >= 0));
    let joined = said.latency_ns.is_some();
    assert!(!joined || !matches!(said.outcome, Outcome::Orphan | Outcome::Unanswered));
}
