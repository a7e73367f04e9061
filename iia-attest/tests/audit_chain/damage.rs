//! What a thief does to the records where they lie, without the key: cut, changed, moved, taken out, at any place.

use std::cell::RefCell;
use std::fs;
use std::path::Path;

use iia_audit::fork::Fork;
use iia_core::finding::Severity;
use proptest::prelude::{ProptestConfig, any, prop_assert_eq, proptest};
use proptest::sample::Index;

use crate::plant::{Plant, arrange, copy, places, segment};

const RECORDS: u64 = 40;

/// Changes the disk, looks once, and expects this clause from this record on.
#[track_caller]
fn check(change: impl Fn(&Path), clause: &str, from: u64) {
    let mut plant = Plant::new(RECORDS);
    change(plant.dir.path());
    plant.read();
    let finding = plant.one(clause, &format!("record {from}"));
    assert_eq!(finding.severity, Severity::Critical);
    assert_eq!(finding.source, "seg01.example/audit");
    // Seen again and again, said once; peers that say the same say nothing new.
    for _ in 0..3 {
        plant.wait(5);
        plant.hear();
        plant.read();
    }
    assert_eq!(plant.wrong(), []);
    assert!(Fork::open(&finding.evidence[0], &crate::plant::policy().log).is_err());
}

#[test]
fn r_atn_20_a_log_whose_end_was_cut_off_is_truncated() {
    for keep in [0, 1, 17, 39] {
        let cut = |dir: &Path| arrange(dir, &(0..keep).collect::<Vec<_>>());
        check(cut, "truncated", keep as u64);
    }
}

#[test]
fn a_log_that_was_cut_inside_a_record_is_truncated_before_it() {
    for inside in [1, 100, 130] {
        let cut = |dir: &Path| {
            let (from, _) = places(dir)[20];
            let bytes = fs::read(segment(dir)).unwrap();
            fs::write(segment(dir), &bytes[..from + inside]).unwrap();
        };
        check(cut, "truncated", 20);
    }
}

#[test]
fn r_atn_20_a_changed_record_is_edited() {
    for at in [0, 7, 39] {
        let edit = |dir: &Path| {
            let (from, len) = places(dir)[at];
            let mut bytes = fs::read(segment(dir)).unwrap();
            let word = bytes[from..from + len]
                .windows(5)
                .position(|five| five == b"event");
            bytes[from + word.unwrap()] = b'E';
            fs::write(segment(dir), bytes).unwrap();
        };
        check(edit, "edited", at as u64);
    }
}

#[test]
fn r_atn_20_records_that_changed_places_are_reordered() {
    for (one, other) in [(0, 1), (3, 30), (38, 39)] {
        let swap = |dir: &Path| {
            let mut order: Vec<usize> = (0..RECORDS as usize).collect();
            order.swap(one, other);
            arrange(dir, &order);
        };
        check(swap, "reordered", one as u64);
    }
}

#[test]
fn a_file_of_records_that_is_gone_is_named_with_its_records() {
    let mut plant = Plant::new(0);
    // Each batch closes its segment.
    let mut log = plant.log().with_segment_len(0);
    for number in 1..=6 {
        let event = crate::plant::event(&format!("event {number}"));
        log.append(&[event], iia_core::time::Clock::read(&plant.clock))
            .unwrap();
    }
    drop(log);
    plant.publish();
    plant.look();
    assert_eq!(plant.wrong(), []);
    fs::remove_file(plant.dir.path().join("audit/seg/0000000000000003.iia")).unwrap();
    plant.read();
    let finding = plant.one("removed", "record 3");
    assert!(
        finding.reason.starts_with("records 3 to 3 were taken out"),
        "{finding:?}"
    );
}

#[test]
fn what_lies_beside_the_records_counts_too() {
    let mut plant = Plant::new(RECORDS);
    fs::write(plant.dir.path().join("audit/note"), "hello").unwrap();
    plant.read();
    let finding = plant.one("evidence", "record");
    assert!(finding.reason.contains("audit/note"), "{finding:?}");
    fs::remove_file(plant.dir.path().join("audit/note")).unwrap();
    plant.read();
    // What was mended is said, too.
    let findings = plant.findings();
    let reasons: Vec<&str> = findings.iter().map(|one| one.reason.as_str()).collect();
    assert_eq!(
        reasons,
        ["every record of the log is again the one that was seen, under every head"]
    );
}

/// A log, and what an observer knows of it before anything happens.
struct Before {
    plant: Plant,
    kept: tempfile::TempDir,
}

fn before() -> Before {
    let plant = Plant::new(RECORDS);
    let kept = tempfile::tempdir().unwrap();
    copy(plant.dir.path(), kept.path());
    Before { plant, kept }
}

/// What is said of a damaged copy by the observer as it was before.
fn said(before: &mut Before, damage: impl Fn(&Path)) -> Vec<(String, u64)> {
    let dir = tempfile::tempdir().unwrap();
    copy(before.kept.path(), dir.path());
    damage(dir.path());
    let observer = before.plant.observer.clone();
    before.plant.read_at(None, dir.path());
    let findings = before.plant.wrong();
    before.plant.observer = observer;
    let from = |evidence: &[String]| {
        evidence[0]
            .strip_prefix("record ")
            .unwrap()
            .parse()
            .unwrap()
    };
    findings
        .iter()
        .map(|one| (one.clause.clone(), from(&one.evidence)))
        .collect()
}

#[test]
fn a_bit_changed_anywhere_in_a_record_is_found_at_that_record() {
    let before = RefCell::new(before());
    let dir = before.borrow().kept.path().to_path_buf();
    let places = places(&dir);
    let whole = fs::read(segment(&dir)).unwrap();
    proptest!(ProptestConfig::with_cases(96), |(at in any::<Index>(), byte in any::<Index>(), bit in 0u8..8)| {
        let at = at.index(places.len());
        let (from, len) = places[at];
        let mut bytes = whole.clone();
        bytes[from + byte.index(len)] ^= 1 << bit;
        let said = said(&mut before.borrow_mut(), |dir| fs::write(segment(dir), &bytes).unwrap());
        prop_assert_eq!(said, vec![("edited".to_owned(), at as u64)]);
    });
}

#[test]
fn records_cut_swapped_taken_out_or_doubled_anywhere_are_found_at_the_first_of_them() {
    let count = RECORDS as usize;
    let before = RefCell::new(before());
    proptest!(ProptestConfig::with_cases(64), |(one in any::<Index>(), other in any::<Index>(), how in 0..4)| {
        let (one, other) = (one.index(count), other.index(count));
        let (first, last) = (one.min(other), one.max(other));
        let mut order: Vec<usize> = (0..count).collect();
        match how {
            0 => order.truncate(first),
            1 => order.swap(first, last),
            2 => drop(order.drain(first..=last)),
            _ => order.insert(first, last),
        }
        let is_whole = order.iter().copied().eq(0..count);
        let want = match how {
            _ if is_whole => vec![],
            0 => vec![("truncated".to_owned(), first as u64)],
            2 if last == count - 1 => vec![("truncated".to_owned(), first as u64)],
            // A record put in before itself lies right, and the one behind it does not.
            3 if first == last => vec![("reordered".to_owned(), first as u64 + 1)],
            _ => vec![("reordered".to_owned(), first as u64)],
        };
        let said = said(&mut before.borrow_mut(), |dir| arrange(dir, &order));
        prop_assert_eq!(said, want);
    });
}
