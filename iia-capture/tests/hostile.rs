//! Any bytes: no panic, no hang, no more memory than the limits say.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    unreachable_pub,
    dead_code,
    reason = "tests"
)]

mod wire;

use iia_capture::CaptureError;
use iia_capture::generate::{TraceOptions, frame, write_pcap};
use iia_capture::pipeline::{
    FLOWS_MAX, Options, PENDING_MAX, PENDING_TOTAL_MAX, Pipeline, REORDER_LEN_MAX,
    REORDER_TOTAL_MAX, Stats,
};
use iia_capture::source::pcap::PcapSource;
use iia_core::code::Coded as _;
use iia_core::observe::{Observation, Outcome};
use wire::{Random, at, unit};

fn pcap(packets: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    let options = TraceOptions {
        packets,
        flows: 3,
        ..TraceOptions::default()
    };
    write_pcap(&mut bytes, options).unwrap();
    bytes
}

/// The same packets as pcapng: a section, an interface, an enhanced packet each.
fn pcapng(packets: u64) -> Vec<u8> {
    let legacy = pcap(packets);
    let mut bytes = block(
        0x0a0d_0d0a,
        &[
            0x4d, 0x3c, 0x2b, 0x1a, 1, 0, 0, 0, 255, 255, 255, 255, 255, 255, 255, 255,
        ],
    );
    bytes.extend(block(1, &[1, 0, 0, 0, 0, 0, 4, 0]));
    let mut rest = &legacy[24..];
    while !rest.is_empty() {
        let len = u32::from_le_bytes(rest[8..12].try_into().unwrap());
        let (data, behind) = rest[16..].split_at(len as usize);
        let head = [0, 5, 5, len, len].map(u32::to_le_bytes).concat();
        bytes.extend(block(6, &[&head[..], data].concat()));
        rest = behind;
    }
    bytes
}

fn block(kind: u32, body: &[u8]) -> Vec<u8> {
    let padded = body.len().next_multiple_of(4);
    let len = u32::try_from(padded + 12).unwrap().to_le_bytes();
    let padding = vec![0; padded - body.len()];
    [&kind.to_le_bytes()[..], &len, body, &padding, &len].concat()
}

/// Reads a capture to its end or its damage.
fn read(bytes: &[u8]) -> (Stats, Option<CaptureError>) {
    let mut pipeline = Pipeline::new(Options::default());
    let mut source = match PcapSource::open(bytes) {
        Ok(source) => source,
        Err(error) => return (pipeline.stats(), Some(error)),
    };
    let error = loop {
        match source.next_packet() {
            Ok(Some(packet)) => pipeline.handle_packet(&packet, &mut |_| {}),
            Ok(None) => break None,
            Err(error) => break Some(error),
        }
    };
    pipeline.finish(&mut |_| {});
    (pipeline.stats(), error)
}

#[test]
fn a_capture_cut_anywhere_gives_every_whole_packet_and_a_code() {
    for whole in [pcap(24), pcapng(24)] {
        let mut before = 0;
        for len in 0..whole.len() {
            let (stats, error) = read(&whole[..len]);
            assert!(stats.packets >= before, "{len}");
            before = stats.packets;
            if let Some(error) = error {
                let code = error.code().to_string();
                assert!(
                    ["IIA-CAP-0002", "IIA-CAP-0003", "IIA-CAP-0004"].contains(&code.as_str()),
                    "{len} {code}"
                );
            }
        }
        assert_eq!((read(&whole).0.packets, read(&whole).1), (24, None));
        assert_eq!(before, 23);
    }
}

#[test]
fn no_bit_of_a_capture_can_bring_it_down() {
    for whole in [pcap(8), pcapng(8)] {
        for place in 0..whole.len() {
            for bit in 0..8 {
                let mut bent = whole.clone();
                bent[place] ^= 1 << bit;
                read(&bent);
            }
        }
    }
}

#[test]
fn random_bytes_are_read_as_far_as_they_make_sense() {
    let mut random = Random(11);
    let heads = [
        &pcap(0)[..24],
        &pcapng(0)[..],
        &[],
        &[0x4d, 0x3c, 0xb2, 0xa1],
        &[0xa1, 0xb2, 0xc3, 0xd4],
    ];
    for round in 0..2000 {
        let len = random.below(600);
        let noise = random.bytes(len);
        read(&[heads[round % heads.len()], &noise].concat());
    }
}

#[test]
fn random_and_bent_frames_are_counted_and_passed() {
    let mut random = Random(13);
    let mut pipeline = Pipeline::new(Options::default());
    let good = frame(
        ([10, 0, 0, 1], [10, 0, 0, 2]),
        (9, 502),
        (1, 1),
        &unit(1, &[3, 0, 0, 0, 1]),
    );
    for round in 0..20_000 {
        let mut bytes = good.clone();
        for _ in 0..=random.below(4) {
            let place = random.below(bytes.len());
            bytes[place] = random.bytes(1)[0];
        }
        bytes.truncate(random.below(bytes.len() * 3).max(1));
        if round % 5 == 0 {
            let len = random.below(200);
            bytes = random.bytes(len);
        }
        let link = [0, 1, 12, 101, 108, 113, 276, 999][random.below(8)];
        let mut packet = at(round, &bytes);
        packet.link = iia_capture::source::LinkType(link);
        pipeline.handle_packet(&packet, &mut |_| {});
    }
    pipeline.finish(&mut |_| {});
    assert_eq!(pipeline.stats().packets, 20_000);
}

/// A packet of the `flow`-th client.
fn client(flow: usize, seq: u32, payload: &[u8]) -> Vec<u8> {
    let number = u32::try_from(flow).unwrap().to_be_bytes();
    let port = 1024 + u16::try_from(flow >> 24).unwrap();
    let source = [10, number[1], number[2], number[3]];
    let mut bytes = frame((source, [10, 255, 0, 1]), (port, 502), (seq, 0), payload);
    bytes[14 + 20 + 13] = 0x08; // PSH alone: nobody has acknowledged anything.
    bytes
}

#[test]
fn a_flood_of_flows_stays_within_the_table() {
    let mut pipeline = Pipeline::new(Options::default());
    let mut ended = 0;
    for flow in 0..FLOWS_MAX + 5000 {
        let bytes = client(flow, 1, &[]);
        pipeline.handle_packet(&at(0, &bytes), &mut |_| ended += 1);
        assert!(pipeline.stats().flows <= FLOWS_MAX as u64);
    }
    assert_eq!((pipeline.stats().evicted, ended), (5000, 5000));
}

#[test]
fn a_flood_of_requests_stays_within_the_line() {
    let mut pipeline = Pipeline::new(Options::default());
    let (mut unanswered, mut seq) = (0, 1);
    for number in 0..1000 {
        let request = unit(number, &[3, 0, 0, 0, 1]);
        let bytes = client(0, seq, &request);
        seq += u32::try_from(request.len()).unwrap();
        pipeline.handle_packet(&at(0, &bytes), &mut |observation| {
            let Observation::Exchange(exchange) = observation else {
                return;
            };
            unanswered += usize::from(exchange.outcome == Outcome::Unanswered);
        });
        assert!(pipeline.stats().pending <= PENDING_MAX as u64);
    }
    assert_eq!(unanswered, 1000 - PENDING_MAX);
}

#[test]
fn requests_of_all_flows_together_stay_within_a_limit() {
    let mut pipeline = Pipeline::new(Options::default());
    let mut unanswered = 0;
    let flows = PENDING_TOTAL_MAX / PENDING_MAX + 500;
    let requests: Vec<u8> = (0..16u16)
        .flat_map(|number| unit(number, &[3, 0, 0, 0, 1]))
        .collect();
    for flow in 0..flows {
        let bytes = client(flow, 1, &requests);
        pipeline.handle_packet(&at(0, &bytes), &mut |_| unanswered += 1);
        assert!(pipeline.stats().pending <= PENDING_TOTAL_MAX as u64);
    }
    assert_eq!(unanswered, flows * 16 - PENDING_TOTAL_MAX);
}

#[test]
fn a_flood_of_late_segments_stays_within_the_limits() {
    let mut pipeline = Pipeline::new(Options::default());
    let late = vec![0; 1400];
    for flow in 0..3000 {
        pipeline.handle_packet(&at(0, &client(flow, 1, &[0])), &mut |_| {});
        for number in 0..12 {
            let bytes = client(flow, 1000 + number * 2000, &late);
            pipeline.handle_packet(&at(0, &bytes), &mut |_| {});
            let kept = pipeline.stats().reorder_bytes;
            assert!(kept <= (REORDER_TOTAL_MAX + late.len()) as u64, "{kept}");
            assert!(flow > 0 || kept <= REORDER_LEN_MAX as u64, "{kept}");
        }
    }
    pipeline.finish(&mut |_| {});
    assert_eq!(
        (pipeline.stats().reorder_bytes, pipeline.stats().pending),
        (0, 0)
    );
}
