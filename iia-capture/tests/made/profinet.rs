//! PROFINET: the messages that its fuzz target begins with, each behind where it goes and how long it is.

use std::fs;
use std::path::Path;

pub const NAMES: &[&str] = &[
    "alarms",
    "calls",
    "connect",
    "control",
    "cyclic",
    "discovery",
    "mapper",
    "pieces",
    "read",
    "read_1",
    "rings",
    "tagged",
    "time",
    "write",
];

/// A datagram to a device.
pub const DEVICE: u8 = 3;

#[derive(Clone)]
pub struct Message {
    pub kind: u8,
    pub bytes: Vec<u8>,
}

pub fn messages(name: &str) -> Vec<Message> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus/capture_profinet");
    let bytes = fs::read(path.join(name)).unwrap();
    let (mut rest, mut found) = (bytes.as_slice(), Vec::new());
    while let Some(([kind, low, high], behind)) = rest.split_first_chunk() {
        let (message, behind) = behind.split_at(u16::from_le_bytes([*low, *high]).into());
        found.push(Message {
            kind: *kind,
            bytes: message.to_vec(),
        });
        rest = behind;
    }
    found
}

/// A message as it is on the wire.
pub fn frame(message: &Message) -> Vec<u8> {
    let bytes = &message.bytes[..];
    let (here, there) = ([0, 0x1b, 0x1b, 0, 0, 1], [0, 0x1b, 0x1b, 0, 0, 2]);
    let (controller, device) = ([10, 0, 0, 1], [10, 0, 0, 2]);
    match message.kind {
        0 => bytes.to_vec(),
        1 => [&there[..], &here, &[0x88, 0x92], bytes].concat(),
        2 => [&there[..], &here, &[0x88, 0xe3], bytes].concat(),
        DEVICE => datagram((controller, 49_153), (device, 34_964), bytes),
        4 => datagram((device, 49_152), (controller, 49_153), bytes),
        _ => [&here[..], &there, &[0x88, 0x92], bytes].concat(),
    }
}

fn datagram(from: ([u8; 4], u16), to: ([u8; 4], u16), message: &[u8]) -> Vec<u8> {
    let len = u16::try_from(message.len()).unwrap();
    let mut bytes = vec![
        0, 0x1b, 0x1b, 0, 0, 2, 0, 0x1b, 0x1b, 0, 0, 1, 8, 0, 0x45, 0,
    ];
    bytes.extend((len + 28).to_be_bytes());
    bytes.extend([0, 0, 0, 0, 64, 17, 0, 0]);
    bytes.extend(from.0);
    bytes.extend(to.0);
    bytes.extend(from.1.to_be_bytes());
    bytes.extend(to.1.to_be_bytes());
    bytes.extend((len + 8).to_be_bytes());
    bytes.extend([0, 0]);
    bytes.extend(message);
    bytes
}
