//! The n-th write or sync fails, and the disk is full.

use std::path::Path;

use iia_audit::verify::records;
use iia_core::event::EventKind;

use crate::disk::{Disk, moved};
use crate::writer::{Writer, holds};
use crate::{common, cycles, strace};

#[test]
fn a_write_or_a_sync_that_fails_is_no_acknowledgement() {
    if !strace::works("syscalls::a_write_or_a_sync_that_fails_is_no_acknowledgement") {
        return;
    }
    for (call, error) in [
        ("fdatasync", "EIO"),
        ("fdatasync", "ENOSPC"),
        ("fsync", "EIO"),
        ("pwrite64", "EIO"),
        ("pwrite64", "ENOSPC"),
        ("rename", "EIO"),
        ("openat", "EIO"),
        ("ftruncate", "EIO"),
    ] {
        for nth in 1..=cycles(3).min(300) {
            let dir = tempfile::tempdir().unwrap();
            drop(common::create(dir.path()));
            let inject = format!("inject={call}:error={error}:when={nth}");
            let writer = Writer::under(dir.path(), strace::command(&inject, 30));
            let durable = writer.end();
            let have = holds(dir.path(), durable);
            // A sync that fails once is mended: the writer comes to its end, and a record tells of it.
            if call == "fdatasync" && nth <= 20 {
                assert_eq!((have, faults(dir.path())), (LAST, 1), "{error} at {nth}");
            }
        }
    }
}

/// The last number of thirty batches.
const LAST: u64 = 202;

/// Records that tell of a fault.
fn faults(dir: &Path) -> usize {
    let mut told = 0;
    records(&dir.join("audit"), |record| {
        told += usize::from(record.body.event.kind == EventKind::IoFault);
    })
    .unwrap();
    told
}

#[test]
fn a_full_disk_refuses_and_keeps_what_it_has() {
    if moved("syscalls::a_full_disk_refuses_and_keeps_what_it_has") {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let disk = Disk::new(dir.path(), 4);
    let log = disk.at().join("log");
    drop(common::create(&log));
    // It ends by itself: there is room for some thousand records.
    let durable = Writer::start(&log).end();
    assert!(durable > 100, "{durable}");
    holds(&log, durable);
    disk.unmount();
}
