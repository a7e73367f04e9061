//! Capture files in all their forms: by hand from the standard, and as Wireshark's own tools write them.
#![expect(
    clippy::unwrap_used,
    clippy::print_stderr,
    unreachable_pub,
    dead_code,
    reason = "tests"
)]

mod asked_now;

use std::io::Write as _;
use std::path::Path;
use std::process::Command;

use flate2::Compression;
use flate2::write::GzEncoder;
use iia_capture::CaptureError;
use iia_capture::generate::{TraceOptions, write_pcap};
use iia_capture::source::LinkType;
use iia_capture::source::pcap::{Comment, Notes, PcapSource, Place};

/// A packet as read: when, link, length on the wire, bytes.
type Read = (i64, u16, u32, Vec<u8>);

fn read(bytes: &[u8]) -> (Vec<Read>, Notes, Option<CaptureError>) {
    let mut source = match PcapSource::unpack(bytes) {
        Ok(source) => source,
        Err(error) => return (Vec::new(), Notes::default(), Some(error)),
    };
    let mut packets = Vec::new();
    let error = loop {
        match source.next_packet() {
            Ok(Some(packet)) => {
                let LinkType(link) = packet.link;
                packets.push((
                    packet.ts.as_ns(),
                    link,
                    packet.orig_len,
                    packet.data.to_vec(),
                ));
            }
            Ok(None) => break None,
            Err(error) => break Some(error),
        }
    };
    (packets, source.notes(), error)
}

fn number(big_endian: bool, value: u32) -> [u8; 4] {
    match big_endian {
        true => value.to_be_bytes(),
        false => value.to_le_bytes(),
    }
}

fn short(big_endian: bool, value: u16) -> [u8; 2] {
    match big_endian {
        true => value.to_be_bytes(),
        false => value.to_le_bytes(),
    }
}

fn block(big: bool, kind: u32, body: &[u8]) -> Vec<u8> {
    let padded = body.len().next_multiple_of(4);
    let len = number(big, u32::try_from(padded + 12).unwrap());
    let padding = vec![0; padded - body.len()];
    [&number(big, kind)[..], &len, body, &padding, &len].concat()
}

fn option(big: bool, code: u16, value: &[u8]) -> Vec<u8> {
    let len = u16::try_from(value.len()).unwrap();
    let padding = vec![0; value.len().next_multiple_of(4) - value.len()];
    [&short(big, code)[..], &short(big, len), value, &padding].concat()
}

fn wide(big: bool, value: u64) -> [u8; 8] {
    match big {
        true => value.to_be_bytes(),
        false => value.to_le_bytes(),
    }
}

/// A section with a block of every kind and four packets.
fn section(big: bool) -> Vec<Vec<u8>> {
    let words = |all: &[u32]| {
        all.iter()
            .flat_map(|word| number(big, *word))
            .collect::<Vec<u8>>()
    };
    let head = [
        &number(big, 0x1a2b_3c4d)[..],
        &short(big, 1),
        &short(big, 0),
        &[0xff; 8],
    ]
    .concat();
    let interface = |link: u16, options: &[u8]| {
        [&short(big, link)[..], &[0, 0], &number(big, 96), options].concat()
    };
    let nanoseconds = [
        option(big, 9, &[9]),
        option(big, 14, &wide(big, 100)),
        option(big, 0, &[]),
    ]
    .concat();
    let binary = [option(big, 1, b"the second"), option(big, 9, &[0x8a])].concat();
    let packet_options = [
        option(big, 1, b"odd"),
        option(big, 4, &wide(big, 3)),
        option(big, 0, &[]),
    ]
    .concat();
    let statistics = [
        option(big, 4, &wide(big, 50)),
        option(big, 5, &wide(big, 4)),
        option(big, 7, &wide(big, 2)),
    ]
    .concat();
    vec![
        block(
            big,
            0x0a0d_0d0a,
            &[head, option(big, 1, b"a section")].concat(),
        ),
        block(big, 1, &interface(1, &nanoseconds)),
        block(big, 1, &interface(101, &binary)),
        block(big, 4, &[0; 8]),
        block(
            big,
            6,
            &[
                words(&[0, 0, 7, 5, 60]),
                vec![1, 2, 3, 4, 5, 0, 0, 0],
                packet_options,
            ]
            .concat(),
        ),
        block(big, 6, &[words(&[1, 0, 2048, 2, 2]), vec![6, 7]].concat()),
        block(
            big,
            2,
            &[
                &short(big, 1)[..],
                &short(big, 9),
                &words(&[0, 1024, 3, 3]),
                &[8, 9, 10],
            ]
            .concat(),
        ),
        block(big, 3, &[words(&[2]), vec![11, 12]].concat()),
        block(big, 5, &[words(&[0, 0, 0]), statistics].concat()),
        block(big, 10, &[0; 12]),
        block(big, 0x0bad, &[0; 16]),
        block(big, 0x7777, &[]),
    ]
}

fn expected() -> Vec<Read> {
    vec![
        (100_000_000_007, 1, 60, vec![1, 2, 3, 4, 5]),
        (2_000_000_000, 101, 2, vec![6, 7]),
        (1_000_000_000, 101, 3, vec![8, 9, 10]),
        (0, 1, 2, vec![11, 12]),
    ]
}

#[test]
fn every_block_of_either_order_is_read_or_passed() {
    for big in [false, true] {
        let (packets, notes, error) = read(&section(big).concat());
        assert_eq!((packets, error), (expected(), None));
        let comment = |place, text: &str| Comment {
            place,
            text: text.into(),
        };
        let comments = vec![
            comment(Place::Section(1), "a section"),
            comment(Place::Interface(1), "the second"),
            comment(Place::Packet(1), "odd"),
        ];
        let told = Notes {
            sections: 1,
            comments,
            received: 50,
            dropped: 4,
            system_dropped: 2,
            dropped_between: 12,
            passed: 4,
            ..Notes::default()
        };
        assert_eq!(notes, told);
    }
    let (packets, notes, _) = read(&[section(true).concat(), section(false).concat()].concat());
    assert_eq!((packets.len(), notes.sections, notes.dropped), (8, 2, 8));
}

#[test]
fn a_file_cut_anywhere_gives_what_was_whole() {
    for big in [false, true] {
        let whole = section(big).concat();
        let mut before = 0;
        for len in 4..whole.len() {
            let (packets, _, error) = read(&whole[..len]);
            assert_eq!(packets, expected()[..packets.len()], "{len}");
            assert!(packets.len() >= before);
            before = packets.len();
            let truncated = matches!(error, None | Some(CaptureError::Truncated { .. }));
            assert!(truncated, "{len} {error:?}");
        }
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
fn every_form_of_pcap_is_read() {
    for big in [false, true] {
        for (magic, unit, head) in [
            (0xa1b2_c3d4, 1000, 0),
            (0xa1b2_3c4d, 1, 0),
            (0xa1b2_cd34, 1000, 8),
        ] {
            let words = |all: &[u32]| {
                all.iter()
                    .flat_map(|word| number(big, *word))
                    .collect::<Vec<u8>>()
            };
            let file = words(&[magic, 0x0002_0004, 0, 0, 65_535, 113]);
            let packet = [words(&[2, 5, 3, 9]), vec![0; head], vec![1, 2, 3]].concat();
            let whole = [&file[..], &packet, &packet].concat();
            let one = (2_000_000_000 + 5 * unit, 113, 9, vec![1, 2, 3]);
            assert_eq!(read(&whole).0, [one.clone(), one], "{magic:x} {big}");
            for len in 24..whole.len() {
                let rest = (len - 24) % packet.len();
                let (packets, _, error) = read(&whole[..len]);
                assert_eq!(
                    (packets.len(), error.is_none()),
                    ((len - 24) / packet.len(), rest == 0)
                );
            }
        }
    }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// A frame of zstd with the bytes as they are, and one to be passed before it.
fn zstd(bytes: &[u8]) -> Vec<u8> {
    let len = u32::try_from(bytes.len()).unwrap();
    let last_raw_block = (len << 3 | 1).to_le_bytes();
    let passed = [0x5a, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3];
    let head = [0x28, 0xb5, 0x2f, 0xfd, 0xa0];
    [
        &head[..],
        &len.to_le_bytes(),
        &last_raw_block[..3],
        bytes,
        &passed,
    ]
    .concat()
}

#[test]
fn compressed_files_are_recognised_by_what_is_in_them() {
    let whole = section(false).concat();
    let (first, second) = whole.split_at(100);
    for packed in [
        gzip(&whole),
        [gzip(first), gzip(second)].concat(),
        zstd(&whole),
        [zstd(first), zstd(second)].concat(),
    ] {
        assert_eq!(read(&packed).0, expected());
        for len in 0..packed.len() {
            let (packets, ..) = read(&packed[..len]);
            assert_eq!(packets, expected()[..packets.len()], "{len}");
        }
    }
    // A window of 128 MiB, and a frame that says it has everything in one of 1 GiB.
    for bad in [
        &[0x28, 0xb5, 0x2f, 0xfd, 0, 0x88, 1, 0, 0][..],
        &[0x28, 0xb5, 0x2f, 0xfd, 0xa0, 0, 0, 0, 0x40, 1, 0, 0],
    ] {
        assert_eq!(read(bad).2, Some(CaptureError::Read { packets: 0 }));
    }
}

fn run(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output().unwrap();
    assert!(
        output.status.success(),
        "{program} {arguments:?}: {output:?}"
    );
    String::from_utf8(output.stdout).unwrap()
}

/// How many packets capinfos counts, and in how many bytes.
fn counted(path: &Path) -> (usize, u64) {
    let text = run(
        "capinfos",
        &["-T", "-r", "-M", "-c", "-d", path.to_str().unwrap()],
    );
    let mut columns = text.trim_end().split('\t').skip(1);
    let mut next = || columns.next().unwrap().parse::<u64>().unwrap();
    (usize::try_from(next()).unwrap(), next())
}

#[test]
fn files_that_wireshark_writes_are_read_as_it_counts_them() {
    if !asked_now::installed("files_that_wireshark_writes_are_read_as_it_counts_them") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let text = |name: &str| path(name).to_str().unwrap().to_owned();
    let mut bytes = Vec::new();
    let options = TraceOptions {
        packets: 40,
        flows: 3,
        ..TraceOptions::default()
    };
    write_pcap(&mut bytes, options).unwrap();
    std::fs::write(path("plain"), &bytes).unwrap();
    let (plain, ..) = read(&bytes);
    for format in ["pcap", "nsecpcap", "modpcap", "pcapng"] {
        run("editcap", &["-F", format, &text("plain"), &text(format)]);
        let (packets, _, error) = read(&std::fs::read(path(format)).unwrap());
        assert_eq!((&packets, error), (&plain, None), "{format}");
        let len = packets.iter().map(|packet| u64::from(packet.2)).sum();
        assert_eq!(counted(&path(format)), (packets.len(), len), "{format}");
    }
    let comments = [
        "-F",
        "pcapng",
        "-a",
        "3:why",
        "--capture-comment",
        "all of it",
    ];
    run(
        "editcap",
        &[&comments[..], &[&text("plain"), &text("comments")]].concat(),
    );
    let (_, notes, _) = read(&std::fs::read(path("comments")).unwrap());
    let said: Vec<_> = notes
        .comments
        .iter()
        .map(|one| (one.place, &*one.text))
        .collect();
    assert_eq!(
        said,
        [(Place::Section(1), "all of it"), (Place::Packet(3), "why")]
    );
    run(
        "editcap",
        &[
            "-F",
            "pcapng",
            "-s",
            "30",
            "-T",
            "ppp",
            &text("plain"),
            &text("short"),
        ],
    );
    run(
        "mergecap",
        &[
            "-F",
            "pcapng",
            "-a",
            "-w",
            &text("merged"),
            &text("plain"),
            &text("short"),
        ],
    );
    let (merged, notes, error) = read(&std::fs::read(path("merged")).unwrap());
    assert_eq!((merged.len(), notes.sections, error), (80, 1, None));
    assert!(
        merged[40..]
            .iter()
            .all(|packet| packet.1 == 9 && packet.3.len() == 30)
    );
    assert_eq!(counted(&path("merged")).0, 80);
}
