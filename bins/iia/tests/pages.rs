//! Pages of figures that this program makes: what they say is what it says today.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Rows of tables, as they stand.
fn rows(text: &str) -> Vec<&str> {
    text.lines().filter(|line| line.starts_with('|')).collect()
}

#[test]
fn the_page_about_learning_is_fresh() {
    let corpus = std::env::var_os("IIA_CORPUS");
    let corpus = corpus.map_or_else(|| root().join("../shared/corpus"), PathBuf::from);
    let captures = corpus.join("modbus");
    if !captures.is_dir() {
        let all = std::env::var_os("IIA_REQUIRE_ALL").is_some();
        assert!(!all, "the corpus of captures is missing");
        eprintln!("SKIPPED: the_page_about_learning_is_fresh: the corpus of captures");
        return;
    }
    let output = Command::new(env!("CARGO_BIN_EXE_iia"))
        .args(["learn", "--halves"])
        .arg(captures)
        .output()
        .unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    let page = fs::read_to_string(root().join("docs/learn.md")).unwrap();
    assert!(rows(&said).len() > 10, "{said}");
    assert_eq!(rows(&page), rows(&said), "docs/learn.md is stale");
}
