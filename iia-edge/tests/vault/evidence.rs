//! What of a log goes in: closed segments that link, and nothing that states another history.

use std::fs;
use std::path::{Path, PathBuf};

use iia_audit::log::{Log, Submission};
use iia_audit::note::{Purpose, VerifierKey};
use iia_audit::policy::Policy;
use iia_audit::segment::{HEADER_ALIGN, Header};
use iia_core::digest::Digest;
use iia_core::event::{Event, EventKind};
use iia_core::sign::{Signer as _, SoftwareKey};
use iia_core::time::{Clock as _, ManualClock};
use iia_edge::vault::{Evidence, Kind, folder, key, kind};

use crate::model::NOW;

fn signer() -> SoftwareKey {
    SoftwareKey::from_seed(&[1; 32].into())
}

/// A log of segments of one record each; heads after each.
fn write(dir: &Path, records: usize) {
    let verifier = |name: &str, purpose| VerifierKey {
        name: name.into(),
        purpose,
        key: signer().public_key(),
    };
    let policy = Policy {
        log: verifier("box/audit", Purpose::Log),
        witnesses: vec![verifier("site/witness", Purpose::Cosignature)],
        quorum: 1,
        mirrors: Vec::new(),
    };
    let clock = ManualClock::new(NOW);
    let log = Log::create(&dir.join("audit"), &policy, &signer(), clock.read()).unwrap();
    let mut log = log.with_segment_len(HEADER_ALIGN as u64);
    let source: iia_core::SpiffeId = "spiffe://iia.local/zone/collect/workload/c"
        .parse()
        .unwrap();
    for _ in 0..records {
        let event = Event::new(EventKind::ContractViolation, NOW);
        let source = source.clone();
        log.append(&[Submission { source, event }], clock.read())
            .unwrap();
        log.publish_head(&signer()).unwrap();
    }
}

fn segment(dir: &Path, first: u64) -> PathBuf {
    dir.join(format!("audit/seg/{first:016x}.iia"))
}

#[test]
fn closed_segments_come_in_order_and_the_open_one_does_not() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), 4);
    let mut evidence = Evidence::open(dir.path()).unwrap();
    for first in 0..3 {
        let closed = evidence.read().unwrap().unwrap();
        assert_eq!(
            (closed.segment.first, closed.segment.end),
            (first, first + 1)
        );
        assert_eq!(closed.bytes, fs::read(segment(dir.path(), first)).unwrap());
        let (after, _) =
            Header::decode(&fs::read(segment(dir.path(), first + 1)).unwrap()).unwrap();
        assert_eq!(closed.segment.chain, after.before);
        assert_eq!(closed.root, after.frontier().unwrap().root());
        assert!(!evidence.is_gone().unwrap());
        evidence.passed(&closed.segment, closed.root);
    }
    assert!(evidence.read().unwrap().is_none());
    let (heads, receipts) = evidence.notes().unwrap();
    assert_eq!((heads, receipts), (vec![1, 2, 3], vec![]));
}

#[test]
fn a_segment_that_states_another_tree_does_not_go_in() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), 4);
    let mut evidence = Evidence::open(dir.path()).unwrap();
    let closed = evidence.read().unwrap().unwrap();
    evidence.passed(&closed.segment, closed.root);
    let good = fs::read(segment(dir.path(), 1)).unwrap();
    let (header, len) = Header::decode(&good).unwrap();
    let records = good.get(len..).unwrap();
    let forged = |header: Header| {
        let bytes = [&header.encode().unwrap(), records].concat();
        fs::write(segment(dir.path(), 1), bytes).unwrap();
        evidence.read()
    };
    assert!(forged(header.clone()).unwrap().is_some());
    let other = Digest::from_bytes([7; 32]);
    for wrong in [
        Header {
            peaks: vec![other],
            ..header.clone()
        },
        Header {
            before: other,
            ..header.clone()
        },
        Header {
            log_id: other,
            ..header.clone()
        },
        Header {
            first: 2,
            ..header.clone()
        },
    ] {
        assert!(forged(wrong.clone()).is_err(), "{wrong:?}");
    }
}

#[test]
fn what_left_the_box_is_recognised_and_nothing_else() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), 4);
    let evidence = Evidence::open(dir.path()).unwrap();
    let (first, second) = (segment(dir.path(), 0), segment(dir.path(), 1));
    let (gone, other) = (fs::read(&first).unwrap(), fs::read(second).unwrap());
    fs::remove_file(first).unwrap();
    assert!(evidence.is_gone().unwrap());
    assert_eq!(evidence.recognise(gone.clone()).unwrap().segment.end, 1);
    assert!(evidence.recognise(other).is_err());
    assert!(
        evidence
            .recognise(gone.get(..HEADER_ALIGN).unwrap().to_vec())
            .is_err()
    );
    assert!(evidence.recognise([gone, vec![0; 64]].concat()).is_err());
}

#[test]
fn a_key_names_one_part_and_a_part_one_key() {
    let log_id = Digest::from_bytes([0xab; 32]);
    for part in [
        Kind::Genesis,
        Kind::Policy,
        Kind::Segment(0),
        Kind::Segment(u64::MAX),
        Kind::Seals(5),
        Kind::Head(16),
        Kind::receipt(3, b"note"),
    ] {
        assert_eq!(kind(&log_id, &key(&log_id, part)), Some(part));
    }
    let name = |rest: &str| folder(&log_id) + rest;
    for wrong in [
        name(""),
        name("lock"),
        name("seg/5.iia"),
        name("seg/00000000000000AB.iia"),
        name("seg/+000000000000001.iia"),
        name("heads/../genesis"),
        name("receipts/0000000000000003"),
        name("other/0000000000000003-00"),
        "genesis".into(),
        key(&Digest::ZERO, Kind::Genesis),
    ] {
        assert_eq!(kind(&log_id, &wrong), None, "{wrong}");
    }
}
