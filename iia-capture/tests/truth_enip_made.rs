//! Messages that no capture at hand holds, made from the standard, as tshark reads them.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stderr,
    unreachable_pub,
    dead_code,
    reason = "tests"
)]

mod asked;
mod enip_fields;
mod oracle;
mod truth;

use std::path::Path;

use enip_fields::{FIELDS, WIDER, again};
use iia_capture::generate::frame;
use truth::Explained;

fn ask(service: u8, path: &[u8], data: &[u8]) -> Vec<u8> {
    let words = u8::try_from(path.len() / 2).unwrap();
    [&[service, words][..], path, data].concat()
}

fn answer(service: u8, data: &[u8]) -> Vec<u8> {
    [&[service | 0x80, 0, 0, 0][..], data].concat()
}

fn message(command: u8, session: u8, context: u8, body: &[u8]) -> Vec<u8> {
    let len = u16::try_from(body.len()).unwrap().to_le_bytes();
    let head = [
        &[command, 0][..],
        &len,
        &[session, 0, 0, 0, 0, 0, 0, 0, context],
        &[0; 11],
    ]
    .concat();
    [&head[..], body].concat()
}

fn unconnected(context: u8, cip: &[u8]) -> Vec<u8> {
    let len = u16::try_from(cip.len()).unwrap().to_le_bytes();
    let items = [
        &[0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0xb2, 0][..],
        &len,
        cip,
    ]
    .concat();
    message(0x6f, 1, context, &items)
}

const MANAGER: [u8; 4] = [0x20, 6, 0x24, 1];
const TRIAD: [u8; 8] = [0x19, 0, 0x4d, 0, 0xf3, 0x2b, 0x95, 0x32];

/// A connection that was not opened here.
const OTHER: [u8; 8] = [0x1a, 0, 0x4d, 0, 0xf3, 0x2b, 0x95, 0x32];

/// A Large_Forward_Open with a key, a production inhibit time and configuration data, and its answer.
fn large_open() -> (Vec<u8>, Vec<u8>) {
    let path = [
        &[
            0x34, 4, 1, 0, 14, 0, 54, 0, 0x94, 3, 0x20, 4, 0x24, 1, 0x2c, 100, 0x2c, 101,
        ][..],
        &[0x43, 10, 0x80, 2, 1, 2, 3, 4],
    ]
    .concat();
    let data = [
        &[7, 249, 1, 0, 0, 0, 2, 0, 0, 0][..],
        &TRIAD,
        &[
            1, 0, 0, 0, 0x10, 0x27, 0, 0, 0xa0, 0x0f, 0, 0x42, 0x20, 0x4e, 0, 0, 0xa1, 0x0f, 0,
            0x26, 0x81,
        ],
        &[u8::try_from(path.len() / 2).unwrap()],
        &path,
    ]
    .concat();
    let api = [0x10, 0x27, 0, 0, 0x20, 0x4e, 0, 0, 1, 0, 9, 8];
    let given = [&[0x11, 0, 0, 0, 2, 0, 0, 0][..], &TRIAD, &api].concat();
    (ask(0x5b, &MANAGER, &data), answer(0x5b, &given))
}

/// Requests and answers.
fn made() -> Vec<(Vec<u8>, Vec<u8>)> {
    let text = |text: &[u8]| [&[u8::try_from(text.len()).unwrap(), 0][..], text].concat();
    let pccc = [7, 0x4d, 0, 1, 2, 3, 4];
    let net = [
        &[1, 0, 0, 10][..],
        &[0, 255, 255, 255],
        &[2, 0, 0, 10],
        &[0; 8],
        &text(b"cell.x"),
    ]
    .concat();
    let link = [
        &[100, 0, 0, 0, 3, 0, 0, 0, 0, 0x1d, 0x9c, 1, 2, 3][..],
        &[7; 92],
        &[1, 0, 100, 0],
    ]
    .concat();
    vec![
        (
            ask(
                0x0e,
                &[0x20, 4, 0x24, 1, 0x3c, 1, 9, 0, 0x3d, 2, 0x10, 1, 0x30, 3],
                &[],
            ),
            answer(0x0e, &[1]),
        ),
        large_open(),
        (
            ask(0x5a, &MANAGER, &[0, 2, 0x20, 4, 0x24, 1]),
            answer(0x5a, &[&[3, 2, 1, 2][..], &TRIAD].concat()),
        ),
        (
            ask(
                0x4e,
                &MANAGER,
                &[&[7, 249][..], &OTHER, &[2, 0, 0x20, 4, 0x24, 9]].concat(),
            ),
            {
                let refused = [&OTHER[..], &[1, 0]].concat();
                [&[0xce, 0, 1, 1, 7, 1][..], &refused].concat()
            },
        ),
        (
            ask(0x01, &[0x20, 1, 0x24, 1], &[]),
            answer(
                0x01,
                b"\x01\0\x0e\0\x36\0\x14\x03\x60\x30\x01\x02\x03\x04\x03PLC\x03",
            ),
        ),
        (ask(0x01, &[0x20, 0xf5, 0x24, 1], &[]), {
            let head = [
                &[
                    1, 0, 0, 0, 0x14, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0x20, 0xf6, 0x24, 1,
                ][..],
                &net,
            ]
            .concat();
            answer(0x01, &[&head[..], &text(b"plc1")].concat())
        }),
        (ask(0x01, &[0x20, 0xf6, 0x24, 1], &[]), answer(0x01, &link)),
        (
            ask(0x0e, &[0x20, 0xf5, 0x24, 1, 0x30, 5], &[]),
            answer(0x0e, &net),
        ),
        (
            ask(0x10, &[0x20, 0xf5, 0x24, 1, 0x30, 5], &net),
            answer(0x10, &[]),
        ),
        (
            ask(0x0e, &[0x20, 0xf5, 0x24, 1, 0x30, 11], &[]),
            answer(0x0e, &[3; 35]),
        ),
        (
            ask(0x0e, &[0x20, 0x48, 0x24, 1, 0x30, 4], &[]),
            answer(0x0e, &[55]),
        ),
        (
            ask(0x0e, &[0x20, 0x43, 0x24, 1, 0x30, 5], &[]),
            answer(0x0e, &[0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]),
        ),
        (
            ask(0x0e, &[0x20, 1, 0x24, 0, 0x30, 1], &[]),
            answer(0x0e, &[2, 0]),
        ),
        (
            ask(0x0e, &[0x20, 1, 0x24, 1, 0x30, 8], &[]),
            vec![0x8e, 0, 0x14, 0],
        ),
        (
            ask(0x03, &[0x20, 1, 0x24, 1], &[2, 0, 1, 0, 99, 0]),
            [
                &[0x83, 0, 0x0a, 0][..],
                &[2, 0, 1, 0, 0, 0, 7, 0, 99, 0, 0x14, 0],
            ]
            .concat(),
        ),
        (
            ask(0x04, &[0x20, 0xf5, 0x24, 1], &[1, 0, 3, 0, 2, 0, 0, 0]),
            answer(0x04, &[1, 0, 3, 0, 0, 0]),
        ),
        (
            ask(0x0e, &[0x20, 4, 0x24, 0, 0x30, 4], &[]),
            answer(0x0e, &[2, 0, 3, 0, 4, 0]),
        ),
        (
            ask(0x0e, &[0x20, 4, 0x24, 0, 0x30, 5], &[]),
            answer(0x0e, &[1, 0, 0x16, 0]),
        ),
        (
            ask(0x0e, &[0x20, 2, 0x24, 1, 0x30, 1], &[]),
            answer(0x0e, &[2, 0, 1, 0, 4, 0]),
        ),
        (ask(0x05, &[0x20, 1, 0x24, 1], &[1]), answer(0x05, &[])),
        (ask(0x08, &[0x20, 4, 0x24, 0], &[]), answer(0x08, &[5, 0])),
        (
            ask(0x11, &[0x20, 4, 0x24, 0], &[9]),
            answer(0x11, &[2, 1, 0, 2, 0]),
        ),
        (ask(0x1c, &[0x20, 0x43, 0x24, 1], &[]), answer(0x1c, &[1])),
        (
            ask(
                0x0e,
                &[0x21, 0, 0x2c, 1, 0x25, 0, 0x10, 2, 0x31, 0, 3, 0],
                &[],
            ),
            answer(0x0e, &[1, 2, 3]),
        ),
        (
            ask(
                0x4b,
                &[0x20, 0x67, 0x24, 1],
                &[&pccc[..], &[0x0f, 0, 7, 0, 0x80, 6]].concat(),
            ),
            { answer(0x4b, &[&pccc[..], &[0x4f, 0xf0, 7, 0, 0x0b]].concat()) },
        ),
        (
            ask(
                0x4b,
                &[0x20, 0x67, 0x24, 1],
                &[&pccc[..], &[0x06, 0, 8, 0, 3]].concat(),
            ),
            { answer(0x4b, &[&pccc[..], &[0x46, 0, 8, 0, 1, 2]].concat()) },
        ),
    ]
}

/// A capture of these messages between two ends.
fn capture(path: &Path) {
    let service = [
        &[1, 0, 0, 1, 20, 0, 1, 0, 0x20, 1][..],
        b"Communications\0\0",
    ]
    .concat();
    let identity = [
        &[1, 0, 12, 0, 37, 0, 1, 0, 0, 2, 0xaf, 0x12, 10, 0, 0, 2][..],
        &[0; 8],
        b"\x01\0\x0e\0\x36\0\x14\x03\x60\x30\x01\x02\x03\x04\x03PLC\x03",
    ]
    .concat();
    let mut talk = vec![
        (
            message(0x65, 0, 1, &[1, 0, 0, 0]),
            message(0x65, 1, 1, &[1, 0, 0, 0]),
        ),
        (message(0x04, 0, 2, &[]), message(0x04, 0, 2, &service)),
        (message(0x63, 0, 0, &[]), message(0x63, 0, 0, &identity)),
        (message(0x64, 0, 4, &[]), message(0x64, 0, 4, &[0, 0])),
    ];
    for (number, (request, reply)) in (5..).zip(made()) {
        talk.push((unconnected(number, &request), unconnected(number, &reply)));
    }
    let mut file = [0xa1b2_c3d4u32, 0x0004_0002, 0, 0, 65_535, 1]
        .map(u32::to_le_bytes)
        .concat();
    let (mut sequences, mut at) = ([1u32, 1], 0u32);
    for (request, reply) in talk {
        for (up, bytes) in [(true, request), (false, reply)] {
            let [mine, theirs] = [usize::from(up), usize::from(!up)].map(|side| sequences[side]);
            let (from, ports) = match up {
                true => (([10, 0, 0, 1], [10, 0, 0, 2]), (40_000, 44818)),
                false => (([10, 0, 0, 2], [10, 0, 0, 1]), (44818, 40_000)),
            };
            let data = frame(from, ports, (mine, theirs), &bytes);
            sequences[usize::from(up)] += u32::try_from(bytes.len()).unwrap();
            let len = u32::try_from(data.len()).unwrap();
            at += 1000;
            file.extend([1_800_000_000, at, len, len].map(u32::to_le_bytes).concat());
            file.extend(data);
        }
    }
    std::fs::write(path, file).unwrap();
}

const TREE: &str = "tshark shows the bit of requests and answers again in the tree of the object: connection manager, PCCC";
const OWNER: &str = "tshark shows the path of a message again in the frame of its answer, but not that in a Get_Connection_Owner";
const FIND: &str = "the instances that Find_Next_Object_Instance finds have two bytes each (CIP Volume 1, A-4.12); tshark reads \
                    them at steps of one";
const ARP: &str = "tshark shows the packet in Last_Conflict_Detected as ARP, under other names";

const EXPLAINED: &[Explained] = &[
    ("made.pcap", "cip.rr", 10, TREE),
    ("made.pcap", "cip.class", 1, OWNER),
    ("made.pcap", "cip.instance", 1, OWNER),
    ("made.pcap", "cip.cm.connpath_size", 1, OWNER),
    ("made.pcap", "cip.find_next_object.instance", 1, FIND),
    ("made.pcap", "cip.tcpip.last_conflict.arp_pdu", 1, ARP),
];

#[test]
fn what_is_made_from_the_standard_is_read_as_tshark_reads_it() {
    let name = "what_is_made_from_the_standard_is_read_as_tshark_reads_it";
    let folder = tempfile::tempdir().unwrap();
    capture(&folder.path().join("made.pcap"));
    std::fs::write(
        folder.path().join("MANIFEST.tsv"),
        "path\nmade.pcap\t\t\t\t\t\tenip_cip\n",
    )
    .unwrap();
    let fields = [FIELDS, WIDER].concat();
    let protocol = ("enip_cip", "enip || cip || cipio");
    let Some(tables) = asked::tables(folder.path(), |_, _| true, protocol, &fields) else {
        return asked::skip(name);
    };
    let agreement = truth::agree_again(tables.path(), protocol.0, &fields, again);
    eprintln!("{} values equal\n{}", agreement.same, agreement.table);
    let path = Path::new("made.pcap");
    let (theirs, _) = truth::theirs(tables.path(), path);
    let ours = truth::ours_again(&tables.path().join(path), again);
    truth::hold_list("tshark-enip.txt", &truth::equal_fields(&ours, &theirs));
    truth::hold(&agreement, EXPLAINED, "enip.md");
}
