//! The issuance log: durable, chained, bounded, and honest about what a fall or a hand did to it.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::fs;
use std::path::{Path, PathBuf};

use iia_core::Digest;
use iia_core::digest::Context;
use iia_core::issuance::Issuance;
use iia_identity::IdentityError;
use iia_identity::journal::{BATCH_MAX, Journal, SEGMENT_LEN_MAX, SEGMENTS_MAX, read_all};

fn record(number: i64) -> Issuance {
    Issuance {
        seq: 0,
        prev: Digest::ZERO,
        ts_ns: number,
        id: "spiffe://iia.local/zone/a/workload/b".into(),
        serial: "40".into(),
        not_before_ns: 0,
        not_after_ns: 1,
        certificate: Digest::of(Context::File, b"leaf"),
        authority: Digest::of(Context::File, b"root"),
        admitted: String::new(),
    }
}

fn numbers(dir: &Path) -> Result<Vec<u64>, IdentityError> {
    let mut seen = Vec::new();
    read_all(dir, &mut |record| seen.push(record.seq))?;
    Ok(seen)
}

fn files(dir: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = fs::read_dir(dir)
        .unwrap()
        .map(|file| file.unwrap().path())
        .collect();
    files.sort();
    files
}

fn begun(dir: &Path) -> Journal {
    let mut journal = Journal::open(dir).unwrap();
    for number in 0..3 {
        journal.append([record(number)]).unwrap();
    }
    journal
}

#[test]
fn what_is_appended_is_read_back_after_a_restart_in_one_chain() {
    let dir = tempfile::tempdir().unwrap();
    let last = begun(dir.path()).last();
    let mut again = Journal::open(dir.path()).unwrap();
    assert_eq!(again.last(), last);
    let kept = again.append([record(3), record(4)]).unwrap();
    assert_eq!(kept.iter().map(|one| one.seq).collect::<Vec<_>>(), [4, 5]);
    assert_eq!(numbers(dir.path()), Ok(vec![1, 2, 3, 4, 5]));
}

#[test]
fn a_torn_end_is_cut_off_wherever_it_tears() {
    let dir = tempfile::tempdir().unwrap();
    begun(dir.path());
    let file = files(dir.path()).remove(0);
    let whole = fs::read(&file).unwrap();
    let two = whole.len() / 3 * 2;
    for len in two + 1..whole.len() {
        fs::write(&file, whole.get(..len).unwrap()).unwrap();
        let mut journal = Journal::open(dir.path()).unwrap();
        assert_eq!(journal.last().0, 2, "{len}");
        journal.append([record(9)]).unwrap();
        assert_eq!(numbers(dir.path()), Ok(vec![1, 2, 3]), "{len}");
    }
}

#[test]
fn a_changed_byte_and_a_missing_record_are_found() {
    let dir = tempfile::tempdir().unwrap();
    begun(dir.path());
    let file = files(dir.path()).remove(0);
    let whole = fs::read(&file).unwrap();
    let len = whole.len() / 3;
    // The last record is vouched for by nobody yet; every byte before it is.
    for at in 0..2 * len {
        let mut bent = whole.clone();
        *bent.get_mut(at).unwrap() ^= 1;
        fs::write(&file, bent).unwrap();
        let seen = numbers(dir.path());
        assert!(seen.is_err() || seen != Ok(vec![1, 2, 3]), "{at}");
    }
    let without = [whole.get(..len).unwrap(), whole.get(2 * len..).unwrap()].concat();
    fs::write(&file, without).unwrap();
    assert!(matches!(
        Journal::open(dir.path()),
        Err(IdentityError::Journal(_))
    ));
}

#[test]
fn the_log_keeps_to_its_segments_and_the_chain_goes_on_over_their_borders() {
    let dir = tempfile::tempdir().unwrap();
    let mut journal = Journal::open(dir.path()).unwrap();
    let batch: Vec<Issuance> = (0..512).map(record).collect();
    assert_eq!(batch.len(), BATCH_MAX);
    let mut appended = 0;
    while files(dir.path()).len() < SEGMENTS_MAX || appended < 120_000 {
        appended += journal.append(batch.clone()).unwrap().len();
    }
    let files = files(dir.path());
    assert_eq!(files.len(), SEGMENTS_MAX);
    let most = files
        .iter()
        .map(|file| file.metadata().unwrap().len())
        .max();
    assert!(most < Some(SEGMENT_LEN_MAX + 512 * 1024), "{most:?}");
    let seen = numbers(dir.path()).unwrap();
    assert!(*seen.first().unwrap() > 1, "the oldest are gone");
    assert_eq!(usize::try_from(*seen.last().unwrap()), Ok(appended));
    assert_eq!(Journal::open(dir.path()).unwrap().last(), journal.last());
    // One more than a batch is not written, and the caller sees it.
    let over: Vec<Issuance> = (0..513).map(record).collect();
    assert_eq!(journal.append(over).unwrap().len(), BATCH_MAX);
}
