//! Limits at their edge and beyond, and bombs.

use std::fmt::Write as _;

use iia_config::limits::{
    DIAGNOSTICS_MAX, DOCUMENT_LEN_MAX, ENTRIES_MAX, ITEMS_MAX, KEY_LEN_MAX, LINE_LEN_MAX,
    NAME_LEN_MAX, VALUES_MAX,
};
use iia_config::parse::{parse, parse_partial};

use crate::marked::{between, check, line, told};

#[test]
fn limits_hold_at_their_edge_and_are_told_beyond() {
    let text = |bytes: usize| " ".repeat(bytes);
    let pad = |len: usize| format!("  # {}", "x".repeat(len - 4));
    line("line at the limit", &pad(LINE_LEN_MAX), "");
    line(
        "line beyond",
        &format!("¦{}", pad(LINE_LEN_MAX + 1)),
        "P402",
    );
    line(
        "blank line beyond",
        &format!("¦{}", text(LINE_LEN_MAX + 1)),
        "P402",
    );
    line(
        "key at the limit",
        &format!("  {} on", "k".repeat(KEY_LEN_MAX)),
        "",
    );
    line(
        "key beyond",
        &format!("  ¦{} on", "k".repeat(KEY_LEN_MAX + 1)),
        "P406",
    );
    between(
        "name at the limit",
        &format!("policy {} {{\n}}", "n".repeat(NAME_LEN_MAX)),
        "",
    );
    between(
        "name beyond",
        &format!("policy ¦{} {{\n}}", "n".repeat(NAME_LEN_MAX + 1)),
        "P407",
    );
    line(
        "values at the limit",
        &format!("  k{}", " v".repeat(VALUES_MAX)),
        "",
    );
    line(
        "values beyond",
        &format!("  ¦k{}", " v".repeat(VALUES_MAX + 1)),
        "P405",
    );
    line("items at the limit", &"  k v\n".repeat(ITEMS_MAX), "");
    line(
        "items beyond",
        &format!("{}  ¦k v\n  k v", "  k v\n".repeat(ITEMS_MAX)),
        "P404",
    );
}

#[test]
fn a_document_of_every_entry_that_may_be_is_read_and_one_more_is_told() {
    let mut text = String::from("iia-config 1\n");
    for number in 0..ENTRIES_MAX {
        let _ = writeln!(text, "party p{number} {{\n}}");
    }
    assert_eq!(
        parse(text.as_bytes(), DOCUMENT_LEN_MAX)
            .unwrap()
            .entries()
            .len(),
        ENTRIES_MAX
    );
    check("beyond", &format!("{text}¦party one_more {{\n}}\n"), "P403");
}

#[test]
fn sixteen_mebibytes_are_read_and_one_byte_more_is_not() {
    let mut text = String::from("iia-config 1\n");
    text.push_str(&"\n".repeat(DOCUMENT_LEN_MAX - text.len()));
    assert!(parse(text.as_bytes(), usize::MAX).is_ok());
    text.push('\n');
    let reading = parse_partial(text.as_bytes(), usize::MAX);
    assert_eq!(
        (told(&reading, &text), reading.document),
        (vec!["P401@1:1".to_owned()], None)
    );
    let found = parse(b"iia-config 1\n", 12).unwrap_err();
    assert_eq!(found[0].code, "P401");
}

/// Bombs of the size that a document may have.
fn bombs() -> Vec<(&'static str, String)> {
    // Without optimisation the whole length takes long; what is told ends after 64 anyway.
    let len = DOCUMENT_LEN_MAX / if cfg!(debug_assertions) { 4 } else { 1 };
    let fill = |unit: &str| {
        let head = "iia-config 1\n";
        format!("{head}{}", unit.repeat((len - head.len()) / unit.len()))
    };
    vec![
        ("open braces", fill("a b {\n")),
        ("open braces at a margin", fill(" a b {\n")),
        ("close braces", fill("}\n")),
        ("bare braces", fill("{\n")),
        ("pairs", fill("a b {\n}\n")),
        (
            "blocks in one entry",
            format!("iia-config 1\na b {{\n{}", " c {\n }\n".repeat(1 << 18)),
        ),
        ("one line", fill("x")),
        (
            "lines of spaces",
            fill(&format!("{}\n", " ".repeat(LINE_LEN_MAX))),
        ),
        ("comments", fill("#\n")),
        ("fields outside", fill("a b\n")),
        ("quotes", fill("a \"\n")),
        ("values", fill(&format!("a{}\n", " b".repeat(255)))),
        ("unknown bytes", fill("\u{202e}\n")),
        ("carriage returns", fill("\r\n")),
        (
            "unknown keys",
            format!(
                "iia-config 1\nparty p {{\n{}}}\n",
                "  zzz 1\n".repeat(1 << 18)
            ),
        ),
    ]
}

#[test]
fn bombs_end_soon_and_with_few_diagnostics() {
    for (name, text) in bombs() {
        let start = std::time::Instant::now();
        let reading = parse_partial(text.as_bytes(), DOCUMENT_LEN_MAX);
        assert!(reading.diagnostics.len() <= DIAGNOSTICS_MAX, "{name}");
        if let Some(document) = &reading.document {
            let tree = document.heap_len();
            // A tree costs about as much as its text; lines of four bytes are the worst that can be written.
            assert!(
                tree <= 12 * text.len(),
                "{name}: {tree} bytes for {}",
                text.len()
            );
        }
        assert!(
            start.elapsed().as_secs() < 20,
            "{name}: {:?}",
            start.elapsed()
        );
    }
}
