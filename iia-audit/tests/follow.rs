//! A log is followed while it is written: each record comes once, across segments, and what is wrong is said.
#![expect(clippy::unwrap_used, reason = "tests")]

mod common;

use std::fs::OpenOptions;
use std::io::{Seek as _, SeekFrom, Write as _};

use common::{create, fill};
use iia_audit::verify::{Follow, records};

fn numbers(follow: &mut Follow) -> Vec<u64> {
    let mut all = Vec::new();
    follow.read(|record| all.push(record.seq)).unwrap();
    all
}

#[test]
fn each_record_comes_once_while_the_log_grows_over_segments() {
    let dir = tempfile::tempdir().unwrap();
    let mut log = create(dir.path()).with_segment_len(8192);
    let audit = dir.path().join("audit");
    let mut follow = Follow::open(&audit).unwrap();
    let mut all = numbers(&mut follow);
    for round in 0..40 {
        fill(&mut log, round % 5);
        all.extend(numbers(&mut follow));
        assert!(numbers(&mut follow).is_empty());
    }
    let mut want = Vec::new();
    records(&audit, |record| want.push(record.seq)).unwrap();
    assert_eq!(all, want);
    assert!(std::fs::read_dir(audit.join("seg")).unwrap().count() > 2);
    assert_eq!(follow.next(), want.len() as u64);
    // Whoever begins later gets the same, and beginning anew gives nothing twice.
    let mut late = Follow::open(&audit).unwrap();
    assert_eq!(numbers(&mut late), want);
    late.restart();
    assert!(numbers(&mut late).is_empty());
    fill(&mut log, 1);
    assert_eq!(numbers(&mut late).len(), 2);
}

#[test]
fn a_record_that_was_changed_is_told_and_those_before_it_come() {
    let dir = tempfile::tempdir().unwrap();
    let mut log = create(dir.path());
    fill(&mut log, 9);
    drop(log);
    let audit = dir.path().join("audit");
    let (mut count, mut end) = (0, 0);
    iia_audit::verify::walk(&audit, |found| {
        count += 1;
        end = found.offset;
    })
    .unwrap();
    let segment = std::fs::read_dir(audit.join("seg")).unwrap().next();
    let path = segment.unwrap().unwrap().path();
    let mut file = OpenOptions::new().write(true).open(path).unwrap();
    file.seek(SeekFrom::Start(end + 60)).unwrap();
    file.write_all(b"changed").unwrap();
    let mut follow = Follow::open(&audit).unwrap();
    let mut got = 0;
    for _ in 0..2 {
        assert!(follow.read(|_| got += 1).is_err());
        assert_eq!(got, count - 1);
    }
}
