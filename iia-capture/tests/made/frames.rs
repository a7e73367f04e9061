//! What fuzz targets begin with, as frames on Ethernet.

use std::fs;
use std::path::Path;

use iia_capture::generate;

/// What carries a message: a port of UDP or of TCP, or an EtherType; as the target `capture_witness` has it.
const WAYS: [(u8, u16); 12] = [
    (17, 53),
    (17, 5353),
    (17, 5355),
    (6, 53),
    (17, 67),
    (17, 547),
    (17, 123),
    (6, 443),
    (6, 4433),
    (6, 80),
    (0, 0x88cc),
    (0, 0x0806),
];
pub const ENDS: [[u8; 4]; 2] = [[10, 0, 0, 1], [10, 0, 0, 2]];
pub const CLIENT: u16 = 40_000;

fn seeds(target: &str) -> Vec<Vec<u8>> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../fuzz/corpus")
        .join(target);
    let mut all: Vec<_> = fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    all.sort();
    all.iter().map(|path| fs::read(path).unwrap()).collect()
}

/// A piece: two bytes of length, and as many bytes as there are.
fn piece<'a>(rest: &mut &'a [u8]) -> &'a [u8] {
    let Some(([low, high], behind)) = rest.split_first_chunk() else {
        return std::mem::take(rest);
    };
    let len = usize::from(u16::from_le_bytes([*low, *high])).min(behind.len());
    let (piece, behind) = behind.split_at(len);
    *rest = behind;
    piece
}

/// Frames of EtherCAT.
pub fn ethercat() -> Vec<Vec<u8>> {
    let mut frames = Vec::new();
    for seed in seeds("capture_ethercat") {
        let mut rest = seed.as_slice();
        while let Some(([kind, _, mac], behind)) = rest.split_first_chunk() {
            rest = behind;
            let body = piece(&mut rest);
            let source = [if kind & 0x80 == 0 { 0 } else { 2 }, 0, 0, 0, 0, mac % 4];
            frames.push([&[0xff; 6][..], &source, &[0x88, 0xa4], body].concat());
        }
    }
    frames
}

/// Conversations of names, addresses, time, neighbours and handshakes, each between two ports of its own.
pub fn witness() -> Vec<Vec<u8>> {
    let mut frames = Vec::new();
    for (number, seed) in (0..).zip(seeds("capture_witness")) {
        let Some((way, mut rest)) = seed.split_first() else {
            continue;
        };
        let way = WAYS[usize::from(*way) % WAYS.len()];
        let mut seqs = [1u32; 2];
        while let Some((side, behind)) = rest.split_first() {
            rest = behind;
            let (side, bytes) = (usize::from(side & 1), piece(&mut rest));
            frames.push(conversed(way, (CLIENT + number, side), seqs, bytes));
            seqs[side] += u32::try_from(bytes.len()).unwrap();
        }
    }
    frames
}

/// Connections and datagrams of OPC UA, each between two ports of its own.
pub fn opcua() -> Vec<Vec<u8>> {
    let mut frames = Vec::new();
    for (number, seed) in (0..).zip(seeds("capture_opcua")) {
        let (mut rest, mut seqs) = (seed.as_slice(), [1u32; 2]);
        while let Some((kind, behind)) = rest.split_first() {
            rest = behind;
            let (side, bytes) = (usize::from(kind & 1), piece(&mut rest));
            let transport = if kind >> 1 & 3 == 2 { 17 } else { 6 };
            frames.push(conversed(
                (transport, 4840),
                (CLIENT + number, side),
                seqs,
                bytes,
            ));
            if transport == 6 {
                seqs[side] += u32::try_from(bytes.len()).unwrap();
            }
        }
    }
    frames
}

fn conversed(
    (transport, port): (u8, u16),
    (client, side): (u16, usize),
    seqs: [u32; 2],
    bytes: &[u8],
) -> Vec<u8> {
    let ports = [(client, port), (port, client)][side];
    let ends = (ENDS[side], ENDS[1 - side]);
    match transport {
        0 => [&[2; 12][..], &port.to_be_bytes(), bytes].concat(),
        6 => generate::frame(ends, ports, (seqs[side], seqs[1 - side]), bytes),
        _ => datagram(ends, ports, bytes),
    }
}

pub fn datagram(ends: ([u8; 4], [u8; 4]), ports: (u16, u16), bytes: &[u8]) -> Vec<u8> {
    let len = u16::try_from(bytes.len() + 8).unwrap();
    let udp = [ports.0, ports.1, len, 0].map(u16::to_be_bytes).concat();
    [
        &[2; 12][..],
        &[8, 0, 0x45, 0],
        &(len + 20).to_be_bytes(),
        &[0, 0, 0, 0, 64, 17, 0, 0],
        &ends.0,
        &ends.1,
        &udp,
        bytes,
    ]
    .concat()
}
