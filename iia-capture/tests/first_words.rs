//! Of a connection that was seen from its SYN, the first request is read as it was sent, however it was cut.
#![cfg(feature = "generate")]
#![expect(clippy::indexing_slicing, reason = "tests")]

use iia_capture::pipeline::{Options, Pipeline};
use iia_capture::source::LinkType;
use iia_capture::{Packet, generate};
use iia_core::Timestamp;
use iia_core::observe::Observation;

const SYN: u8 = 0x02;
const DATA: u8 = 0x18;

fn packet(seq: u32, flags: u8, payload: &[u8]) -> Vec<u8> {
    let hosts = ([10, 0, 0, 1], [10, 0, 0, 2]);
    let mut frame = generate::frame(hosts, (40_000, 502), (seq, 0), payload);
    frame[14 + 20 + 13] = flags;
    frame
}

/// Functions with their first written address, as reported.
fn seen(frames: &[Vec<u8>]) -> Vec<(u8, Option<u32>)> {
    let mut found = Vec::new();
    let mut sink = |observation: &Observation<'_>| {
        if let Observation::Exchange(exchange) = observation {
            found.push((exchange.func, exchange.write.map(|span| span.addr)));
        }
    };
    let mut pipeline = Pipeline::new(Options::default());
    for data in frames {
        let packet = Packet {
            ts: Timestamp::from_secs(1_800_000_000),
            link: LinkType::ETHERNET,
            orig_len: 60,
            data,
        };
        pipeline.handle_packet(&packet, &mut sink);
    }
    pipeline.finish(&mut sink);
    found
}

/// Found by fuzzing: the second segment reads as units of its own, and the write of coil 130 was not seen.
#[test]
fn a_write_cannot_hide_in_how_it_is_cut() {
    let write = [0, 2, 0, 0, 0, 6, 1, 5, 0, 130, 0, 0];
    let read = [0, 2, 0, 0, 0, 6, 1, 4, 0, 0, 0, 1];
    let both = [write, read].concat();
    let want = [(5, Some(130)), (4, None)];
    for cut in 1..both.len() {
        for second in cut..both.len() {
            let (a, b, c) = (&both[..cut], &both[cut..second], &both[second..]);
            let mut frames = vec![packet(0, SYN, &[])];
            let mut seq = 1;
            for part in [a, b, c] {
                frames.push(packet(seq, DATA, part));
                seq += u32::try_from(part.len()).unwrap_or(0);
            }
            assert_eq!(seen(&frames), want, "{cut} {second}");
        }
    }
}
