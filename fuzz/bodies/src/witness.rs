//! Names, addresses, time, neighbours and handshakes, as strangers say them.

use iia_capture::Packet;
use iia_capture::decode::FIELDS_MAX;
use iia_capture::generate;
use iia_capture::pipeline::{Options, Pipeline};
use iia_capture::source::LinkType;
use iia_core::Timestamp;
use iia_core::observe::Observation;

use crate::input::Input;

/// What carries a message: a port of UDP or of TCP, or an EtherType.
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
const ENDS: [[u8; 4]; 2] = [[10, 0, 0, 1], [10, 0, 0, 2]];
const CLIENT: u16 = 40_000;

/// The messages of a conversation, each from either side: the same is told of the same, in no more fields than there may be,
/// and nothing that was told lacks its words.
pub fn witness(data: &[u8]) {
    let mut input = Input(data);
    let way = WAYS[usize::from(input.byte()) % WAYS.len()];
    let (mut frames, mut seqs) = (Vec::new(), [1u32; 2]);
    while !input.is_empty() && frames.len() < 64 {
        let side = usize::from(input.byte() & 1);
        let bytes = input.piece();
        let bytes = bytes.get(..8192).unwrap_or(bytes);
        frames.push(frame(way, side, seqs, bytes));
        seqs[side] = seqs[side].wrapping_add(bytes.len() as u32);
    }
    let told = run(&frames);
    assert_eq!(run(&frames), told);
}

fn frame((transport, port): (u8, u16), side: usize, seqs: [u32; 2], bytes: &[u8]) -> Vec<u8> {
    let ports = [(CLIENT, port), (port, CLIENT)][side];
    let ends = (ENDS[side], ENDS[1 - side]);
    match transport {
        0 => [&[2; 12][..], &port.to_be_bytes(), bytes].concat(),
        6 => generate::frame(ends, ports, (seqs[side], seqs[1 - side]), bytes),
        _ => {
            let len = bytes.len() as u16 + 8;
            let head = [
                &[0x45, 0][..],
                &(len + 20).to_be_bytes(),
                &[0, 0, 0, 0, 64, 17, 0, 0],
            ];
            let udp = [ports.0, ports.1, len, 0].map(u16::to_be_bytes).concat();
            [
                &[2; 12][..],
                &[8, 0],
                &head.concat(),
                &ends.0,
                &ends.1,
                &udp,
                bytes,
            ]
            .concat()
        }
    }
}

fn run(frames: &[Vec<u8>]) -> Vec<String> {
    let mut pipeline = Pipeline::new(Options::default());
    let mut told = Vec::new();
    let mut sink = |seen: &Observation<'_>| {
        if let Observation::Said(said) = seen {
            assert!(!said.what.is_empty());
            for fields in [said.asked, said.answered] {
                assert!(fields.len() <= FIELDS_MAX + 1);
            }
            told.push(format!("{said:?}"));
        }
    };
    for (number, data) in frames.iter().enumerate() {
        let packet = Packet {
            ts: Timestamp::from_secs(1_800_000_000 + number as i64),
            link: LinkType::ETHERNET,
            orig_len: data.len() as u32,
            data,
        };
        pipeline.handle_packet(&packet, &mut sink);
    }
    pipeline.finish(&mut sink);
    assert_eq!(pipeline.stats().packets, frames.len() as u64);
    told
}
