//! A ring on a disk that is full: what was taken stays, what is not taken is said, and it goes on when there is room again.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, clippy::print_stderr, reason = "tests")]

mod lab;

use std::fs;
use std::path::Path;

use iia_capture::ring::{FILE_LEN_MIN, Limits, Ring, RingError};
use iia_capture::source::pcap::PcapSource;
use iia_capture::source::{LinkType, Packet};
use iia_core::Timestamp;
use lab::{inside, shell};

const FOLDER: &str = "/run/small";

#[test]
fn a_full_disk_costs_only_what_was_not_taken() {
    if !inside("a_full_disk_costs_only_what_was_not_taken") {
        return;
    }
    shell("mkdir /run/small && mount -t tmpfs -o size=12m none /run/small");
    let folder = Path::new(FOLDER);
    let ballast = folder.join("ballast");
    fs::write(&ballast, vec![0; 9 << 20]).unwrap();
    let limits = Limits {
        file_len: FILE_LEN_MIN,
        file_ns: i64::MAX,
        files: 16,
        total_len: 16 * FILE_LEN_MIN,
    };
    let mut ring = Ring::open(folder, limits).unwrap();
    let (mut taken, mut refused) = (Vec::new(), 0u64);
    for number in 0..12_000u64 {
        let data = [&number.to_be_bytes()[..], &[7; 800]].concat();
        let packet = Packet {
            ts: Timestamp::from_secs(1_800_000_000),
            link: LinkType::ETHERNET,
            orig_len: 808,
            data: &data,
        };
        match ring.push(&packet) {
            Ok(()) => taken.push(number),
            Err(RingError::Disk { why, .. }) => {
                assert_eq!(why.kind(), std::io::ErrorKind::StorageFull);
                refused += 1;
                // Room again, a little at a time: writes fail at every place.
                if refused % 100 == 0 {
                    let len = ballast.metadata().unwrap().len();
                    let file = fs::OpenOptions::new().write(true).open(&ballast).unwrap();
                    file.set_len(len.saturating_sub(100_003)).unwrap();
                }
            }
            Err(other) => panic!("{other}"),
        }
    }
    assert!(refused > 1000, "{refused}");
    fs::remove_file(&ballast).unwrap();
    ring.seal().unwrap();
    let mut found = Vec::new();
    for seal in ring.seals() {
        let bytes = fs::read(ring.path(seal.number)).unwrap();
        let mut source = PcapSource::open(&bytes[..]).unwrap();
        while let Some(packet) = source.next_packet().unwrap() {
            found.push(u64::from_be_bytes(*packet.data.first_chunk().unwrap()));
        }
        assert!(!seal.recovered);
    }
    assert_eq!(found, taken);
    let all = (Timestamp::from_secs(0), Timestamp::from_secs(2_000_000_000));
    let mut bytes = Vec::new();
    let slice = ring.slice(all, &mut bytes).unwrap();
    let verified = iia_capture::ring::verify(&bytes, &slice).unwrap();
    assert_eq!(verified.packets, taken.len() as u64);
    eprintln!("{} taken, {refused} refused", taken.len());
}
