//! `iia detect` as a person and a script meet it.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

fn press_line() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/captures/press-line.pcap")
}

fn detect(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_iia"))
        .arg("detect")
        .arg(press_line())
        .args(arguments)
        .output()
        .unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

/// Runs with rules of its own.
fn under(rules: &str, arguments: &[&str]) -> Output {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("own.rules");
    fs::write(&file, rules).unwrap();
    let own = ["--rules", file.to_str().unwrap()];
    detect(&[&own, arguments].concat())
}

const WRITES: &str = "rule writes\n technique T0836 Modify Parameter\n severity critical\n on modbus_tcp\n asked modbus.func_code 5 6 15 16\n";

#[test]
fn the_stranger_of_the_bundled_capture_asks_who_the_device_is() {
    let output = detect(&["--json"]);
    assert_eq!(output.status.code(), Some(1));
    let lines: Vec<Value> = text(&output.stdout)
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let told: Vec<[&str; 3]> = lines
        .iter()
        .map(|line| ["technique", "client", "server"].map(|key| line[key].as_str().unwrap()))
        .collect();
    assert_eq!(told, [["T0888", "10.20.0.66", "10.20.0.21"]]);
    let output = under("# none\n", &[]);
    assert_eq!(output.status.code(), Some(0));
    assert!(text(&output.stdout).contains("nothing that a rule speaks of"));
}

#[test]
fn rules_of_ones_own_are_told_in_a_table_and_as_json() {
    let table = under(WRITES, &[]);
    assert_eq!(table.status.code(), Some(1));
    let said = text(&table.stdout);
    assert!(
        said.contains("T0836") && said.contains("critical"),
        "{said}"
    );
    let json = under(WRITES, &["--json"]);
    let lines: Vec<Value> = text(&json.stdout)
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    // As many as `iia inspect` counts: writes of the capture, by whom.
    let rows = Command::new(env!("CARGO_BIN_EXE_iia"))
        .args(["inspect", "--json"])
        .arg(press_line())
        .output()
        .unwrap();
    let writes = text(&rows.stdout)
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .filter(|row| [5, 6, 15, 16].iter().any(|func| row["func"] == *func))
        .count();
    let told: u64 = lines
        .iter()
        .map(|line| line["times"].as_u64().unwrap())
        .sum();
    assert!(writes > 0);
    assert_eq!(told, writes as u64);
    assert!(
        lines
            .iter()
            .all(|line| line["technique"] == "T0836" && line["rule"] == "writes")
    );
}

#[test]
fn wrong_rules_are_one_line_with_a_code() {
    let output = under("rule a\n  on modbus", &[]);
    assert_eq!(output.status.code(), Some(2));
    let said = text(&output.stderr);
    assert!(
        said.starts_with("iia: ") && said.lines().count() == 1,
        "{said}"
    );
    assert!(
        said.contains("IIA-CAP-0035: line 2: a protocol that is not known"),
        "{said}"
    );
    let output = detect(&["--rules", "/nowhere/own.rules"]);
    assert_eq!(output.status.code(), Some(2));
}
