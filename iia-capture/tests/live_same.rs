//! The same capture through a file and through a cable says the same, record by record. Frames are sent as fast as they go, so
//! that each is given the moment it has in the file.
#![cfg(target_os = "linux")]
#![expect(
    clippy::unwrap_used,
    clippy::print_stderr,
    clippy::indexing_slicing,
    unreachable_pub,
    dead_code,
    reason = "tests"
)]

mod lab;
mod oracle;

use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use iia_capture::live::packets::{Options as LiveOptions, Source};
use iia_capture::pipeline::{Options, Pipeline};
use iia_capture::source::pcap::PcapSource;
use iia_capture::source::{LinkType, Packet};
use iia_core::Timestamp;
use lab::{OBSERVER, inside, peer, shell};

/// Sends every frame of a file that holds them one behind the other, each behind its length.
const SEND: &str = "
import socket, sys
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
s.bind(('gen0', 0))
with open(sys.argv[1], 'rb') as frames:
    while len(head := frames.read(4)) == 4:
        s.send(frames.read(int.from_bytes(head, 'little')))
";

/// One of each protocol that Ethernet carries here, and the capture that comes with the project.
const CAPTURES: [&str; 9] = [
    "modbus/cisagov_icsnpp-modbus/modbus_example.pcap",
    "enip_cip/ITI_ICS-Security-Tools/EIP-RemoteModeChangeAttempt.pcap",
    "enip_cip/ITI_ICS-Security-Tools/cip-multiple-1.pcap",
    "goose",
    "profinet",
    "ethercat",
    "opcua",
    "mqtt",
    "_link",
];

/// Frames with their moments.
type Frames = Vec<(Timestamp, Vec<u8>)>;

/// The frames of a capture of Ethernet that fit a cable, and what is said in them.
fn of_file(path: &Path) -> Option<(Frames, Vec<String>)> {
    let mut source = PcapSource::unpack(File::open(path).ok()?).ok()?;
    let mut pipeline = Pipeline::new(Options::default());
    let (mut frames, mut said) = (Vec::new(), Vec::new());
    while let Ok(Some(packet)) = source.next_packet() {
        let whole = packet.data.len() == packet.orig_len as usize;
        // The kernel takes a tag of priority alone for none, and sends nothing shorter than a frame.
        let fits = (60..=1514).contains(&packet.data.len());
        if packet.link != LinkType::ETHERNET || !whole || !fits {
            return None;
        }
        frames.push((packet.ts, packet.data.to_vec()));
        pipeline.handle_packet(&packet, &mut |seen: &_| said.push(format!("{seen:?}")));
    }
    pipeline.finish(&mut |seen: &_| said.push(format!("{seen:?}")));
    Some((frames, said))
}

/// What is said on the cable while the frames are sent there.
fn of_cable(frames: &Frames, folder: &Path) -> Vec<String> {
    let mut source = Source::open(OBSERVER, &LiveOptions::default()).unwrap();
    let file = folder.join("frames");
    let behind = |(_, frame): &(_, Vec<u8>)| {
        [
            &u32::try_from(frame.len()).unwrap().to_le_bytes()[..],
            frame,
        ]
        .concat()
    };
    std::fs::write(
        &file,
        frames.iter().map(behind).collect::<Vec<_>>().concat(),
    )
    .unwrap();
    peer(SEND, &[file.to_str().unwrap()]);
    let mut pipeline = Pipeline::new(Options::default());
    let (mut said, mut count, since) = (Vec::new(), 0, Instant::now());
    while count < frames.len() {
        assert!(
            since.elapsed() < Duration::from_secs(20),
            "{count} of {}",
            frames.len()
        );
        let Some(batch) = source.next(Duration::from_millis(20)).unwrap() else {
            continue;
        };
        assert_eq!(batch.dropped, 0);
        for packet in batch.packets() {
            let (ts, frame) = &frames[count];
            assert_eq!(packet.data, frame);
            count += 1;
            let packet = Packet { ts: *ts, ..packet };
            pipeline.handle_packet(&packet, &mut |seen: &_| said.push(format!("{seen:?}")));
        }
    }
    pipeline.finish(&mut |seen: &_| said.push(format!("{seen:?}")));
    said
}

/// The captures below a place of the corpus, the smallest first.
fn below(place: &Path) -> Vec<PathBuf> {
    if place.is_file() {
        return vec![place.to_owned()];
    }
    let mut found = Vec::new();
    let folders = std::fs::read_dir(place).into_iter().flatten().flatten();
    for entry in folders.flat_map(|folder| {
        std::fs::read_dir(folder.path())
            .into_iter()
            .flatten()
            .flatten()
    }) {
        let path = entry.path();
        let name = path.to_string_lossy().into_owned();
        if [".pcap", ".pcapng"].iter().any(|end| name.ends_with(end)) {
            found.push((entry.metadata().unwrap().len(), path));
        }
    }
    found.sort();
    found.into_iter().map(|(_, path)| path).collect()
}

#[test]
fn r_crd_06_a_file_and_a_cable_say_the_same() {
    let test = "r_crd_06_a_file_and_a_cable_say_the_same";
    if !inside(test) {
        return;
    }
    shell("sysctl -qw net.ipv6.conf.all.disable_ipv6=1");
    let folder = tempfile::tempdir().unwrap();
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/captures/press-line.pcap");
    let mut captures = vec![own];
    match oracle::corpus() {
        None => oracle::skip(test),
        Some(corpus) => CAPTURES
            .iter()
            .for_each(|place| captures.extend(below(&corpus.join(place)).into_iter().take(6))),
    }
    let (mut compared, mut records) = (0, 0);
    for path in captures {
        let Some((frames, said)) = of_file(&path) else {
            continue;
        };
        assert_eq!(of_cable(&frames, folder.path()), said, "{}", path.display());
        compared += 1;
        records += said.len();
    }
    eprintln!("{compared} captures, {records} records: the same from a file and from a cable");
    assert!(compared > 0);
}
