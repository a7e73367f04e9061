//! PROFINET of strangers: frames of any kind, context management from both ends.

use iia_capture::decode::FIELDS_MAX;
use iia_capture::pipeline::{Options, Pipeline};
use iia_capture::source::{LinkType, Packet};
use iia_core::Timestamp;
use iia_core::observe::Observation;

use crate::input::Input;

/// Messages of an input at most.
const MESSAGES_MAX: usize = 256;
const CONTROLLER: [u8; 4] = [10, 0, 0, 1];
const DEVICE: [u8; 4] = [10, 0, 0, 2];

/// Any messages at all: what is told has its fields within the limit and its answer behind its question, and is the same
/// when told again.
pub fn messages(data: &[u8]) {
    let mut input = Input(data);
    let mut frames = Vec::new();
    while !input.is_empty() && frames.len() < MESSAGES_MAX {
        let kind = input.byte() % 6;
        frames.push(frame(kind, input.piece()));
    }
    assert_eq!(run(&frames), run(&frames));
}

/// A message as it is on the wire: a whole frame, one of PROFINET's own or of a ring, a datagram to a device or from it.
fn frame(kind: u8, message: &[u8]) -> Vec<u8> {
    let (here, there) = ([2, 0, 0, 0, 0, 1], [2, 0, 0, 0, 0, 2]);
    match kind {
        0 => message.to_vec(),
        1 => [&there[..], &here, &[0x88, 0x92], message].concat(),
        2 => [&there[..], &here, &[0x88, 0xe3], message].concat(),
        3 => datagram((CONTROLLER, 49_153), (DEVICE, 34_964), message),
        4 => datagram((DEVICE, 49_152), (CONTROLLER, 49_153), message),
        _ => [&here[..], &there, &[0x88, 0x92], message].concat(),
    }
}

fn datagram(from: ([u8; 4], u16), to: ([u8; 4], u16), message: &[u8]) -> Vec<u8> {
    let len = message.len().min(60_000);
    let mut bytes = vec![2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0, 0x45, 0];
    bytes.extend((len as u16 + 28).to_be_bytes());
    bytes.extend([0, 0, 0, 0, 64, 17, 0, 0]);
    bytes.extend(from.0);
    bytes.extend(to.0);
    bytes.extend(from.1.to_be_bytes());
    bytes.extend(to.1.to_be_bytes());
    bytes.extend((len as u16 + 8).to_be_bytes());
    bytes.extend([0, 0]);
    bytes.extend(&message[..len]);
    bytes
}

fn run(frames: &[Vec<u8>]) -> Vec<String> {
    let mut pipeline = Pipeline::new(Options::default());
    let mut told = Vec::new();
    let mut sink = |seen: &Observation<'_>| {
        if let Observation::Said(said) = seen {
            assert!(said.latency_ns.is_none_or(|latency| latency >= 0));
            assert!(said.asked.len() <= FIELDS_MAX + 1 && said.answered.len() <= FIELDS_MAX + 1);
            told.push(format!("{said:?}"));
        }
    };
    for (number, data) in frames.iter().enumerate() {
        let packet = Packet {
            ts: Timestamp::from_ns(1_800_000_000_000_000_000 + number as i64 * 1_000_000),
            link: LinkType::ETHERNET,
            orig_len: data.len() as u32,
            data,
        };
        pipeline.handle_packet(&packet, &mut sink);
    }
    pipeline.finish(&mut sink);
    told
}
