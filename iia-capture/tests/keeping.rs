//! What a user keeps with a flow is that flow's, also where another begins between the same ends.
#![cfg(feature = "generate")]
#![expect(clippy::indexing_slicing, reason = "tests")]

use iia_capture::pipeline::{Options, Pipeline};
use iia_capture::source::LinkType;
use iia_capture::{Packet, generate};
use iia_core::Timestamp;
use iia_core::observe::{Flow, Observation};

const SYN: u8 = 0x02;
const RST: u8 = 0x04;
const DATA: u8 = 0x18;

const CLIENT: ([u8; 4], u16) = ([10, 0, 0, 1], 40_000);
const SERVERS: [([u8; 4], u16); 2] = [([10, 0, 0, 2], 502), ([10, 0, 0, 3], 502)];

type End = ([u8; 4], u16);

fn packet(from: End, to: End, (seq, flags): (u32, u8), payload: &[u8]) -> Vec<u8> {
    let mut frame = generate::frame((from.0, to.0), (from.1, to.1), (seq, 0), payload);
    frame[14 + 20 + 13] = flags;
    frame
}

/// Two connections side by side; one of them is cut off, and then its server opens one from the same port.
fn conversation() -> Vec<Vec<u8>> {
    let mut frames: Vec<_> = SERVERS.map(|to| packet(CLIENT, to, (0, SYN), &[])).into();
    for turn in 0..3 {
        for to in SERVERS {
            let read = [0, turn, 0, 0, 0, 6, 1, 3, 0, 0, 0, 1];
            let answer = [0, turn, 0, 0, 0, 5, 1, 3, 2, 0, 7];
            let turn = u32::from(turn);
            frames.push(packet(CLIENT, to, (1 + turn * 12, DATA), &read));
            frames.push(packet(to, CLIENT, (1 + turn * 11, DATA), &answer));
        }
    }
    let [server, _] = SERVERS;
    frames.push(packet(CLIENT, server, (37, RST), &[]));
    frames.push(packet(server, CLIENT, (500, SYN), &[]));
    frames
}

#[test]
fn what_is_kept_is_the_flows_own() {
    let mut pipeline = Pipeline::<Option<Flow>>::keeping(Options::default());
    let (mut seen, mut fresh) = (0, 0);
    let mut sink = |observation: &Observation<'_>, kept: &mut Option<Flow>| {
        seen += 1;
        fresh += u32::from(kept.is_none());
        let flow = observation.flow().copied();
        assert_eq!(Some(*kept.get_or_insert(flow.expect("a flow"))), flow);
    };
    for data in &conversation() {
        let packet = Packet {
            ts: Timestamp::from_secs(1_800_000_000),
            link: LinkType::ETHERNET,
            orig_len: 60,
            data,
        };
        pipeline.handle_packet_keeping(&packet, &mut sink);
    }
    pipeline.finish_keeping(&mut sink);
    // Three exchanges on each of two connections, and the end of all three.
    assert_eq!((seen, fresh), (9, 3));
}
