//! A hundred thousand changes of a segment, each found at the record in which it begins.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

mod common;

use std::fs;

use common::event;
use iia_audit::log::Log;
use iia_audit::segment::{HEADER_ALIGN, Header, Reader, Sources};
use iia_core::time::Clock as _;

const CASES: u64 = 100_000;

/// Six records of many lengths.
fn segment() -> (Vec<u8>, Vec<usize>) {
    let dir = tempfile::tempdir().unwrap();
    let mut log: Log = common::create(dir.path());
    for number in 0..6usize {
        let one = event(&"x".repeat(number * 67 % 300), number as u64 + 1);
        log.append(&[one], common::clock().read()).unwrap();
    }
    drop(log);
    let bytes = fs::read(dir.path().join("audit/seg/0000000000000000.iia")).unwrap();
    let starts = (HEADER_ALIGN..bytes.len()).step_by(64);
    let starts = starts.filter(|at| bytes[*at..].starts_with(b"IAR1"));
    let starts: Vec<usize> = starts.chain([bytes.len()]).collect();
    (bytes, starts)
}

/// How many records are found good before the first that is not; `None` when all that is there is.
fn first_bad(bytes: &[u8], place: &iia_audit::segment::Place) -> Option<usize> {
    let mut reader = Reader::open(bytes, place).ok()?;
    let mut sources = Sources::default();
    loop {
        match reader.batch(&mut sources) {
            Ok(records) if records.is_empty() => return None,
            Ok(_) => {}
            Err(_) => return Some(usize::try_from(reader.next).unwrap()),
        }
    }
}

#[test]
fn r_aud_02_a_hundred_thousand_changes_are_found_at_their_record() {
    let (good, starts) = segment();
    let place = Header::decode(&good).unwrap().0.place();
    let count = starts.len() - 1;
    assert_eq!((count, first_bad(&good, &place)), (6, None));
    let mut seed = 20_261_129_u64;
    let mut random = move |below: usize| {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        usize::try_from(seed % below as u64).unwrap()
    };
    let mut kinds = [0; 6];
    for case in 0..CASES {
        let mut bytes = good.clone();
        let at = HEADER_ALIGN + random(good.len() - HEADER_ALIGN);
        let (one, other) = (random(count), random(count));
        let record = |number: usize| starts[number]..starts[number + 1];
        let kind = usize::try_from(case % 6).unwrap();
        match kind {
            // A bit, a byte gone, a byte more, a record gone, a record twice, two records in each other's place.
            0 => bytes[at] ^= 1 << random(8),
            1 => drop(bytes.remove(at)),
            2 => bytes.insert(at, u8::try_from(random(256)).unwrap()),
            3 => drop(bytes.drain(record(one))),
            4 => drop(bytes.splice(starts[other]..starts[other], good[record(one)].to_vec())),
            _ => {
                let (low, high) = (one.min(other), one.max(other));
                bytes.splice(record(high), good[record(low)].to_vec());
                bytes.splice(record(low), good[record(high)].to_vec());
            }
        }
        let differs = (0..bytes.len().max(good.len())).find(|at| bytes.get(*at) != good.get(*at));
        let Some(differs) = differs else {
            continue;
        };
        kinds[kind] += 1;
        let found = first_bad(&bytes, &place);
        // A log that ends earlier is a good log: what is missing at its end is for heads and seals.
        let ends = starts.contains(&bytes.len()) && bytes == good[..bytes.len().min(good.len())];
        // Zeros behind the last record are room.
        let room = bytes.len() > good.len() && bytes[good.len()..].iter().all(|byte| *byte == 0);
        if ends || differs == good.len() && room {
            assert_eq!(found, None, "{case}");
            continue;
        }
        let expected = starts[1..]
            .iter()
            .position(|end| differs < *end)
            .unwrap_or(count);
        assert_eq!(
            found,
            Some(expected),
            "case {case}, kind {kind}, byte {differs}"
        );
    }
    assert!(kinds.iter().all(|kind| *kind > 10_000), "{kinds:?}");
}
