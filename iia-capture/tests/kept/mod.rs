//! Packets whose time, length and bytes follow from their number, in a ring.

#![allow(dead_code, reason = "each test uses its part")]

use iia_capture::ring::{FILE_LEN_MIN, Limits, Ring};
use iia_capture::source::{LinkType, Packet};
use iia_core::Timestamp;

pub(crate) const START: i64 = 1_800_000_000_000_000_000;
pub(crate) const MS: i64 = 1_000_000;

pub(crate) fn limits() -> Limits {
    Limits {
        file_len: FILE_LEN_MIN,
        file_ns: i64::MAX,
        files: 16,
        total_len: 8 * FILE_LEN_MIN,
    }
}

/// The packet with this number: its time, its length and its bytes follow from it.
pub(crate) fn packet(number: u64, data: &mut Vec<u8>) -> Packet<'_> {
    let len = 60 + (number * 7919 % 1400) as usize;
    data.clear();
    data.extend_from_slice(&number.to_be_bytes());
    data.extend((8..len).map(|at| (at as u64 * number) as u8));
    Packet {
        ts: at(number),
        link: LinkType::ETHERNET,
        orig_len: len as u32 + (number % 3) as u32,
        data,
    }
}

pub(crate) fn at(number: u64) -> Timestamp {
    Timestamp::from_ns(START + number as i64 * MS + (number % 1000) as i64)
}

pub(crate) fn fill(ring: &mut Ring, numbers: std::ops::Range<u64>) {
    let mut data = Vec::new();
    for number in numbers {
        ring.push(&packet(number, &mut data)).unwrap();
    }
}

/// The numbers of the packets of a capture, read by the reader of this crate.
pub(crate) fn numbers(bytes: &[u8]) -> Vec<u64> {
    let mut source = iia_capture::source::pcap::PcapSource::open(bytes).unwrap();
    let mut found = Vec::new();
    let mut data = Vec::new();
    while let Some(read) = source.next_packet().unwrap() {
        let number = u64::from_be_bytes(*read.data.first_chunk().unwrap());
        let want = packet(number, &mut data);
        assert_eq!(read, want);
        found.push(number);
    }
    found
}

pub(crate) fn skip(test: &str, missing: &str) {
    assert!(
        std::env::var_os("IIA_REQUIRE_ALL").is_none(),
        "{test} needs {missing}"
    );
    eprintln!("SKIPPED: {test}: {missing}");
}
