//! A log as one Parquet file, written and read by the program.
#![expect(clippy::unwrap_used, reason = "tests")]

mod chain;
mod judge;

use std::fs;
use std::path::Path;

use chain::{Chain, START, policy, segment};
use iia_core::Timestamp;
use iia_core::event::{Event, EventKind};
use judge::{iia, said};
use serde_json::Value;

fn evidence(dir: &Path) -> Chain {
    let mut chain = Chain::create(dir);
    for number in 0..6 {
        chain.pass(7);
        let at = Timestamp::from_secs(START + 7 * number);
        let event = Event::new(EventKind::ContractViolation, at);
        chain.tell(
            event
                .with("operation", format!("read coil {number}"))
                .with("reason", format!("no {number}")),
        );
    }
    chain.witness();
    chain
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn a_table_tells_the_same_incident_as_the_directory_it_was_made_of() {
    let dir = tempfile::tempdir().unwrap();
    let mut chain = evidence(dir.path());
    let out = tempfile::tempdir().unwrap();
    let table = out.path().join("log.parquet");
    let words = said(
        0,
        &[
            "audit",
            "export",
            text(dir.path()),
            "--parquet",
            text(&table),
        ],
    );
    assert!(
        words.starts_with("6 records, 0 of them without body; 1 signed head; "),
        "{words}"
    );
    let key = policy().log.to_text();
    let timeline = |path: &Path| -> Value {
        let said = said(
            0,
            &["audit", "timeline", "--json", "--key", &key, text(path)],
        );
        serde_json::from_str(&said).unwrap()
    };
    let (theirs, ours) = (timeline(&table), timeline(dir.path()));
    for same in ["first", "aware"] {
        let (theirs, ours) = (theirs.get(same).unwrap(), ours.get(same).unwrap());
        assert_eq!(theirs.get("at"), ours.get("at"));
        assert_eq!(theirs.pointer("/link/hash"), ours.pointer("/link/hash"));
        assert_eq!(
            theirs.pointer("/link/existed_by"),
            ours.pointer("/link/existed_by")
        );
    }
    for same in ["deadlines", "suspected_malicious", "kinds", "last"] {
        assert_eq!(theirs.get(same), ours.get(same), "{same}");
    }
    assert_eq!(theirs.pointer("/evidence/form").unwrap(), "table");
    // What no head covers yet is left out, and said to be.
    chain.beat();
    let words = said(
        0,
        &[
            "audit",
            "export",
            text(dir.path()),
            "--parquet",
            text(&table),
            "--redact",
            "3",
        ],
    );
    assert!(
        words.contains("6 records, 1 of them without body"),
        "{words}"
    );
    assert!(
        words.contains("left out: 1 record that no signed head covers yet"),
        "{words}"
    );
}

#[test]
fn what_cannot_be_exported_leaves_nothing_behind() {
    let dir = tempfile::tempdir().unwrap();
    drop(evidence(dir.path()));
    let out = tempfile::tempdir().unwrap();
    let table = out.path().join("log.parquet");
    let refused = |arguments: &[&str], words: &str| {
        let output = iia(&[&["audit", "export"], arguments].concat());
        let errors = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{errors}");
        assert!(
            errors.contains(words) && errors.lines().count() == 1,
            "{errors}"
        );
    };
    let folder = text(dir.path());
    refused(
        &[folder, "--parquet", text(out.path())],
        "is there and is no file",
    );
    refused(
        &[folder, "--parquet", "/dev/null"],
        "is there and is no file",
    );
    refused(&[folder, "--parquet", "/nowhere/at/all"], "No such file");
    refused(
        &["/etc", "--parquet", text(&table)],
        "holds no audit directory",
    );
    let mut bytes = fs::read(segment(dir.path())).unwrap();
    *bytes.get_mut(chain::offset(dir.path(), 4) + 140).unwrap() ^= 1;
    fs::write(segment(dir.path()), &bytes).unwrap();
    refused(
        &[folder, "--parquet", text(&table)],
        "IIA-AUD-0102: record 4",
    );
    assert_eq!(fs::read_dir(out.path()).unwrap().count(), 0);
}
