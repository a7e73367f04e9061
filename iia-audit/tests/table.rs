//! A table of a whole log: what it shows is proven, and whatever is changed in it is found.
#![expect(clippy::unwrap_used, reason = "tests")]

mod common;

use std::path::Path;

use common::{event, key, policy, receipt, witness};
use iia_audit::bundle::{Known, Outcome, Show};
use iia_audit::frame::Record;
use iia_audit::log::Log;
use iia_audit::table::{COLUMNS, Cell, GROUP_ROWS, Made, Report, Writer, make, read, verify};
use iia_core::time::Clock as _;

/// A log of `count` records with a receipt over half of them and a head over all but the last.
fn evidence(dir: &Path, count: u64) {
    let mut log = common::create(dir);
    let mut witness = witness();
    let add = |log: &mut Log, from: u64, to: u64| {
        let events: Vec<_> = (from..to)
            .map(|number| event(&format!("n\u{b0} {number} \"\\\n\u{1}\u{7f}é"), 0))
            .collect();
        log.append(&events, common::clock().read()).unwrap();
    };
    add(&mut log, 0, count / 2);
    let note = receipt(&mut log, &mut witness, 0);
    log.keep_receipt(&note).unwrap();
    add(&mut log, count / 2, count - 1);
    log.publish_head(&key(1)).unwrap();
    add(&mut log, count - 1, count);
}

fn table(dir: &Path, show: impl FnMut(&Record) -> Show) -> (Made, Vec<u8>) {
    let mut bytes = Vec::new();
    let made = make(dir, show, |piece| bytes.extend_from_slice(piece)).unwrap();
    assert_eq!(made.len, bytes.len() as u64);
    (made, bytes)
}

fn check(bytes: &[u8]) -> Report {
    let known = Known {
        log: Some(policy().log),
        witnesses: Vec::new(),
    };
    verify(bytes, &known, |_| {})
}

/// Rows and words of a table, to be written again otherwise.
fn parts(bytes: &[u8]) -> (Vec<Vec<Cell>>, Vec<(String, String)>) {
    let table = read(bytes).unwrap();
    let mut rows = Vec::new();
    table
        .rows(|row| {
            rows.push(row.to_vec());
            Ok(())
        })
        .unwrap();
    (rows, table.words)
}

fn written(rows: &[Vec<Cell>], words: &[(String, String)]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut writer = Writer::new(|piece: &[u8]| bytes.extend_from_slice(piece));
    rows.iter().for_each(|row| writer.push(row).unwrap());
    writer.finish(words);
    bytes
}

#[test]
fn a_table_holds_every_record_under_its_heads_and_gives_them_back() {
    let dir = tempfile::tempdir().unwrap();
    evidence(dir.path(), 21);
    let (made, bytes) = table(dir.path(), |record| match record.seq {
        3 | 7 => Show::Bare,
        _ => Show::Whole,
    });
    assert_eq!(
        (made.records, made.redacted, made.heads, made.unproven),
        (20, 2, 2, 1)
    );
    let mut shown = Vec::new();
    let known = Known::default();
    let report = verify(&bytes, &known, |one| shown.push(one.clone()));
    assert_eq!(report.bad, None);
    assert_eq!(report.outcome(), Outcome::Unpinned);
    let mut log = Vec::new();
    iia_audit::verify::records(&dir.path().join("audit"), |record| log.push(record)).unwrap();
    for (one, record) in shown.iter().zip(&log) {
        assert_eq!((one.seq(), one.hash()), (record.seq, record.hash));
        assert_eq!(one.whole().is_none(), matches!(record.seq, 3 | 7));
        assert!(one.whole().is_none_or(|whole| whole == record));
    }
    let report = check(&bytes);
    assert_eq!(report.outcome(), Outcome::ProvenNotWitnessed);
    let sizes: Vec<(u64, bool)> = report
        .heads
        .iter()
        .map(|head| (head.size, head.cosigned.is_some()))
        .collect();
    assert_eq!(sizes, [(10, true), (20, false)]);
}

#[test]
fn every_changed_byte_is_found_and_a_changed_cell_names_its_record() {
    let dir = tempfile::tempdir().unwrap();
    evidence(dir.path(), 9);
    let (_, bytes) = table(dir.path(), |record| match record.seq {
        2 => Show::Bare,
        _ => Show::Whole,
    });
    for at in 0..bytes.len() {
        for bit in [0, 6] {
            let mut bent = bytes.clone();
            bent[at] ^= 1 << bit;
            assert_eq!(check(&bent).outcome(), Outcome::Failed, "byte {at}");
        }
        assert_eq!(
            check(&bytes[..at]).outcome(),
            Outcome::Failed,
            "cut at {at}"
        );
    }
    assert_eq!(
        check(&[bytes.as_slice(), b"x"].concat()).outcome(),
        Outcome::Failed
    );
    // Every cell in turn, in a file of the right form.
    let (rows, words) = parts(&bytes);
    assert_eq!(written(&rows, &words), bytes);
    for row in 0..rows.len() {
        for column in 0..COLUMNS.len() {
            let mut bent = rows.clone();
            match &mut bent[row][column] {
                Cell::Number(number) => *number ^= 1,
                Cell::Bytes(bytes) => *bytes.last_mut().unwrap() ^= 1,
                Cell::Empty => continue,
            }
            let bad = check(&written(&bent, &words)).bad.unwrap();
            assert_eq!(
                (bad.entry.as_str(), bad.seq),
                ("rows", Some(row as u64)),
                "column {column}"
            );
        }
    }
}

#[test]
fn rows_dropped_doubled_swapped_and_redacted_by_hand_are_found() {
    let dir = tempfile::tempdir().unwrap();
    evidence(dir.path(), 9);
    let (_, bytes) = table(dir.path(), |_| Show::Whole);
    let (rows, words) = parts(&bytes);
    let bad = |rows: &[Vec<Cell>]| {
        let bad = check(&written(rows, &words)).bad.unwrap();
        (bad.entry, bad.seq)
    };
    // As many rows as the last head is over, but others.
    let mut doubled = rows.clone();
    doubled[4] = doubled[3].clone();
    assert_eq!(bad(&doubled), ("rows".into(), Some(4)));
    let mut swapped = rows.clone();
    swapped.swap(5, 6);
    assert_eq!(bad(&swapped), ("rows".into(), Some(5)));
    // Another number of rows than the last head is over.
    let mut dropped = rows.clone();
    dropped.remove(2);
    assert_eq!(bad(&dropped), ("iia.head.".into(), None));
    assert_eq!(bad(&rows[..7]), ("iia.head.".into(), None));
    assert_eq!(bad(&[]), ("iia.head.".into(), None));
    // Half redacted: the body is gone and what it said still stands there.
    let mut half = rows.clone();
    half[1][13] = Cell::Empty;
    assert_eq!(bad(&half), ("rows".into(), Some(1)));
    half[1][12] = Cell::Empty;
    assert_eq!(bad(&half), ("rows".into(), Some(1)));
    // Anybody may redact: what stays is proven all the same.
    for cell in [6, 7, 8, 9] {
        half[1][cell] = Cell::Empty;
    }
    let report = check(&written(&half, &words));
    assert_eq!((report.bad, report.redacted), (None, 1));
}

#[test]
fn words_of_another_log_or_none_or_more_are_found() {
    let dirs = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    evidence(dirs[0].path(), 9);
    evidence(dirs[1].path(), 9);
    let [(rows, words), (other, others)] =
        [0, 1].map(|at| parts(&table(dirs[at].path(), |_| Show::Whole).1));
    // Both logs have the same names, keys and times, and the salts of their records differ.
    assert_eq!(check(&written(&rows, &words)).bad, None);
    let bad = check(&written(&other, &words)).bad.unwrap();
    assert_eq!(
        (bad.entry.as_str(), bad.seq),
        ("iia.head.0000000000000004", Some(3))
    );
    for at in 0..words.len() {
        let mut mixed = words.clone();
        mixed.remove(at);
        assert!(
            check(&written(&rows, &mixed)).bad.is_some() || at == 3,
            "{at}"
        );
        mixed = words.clone();
        mixed.insert(at, ("more".into(), "x".into()));
        assert!(check(&written(&rows, &mixed)).bad.is_some(), "{at}");
        mixed = words.clone();
        mixed[at].1 = others[at].1.clone();
        let differs = mixed != words;
        assert_eq!(
            check(&written(&rows, &mixed)).bad.is_some(),
            differs,
            "{at}"
        );
        mixed = words.clone();
        mixed.swap(at, words.len() - 1 - at);
        assert_eq!(
            check(&written(&rows, &mixed)).bad.is_some(),
            mixed != words,
            "{at}"
        );
    }
    let mut more = words.clone();
    more.push(("more".into(), String::new()));
    assert!(check(&written(&rows, &more)).bad.is_some());
}

#[test]
fn a_table_of_another_key_is_refused_and_one_without_a_head_cannot_be_made() {
    let dir = tempfile::tempdir().unwrap();
    evidence(dir.path(), 4);
    let (_, bytes) = table(dir.path(), |_| Show::Whole);
    let mut other = policy().log;
    other.key = iia_core::sign::Signer::public_key(&key(9));
    let known = Known {
        log: Some(other),
        witnesses: Vec::new(),
    };
    let bad = verify(&bytes, &known, |_| {}).bad.unwrap();
    assert_eq!(
        (bad.entry.as_str(), bad.why.as_str()),
        ("iia.policy", "the log's key is not the one given")
    );
    let dir = tempfile::tempdir().unwrap();
    common::fill(&mut common::create(dir.path()), 2);
    assert!(make(dir.path(), |_| Show::Whole, |_| {}).is_err());
}

#[test]
fn groups_end_where_they_must() {
    for count in [GROUP_ROWS, GROUP_ROWS + 1] {
        let dir = tempfile::tempdir().unwrap();
        evidence(dir.path(), count as u64 + 1);
        let (made, bytes) = table(dir.path(), |record| match record.seq % 5 {
            0 => Show::Bare,
            _ => Show::Whole,
        });
        assert_eq!(made.records, count as u64);
        let report = check(&bytes);
        assert_eq!((report.bad, report.records), (None, count as u64));
    }
}
