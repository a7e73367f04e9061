//! `docs/sl3.md` and the command that reads it: what level 3 promises is shown by tests that ran, or said not to be.
#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests"
)]

mod tree;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::process::Command;

use tree::page::{Tests, quoted, tables};
use tree::{files, none, read, root, skip};

/// What a requirement is, its state, and by what.
type Rows = BTreeMap<String, [String; 3]>;

fn requirements() -> Rows {
    let page = read("docs/requirements.md");
    let rows = tables(&page).into_iter().flat_map(|table| table.rows);
    let row = |cells: Vec<String>| <[String; 4]>::try_from(cells).ok();
    let rows = rows.filter_map(row);
    rows.map(|[id, what, state, by]| (id, [what, state, by]))
        .collect()
}

/// The requirements that the page names, promise by promise.
fn promised() -> Vec<String> {
    let page = read("docs/sl3.md");
    let table = tables(&page)
        .into_iter()
        .find(|table| table.head == ["promise", "requirements"]);
    let rows = table.unwrap().rows.into_iter();
    let ids = |row: Vec<String>| row.last().unwrap().split(", ").map(str::to_owned).collect();
    rows.flat_map(|row| -> Vec<String> { ids(row) }).collect()
}

/// The tests that the requirements of the level name.
fn named() -> Vec<String> {
    let rows = requirements();
    let by = |id: String| quoted(&rows[&id][2]);
    let words = promised().into_iter().flat_map(by);
    let tests: BTreeSet<String> = words.filter(|word| word.contains(".rs")).collect();
    tests.into_iter().collect()
}

#[test]
fn what_level_3_promises_is_on_the_page_of_requirements_once() {
    let (rows, ids) = (requirements(), promised());
    let unknown = ids.iter().filter(|id| !rows.contains_key(*id));
    none(
        &unknown.cloned().collect::<Vec<_>>(),
        "requirements that docs/sl3.md names and nobody has",
    );
    let once: BTreeSet<&String> = ids.iter().collect();
    assert_eq!(once.len(), ids.len(), "one stands twice");
    for foundation in 1..=7 {
        assert!(ids.contains(&format!("R-FRM-0{foundation}")));
    }
    let tests = Tests::of(&files(&[".rs"]));
    let missing = named()
        .into_iter()
        .filter_map(|name| match name.contains("::") {
            true => tests.missing(&name, ""),
            false => Some(format!("{name} is a file and no test")),
        });
    none(
        &missing.collect::<Vec<_>>(),
        "tests of level 3 that nobody has",
    );
}

/// A log as cargo writes it, in which every test of the level passed.
fn log() -> String {
    let mut said = String::new();
    for test in named() {
        let (file, name) = test.split_once("::").unwrap();
        let (package, inside) = file
            .split_once("/tests/")
            .unwrap_or_else(|| (file.split_once("/src/").unwrap().0, ""));
        let program = match inside.split(['/', '.']).next().unwrap() {
            "" => package.rsplit('/').next().unwrap().replace('-', "_"),
            program => program.to_owned(),
        };
        said +=
            &format!("     Running x (target/debug/deps/{program}-0f)\ntest deep::{name} ... ok\n");
    }
    said
}

/// The last line of the verdict on a log, all of it, and whether it is a success.
fn verdict(log: &str, strict: bool) -> (String, String, bool) {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("log");
    fs::write(&file, log).unwrap();
    let mut command = Command::new(root().join("scripts/sl3"));
    command
        .arg("verdict")
        .arg(file)
        .env_remove("IIA_REQUIRE_ALL");
    if strict {
        command.env("IIA_REQUIRE_ALL", "1");
    }
    let output = command.output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    let last = said.lines().last().unwrap_or_default().to_owned();
    (last, said, output.status.success())
}

/// The word that the verdict has for a requirement.
fn word(said: &str, id: &str) -> String {
    let mut lines = said
        .lines()
        .filter_map(|line| line.split_once(&format!("  {id}  ")));
    let (word, _) = lines.next().unwrap_or_else(|| panic!("no {id} in {said}"));
    word.trim().to_owned()
}

#[test]
fn a_requirement_is_shown_by_tests_that_ran_and_by_nothing_else() {
    if Command::new("python3").arg("--version").output().is_err() {
        return skip(
            "a_requirement_is_shown_by_tests_that_ran_and_by_nothing_else",
            "python3",
        );
    }
    let (good, rows) = (log(), requirements());
    let (last, said, is_good) = verdict(&good, true);
    assert!(is_good && last.contains(" 0 skipped, 0 failed; "), "{last}");
    for id in promised() {
        let want = match rows[&id][1].as_str() {
            "proven" => "shown",
            "open" => "not shown",
            _ if !rows[&id][2].contains(".rs") => "not shown",
            _ => "in part",
        };
        assert_eq!(word(&said, &id), want, "{id}");
    }
    let test = "test deep::tls_1_2_is_refused ... ok\n";
    assert_eq!(good.matches(test).count(), 1);
    let elsewhere = format!("     Running x (target/debug/deps/other-0f)\n{test}");
    for (instead, want) in [
        ("", "FAILED"),
        ("test deep::tls_1_2_is_refused ... FAILED\n", "FAILED"),
        ("test deep::tls_1_2_is_refused ... ignored\n", "FAILED"),
        (elsewhere.as_str(), "FAILED"),
    ] {
        let (last, said, is_good) = verdict(&good.replace(test, instead), false);
        assert_eq!(word(&said, "R-CAT-07"), want, "{instead}");
        assert!(!is_good && !last.contains(" 0 failed"), "{last}");
    }
    let skipped = format!("{good}SKIPPED: tls_1_2_is_refused: openssl\n");
    for strict in [false, true] {
        let (_, said, is_good) = verdict(&skipped, strict);
        assert_eq!(
            (word(&said, "R-CAT-07").as_str(), is_good),
            ("skipped", !strict)
        );
    }
}
