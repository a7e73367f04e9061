//! EtherNet/IP in a pipeline: one gap costs its own messages only, and nothing else is called so.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stderr,
    unreachable_pub,
    dead_code,
    reason = "tests"
)]

mod oracle;
mod truth;
mod wire;

use iia_capture::generate::frame;
use iia_capture::pipeline::{Options, Pipeline};
use iia_core::observe::{Observation, Outcome, Protocol};
use wire::{Random, at};

/// Captures of other protocols that hold EtherNet/IP all the same: one that tshark does not see because of the client's
/// port, and of which Zeek with ICSNPP has logs; one of a plant that speaks Modbus, S7 and EtherNet/IP.
const IS_ENIP: [&str; 2] = ["EIP-ControlProtocolChangeAttempt.pcap", "mb2.pcap"];

#[test]
fn nothing_else_is_called_ethernet_ip() {
    let Some(corpus) = oracle::corpus() else {
        return oracle::skip("nothing_else_is_called_ethernet_ip");
    };
    let (mut captures, mut real) = (0, 0);
    for (path, protocol) in oracle::manifest(&corpus) {
        let mut claimed = 0;
        truth::read(&corpus.join(&path), &mut |said| {
            claimed += usize::from(matches!(said.protocol, Protocol::Enip | Protocol::CipIo));
        });
        if IS_ENIP.iter().any(|name| path.ends_with(name)) {
            real += 1;
            assert!(claimed > 3000, "{}", path.display());
        } else if protocol != "enip_cip" {
            captures += 1;
            assert_eq!(claimed, 0, "{}", path.display());
        }
    }
    eprintln!("{captures} captures without EtherNet/IP");
    assert!(captures > 300 && real == IS_ENIP.len());
}

const ENDS: ([u8; 4], [u8; 4]) = ([10, 0, 0, 1], [10, 0, 0, 2]);

/// A read of the attribute `number` in an unconnected message.
fn request(number: u8) -> Vec<u8> {
    let cip = [0x0e, 3, 0x20, 1, 0x24, 1, 0x30, number];
    encapsulated(number, &cip)
}

fn reply(number: u8) -> Vec<u8> {
    encapsulated(number, &[0x8e, 0, 0, 0, number, 0])
}

fn encapsulated(number: u8, cip: &[u8]) -> Vec<u8> {
    let items = [0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0xb2, 0];
    let len = u8::try_from(cip.len()).unwrap();
    let head = [
        0x6f,
        0,
        16 + len,
        0,
        1,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        number,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
    ];
    [&head[..], &items, &[len, 0], cip].concat()
}

/// A segment: whether the client sends it, where it begins in its direction, its bytes, how much of the other direction
/// its sender has.
type Piece = (bool, usize, Vec<u8>, usize);

/// Outcomes of what is said of segments.
fn outcomes(segments: &[Piece], port: u16) -> Vec<Outcome> {
    let (mut pipeline, mut seen) = (Pipeline::new(Options::default()), Vec::new());
    let mut sink = |observation: &Observation<'_>| {
        if let Observation::Said(said) = observation {
            seen.push(said.outcome);
        }
    };
    for (number, (up, seq, bytes, acked)) in segments.iter().enumerate() {
        let [seq, ack] = [*seq, *acked].map(|at| u32::try_from(at + 1000).unwrap());
        let bytes = match up {
            true => frame(ENDS, (40_000, port), (seq, ack), bytes),
            false => frame((ENDS.1, ENDS.0), (port, 40_000), (seq, ack), bytes),
        };
        pipeline.handle_packet(&at(i64::try_from(number).unwrap(), &bytes), &mut sink);
    }
    pipeline.finish(&mut sink);
    seen
}

/// Requests and answers, each a segment, without those that `lost` names.
fn conversation(count: u8, lost: impl Fn(u8, bool) -> bool) -> Vec<Piece> {
    let (mut segments, mut sent) = (Vec::new(), [0, 0]);
    for number in 1..=count {
        for (up, bytes) in [(true, request(number)), (false, reply(number))] {
            let (from, acked) = (sent[usize::from(up)], sent[usize::from(!up)]);
            sent[usize::from(up)] += bytes.len();
            if !lost(number, up) {
                segments.push((up, from, bytes, acked));
            }
        }
    }
    segments
}

#[test]
fn one_gap_costs_its_own_messages_only() {
    let answered = |seen: &[Outcome]| seen.iter().filter(|one| **one == Outcome::Answered).count();
    assert_eq!(
        answered(&outcomes(&conversation(60, |_, _| false), 44818)),
        60
    );
    let seen = outcomes(&conversation(60, |number, up| number == 9 && !up), 44818);
    assert_eq!(answered(&seen), 59, "{seen:?}");
    assert!(!seen.contains(&Outcome::Malformed), "{seen:?}");
    let seen = outcomes(&conversation(60, |number, up| number == 9 && up), 44818);
    assert_eq!(
        (answered(&seen), seen.contains(&Outcome::Orphan)),
        (59, true),
        "{seen:?}"
    );
}

#[test]
fn a_gap_inside_messages_costs_those_only() {
    let whole = conversation(60, |_, _| false);
    for gap in [1, 11, 23, 30] {
        // All requests in one stream, cut into segments of a size that is none of theirs; one is lost.
        let requests: Vec<u8> = whole
            .iter()
            .filter(|one| one.0)
            .flat_map(|one| one.2.clone())
            .collect();
        let pieces = requests
            .chunks(101)
            .enumerate()
            .filter(|(number, _)| *number != gap);
        let segments: Vec<_> = pieces
            .map(|(number, bytes)| (true, number * 101, bytes.to_vec(), 0))
            .collect();
        let seen = outcomes(&segments, 44818);
        let asked = seen
            .iter()
            .filter(|one| **one == Outcome::Unanswered)
            .count();
        assert!(asked >= 56, "{gap}: {asked}");
        assert!(!seen.contains(&Outcome::Malformed), "{gap}: {seen:?}");
    }
}

#[test]
fn on_another_port_it_is_seen_and_noise_on_its_own_is_not() {
    let seen = outcomes(&conversation(5, |_, _| false), 50_123);
    assert_eq!(seen, [Outcome::Answered; 5]);
    let mut random = Random(5);
    for port in [44818, 2222, 50_123] {
        let noise = (0..64).map(|number| (true, number * 200, random.bytes(200), 0));
        assert_eq!(outcomes(&noise.collect::<Vec<_>>(), port), []);
    }
}

#[test]
fn messages_are_the_same_however_they_are_cut() {
    let whole = conversation(20, |_, _| false);
    for size in [1, 2, 7, 23, 24, 25, 64] {
        let mut segments = Vec::new();
        for (up, from, bytes, acked) in &whole {
            let pieces = bytes.chunks(size).enumerate();
            segments.extend(
                pieces.map(|(number, piece)| (*up, from + number * size, piece.to_vec(), *acked)),
            );
        }
        assert_eq!(
            outcomes(&segments, 44818),
            [Outcome::Answered; 20],
            "{size}"
        );
    }
}
