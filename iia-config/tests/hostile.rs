//! Documents that mean harm, and documents that people get wrong: each gets its exact diagnostics at their exact
//! places. Nothing hangs, nothing panics, and the entries around a mistake stay whole.
#![expect(clippy::string_slice, clippy::unwrap_used, reason = "tests")]

use std::fmt::Write as _;

use iia_config::limits::{
    DIAGNOSTICS_MAX, DOCUMENT_LEN_MAX, ENTRIES_MAX, ITEMS_MAX, KEY_LEN_MAX, LINE_LEN_MAX,
    NAME_LEN_MAX, VALUES_MAX,
};
use iia_config::parse::{Reading, parse, parse_partial, place};

/// Stands in a row where a diagnostic is expected to begin.
const MARK: char = '¦';
const HEAD: &str = "iia-config 1\n\nparty before {\n  side acs\n}\n\n";
const TAIL: &str = "\n\nparty after {\n  side acs\n}\n";

fn told(reading: &Reading, text: &str) -> Vec<String> {
    let found = reading.diagnostics.iter();
    found
        .map(|found| {
            let (line, column) = place(text, found.span.start);
            assert!(found.span.start <= found.span.end, "{found:?}");
            assert!(!found.message.is_empty());
            format!("{}@{line}:{column}", found.code)
        })
        .collect()
}

/// Takes the marks out of a text and says where they stood.
fn unmarked(text: &str) -> (String, Vec<(usize, usize)>) {
    let (mut plain, mut places) = (String::new(), Vec::new());
    for c in text.chars() {
        match c {
            MARK => places.push(place(&plain, u32::try_from(plain.len()).unwrap())),
            c => plain.push(c),
        }
    }
    (plain, places)
}

/// A whole text with marks; its codes are those of the marks, in order.
#[track_caller]
fn check(name: &str, text: &str, codes: &str) {
    let (plain, places) = unmarked(text);
    let want: Vec<String> = codes
        .split_whitespace()
        .zip(&places)
        .map(|(code, (line, column))| format!("{code}@{line}:{column}"))
        .collect();
    assert_eq!(
        codes.split_whitespace().count(),
        places.len(),
        "{name}: marks"
    );
    let reading = parse_partial(plain.as_bytes(), DOCUMENT_LEN_MAX);
    assert_eq!(told(&reading, &plain), want, "{name}\n{plain}");
}

/// A text between two sound entries, which stay whole.
#[track_caller]
fn between(name: &str, text: &str, codes: &str) {
    let text = format!("{HEAD}{text}{TAIL}");
    check(name, &text, codes);
    let (plain, _) = unmarked(&text);
    let document = parse_partial(plain.as_bytes(), DOCUMENT_LEN_MAX)
        .document
        .unwrap();
    let whole: Vec<&str> = document.whole_entries().map(|entry| entry.name).collect();
    assert!(
        whole.contains(&"before") && whole.contains(&"after"),
        "{name}: {whole:?}"
    );
}

/// A line within an entry.
#[track_caller]
fn line(name: &str, line: &str, codes: &str) {
    between(name, &format!("policy p {{\n{line}\n}}"), codes);
}

const LINES: &[(&str, &str, &str)] = &[
    // Words of other languages.
    ("toml", "  strict ¦= on", "P018"),
    ("yaml", "¦  strict: on", ""),
    ("json key", "  ¦\"strict\": \"on\"", "P013"),
    ("yaml list", "  ¦- item", "P013"),
    ("toml section", "¦[section]", ""),
    ("list", "  target ¦[a, ¦b]", "P018 P018"),
    ("commas", "  target ¦a, b", "P018"),
    ("semicolon", "  strict ¦on;", "P018"),
    ("variable", "  strict ¦$HOME", "P018"),
    ("interpolation", "  strict ¦${strict}", ""),
    ("template", "  strict ¦{{ ¦. ¦}}", "P018 P018 P018"),
    ("anchor", "  strict ¦&a", "P018"),
    ("alias", "  strict ¦*a", "P018"),
    ("tag", "  strict ¦!b", "P018"),
    ("heredoc", "  reason ¦<<EOF", "P018"),
    ("single quotes", "  reason ¦'why'", "P018"),
    ("backticks", "  reason ¦`why`", "P018"),
    ("slash comment", "  ¦// why", "P013"),
    ("c comment", "  ¦/* why ¦*/", "P013 P018"),
    ("lua comment", "  ¦-- why", "P013"),
    ("comment behind", "  strict on ¦# why", "P022"),
    ("comment glued", "  strict ¦on# why", "P018"),
    ("null", "  reason ¦~", "P018"),
    ("arithmetic", "  count 1 ¦+ 1", "P018"),
    ("parentheses", "  count ¦(1)", "P018"),
    ("arrow", "  count ¦=> 1", "P018"),
    ("question", "  count ¦?", "P018"),
    ("percent alone", "  count ¦%", "P018"),
    ("at sign", "  contact ¦@ops", "P018"),
    ("mail address", "  contact ¦ops@example", "P018"),
    ("path", "  file ¦/etc/passwd", "P018"),
    ("parent path", "  file ¦../../etc/passwd", "P018"),
    ("windows path", "  file ¦C:\\x", "P018"),
    ("shell", "  file ¦$(reboot)", "P018"),
    ("pipe", "  file ¦|cat", "P018"),
    // Spaces.
    ("two spaces", "  strict¦  on", "P019"),
    ("space at the end", "  strict on¦ ", "P019"),
    ("spaces at the end", "  strict on¦  ", "P019"),
    ("key and a space", "  strict¦ ", "P019"),
    ("key alone", "  ¦strict", "P016"),
    ("string glued to word", "  reason a¦\"b\"", ""),
    ("word glued to string", "  reason \"a\"¦b", "P019"),
    ("two strings glued", "  reason \"a\"¦\"b\"", "P019"),
    // Strings.
    ("string without end", "  reason ¦\"why", "P021"),
    ("quote alone", "  reason ¦\"", "P021"),
    ("escaped quote", "  reason \"a¦\\\"b\"", "P021"),
    ("escape", "  reason \"a¦\\n\"", "P021"),
    ("backslash at the end", "  reason \"a¦\\", "P021"),
    ("quote inside", "  reason \"a\"¦b\"c\"", "P019"),
    ("triple quotes", "  reason \"\"¦\"why\"\"\"", "P019"),
    // Numbers.
    ("zero in front", "  count ¦01", "P018"),
    ("two zeros", "  count ¦00", "P018"),
    ("no fraction", "  count ¦1.", "P018"),
    ("no whole", "  count ¦.5", "P018"),
    ("plus", "  count ¦+1", "P018"),
    ("minus alone", "  count ¦-", "P018"),
    ("minus zero", "  count ¦-0", "P018"),
    ("minus zero point zero", "  count ¦-0.0", "P018"),
    ("two minus", "  count ¦--1", "P018"),
    ("exponent", "  count ¦1e5", "P018"),
    ("hexadecimal", "  count ¦0x10", "P018"),
    ("octal", "  count ¦0o17", "P018"),
    ("underscores", "  count ¦1_000", "P018"),
    ("thousands", "  count ¦1,000", "P018"),
    ("seven decimals", "  count ¦1.1234567", "P018"),
    ("beyond 64 bits", "  count ¦99999999999999999999", "P018"),
    ("beyond millionths", "  count ¦9223372036855", "P018"),
    (
        "a thousand digits",
        "  count ¦1111111111111111111111111111111111111111111111111111111111111111111111111111111111111",
        "P018",
    ),
    ("unknown unit", "  span ¦5sec", "P018"),
    ("upper-case unit", "  span ¦5S", "P018"),
    ("two units", "  span ¦1h30m", "P018"),
    ("SI size", "  size ¦5MB", "P018"),
    ("lower-case size", "  size ¦5kib", "P018"),
    ("rate of a duration", "  rate ¦5s/m", "P018"),
    ("rate of nothing", "  rate ¦5/", "P018"),
    ("rate of a week", "  rate ¦5/w", "P018"),
    ("rate of a long word", "  rate ¦5/second", "P018"),
    ("two rates", "  rate ¦5/s/s", "P018"),
    ("rate of a share", "  rate ¦5%/s", "P018"),
    ("two points", "  count ¦1.2.", "P018"),
    ("four parts", "  version ¦1.2.3.4.5", "P018"),
    ("version with zero in front", "  version ¦1.02.3", "P018"),
    (
        "version beyond 32 bits",
        "  version ¦1.4294967296.0",
        "P018",
    ),
    ("version with letter", "  version ¦1.2.3a", "P018"),
    // Addresses.
    ("octet beyond 255", "  net ¦10.0.0.256", "P018"),
    ("octet with zero in front", "  net ¦10.0.0.01", "P018"),
    ("three octets", "  net ¦10.0.0/8", "P018"),
    ("prefix beyond 32", "  net ¦10.0.0.0/33", "P018"),
    ("prefix with zero in front", "  net ¦10.0.0.0/08", "P018"),
    ("prefix missing", "  net ¦10.0.0.0/", "P018"),
    ("two prefixes", "  net ¦10.0.0.0/8/8", "P018"),
    ("netmask", "  net ¦10.0.0.0/255.0.0.0", "P018"),
    ("address range", "  net ¦10.0.0.1-10.0.0.9", "P018"),
    ("three colons", "  net ¦2001:db8:::1", "P018"),
    ("two double colons", "  net ¦1::2::3", "P018"),
    ("v6 prefix beyond 128", "  net ¦::1/129", "P018"),
    ("v6 with zone", "  net ¦fe80::1%eth0", "P018"),
    ("v6 in brackets", "  net ¦[::1]", "P018"),
    ("port beyond 65535", "  port ¦tls/70000", "P018"),
    ("port with zero in front", "  port ¦tls/07443", "P018"),
    ("port missing", "  port ¦tls/", "P018"),
    ("port of address only", "  port ¦tls/10.0.0.1", "P018"),
    ("port of bare v6", "  port ¦tls/::1:7443", "P018"),
    (
        "port of v4 in brackets",
        "  port ¦tls/[10.0.0.1]:7443",
        "P018",
    ),
    ("port of a name", "  port ¦tls/example:7443", "P018"),
    ("port of any protocol", "  port ¦any/7443", "P018"),
    ("port range", "  port ¦tcp/1-1024", "P018"),
    ("port of upper-case protocol", "  port ¦TLS/7443", "P018"),
    ("host and port", "  port ¦10.0.0.1:7443", "P018"),
    // Hashes, keys, times, names.
    ("short hash", "  hash ¦b3:00", "P018"),
    (
        "hash with other letters",
        "  hash ¦b3:gggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggg",
        "P018",
    ),
    (
        "hash of 65 digits",
        "  hash ¦sha256:00000000000000000000000000000000000000000000000000000000000000000",
        "P018",
    ),
    (
        "weak hash",
        "  hash ¦md5:d41d8cd98f00b204e9800998ecf8427e",
        "P018",
    ),
    ("short key", "  key ¦ed25519:AAAA", "P018"),
    ("other key", "  key ¦rsa:AAAA", "P018"),
    ("no such day", "  at ¦2026-02-30T00:00:00Z", "P018"),
    ("no such hour", "  at ¦2026-02-28T24:00:00Z", "P018"),
    ("no zone", "  at ¦2026-02-28T00:00:00", "P018"),
    ("local time", "  at ¦2026-02-28T00:00:00+01:00", "P018"),
    ("parts of a second", "  at ¦2026-02-28T00:00:00.5Z", "P018"),
    ("before 1677", "  at ¦1677-09-21T00:12:43Z", "P018"),
    ("after 2262", "  at ¦2262-04-11T23:47:17Z", "P018"),
    ("a leap second", "  at ¦2016-12-31T23:59:60Z", "P018"),
    ("date alone", "  at ¦2026-02-28", "P018"),
    ("wildcard first", "  include ¦*.temperature", "P018"),
    ("wildcard alone", "  include ¦*", "P018"),
    ("wildcard in the middle", "  include ¦a.*.b", "P018"),
    ("wildcard glued", "  include ¦a*", "P018"),
    ("two dots", "  include ¦a..b", "P018"),
    ("dot at the end", "  include ¦a.", "P018"),
    ("underscore first", "  word ¦_a", "P018"),
    ("URI without rest", "  uri ¦oncall://", "P018"),
    ("URI with upper-case scheme", "  uri ¦HTTP://x", "P018"),
    ("URI with quote", "  uri oncall://x¦\"y\"", ""),
    ("URI with braces", "  uri ¦oncall://x{y}", ""),
    ("URI with backslash", "  uri ¦oncall://x\\y", "P018"),
    ("URI with angle", "  uri ¦oncall://<x>", "P018"),
    ("scheme with underscore", "  uri ¦on_call://x", "P018"),
    // Keys.
    ("upper-case key", "  ¦Strict on", "P013"),
    ("digit first", "  ¦1strict on", "P013"),
    ("dashed key", "  ¦sl-target 3", "P013"),
    ("dotted key", "  ¦sl.target 3", "P013"),
    ("key with equals", "  ¦strict=on on", "P013"),
    ("Cyrillic s", "  ¦ѕtrict on", "P013"),
    ("Cyrillic o", "  sc¦оpe", ""),
    ("Greek omicron", "  ¦sc\u{3bf}pe internal", "P013"),
    ("full-width", "  ¦\u{ff53}cope internal", "P013"),
    ("mathematical", "  ¦\u{1d42c}cope internal", "P013"),
    ("Armenian", "  ¦sc\u{585}pe internal", "P013"),
    ("Latin with stroke", "  ¦\u{142}abel x", "P013"),
    ("combining", "  ¦stri\u{301}ct on", "P013"),
    ("homoglyph value", "  strict ¦\u{43e}n", "P018"),
    ("emoji value", "  strict ¦\u{1f600}", "P018"),
    ("umlaut value", "  strict ¦\u{e4}", "P018"),
    ("no-break space", "  ¦strict\u{a0}on x", "P013"),
    ("ideographic space", "  ¦strict\u{3000}on x", "P013"),
    // Braces.
    ("brace glued", "¦  inner{\n  }", ""),
    ("brace on its own", "  ¦{\n  }", ""),
    ("empty block in a line", "  ¦inner { }", ""),
    ("deep block", "  a {\n    ¦b {\n      ¦c d\n    }\n  }", ""),
    ("block with version", "  ¦a b 1.0.0 {\n  }", "P011"),
    ("block with four words", "  a b 1.0.0¦ c {\n  }", "P019"),
    ("bad block name", "  a ¦b/c {\n  }", "P014"),
    ("bad block key", "  ¦A b {\n  }", "P013"),
    ("two spaces before the brace", "  a¦  {\n  }", ""),
    ("close with semicolon", "  a {\n  }¦;", "P024"),
    ("close with comment", "  a {\n  }¦ # end", "P024"),
    ("close twice on a line", "  a {\n  }¦}", "P024"),
];

/// Rows that [`LINES`] cannot say with a mark before the code: where the place is not that of the first character.
const PLACED: &[(&str, &str, &str)] = &[
    ("yaml", "  ¦strict: on", "P013"),
    ("toml section", "¦¦[section]", "P013 P016"),
    ("interpolation", "  strict ¦${strict}", "P018"),
    ("string glued to word", "  reason ¦a\"b\"", "P018"),
    ("URI with quote", "  uri ¦oncall://x\"y\"", "P018"),
    ("URI with braces", "  uri ¦oncall://x{y}", "P018"),
    ("Cyrillic in the middle", "  ¦sc\u{43e}pe internal", "P013"),
    ("brace glued", "  ¦inner{\n  }", "P023"),
    ("brace on its own", "  ¦{\n  }", "P023"),
    ("empty block in a line", "  inner ¦{ ¦}", "P018 P018"),
    (
        "deep block",
        "  a {\n    ¦b {\n      c d\n    }\n  }",
        "P010",
    ),
    ("two spaces before the brace", "  a¦  {\n  }", "P019"),
];

#[test]
fn a_mistake_in_a_line_is_told_at_its_place_and_leaves_other_entries_whole() {
    let mut count = 0;
    for (name, text, codes) in LINES.iter().filter(|row| !row.2.is_empty()).chain(PLACED) {
        line(name, text, codes);
        count += 1;
    }
    assert!(count > 150, "{count}");
}

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

/// Characters that have no place anywhere, by code.
fn forbidden() -> Vec<(char, &'static str)> {
    let mut all = vec![('\t', "P005"), ('\r', "P006")];
    let control = ('\0'..='\x1f').chain('\x7f'..='\u{9f}');
    all.extend(
        control
            .filter(|c| !"\t\n\r".contains(*c))
            .map(|c| (c, "P004")),
    );
    let turning = ('\u{202a}'..='\u{202e}')
        .chain('\u{2066}'..='\u{2069}')
        .chain(['\u{61c}', '\u{200e}', '\u{200f}']);
    all.extend(turning.map(|c| (c, "P007")));
    let unseen = [
        '\u{ad}',
        '\u{34f}',
        '\u{115f}',
        '\u{180e}',
        '\u{200b}',
        '\u{200c}',
        '\u{200d}',
        '\u{2028}',
        '\u{2029}',
        '\u{2060}',
        '\u{2064}',
        '\u{3164}',
        '\u{fe0f}',
        '\u{feff}',
        '\u{ffa0}',
        '\u{fff9}',
        '\u{fffb}',
        '\u{e0001}',
        '\u{e0041}',
        '\u{e01ef}',
    ];
    all.extend(unseen.map(|c| (c, "P008")));
    all
}

#[test]
fn a_character_that_hides_or_moves_is_told_wherever_it_stands() {
    let mut count = 0;
    for (c, code) in forbidden() {
        let name = format!("U+{:04X}", c as u32);
        line(&name, &format!("  reason \"a¦{c}b\""), code);
        line(&name, &format!("  # a¦{c}b"), code);
        line(&name, &format!("  str¦{c}ict on"), code);
        count += 3;
    }
    assert!(count > 250, "{count}");
}

#[test]
fn every_other_character_may_stand_in_strings_and_comments() {
    for c in [
        '\u{e4}',
        '\u{df}',
        '\u{416}',
        '\u{3b1}',
        '\u{4e2d}',
        '\u{1f600}',
        '\u{5d0}',
        '\u{627}',
        '~',
        '\u{a0}',
    ] {
        line("letter", &format!("  reason \"a{c}b\"\n  # {c}"), "");
    }
}

/// Bytes that are no UTF-8, with the places of what is wrong in them.
const BYTES: &[(&str, &[u8], &[usize])] = &[
    ("overlong slash", b"\xc0\xaf", &[0, 1]),
    ("overlong NUL", b"\xc0\x80", &[0, 1]),
    ("overlong in three", b"\xe0\x80\xaf", &[0, 1, 2]),
    ("overlong in four", b"\xf0\x80\x80\xaf", &[0, 1, 2, 3]),
    ("surrogate", b"\xed\xa0\x80", &[0, 1, 2]),
    (
        "surrogate pair",
        b"\xed\xa0\x80\xed\xb0\x80",
        &[0, 1, 2, 3, 4, 5],
    ),
    ("beyond Unicode", b"\xf4\x90\x80\x80", &[0, 1, 2, 3]),
    ("five bytes", b"\xf8\x88\x80\x80\x80", &[0, 1, 2, 3, 4]),
    ("continuation alone", b"\x80", &[0]),
    ("cut in two", b"\xc3", &[0]),
    ("cut in three", b"\xe2\x82", &[0]),
    ("cut in four", b"\xf0\x9f\x98", &[0]),
    ("FE", b"\xfe", &[0]),
    ("FF FE", b"\xff\xfe", &[0, 1]),
    ("Latin-1", b"f\xfcr", &[1]),
];

#[test]
fn bytes_that_are_no_text_are_told_at_their_places() {
    for (name, bytes, places) in BYTES {
        for (head, tail) in [
            ("policy p {\n  reason \"", "\"\n}"),
            ("# ", ""),
            ("policy p {\n  a ", "\n}"),
            ("policy p ", " {\n}"),
        ] {
            let start = HEAD.len() + head.len();
            let text = [
                HEAD.as_bytes(),
                head.as_bytes(),
                bytes,
                tail.as_bytes(),
                TAIL.as_bytes(),
            ]
            .concat();
            let reading = parse_partial(&text, DOCUMENT_LEN_MAX);
            let got: Vec<(&str, usize)> = reading
                .diagnostics
                .iter()
                .map(|found| (found.code, found.span.start as usize - start))
                .collect();
            let want: Vec<(&str, usize)> = places.iter().map(|place| ("P001", *place)).collect();
            assert_eq!(got, want, "{name} in {head}");
            let names: Vec<String> = reading
                .document
                .unwrap()
                .whole_entries()
                .map(|entry| entry.name.to_owned())
                .collect();
            assert!(
                names.contains(&"before".into()) && names.contains(&"after".into()),
                "{name} {names:?}"
            );
        }
    }
}

#[test]
fn a_byte_order_mark_and_windows_line_ends_are_told_once() {
    check("mark", "¦\u{feff}iia-config 1\n", "P009");
    let windows = format!("{HEAD}{TAIL}").replace('\n', "\r\n");
    check("windows", &windows.replacen('\r', "¦\r", 1), "P006");
    let utf16: Vec<u8> = "iia-config 1\n"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    let found = parse(&utf16, 1024).unwrap_err();
    assert!(found.iter().any(|found| found.code == "P004"), "{found:?}");
}

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

#[test]
fn every_prefix_and_every_lost_line_of_a_document_is_read_without_harm() {
    let text = include_str!("data/model.icl");
    let head: String = text
        .lines()
        .take(120)
        .flat_map(|line| [line, "\n"])
        .collect();
    for end in 0..head.len() {
        let reading = parse_partial(&head.as_bytes()[..end], DOCUMENT_LEN_MAX);
        let whole = head[..end].ends_with("\n}\n") || head[..end] == *"iia-config 1\n";
        let blank = head[..end].ends_with("\n}\n\n") || head[..end].ends_with("1\n\n");
        let comment = head[..end]
            .rsplit('\n')
            .nth(1)
            .is_some_and(|line| line.starts_with('#'))
            && head[..end].ends_with('\n');
        assert_eq!(
            reading.diagnostics.is_empty(),
            whole || blank || comment,
            "{end}: {:?}",
            reading.diagnostics
        );
    }
    let lines: Vec<&str> = text.lines().collect();
    for skip in 0..lines.len() {
        let left = lines.iter().enumerate().filter(|(at, _)| *at != skip);
        let text: String = left.flat_map(|(_, line)| [*line, "\n"]).collect();
        let _ = parse_partial(text.as_bytes(), DOCUMENT_LEN_MAX);
    }
}
