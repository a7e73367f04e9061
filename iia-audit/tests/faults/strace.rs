//! This program under strace, which makes system calls fail or lie.

use std::process::Command;

use crate::common;
use crate::writer::COUNT;

/// Whether strace may trace here; said aloud where it may not.
pub(crate) fn works(test: &str) -> bool {
    let status = Command::new("strace")
        .args(["-qq", "-o", "/dev/null", "true"])
        .status();
    let works = status.is_ok_and(|status| status.success());
    if !works {
        common::skip(test, "strace");
    }
    works
}

/// This program under an injection. The writer ends by itself after `batches`, for whoever traces it may be killed without
/// it.
pub(crate) fn command(inject: &str, batches: u64) -> Command {
    let mut command = Command::new("strace");
    command.args(["-f", "-qq", "-o", "/dev/null", "-e", inject]);
    command.env(COUNT, batches.to_string());
    command.arg(std::env::current_exe().unwrap());
    command
}
