//! tshark asked now, for fields that the tables beside the captures do not have.

use std::path::Path;
use std::process::Command;

/// Whether it is installed; says so where not.
pub fn installed(test: &str) -> bool {
    let there = Command::new("tshark").arg("-v").output().is_ok();
    let all = std::env::var_os("IIA_REQUIRE_ALL").is_some_and(|value| value == "1");
    assert!(there || !all, "{test}: tshark is missing");
    if !there {
        eprintln!("SKIPPED: {test}: tshark");
    }
    there
}

/// A row a frame that passes the filter: the values of each field, in the order of the wire.
pub fn rows(capture: &Path, filter: &str, fields: &[&str]) -> Vec<Vec<Vec<String>>> {
    let mut command = Command::new("tshark");
    command
        .arg("-n")
        .arg("-r")
        .arg(capture)
        .args(["-T", "fields"]);
    command.args(["-E", "aggregator=\u{1f}"]);
    // Text from the wire may hold anything; a frame may be cut anywhere.
    if !filter.is_empty() {
        command.args(["-Y", filter]);
    }
    for field in fields {
        command.args(["-e", field]);
    }
    let output = command.output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let values = |column: &str| {
        let all = column.split('\u{1f}').map(str::to_owned);
        all.filter(|value| !value.is_empty()).collect()
    };
    let row = |line: &str| line.split('\t').map(values).collect();
    text.lines().map(row).collect()
}
