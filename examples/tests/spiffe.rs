//! `iia-identity/SPIFFE.md` has every MUST of the SPIFFE standards once, and names for each the tests that hold it.
#![expect(clippy::unwrap_used, reason = "tests")]

mod tree;

use std::path::PathBuf;

use tree::page::{Tests, quoted, tables};
use tree::{files, none, read, root, skip};

const PACKAGE: &str = "iia-identity";
/// Rows of the list.
const ROWS: usize = 109;
/// Rows that no test holds, by what they say instead. None more without a word here.
const WITHOUT: [(&str, usize); 2] = [
    (
        "not ours: for whoever writes the specification of a kind of SVID",
        1,
    ),
    ("not served: a Unix socket only", 2),
];

/// Number, clause and last cell of each row.
fn rows() -> Vec<(usize, String, String)> {
    let page = read(&format!("{PACKAGE}/SPIFFE.md"));
    let tables = tables(&page)
        .into_iter()
        .filter(|table| table.head == ["no", "rule", "clause", "held by"]);
    let row = |cells: Vec<String>| {
        let [no, _, clause, by] = cells.try_into().unwrap();
        (no.parse().unwrap(), clause, by)
    };
    tables.flat_map(|table| table.rows).map(row).collect()
}

#[test]
fn every_must_is_there_once_and_in_order() {
    let numbers: Vec<usize> = rows().into_iter().map(|(no, ..)| no).collect();
    assert_eq!(numbers, (1..=ROWS).collect::<Vec<_>>());
}

#[test]
fn every_row_names_tests_that_exist_or_says_why_not() {
    let tests = Tests::of(&files(&[".rs"]));
    let (mut wrong, mut counts) = (Vec::new(), WITHOUT.map(|(why, _)| (why, 0)));
    for (no, _, by) in rows() {
        let named = quoted(&by);
        let missing = named.iter().filter_map(|one| tests.missing(one, PACKAGE));
        wrong.extend(missing.map(|why| format!("{no}: {why}")));
        let bare = named.iter().filter(|one| !one.contains("::"));
        wrong.extend(bare.map(|one| format!("{no}: {one} is no test")));
        if named.is_empty() {
            match counts.iter_mut().find(|(why, _)| *why == by) {
                Some((_, count)) => *count += 1,
                None => wrong.push(format!("{no}: {by:?} is no reason")),
            }
        }
    }
    none(&wrong, "rows of SPIFFE.md that nothing holds");
    assert_eq!(counts, WITHOUT);
}

/// The list that the rows were made from, where it is: same numbers, same clauses.
#[test]
fn the_clauses_are_those_of_the_list() {
    let shared =
        std::env::var_os("IIA_SHARED").map_or_else(|| root().join("../shared"), PathBuf::from);
    let Ok(list) = std::fs::read_to_string(shared.join("SPIFFE-CHECKLIST.md")) else {
        return skip(
            "the_clauses_are_those_of_the_list",
            "the list of MUSTs is not on this machine",
        );
    };
    let mut wrong = Vec::new();
    let mut seen = 0;
    for (no, clause, _) in rows() {
        let start = format!("{no} ");
        // The rows about JWTs stand in one paragraph without clauses.
        let Some(line) = list.lines().find(|line| line.starts_with(&start)) else {
            continue;
        };
        let Some((_, after)) = line.rsplit_once('[') else {
            continue;
        };
        let theirs = after.split(']').next().unwrap().trim_end_matches(" proto");
        seen += 1;
        if theirs != clause {
            wrong.push(format!("{no}: {clause} here, {theirs} there"));
        }
    }
    assert!(seen >= 98, "only {seen} rows were compared");
    none(&wrong, "clauses that differ");
}
