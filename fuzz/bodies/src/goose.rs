//! Messages of GOOSE, whole and bent.

use iia_capture::Packet;
use iia_capture::decode::FIELDS_MAX;
use iia_capture::pipeline::{Options, Pipeline};
use iia_capture::source::LinkType;
use iia_core::Timestamp;
use iia_core::observe::{Observation, Outcome, Protocol};

use crate::input::Input;

/// Any frames: one record each, what breaks the rules counted, names of the protocol, and the same said again.
pub fn frames(data: &[u8]) {
    let mut input = Input(data);
    let mut frames = Vec::new();
    let mut at = 1_800_000_000_000_000_000i64;
    while !input.is_empty() && frames.len() < 64 {
        let [gap, mac] = input.array();
        at += i64::from(gap) * 100_000_000;
        let ends = [1, 0x0c, 0xcd, 1, 0, 1, 0, 0, 0, 0, 0, mac % 4, 0x88, 0xb8];
        frames.push((at, [&ends[..], input.piece()].concat()));
    }
    let seen = run(&frames);
    assert_eq!(run(&frames), seen);
    assert_eq!(seen.len(), frames.len());
}

fn run(frames: &[(i64, Vec<u8>)]) -> Vec<String> {
    let mut pipeline = Pipeline::new(Options::default());
    let (mut seen, mut malformed) = (Vec::new(), 0);
    let mut sink = |observation: &Observation<'_>| {
        let Observation::Said(said) = observation else {
            return;
        };
        assert_eq!((said.protocol, said.latency_ns), (Protocol::Goose, None));
        assert!(said.answered.is_empty() && said.asked.len() <= FIELDS_MAX + 1);
        let named = |name: &str| name.starts_with("goose.") || name.starts_with("iia.");
        assert!(said.asked.iter().all(|field| named(field.name)));
        malformed += u64::from(said.outcome == Outcome::Malformed);
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
    assert_eq!(pipeline.stats().units_malformed, malformed);
    seen
}
