//! `docs/requirements.md` has every requirement once, and what it calls proven names a test that exists.
#![expect(clippy::panic, clippy::unwrap_used, reason = "tests")]

mod tree;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use tree::page::{Tests, quoted, tables};
use tree::{files, none, read, root, skip};

const PAGE: &str = "docs/requirements.md";
/// Rows that the ledger has, if it is where it should be.
const ROWS: usize = 401;

struct Row {
    id: String,
    what: String,
    state: String,
    by: String,
}

fn rows() -> Vec<Row> {
    let page = read(PAGE);
    let tables = tables(&page)
        .into_iter()
        .filter(|table| table.head == ["id", "what", "state", "by"]);
    let row = |cells: Vec<String>| {
        let [id, what, state, by] = cells
            .try_into()
            .unwrap_or_else(|cells| panic!("four cells: {cells:?}"));
        Row {
            id,
            what,
            state,
            by,
        }
    };
    tables.flat_map(|table| table.rows).map(row).collect()
}

/// The tests that a row names; other words in backticks are words.
fn named(row: &Row) -> impl Iterator<Item = String> {
    quoted(&row.by)
        .into_iter()
        .filter(|word| word.contains(".rs"))
}

#[test]
fn every_row_is_there_once() {
    let mut seen = BTreeMap::new();
    for row in rows() {
        *seen.entry(row.id).or_insert(0) += 1;
    }
    let twice: Vec<_> = seen
        .iter()
        .filter(|(_, count)| **count > 1)
        .map(|(id, _)| id.clone())
        .collect();
    none(&twice, "ids that stand in two rows");
    assert_eq!(seen.len(), ROWS);
    let Some(ledger) = ledger() else {
        return skip(
            "every_row_is_there_once",
            "the requirements ledger is not on this machine",
        );
    };
    let wanted = ids(&ledger);
    assert_eq!(
        wanted.len(),
        ROWS,
        "the ledger has other rows than this test knows"
    );
    let here: BTreeSet<_> = seen.into_keys().collect();
    let wrong: Vec<_> = wanted.symmetric_difference(&here).cloned().collect();
    none(
        &wrong,
        "ids that only one of ledger and docs/requirements.md has",
    );
}

fn ledger() -> Option<String> {
    let shared =
        std::env::var_os("IIA_SHARED").map_or_else(|| root().join("../shared"), PathBuf::from);
    std::fs::read_to_string(shared.join("LEDGER.md")).ok()
}

/// The first cell of each row, without its mark.
fn ids(ledger: &str) -> BTreeSet<String> {
    let cells = ledger.lines().filter_map(|line| line.strip_prefix("| R-"));
    let id = |line: &str| format!("R-{}", line.split([' ', '|']).next().unwrap());
    cells.map(id).collect()
}

#[test]
fn every_test_that_a_row_names_exists() {
    let tests = Tests::of(&files(&[".rs"]));
    let mut wrong = Vec::new();
    for row in rows() {
        let missing = named(&row).filter_map(|name| tests.missing(&name, ""));
        wrong.extend(missing.map(|why| format!("{}: {why}", row.id)));
    }
    none(
        &wrong,
        "tests that docs/requirements.md names and nobody has",
    );
}

#[test]
fn a_state_says_what_it_must() {
    let mut wrong = Vec::new();
    for row in rows() {
        let tests = named(&row).count();
        let good = match row.state.as_str() {
            "proven" => tests > 0 && !row.by.contains("missing"),
            "partly" => row.by.contains("missing: "),
            "stand-in" => row.by.contains("for: ") && tests > 0,
            "open" => tests == 0 && (row.by.starts_with("issue ") || row.by.starts_with("later")),
            _ => false,
        };
        if !good || row.what.is_empty() {
            wrong.push(format!("{} is {:?} by {:?}", row.id, row.state, row.by));
        }
    }
    none(
        &wrong,
        "proven names a test; partly says `missing: …`; stand-in says `for: …`; open says an issue or later",
    );
}
