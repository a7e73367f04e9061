//! Characters that hide or move, and bytes that are no text.

use iia_config::limits::DOCUMENT_LEN_MAX;
use iia_config::parse::{parse, parse_partial};

use crate::marked::{HEAD, TAIL, check, line};

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
