//! Torn writes, damage, and two writers.
#![expect(clippy::unwrap_used, reason = "tests")]

mod common;

use std::fs::{self, OpenOptions};
use std::io::Write as _;

use iia_audit::AuditError;
use iia_audit::log::Log;
use iia_audit::segment::HEADER_ALIGN;
use iia_audit::verify::verify;
use iia_core::time::Clock as _;

#[test]
fn whatever_a_torn_write_leaves_acknowledged_records_stay() {
    let dir = tempfile::tempdir().unwrap();
    let mut log = common::create(dir.path());
    common::fill(&mut log, 3);
    drop(log);
    let segment = dir.path().join("audit/seg/0000000000000000.iia");
    let good = fs::read(&segment).unwrap();
    for torn in (1..256).step_by(7) {
        let mut file = OpenOptions::new().append(true).open(&segment).unwrap();
        file.write_all(&good[HEADER_ALIGN..HEADER_ALIGN + torn])
            .unwrap();
        drop(file);
        let (mut log, recovery) = Log::open(&dir.path().join("audit")).unwrap();
        // Zeros at the end are room.
        let end = good[HEADER_ALIGN..HEADER_ALIGN + torn]
            .iter()
            .rposition(|byte| *byte != 0);
        let torn = end.unwrap() + 1;
        assert_eq!((log.size(), recovery.quarantined), (6, torn as u64));
        assert_eq!(
            fs::read(recovery.quarantine.unwrap()).unwrap(),
            &good[HEADER_ALIGN..HEADER_ALIGN + torn]
        );
        assert_eq!(log.append(&[], common::clock().read()), Ok(6));
        assert_eq!(fs::read(&segment).unwrap(), good);
    }
}

/// A disk writes the sectors of a batch in any order.
#[test]
fn a_batch_torn_in_its_middle_is_put_aside_and_two_such_batches_are_damage() {
    let dir = tempfile::tempdir().unwrap();
    let mut log = common::create(dir.path());
    common::fill(&mut log, 3);
    let batch = || {
        (0..40)
            .map(|_| common::event(&"y".repeat(200), 0))
            .collect::<Vec<_>>()
    };
    let segment = dir.path().join("audit/seg/0000000000000000.iia");
    let before = fs::read(&segment)
        .unwrap()
        .iter()
        .rposition(|byte| *byte != 0)
        .unwrap();
    log.append(&batch(), common::clock().read()).unwrap();
    drop(log);
    let sound = fs::read(&segment).unwrap();
    // The first sector that begins within the batch, and further ones.
    let first = before / 512 + 1;
    for missing in [first, first + 1, first + 7] {
        let mut bytes = sound.clone();
        bytes[missing * 512..(missing + 1) * 512].fill(0);
        fs::write(&segment, &bytes).unwrap();
        let (log, recovery) = Log::open(&dir.path().join("audit")).unwrap();
        assert!((6..46).contains(&log.size()), "{}", log.size());
        assert!(recovery.quarantined > 512);
    }
    fs::write(&segment, &sound).unwrap();
    let (mut log, _) = Log::open(&dir.path().join("audit")).unwrap();
    log.append(&batch(), common::clock().read()).unwrap();
    drop(log);
    let mut bytes = fs::read(&segment).unwrap();
    bytes[first * 512..(first + 1) * 512].fill(0);
    fs::write(&segment, &bytes).unwrap();
    let got = Log::open(&dir.path().join("audit")).unwrap_err();
    assert!(matches!(got, AuditError::DamagedInside { .. }), "{got}");
}

#[test]
fn room_that_was_written_ahead_is_read_as_the_end() {
    let dir = tempfile::tempdir().unwrap();
    let mut log = common::create(dir.path());
    common::fill(&mut log, 2);
    let segment = dir.path().join("audit/seg/0000000000000000.iia");
    let open = fs::read(&segment).unwrap();
    assert!(open.len() as u64 > iia_audit::log::ROOM_LEN);
    drop(log);
    let closed = fs::read(&segment).unwrap();
    assert!(open.starts_with(&closed) && closed.len() < HEADER_ALIGN + 2_048);
    fs::write(&segment, &open).unwrap();
    let (log, recovery) = Log::open(&dir.path().join("audit")).unwrap();
    assert_eq!((log.size(), recovery.quarantined), (4, 0));
}

#[test]
fn damage_inside_is_not_mended() {
    let dir = tempfile::tempdir().unwrap();
    let mut log = common::create(dir.path());
    common::fill(&mut log, 3);
    drop(log);
    let segment = dir.path().join("audit/seg/0000000000000000.iia");
    let mut bytes = fs::read(&segment).unwrap();
    bytes[HEADER_ALIGN + 20] ^= 1;
    fs::write(&segment, &bytes).unwrap();
    let got = Log::open(&dir.path().join("audit")).unwrap_err();
    assert_eq!(got, AuditError::DamagedInside { seq: 0 });
    assert_eq!(fs::read(&segment).unwrap(), bytes);
}

#[test]
fn there_is_one_writer_at_a_time() {
    let dir = tempfile::tempdir().unwrap();
    let log = common::create(dir.path());
    assert!(matches!(
        Log::open(&dir.path().join("audit")),
        Err(AuditError::Storage { .. })
    ));
    drop(log);
    assert!(Log::open(&dir.path().join("audit")).is_ok());
}

#[test]
fn a_repeated_submission_is_stored_once_also_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let mut log = common::create(dir.path());
    let batch = [common::event("a", 1), common::event("b", 2)];
    let now = common::clock().read();
    assert_eq!(log.append(&batch, now), Ok(2));
    assert_eq!(log.append(&batch, now), Ok(2));
    drop(log);
    let (mut log, _) = Log::open(&dir.path().join("audit")).unwrap();
    assert_eq!(log.watermark(&batch[0].source), 2);
    assert_eq!(
        log.append(&[common::event("b", 2), common::event("c", 3)], now),
        Ok(3)
    );
}

#[test]
fn what_a_fall_cut_off_while_it_was_written_is_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let mut log = common::create(dir.path());
    common::fill(&mut log, 2);
    log.publish_head(&common::key(1)).unwrap();
    drop(log);
    let audit = dir.path().join("audit");
    let names = [
        "reserve",
        "heads/0000000000000004",
        "receipts/0000000000000004",
        "mirrored/0000000000000004",
        "seg/0000000000000004",
    ];
    let unfinished = names.map(|name| audit.join(name).with_extension("new"));
    for path in &unfinished {
        fs::write(path, "half a").unwrap();
    }
    let report = verify(dir.path(), None);
    assert_eq!((report.bad, report.heads), (None, 1));
    let (log, recovery) = Log::open(&audit).unwrap();
    assert_eq!((log.size(), recovery.quarantined), (4, 0));
    assert!(unfinished.iter().all(|path| !path.exists()));
}
