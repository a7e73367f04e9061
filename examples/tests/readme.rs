//! The front page keeps what it says: two commands that exist, and links that lead somewhere.

mod tree;

use tree::page::{Tests, quoted, tables};
use tree::{files, none, packages, read, root};

#[test]
fn the_front_page_has_exactly_two_commands() {
    let page = read("README.md");
    let mut commands = Vec::new();
    let mut inside = false;
    for line in page.lines() {
        if line.starts_with("```") {
            inside = !inside;
        } else if inside {
            commands.push(line);
        }
    }
    assert_eq!(
        commands,
        ["cargo run --release --bin iia-box -- demo", "./test"]
    );
}

#[test]
fn what_the_front_page_runs_is_there() {
    assert!(packages().iter().any(|package| package.name == "iia-box"));
    use std::os::unix::fs::PermissionsExt as _;
    for program in ["test", "scripts/cross-aarch64", "scripts/make-capture"] {
        let mode = std::fs::metadata(root().join(program))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o111, 0o111, "{program} cannot be started");
    }
}

#[test]
fn every_link_leads_to_a_file() {
    let (mut wrong, mut links) = (Vec::new(), 0);
    for page in files(&[".md"]) {
        let dir = root().join(&page.path).parent().unwrap().to_path_buf();
        for after in page.text.split("](").skip(1) {
            let target = after.split([')', '#']).next().unwrap();
            if target.is_empty() || target.contains("://") {
                continue;
            }
            links += 1;
            if !dir.join(target).exists() {
                wrong.push(format!("{}: {target}", page.path));
            }
        }
    }
    assert!(links > 10, "only {links} links were read");
    none(&wrong, "links that lead nowhere");
}

#[test]
fn pages_do_not_speak_of_what_a_reader_does_not_have() {
    let mut wrong = Vec::new();
    for page in files(&[".md"]) {
        for word in ["../shared", "LEDGER", "DECISIONS.md", "/work/"] {
            if page.text.contains(word) {
                wrong.push(format!("{}: {word}", page.path));
            }
        }
    }
    none(&wrong, "words that mean nothing outside");
}

#[test]
fn what_the_architecture_calls_proven_names_tests_that_exist() {
    let tests = Tests::of(&files(&[".rs"]));
    let (mut wrong, mut named) = (Vec::new(), 0);
    for table in tables(&read("ARCHITECTURE.md")) {
        for column in ["held by", "proven by"] {
            let Some(at) = table.column(column) else {
                continue;
            };
            for row in &table.rows {
                let cell = row.get(at).map_or("", String::as_str);
                let found: Vec<_> = quoted(cell)
                    .into_iter()
                    .filter(|word| word.contains(".rs"))
                    .collect();
                named += found.len();
                if column == "proven by" && found.is_empty() && !cell.contains("not yet") {
                    wrong.push(format!("{cell:?} names no test"));
                }
                let missing = found
                    .iter()
                    .filter_map(|one| tests.missing(one, "examples/tests"));
                wrong.extend(missing);
            }
        }
    }
    assert!(named > 15, "only {named} tests were read");
    none(&wrong, "ARCHITECTURE.md");
}
