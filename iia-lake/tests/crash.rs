//! Every write may be the last one.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::fs;
use std::path::PathBuf;

use iia_core::finding::{Conclusion, Finding, Severity};
use iia_core::record::{Sequence, ServiceId};
use iia_core::store::{Append as _, Cursor, Siphon as _};
use iia_core::stream::Stream;
use iia_lake::batch::FindingBuilder;
use iia_lake::{Lake, LakeError, Options};

fn append(lake: &mut Lake, number: u64) {
    let mut builder = FindingBuilder::new(Stream::VIOLATION, ServiceId::from_bytes([1; 16]));
    let word = || String::from("x");
    builder.append(&Finding {
        ts_ns: 5,
        stream: word(),
        conclusion: Conclusion::Diverge,
        severity: Severity::High,
        contract: word(),
        clause: word(),
        source: word(),
        destination: word(),
        operation: word(),
        reason: word(),
        evidence: vec![word()],
    });
    lake.append(&builder.finish(Sequence::new(number)).unwrap())
        .unwrap();
}

struct Box {
    dir: tempfile::TempDir,
}

impl Box {
    fn open(&self) -> Result<(Lake, iia_lake::lake::Recovery), LakeError> {
        Lake::open(
            &self.dir.path().join("lake"),
            &self.dir.path().join("wal"),
            Options::default(),
        )
    }

    fn wal(&self) -> PathBuf {
        let wals = fs::read_dir(self.dir.path().join("wal"))
            .unwrap()
            .map(|entry| entry.unwrap().path());
        wals.into_iter()
            .find(|path| path.extension().is_some_and(|extension| extension == "wal"))
            .unwrap()
    }
}

#[test]
fn a_log_cut_anywhere_keeps_every_whole_frame() {
    let place = Box {
        dir: tempfile::tempdir().unwrap(),
    };
    let mut lake = place.open().unwrap().0;
    let mut ends = Vec::new();
    for number in 1..=3 {
        append(&mut lake, number);
        ends.push(fs::metadata(place.wal()).unwrap().len());
    }
    drop(lake);
    let good = fs::read(place.wal()).unwrap();
    for len in (0..good.len()).step_by(37) {
        let path = place.wal();
        fs::write(&path, &good[..len]).unwrap();
        let (lake, recovery) = place.open().unwrap();
        let whole = ends.iter().filter(|end| **end <= len as u64).count() as u64;
        assert_eq!(
            (lake.rows(&Stream::VIOLATION), recovery.open_rows),
            (whole, whole),
            "{len}"
        );
        let drawn = lake.siphon(&Stream::VIOLATION, Cursor(0), 10).unwrap();
        assert_eq!(drawn.rows, whole);
        fs::write(&path, &good).unwrap();
    }
}

#[test]
fn damage_before_a_good_frame_fails_closed() {
    let place = Box {
        dir: tempfile::tempdir().unwrap(),
    };
    let mut lake = place.open().unwrap().0;
    (1..=3).for_each(|number| append(&mut lake, number));
    drop(lake);
    let mut bytes = fs::read(place.wal()).unwrap();
    bytes[100] ^= 1;
    fs::write(place.wal(), &bytes).unwrap();
    assert!(matches!(
        place.open(),
        Err(LakeError::DamagedInside { at: 0, .. })
    ));
    assert_eq!(fs::read(place.wal()).unwrap(), bytes);
}

#[test]
fn a_log_whose_segment_is_sealed_is_not_read_twice() {
    let place = Box {
        dir: tempfile::tempdir().unwrap(),
    };
    let mut lake = place.open().unwrap().0;
    (1..=3).for_each(|number| append(&mut lake, number));
    let (path, log) = (place.wal(), fs::read(place.wal()).unwrap());
    lake.seal().unwrap();
    drop(lake);
    fs::write(path, log).unwrap();
    let (mut lake, _) = place.open().unwrap();
    assert_eq!(lake.rows(&Stream::VIOLATION), 3);
    append(&mut lake, 4);
    lake.seal().unwrap();
    assert_eq!(
        (lake.rows(&Stream::VIOLATION), lake.segments().count()),
        (4, 2)
    );
}

#[test]
fn a_segment_that_was_never_finished_is_not_one() {
    let place = Box {
        dir: tempfile::tempdir().unwrap(),
    };
    let mut lake = place.open().unwrap().0;
    append(&mut lake, 1);
    lake.seal().unwrap();
    drop(lake);
    let half = place
        .dir
        .path()
        .join("lake/ot.contract.violation/0000000000000001.new");
    fs::write(&half, b"PAR1").unwrap();
    assert_eq!(place.open().unwrap().0.rows(&Stream::VIOLATION), 1);
    assert!(!half.exists());
}

#[test]
fn a_damaged_segment_is_named() {
    let place = Box {
        dir: tempfile::tempdir().unwrap(),
    };
    let mut lake = place.open().unwrap().0;
    append(&mut lake, 1);
    lake.seal().unwrap();
    drop(lake);
    let path = place
        .dir
        .path()
        .join("lake/ot.contract.violation/0000000000000000.parquet");
    let len = fs::metadata(&path).unwrap().len();
    fs::OpenOptions::new()
        .write(true)
        .open(&path)
        .unwrap()
        .set_len(len / 2)
        .unwrap();
    assert!(
        matches!(place.open(), Err(LakeError::BadSegment { path, .. }) if path.contains("0000.parquet"))
    );
}
