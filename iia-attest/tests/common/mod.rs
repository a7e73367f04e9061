//! Where the data of others is.
#![allow(dead_code, reason = "every test file uses some of it")]
#![allow(clippy::panic, clippy::print_stderr, reason = "tests")]

use std::path::{Path, PathBuf};

/// The vectors beside the repository; without them `test` says so and ends.
pub(crate) fn vectors(test: &str, folder: &str) -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared");
    let shared = std::env::var_os("IIA_SHARED").map_or(beside, PathBuf::from);
    let dir = shared.join("vectors").join(folder);
    if dir.is_dir() {
        return Some(dir);
    }
    let line = format!("SKIPPED: {test}: the vectors ({})", dir.display());
    if std::env::var_os("IIA_REQUIRE_ALL").is_some() {
        panic!("{line}");
    }
    eprintln!("{line}");
    None
}
