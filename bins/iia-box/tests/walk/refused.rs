//! A message on the bus of the cell that no contract covers: the collector sees it in a capture, and it is a violation in
//! the lake with the packet that proves it.

use std::fs;

use iia::lake_report::word;
use iia_core::stream::Stream;

use crate::demo::Demo;

const ENDS: [([u8; 4], u16); 2] = [([10, 20, 0, 9], 40_000), ([10, 20, 0, 2], 1883)];

/// MQTT 3.1.1, section 3.1: version 4, a clean session, a minute of silence.
const CONNECT: &[u8] = b"\x10\x13\x00\x04MQTT\x04\x02\x00\x3c\x00\x07press-9";
const CONNACK: &[u8] = b"\x20\x02\x00\x00";
/// Section 3.3, at most once: nobody acknowledges it.
const PUBLISH: &[u8] = b"\x30\x17\x00\x13press/9/temperature21";

/// A frame from the client or from the broker; checksums are left out.
fn frame(from_client: bool, flags: u8, (seq, ack): (u32, u32), data: &[u8]) -> Vec<u8> {
    let [client, broker] = ENDS;
    let (from, to) = if from_client {
        (client, broker)
    } else {
        (broker, client)
    };
    let mut frame = vec![2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0, 0x45, 0];
    frame.extend((data.len() as u16 + 40).to_be_bytes());
    frame.extend([0, 0, 0x40, 0, 64, 6, 0, 0]);
    frame.extend(from.0.iter().chain(&to.0));
    frame.extend([from.1.to_be_bytes(), to.1.to_be_bytes()].concat());
    frame.extend([seq.to_be_bytes(), ack.to_be_bytes()].concat());
    frame.extend([0x50, flags, 0xff, 0xff, 0, 0, 0, 0]);
    frame.extend(data);
    frame
}

/// A handshake, a client that makes itself known, and its message in the sixth packet.
fn capture() -> Vec<u8> {
    let (asked, told) = (CONNECT.len() as u32, CONNACK.len() as u32);
    let frames = [
        frame(true, 0x02, (100, 0), b""),
        frame(false, 0x12, (900, 101), b""),
        frame(true, 0x10, (101, 901), b""),
        frame(true, 0x18, (101, 901), CONNECT),
        frame(false, 0x18, (901, 101 + asked), CONNACK),
        frame(true, 0x18, (101 + asked, 901 + told), PUBLISH),
    ];
    let mut file = 0xa1b2_c3d4_u32.to_le_bytes().to_vec();
    file.extend([2, 0, 4, 0]);
    file.extend([0_u32, 0, 65_535, 1].map(u32::to_le_bytes).concat());
    for (at, frame) in (0..).zip(&frames) {
        let len = frame.len() as u32;
        let head = [1_764_288_000, at * 1000, len, len];
        file.extend(head.map(u32::to_le_bytes).concat());
        file.extend(frame);
    }
    file
}

#[test]
fn a_message_that_no_contract_covers_is_a_violation_with_the_packet_that_proves_it() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("bus.pcap");
    fs::write(&path, capture()).unwrap();
    let run = Demo::start(&[
        "--pcap",
        path.to_str().unwrap(),
        "--speed",
        "0",
        "--no-kill",
    ])
    .finish();
    let mut found = Vec::new();
    for rows in run.rows("seg01", &Stream::VIOLATION) {
        for row in 0..rows.num_rows() {
            let said = |name| word(&rows, name, row).unwrap_or_default().to_owned();
            found.push(["operation", "source", "destination", "evidence"].map(said));
        }
    }
    let message = found
        .iter()
        .find(|said| said[0] == "publish press/9/temperature");
    let [_, source, destination, evidence] = message.unwrap_or_else(|| panic!("{found:?}"));
    assert_eq!(source, "press-9");
    assert_eq!(destination, "press/9/temperature");
    assert!(
        evidence.starts_with("capture#") && evidence.ends_with("/6"),
        "{evidence}"
    );
}
