//! A second verifier of tables, in Python, written from the format's page and with another implementation of Parquet, says the
//! same as ours.
#![expect(clippy::unwrap_used, reason = "tests")]

mod common;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use common::{event, key, policy, receipt, witness};
use iia_audit::bundle::{Known, Outcome, Show};
use iia_audit::table::{COLUMNS, Cell, Writer, make, read, verify};
use iia_core::time::Clock as _;

fn own_opinion(bytes: &[u8]) -> String {
    let known = Known {
        log: Some(policy().log),
        witnesses: Vec::new(),
    };
    let report = verify(bytes, &known, |_| {});
    let seq = report.bad.as_ref().and_then(|bad| bad.seq);
    match report.outcome() {
        Outcome::ProvenAndWitnessed => format!("witnessed {}", report.records),
        Outcome::ProvenNotWitnessed => format!("proven {}", report.records),
        _ => seq.map_or("failed -".into(), |seq| format!("failed {seq}")),
    }
}

fn second_opinion(python: &Path, tables: &[Vec<u8>]) -> Vec<String> {
    let dir = tempfile::tempdir().unwrap();
    let name = |number: usize| dir.path().join(format!("{number}.parquet"));
    let paths: Vec<PathBuf> = (0..tables.len()).map(name).collect();
    for (path, bytes) in paths.iter().zip(tables) {
        fs::write(path, bytes).unwrap();
    }
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/judges/verify_table.py");
    let done = Command::new(python)
        .arg(script)
        .arg(policy().log.to_text())
        .args(&paths)
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{errors}");
    let said = String::from_utf8(done.stdout).unwrap();
    assert_eq!(said.lines().count(), tables.len(), "{errors}");
    said.lines().map(str::to_owned).collect()
}

/// The same words, up to the reason.
fn agree(python: &Path, tables: &[Vec<u8>]) {
    let theirs = second_opinion(python, tables);
    for (number, (theirs, bytes)) in theirs.iter().zip(tables).enumerate() {
        let ours = own_opinion(bytes);
        let same = match ours.starts_with("failed") {
            true => theirs.split(' ').take(2).eq(ours.split(' ')),
            false => *theirs == ours,
        };
        assert!(same, "{number}: ours {ours}, theirs {theirs}");
    }
}

/// Logs of 1 to `most` records, some witnessed to the end, with bodies left out by another pattern each time.
fn sound(most: u64) -> Vec<Vec<u8>> {
    let mut tables = Vec::new();
    for count in 1..=most {
        let dir = tempfile::tempdir().unwrap();
        let mut log = common::create(dir.path());
        let mut witness = witness();
        for number in 0..count {
            let text = format!("{number} \"\\/\u{7f}\u{0}\u{1f}\n\u{2028}ü\u{10348}");
            log.append(&[event(&text, number)], common::clock().read())
                .unwrap();
            if number == count / 2 || count % 2 == 0 && number + 1 == count {
                let known = if number == count / 2 {
                    0
                } else {
                    count / 2 + 1
                };
                let note = receipt(&mut log, &mut witness, known);
                log.keep_receipt(&note).unwrap();
            }
        }
        drop(log.publish_head(&key(1)).unwrap());
        let mut bytes = Vec::new();
        let show = |seq| {
            if ((count * 37) >> seq) & 1 == 1 {
                Show::Bare
            } else {
                Show::Whole
            }
        };
        make(
            dir.path(),
            |record| show(record.seq),
            |piece| bytes.extend_from_slice(piece),
        )
        .unwrap();
        tables.push(bytes);
    }
    tables
}

fn python(name: &str) -> Option<PathBuf> {
    let python = common::python(name)?;
    let has = Command::new(&python)
        .args(["-c", "import pyarrow"])
        .output();
    if has.is_ok_and(|done| done.status.success()) {
        return Some(python);
    }
    common::skip(name, "pyarrow");
    None
}

#[test]
fn both_verifiers_say_the_same_of_sound_tables_and_of_every_changed_cell() {
    let Some(python) =
        python("both_verifiers_say_the_same_of_sound_tables_and_of_every_changed_cell")
    else {
        return;
    };
    let tables = sound(12);
    let outcomes: Vec<String> = tables.iter().map(|bytes| own_opinion(bytes)).collect();
    assert!(outcomes.contains(&"witnessed 12".into()) && outcomes.contains(&"proven 11".into()));
    agree(&python, &tables);
    let table = read(&tables[5]).unwrap();
    let mut rows: Vec<Vec<Cell>> = Vec::new();
    table
        .rows(|row| {
            rows.push(row.to_vec());
            Ok(())
        })
        .unwrap();
    let mut bent = Vec::new();
    let mut add = |rows: &[Vec<Cell>], words: &[(String, String)]| {
        let mut bytes = Vec::new();
        let mut writer = Writer::new(|piece: &[u8]| bytes.extend_from_slice(piece));
        rows.iter().for_each(|row| writer.push(row).unwrap());
        writer.finish(words);
        bent.push(bytes);
    };
    for row in 0..rows.len() {
        for column in 0..COLUMNS.len() {
            let mut rows = rows.clone();
            match &mut rows[row][column] {
                Cell::Number(number) => *number ^= 1,
                Cell::Bytes(bytes) => bytes[0] ^= 1,
                Cell::Empty => continue,
            }
            add(&rows, &table.words);
        }
        let mut swapped = rows.clone();
        swapped.swap(row, (row + 1) % 6);
        add(&swapped, &table.words);
        let mut dropped = rows.clone();
        dropped.remove(row);
        add(&dropped, &table.words);
    }
    let other = read(&tables[3]).unwrap();
    for word in 0..table.words.len() {
        let mut words = table.words.clone();
        words[word].1 = other.words[word.min(4)].1.clone();
        add(&rows, &words);
    }
    assert!(bent.len() > 70, "{}", bent.len());
    agree(&python, &bent);
}

#[test]
fn whatever_another_reader_takes_for_the_log_is_the_log() {
    let Some(python) = python("whatever_another_reader_takes_for_the_log_is_the_log") else {
        return;
    };
    let sound = sound(5).pop().unwrap();
    let mut seed = 20_261_129u64;
    let flips = (0..300).map(|_| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let mut bytes = sound.clone();
        let at = (seed >> 33) as usize % bytes.len();
        bytes[at] ^= 1 << (seed >> 20 & 7);
        bytes
    });
    let tables: Vec<Vec<u8>> = flips.collect();
    assert!(
        tables
            .iter()
            .all(|bytes| own_opinion(bytes).starts_with("failed"))
    );
    let theirs = second_opinion(&python, &tables);
    // What the other reader does not mind are bytes of the form, not of rows or words: few.
    let passed = theirs
        .iter()
        .filter(|said| !said.starts_with("failed"))
        .count();
    assert!(passed < tables.len() / 10, "{passed}");
}
