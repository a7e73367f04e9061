//! Whatever is done to the files afterwards is found.
#![expect(clippy::unwrap_used, reason = "tests")]

mod common;

use std::fs;
use std::path::{Path, PathBuf};

use iia_audit::segment::HEADER_ALIGN;
use iia_audit::verify::{Outcome, verify};

fn files(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path))
        } else {
            found.push(path)
        }
    }
    found.sort();
    found
}

fn outcome(dir: &Path) -> Outcome {
    verify(dir, Some(&common::policy().log)).outcome()
}

#[test]
fn every_bit_of_every_file_counts() {
    let dir = tempfile::tempdir().unwrap();
    common::witnessed(dir.path(), 3);
    assert_eq!(outcome(dir.path()), Outcome::Verified);
    let mut flips = 0;
    for path in files(dir.path()) {
        let good = fs::read(&path).unwrap();
        for byte in 0..good.len() {
            let mut bent = good.clone();
            bent[byte] ^= 1 << (byte % 8);
            fs::write(&path, &bent).unwrap();
            let report = verify(dir.path(), None);
            assert_eq!(
                report.outcome(),
                Outcome::Failed,
                "{} byte {byte}",
                path.display()
            );
            assert!(report.bad.is_some());
            flips += 1;
        }
        fs::write(&path, &good).unwrap();
    }
    assert_eq!(outcome(dir.path()), Outcome::Verified);
    assert!(flips > 2000);
}

#[test]
fn every_shorter_file_is_found() {
    let dir = tempfile::tempdir().unwrap();
    common::witnessed(dir.path(), 3);
    for path in files(dir.path()) {
        let good = fs::read(&path).unwrap();
        for len in 0..good.len() {
            fs::write(&path, &good[..len]).unwrap();
            assert_ne!(
                outcome(dir.path()),
                Outcome::Verified,
                "{} at {len}",
                path.display()
            );
        }
        fs::write(&path, &good).unwrap();
    }
}

#[test]
fn every_missing_file_is_found() {
    let dir = tempfile::tempdir().unwrap();
    common::witnessed(dir.path(), 3);
    for path in files(dir.path())
        .into_iter()
        .filter(|path| !path.ends_with("lock") && !path.to_string_lossy().contains("heads"))
    {
        let good = fs::read(&path).unwrap();
        fs::remove_file(&path).unwrap();
        assert_ne!(outcome(dir.path()), Outcome::Verified, "{}", path.display());
        fs::write(&path, &good).unwrap();
    }
}

#[test]
fn records_cannot_be_swapped_doubled_or_dropped() {
    let dir = tempfile::tempdir().unwrap();
    common::witnessed(dir.path(), 3);
    let segment = files(&dir.path().join("audit/seg"))[0].clone();
    let good = fs::read(&segment).unwrap();
    let blocks: Vec<&[u8]> = good.chunks(64).collect();
    for first in 2..blocks.len() {
        let (mut dropped, mut doubled, mut swapped) =
            (blocks.clone(), blocks.clone(), blocks.clone());
        dropped.remove(first);
        doubled.insert(first, blocks[first]);
        swapped.swap(first, 2 + (first - 1) % (blocks.len() - 2));
        for changed in [dropped, doubled, swapped] {
            if changed.concat() != good {
                fs::write(&segment, changed.concat()).unwrap();
                assert_eq!(outcome(dir.path()), Outcome::Failed, "block {first}");
            }
        }
    }
}

#[test]
fn the_first_bad_record_is_named() {
    let dir = tempfile::tempdir().unwrap();
    common::witnessed(dir.path(), 4);
    let segment = files(&dir.path().join("audit/seg"))[0].clone();
    let mut bytes = fs::read(&segment).unwrap();
    let third = HEADER_ALIGN + 2 * 256;
    bytes[third + 8] ^= 1;
    fs::write(&segment, bytes).unwrap();
    let bad = verify(dir.path(), None).bad.unwrap();
    assert_eq!((bad.seq, bad.offset), (2, third as u64));
}

#[test]
fn a_log_written_anew_by_whoever_holds_the_key_does_not_fit_the_receipts() {
    let (honest, forged) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    common::witnessed(honest.path(), 3);
    let mut log = common::create(forged.path());
    common::fill(&mut log, 3);
    log.publish_head(&common::key(1)).unwrap();
    drop(log);
    for receipt in files(&honest.path().join("audit/receipts")) {
        fs::copy(
            &receipt,
            forged
                .path()
                .join("audit/receipts")
                .join(receipt.file_name().unwrap()),
        )
        .unwrap();
    }
    assert_eq!(outcome(forged.path()), Outcome::Failed);
}

#[test]
fn an_older_state_of_the_disk_does_not_fit_the_receipts() {
    let dir = tempfile::tempdir().unwrap();
    let mut log = common::create(dir.path());
    let mut witness = common::witness();
    common::fill(&mut log, 2);
    let segment = files(&dir.path().join("audit/seg"))[0].clone();
    let older = fs::read(&segment).unwrap();
    common::fill(&mut log, 2);
    let note = common::receipt(&mut log, &mut witness, 0);
    log.keep_receipt(&note).unwrap();
    drop(log);
    fs::write(&segment, older).unwrap();
    assert_eq!(outcome(dir.path()), Outcome::Failed);
}

#[test]
fn files_that_nothing_refers_to_are_not_passed_over() {
    let dir = tempfile::tempdir().unwrap();
    common::witnessed(dir.path(), 1);
    fs::create_dir_all(dir.path().join("lake/x")).unwrap();
    fs::write(dir.path().join("lake/x/segment.parquet"), b"rows").unwrap();
    let bad = verify(dir.path(), None).bad.unwrap();
    assert!(bad.why.contains("not covered"), "{bad:?}");
}
