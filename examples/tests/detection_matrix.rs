//! The page of the detection matrix has every fault of the program, in its order, each with all that is to be said.
#![expect(clippy::unwrap_used, reason = "tests")]

#[path = "../examples/detection-matrix/table.rs"]
mod table;

use std::collections::BTreeMap;

use table::FAULTS;

const PAGE: &str = include_str!("../../docs/detection-matrix.md");

/// The cells of the rows of the table that begins with this heading.
fn rows(heading: &str) -> Vec<Vec<&str>> {
    let (_, table) = PAGE.split_once(heading).unwrap();
    let lines = table.lines().skip(2);
    lines
        .take_while(|line| line.starts_with('|'))
        .map(|line| line.trim_matches('|').split('|').map(str::trim).collect())
        .collect()
}

#[test]
fn the_page_has_every_fault_of_the_program_and_says_what_became_of_it() {
    let rows = rows("| stream | what was done |");
    let page: Vec<(&str, &str)> = rows.iter().map(|cells| (cells[0], cells[1])).collect();
    let program: Vec<(&str, &str)> = FAULTS.iter().map(|one| (one.stream, one.done)).collect();
    assert_eq!(page, program);
    let mut streams = BTreeMap::<&str, usize>::new();
    for cells in &rows {
        assert_eq!(cells.len(), 7, "{cells:?}");
        *streams.entry(cells[0]).or_default() += 1;
        match cells[2] {
            "**no**" => assert!(cells[3..].iter().all(|cell| cell.is_empty()), "{cells:?}"),
            "yes" => {
                assert!(cells[3].starts_with("ot.attestation."), "{cells:?}");
                assert!(cells[3..].iter().all(|cell| !cell.is_empty()), "{cells:?}");
            }
            partly => assert!(partly.starts_with("**"), "{cells:?}"),
        }
    }
    assert!(streams.values().all(|count| *count >= 5), "{streams:?}");
}

#[test]
fn the_page_says_how_much_was_told_where_nothing_is_wrong() {
    let rows = rows("| what | observed |");
    assert!(rows.len() >= 5, "{rows:?}");
    for cells in rows {
        assert!(cells[1].parse::<u64>().unwrap() > 1000, "{cells:?}");
        assert!(cells[2].parse::<u64>().is_ok(), "{cells:?}");
    }
}
