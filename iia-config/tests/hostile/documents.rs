//! Mistakes between entries and at the edges of a document.

use crate::marked::{between, check};

const TEXTS: &[(&str, &str, &str)] = &[
    ("field outside", "¦revision 1", "P017"),
    ("include", "¦include \"x\"", "P017"),
    ("close outside", "¦}", "P015"),
    ("entry without name", "¦policy {\n}", "P011"),
    ("entry with four words", "policy a 1.0.0¦ b {\n}", "P019"),
    ("bad version", "policy a ¦1.0 {\n}", "P012"),
    ("version with v", "policy a ¦v1.0.0 {\n}", "P012"),
    (
        "version with zero in front",
        "policy a ¦1.0.00 {\n}",
        "P012",
    ),
    ("bad name", "policy ¦a/b {\n}", "P014"),
    ("name in quotes", "policy ¦\"a\" {\n}", "P014"),
    ("Cyrillic name", "party ¦\u{430}dmin {\n}", "P014"),
    ("Cyrillic kind", "¦p\u{430}rty admin {\n}", "P013"),
    ("upper-case kind", "¦Party admin {\n}", "P013"),
    ("brace on the next line", "¦policy p\n¦{\n}", "P017 P023"),
    ("entry in a line", "¦policy p { strict on }", "P017"),
    (
        "several mistakes",
        "policy p {\n  a¦  b\n  c ¦@\n  ¦D e\n  f ¦\"g\n}",
        "P019 P018 P013 P021",
    ),
    (
        "block at the end of the document is closed for it",
        "party p {\n  side acs\n  a {\n    b c\n  }\n}",
        "",
    ),
    (
        "entry not closed",
        "¦policy p {\n  a {\n    b c\n  }\n\nparty q 1.0.0 {\n}",
        "P020",
    ),
    (
        "block not closed",
        "policy p {\n  ¦a {\n    b c\n\nparty q {\n}",
        "P020",
    ),
];

#[test]
fn a_mistake_between_entries_is_told_at_its_place_and_leaves_others_whole() {
    for (name, text, codes) in TEXTS {
        between(name, text, codes);
    }
}

const WHOLES: &[(&str, &str, &str)] = &[
    ("nothing", "¦", "P003"),
    ("a line feed", "¦\n", "P003"),
    ("first line alone", "iia-config 1\n", ""),
    ("first line without end", "¦iia-config 1", "P002"),
    ("next version", "¦iia-config 2\n", "P003"),
    ("version 1.0", "¦iia-config 1.0\n", "P003"),
    ("version 10", "¦iia-config 10\n", "P003"),
    ("two spaces", "¦iia-config  1\n", "P003"),
    ("space first", "¦ ¦iia-config 1\n", "P003 P017"),
    ("space last", "¦iia-config 1 \n", "P003"),
    ("upper case", "¦¦IIA-CONFIG 1\n", "P003 P017"),
    ("other word", "¦iia-other 1\n", "P003"),
    ("comment first", "¦# x\n¦iia-config 1\n", "P003 P017"),
    ("blank first", "¦\n¦iia-config 1\n", "P003 P017"),
    ("script", "¦#!/bin/sh\n", "P003"),
    ("xml", "¦¦<?xml version=\"1.0\"?>\n", "P003 P017"),
    ("json", "¦¦{\n}\n", "P003 P023"),
    ("json in a line", "¦¦{}\n", "P003 P017"),
    ("pem", "¦¦-----BEGIN PRIVATE KEY-----\n", "P003 P017"),
    ("magic twice", "iia-config 1\n¦iia-config 1\n", "P017"),
    ("entry without end", "iia-config 1\n¦party a {\n", "P020"),
    (
        "block without end",
        "iia-config 1\nparty a {\n  ¦b {\n",
        "P020",
    ),
    (
        "cut in a field",
        "iia-config 1\n¦party a {\n¦  side ac",
        "P020 P002",
    ),
    (
        "cut in a string",
        "iia-config 1\n¦party a {\n¦  side ¦\"ac",
        "P020 P002 P021",
    ),
];

#[test]
fn a_mistake_at_the_edges_of_a_document_is_told() {
    for (name, text, codes) in WHOLES {
        check(name, text, codes);
    }
}
