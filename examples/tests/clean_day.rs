//! A day in which nothing is wrong: each stream's observer is fed with what its real source makes in an injected day, by the
//! program that writes docs/detection-matrix.md, and says nothing.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::Command;

const PAGE: &str = include_str!("../../docs/detection-matrix.md");
const CLEAN: &str = "## Where nothing is wrong";

/// What was observed, how often, and how many findings there were.
fn rows(page: &str) -> Vec<(String, u64, u64)> {
    let (_, clean) = page.split_once(CLEAN).unwrap();
    let cells = |line: &str| -> Option<(String, u64, u64)> {
        let mut cells = line.trim_matches('|').split('|').map(str::trim);
        let (what, seen, found) = (cells.next()?, cells.next()?, cells.next()?);
        Some((what.into(), seen.parse().ok()?, found.parse().ok()?))
    };
    clean.lines().filter_map(cells).collect()
}

#[test]
fn in_a_day_without_a_fault_no_observer_says_anything() {
    let place = tempfile::tempdir().unwrap();
    let page = place.path().join("page.md");
    fs::write(&page, PAGE).unwrap();
    let own = std::env::current_exe().unwrap();
    let program = own.parent().and_then(Path::parent).unwrap();
    let program = program.join("examples/detection-matrix");
    let done = Command::new(program).arg("0").arg(&page).output().unwrap();
    if !done.status.success() {
        let why = String::from_utf8_lossy(&done.stderr);
        let line = format!("SKIPPED: in_a_day_without_a_fault_no_observer_says_anything: {why}\n");
        assert!(
            std::env::var_os("IIA_REQUIRE_ALL").is_none_or(|all| all != "1"),
            "{line}"
        );
        let _closed = std::io::stderr().write_all(line.as_bytes());
        return;
    }
    let (before, after) = (rows(PAGE), rows(&fs::read_to_string(&page).unwrap()));
    for (what, seen, found) in &after {
        assert_eq!((*found, *seen > 1000), (0, true), "{what}");
    }
    let days = |rows: &[(String, u64, u64)]| -> Vec<String> {
        let days = rows.iter().filter(|(what, ..)| what.starts_with("a day"));
        days.map(|(what, ..)| what.clone()).collect()
    };
    assert_eq!(days(&after).len(), 8);
    assert_eq!(days(&after), days(&before));
}
