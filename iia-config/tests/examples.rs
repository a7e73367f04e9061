//! The examples of this project are canonical and keep every rule.
#![expect(clippy::panic, clippy::unwrap_used, reason = "tests")]

use iia_config::validate::{Facts, validate};
use iia_config::{format, parse::parse};

const LEN_MAX: usize = 1 << 20;

#[track_caller]
fn check(path: &str, box_name: &str) {
    let path = format!("{}/../examples/{path}", env!("CARGO_MANIFEST_DIR"));
    let bytes = std::fs::read(&path).unwrap();
    let text = String::from_utf8_lossy(&bytes);
    let told = |found: Vec<iia_config::diagnostic::Diagnostic>| -> String {
        found
            .iter()
            .map(|found| found.render(&path, &text))
            .collect()
    };
    let document = parse(&bytes, LEN_MAX)
        .map_err(told)
        .unwrap_or_else(|told| panic!("{told}"));
    let checked = validate(&document, &Facts::of_box(box_name))
        .map_err(told)
        .unwrap_or_else(|told| panic!("{told}"));
    assert!(checked.warnings.is_empty(), "{}", told(checked.warnings));
    assert_eq!(format::first_difference(&document), None);
}

#[test]
fn the_box_on_a_board_keeps_every_rule() {
    check("box-pi/box.icl", "seg01");
}

#[test]
fn the_site_keeps_every_rule() {
    check("site/site.icl", "site");
}
