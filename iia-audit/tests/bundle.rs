//! Bundles: what is chosen is proven, what is redacted stays proven and cannot be read, whatever is changed is found.
#![expect(clippy::indexing_slicing, clippy::unwrap_used, reason = "tests")]

mod common;

use std::fs;
use std::path::Path;

use common::{WITNESS, event, key, policy, receipt, witness};
use iia_audit::bundle::{Known, Outcome, Report, Show, make, tar, verify};
use iia_audit::frame::{HEAD_LEN, Record};
use iia_audit::log::{Log, Submission};
use iia_audit::note::{Purpose, VerifierKey};
use iia_audit::segment::HEADER_ALIGN;
use iia_core::digest::{Context, Digest};
use iia_core::event::EventKind;
use iia_core::sign::Signer as _;
use iia_core::time::Clock as _;

/// Twelve records: a receipt over 5, one over 9, a head over 11, and one record that nobody signed for.
fn evidence(dir: &Path) -> Log {
    let mut log = common::create(dir);
    let mut witness = witness();
    fs::create_dir_all(dir.join("config")).unwrap();
    fs::write(dir.join("config/one.icl"), b"artifact").unwrap();
    let add = |log: &mut Log, from: u64, to: u64| {
        for number in from..to {
            let mut submission = event(&format!("secret of {number}"), 0);
            if number == 3 {
                let Submission { event, .. } = &mut submission;
                event.kind = EventKind::ArtifactStaged;
                let digest = Digest::of(Context::File, b"artifact").to_string();
                *event = event
                    .clone()
                    .with("path", "config/one.icl")
                    .with("digest", digest);
            }
            log.append(&[submission], common::clock().read()).unwrap();
        }
    };
    for (from, to) in [(0, 5), (5, 9)] {
        add(&mut log, from, to);
        let note = receipt(&mut log, &mut witness, from);
        log.keep_receipt(&note).unwrap();
    }
    add(&mut log, 9, 11);
    log.publish_head(&key(1)).unwrap();
    add(&mut log, 11, 12);
    log
}

fn pinned() -> Known {
    let witness = VerifierKey {
        name: WITNESS.into(),
        purpose: Purpose::Cosignature,
        key: key(2).public_key(),
    };
    Known {
        log: Some(policy().log),
        witnesses: vec![witness],
    }
}

fn bundle(dir: &Path, show: impl FnMut(&Record) -> Show) -> Vec<u8> {
    make(dir, &[], show).unwrap().bytes
}

fn only(chosen: &[u64]) -> impl FnMut(&Record) -> Show {
    move |record| match chosen.contains(&record.seq) {
        true => Show::Whole,
        false => Show::Nothing,
    }
}

fn checked(bytes: &[u8]) -> Report {
    let report = verify(bytes, &pinned());
    assert_eq!(report.bad, None);
    report
}

#[test]
fn every_choice_is_proven_and_says_what_it_leaves_out() {
    let dir = tempfile::tempdir().unwrap();
    let _log = evidence(dir.path());
    for set in 1..1u64 << 11 {
        let chosen: Vec<u64> = (0..11).filter(|seq| set >> seq & 1 == 1).collect();
        let report = checked(&bundle(dir.path(), only(&chosen)));
        let shown: Vec<u64> = report.shown.iter().map(|one| one.seq()).collect();
        assert_eq!(shown, chosen);
        let left_out: u64 = report.gaps().iter().map(|(from, to)| to - from + 1).sum();
        assert_eq!(left_out + chosen.len() as u64, report.size(), "{set:b}");
        let want = match chosen.iter().all(|seq| *seq < 9) {
            true => Outcome::ProvenAndWitnessed,
            false => Outcome::ProvenNotWitnessed,
        };
        assert_eq!(report.outcome(), want, "{set:b}");
        assert_eq!(report.files.len(), usize::from(chosen.contains(&3)));
    }
}

#[test]
fn what_nobody_signed_for_is_named_and_stays_out() {
    let dir = tempfile::tempdir().unwrap();
    let _log = evidence(dir.path());
    let made = make(dir.path(), &[], |_| Show::Whole).unwrap();
    assert_eq!(made.unproven, [11]);
    let report = checked(&made.bytes);
    assert_eq!((report.shown.len(), report.gaps()), (11, vec![]));
    assert!(make(dir.path(), &[], only(&[11])).is_err());
    assert!(make(dir.path(), &[], only(&[])).is_err());
}

#[test]
fn the_first_receipt_says_until_when_a_record_was_there() {
    let dir = tempfile::tempdir().unwrap();
    let _log = evidence(dir.path());
    let report = checked(&bundle(dir.path(), only(&[2, 7, 10])));
    let sizes: Vec<u64> = report.heads.iter().map(|head| head.size).collect();
    assert_eq!(sizes, [5, 9, 11]);
    let times = [2, 7, 10].map(|seq| report.existed_by(seq));
    assert_eq!(times, [Some(1_800_000_060), Some(1_800_000_060), None]);
}

#[test]
fn a_bundle_proves_nothing_of_a_log_that_nobody_named() {
    let dir = tempfile::tempdir().unwrap();
    let _log = evidence(dir.path());
    let bytes = bundle(dir.path(), only(&[1]));
    assert_eq!(
        verify(&bytes, &Known::default()).outcome(),
        Outcome::Unpinned
    );
    let mut other = pinned();
    other.log.as_mut().unwrap().key = key(9).public_key();
    assert_eq!(verify(&bytes, &other).outcome(), Outcome::Failed);
    let mut other = pinned();
    other.witnesses[0].key = key(9).public_key();
    assert_eq!(
        verify(&bytes, &other).outcome(),
        Outcome::ProvenNotWitnessed
    );
}

/// Its body cannot be guessed either: the salt goes with it.
#[test]
fn a_redacted_record_stays_proven_and_its_body_is_gone() {
    let dir = tempfile::tempdir().unwrap();
    let _log = evidence(dir.path());
    let show = |record: &Record| match record.seq {
        4 | 6 => Show::Bare,
        3..=7 => Show::Whole,
        _ => Show::Nothing,
    };
    let bytes = bundle(dir.path(), show);
    let report = checked(&bytes);
    let whole: Vec<(u64, bool)> = report
        .shown
        .iter()
        .map(|one| (one.seq(), one.whole().is_some()))
        .collect();
    assert_eq!(
        whole,
        [(3, true), (4, false), (5, true), (6, false), (7, true)]
    );
    assert!(report.shown.iter().all(|one| one.kind().is_some()));
    let segment = fs::read(dir.path().join("audit/seg/0000000000000000.iia")).unwrap();
    let frame = frame_of(&segment, 6);
    let (salt, body) = (&frame[128..HEAD_LEN], b"secret of 6");
    assert!(has(&segment, salt) && has(&segment, body) && has(&bytes, b"secret of 5"));
    assert!(!has(&bytes, salt) && !has(&bytes, body));
}

fn has(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

/// The bytes of record `seq` in a segment that starts with record 0.
fn frame_of(segment: &[u8], seq: u64) -> Vec<u8> {
    let (mut at, mut number) = (HEADER_ALIGN, 0);
    loop {
        let len = u32::from_le_bytes(segment[at + 4..at + 8].try_into().unwrap()) as usize;
        if number == seq {
            return segment[at..at + len].to_vec();
        }
        (at, number) = (at + len, number + 1);
    }
}

/// An archive with the content of one entry replaced.
fn with(bytes: &[u8], name: &str, content: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    for entry in tar::read(bytes).unwrap() {
        let content = if entry.name == name {
            content
        } else {
            entry.bytes
        };
        tar::push(&mut out, entry.name, content).unwrap();
    }
    tar::finish(&mut out);
    out
}

#[test]
fn a_made_up_body_for_a_redacted_record_is_found() {
    let dir = tempfile::tempdir().unwrap();
    let _log = evidence(dir.path());
    let bytes = bundle(dir.path(), |record| match record.seq {
        2 => Show::Bare,
        _ => Show::Nothing,
    });
    let records = tar::read(&bytes).unwrap()[4].bytes.to_vec();
    let segment = fs::read(dir.path().join("audit/seg/0000000000000000.iia")).unwrap();
    let mut put_back = records.clone();
    put_back[..8].copy_from_slice(b"IABWHOLE");
    put_back.extend_from_slice(&frame_of(&segment, 2)[128..]);
    assert_eq!(checked(&with(&bytes, "records", &put_back)).shown.len(), 1);
    let at = put_back.len() - 40;
    put_back[at] ^= 1;
    let bad = verify(&with(&bytes, "records", &put_back), &pinned())
        .bad
        .unwrap();
    assert_eq!((bad.entry.as_str(), bad.seq), ("records", Some(2)));
    assert!(bad.why.contains("another body"), "{}", bad.why);
}

#[test]
fn every_turned_byte_and_every_cut_is_found() {
    let dir = tempfile::tempdir().unwrap();
    let _log = evidence(dir.path());
    let bytes = bundle(dir.path(), |record| match record.seq {
        3 => Show::Whole,
        4 => Show::Bare,
        8 | 10 => Show::Whole,
        _ => Show::Nothing,
    });
    checked(&bytes);
    for at in 0..bytes.len() {
        let mut bent = bytes.clone();
        bent[at] ^= 1 << (at % 8);
        assert!(verify(&bent, &pinned()).bad.is_some(), "byte {at}");
        assert!(verify(&bytes[..at], &pinned()).bad.is_some(), "cut at {at}");
    }
    let mut longer = bytes.clone();
    longer.push(0);
    assert!(verify(&longer, &pinned()).bad.is_some());
}

#[test]
fn tar_lists_and_unpacks_a_bundle() {
    let dir = tempfile::tempdir().unwrap();
    let _log = evidence(dir.path());
    let file = dir.path().join("b.iia-bundle");
    fs::write(&file, bundle(dir.path(), only(&[3]))).unwrap();
    let listed = std::process::Command::new("tar")
        .arg("tf")
        .arg(&file)
        .output();
    let Ok(listed) = listed else {
        return common::skip("tar_lists_and_unpacks_a_bundle", "tar");
    };
    assert!(
        listed.status.success() && listed.stderr.is_empty(),
        "{listed:?}"
    );
    let names = String::from_utf8(listed.stdout).unwrap();
    let want = "bundle genesis policy tree records heads/0000000000000005 config/one.icl";
    assert_eq!(names.split_whitespace().collect::<Vec<_>>().join(" "), want);
}
