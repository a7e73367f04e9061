//! The n-th write or sync fails, and the disk is full.

use std::process::Command;

use crate::disk::{Disk, moved};
use crate::writer::{Writer, holds};
use crate::{common, cycles};

fn strace(inject: &str) -> Command {
    let mut command = Command::new("strace");
    command.args(["-f", "-qq", "-o", "/dev/null", "-e", inject]);
    command.arg(std::env::current_exe().unwrap());
    command
}

#[test]
fn a_write_or_a_sync_that_fails_is_no_acknowledgement() {
    let works = Command::new("strace")
        .args(["-qq", "-o", "/dev/null", "true"])
        .status();
    if !works.is_ok_and(|status| status.success()) {
        return common::skip(
            "a_write_or_a_sync_that_fails_is_no_acknowledgement",
            "strace",
        );
    }
    for (call, error) in [
        ("fdatasync", "EIO"),
        ("fdatasync", "ENOSPC"),
        ("write", "EIO"),
        ("write", "ENOSPC"),
    ] {
        for nth in 1..=cycles(4).min(200) {
            let dir = tempfile::tempdir().unwrap();
            drop(common::create(dir.path()));
            let inject = format!("inject={call}:error={error}:when={nth}");
            let mut writer = Writer::under(dir.path(), strace(&inject));
            writer.let_run(12);
            holds(dir.path(), writer.kill());
        }
    }
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
