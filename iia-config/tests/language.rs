//! Properties of the language: two recognisers agree, nothing is lost, the canonical form is one.
#![expect(
    clippy::panic,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "tests"
)]

mod judge;

use std::collections::BTreeMap;

use iia_config::format::{canonical, first_difference, is_canonical};
use iia_config::generate::{Lot, document};
use iia_config::parse::{Document, parse, parse_partial};
use judge::Judge;
use proptest::prelude::*;

const LEN_MAX: usize = 1 << 22;
const MODEL: &str = include_str!("data/model.icl");

fn drawn(seed: u64) -> String {
    let mut lot = Lot::new(seed);
    let entries = usize::try_from(1 + lot.below(5)).unwrap();
    document(&mut lot, entries)
}

fn read(text: &str) -> Document {
    parse(text.as_bytes(), LEN_MAX)
        .unwrap_or_else(|found| panic!("{}", found[0].render("drawn", text)))
}

/// What a document says, in no order: every line with the path to it, strings normalised by the formatter.
fn meaning(text: &str) -> BTreeMap<String, ()> {
    let document = read(text);
    let mut lines = BTreeMap::new();
    for entry in document.entries() {
        let path = format!("{} {} {:?}", entry.kind, entry.name, entry.version);
        lines.insert(path.clone(), ());
        for field in entry.all() {
            lines.insert(format!("{path}/{}", field.line()), ());
        }
        for block in entry.blocks() {
            for field in block.all() {
                lines.insert(
                    format!("{path}/{} {:?}/{}", block.key, block.name, field.line()),
                    (),
                );
            }
        }
    }
    lines
}

fn comments(text: &str) -> Vec<String> {
    let document = read(text);
    let mut all: Vec<String> = document
        .comments()
        .iter()
        .map(|c| document.comment(c).to_owned())
        .collect();
    all.sort();
    all
}

/// Puts something from a list of tokens that matter, or a byte, somewhere.
fn mutated(text: &str, lot: &mut Lot) -> Vec<u8> {
    const TOKENS: [&str; 28] = [
        " ",
        "  ",
        "\n",
        "{",
        "}",
        " {",
        "#",
        "\"",
        "\\",
        "\t",
        "\r",
        "0",
        "-",
        ".",
        ".*",
        "/",
        ":",
        "::",
        "a",
        "Z",
        "_",
        "\u{202e}",
        "\u{430}",
        "\u{e9}",
        "1.0.0",
        "spiffe://",
        "b3:",
        "iia-config 1",
    ];
    let mut bytes = text.as_bytes().to_vec();
    for _ in 0..=lot.below(3) {
        let at = usize::try_from(lot.below(bytes.len() as u64 + 1)).unwrap();
        match lot.below(5) {
            0 if at < bytes.len() => {
                bytes.remove(at);
            }
            1 if at < bytes.len() => bytes[at] ^= 1 << lot.below(8),
            2 if at < bytes.len() => bytes[at] = u8::try_from(lot.below(128)).unwrap(),
            3 => bytes.truncate(at.max(1)),
            _ => {
                let token = lot.pick(&TOKENS).unwrap();
                bytes.splice(at..at, token.bytes());
            }
        }
    }
    bytes
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn formatting_twice_changes_nothing_more(seed in any::<u64>()) {
        let text = drawn(seed);
        let once = canonical(&read(&text));
        prop_assert_eq!(canonical(&read(&once)), once.clone());
        prop_assert!(is_canonical(&read(&once)));
        prop_assert_eq!(first_difference(&read(&once)), None);
    }

    #[test]
    fn a_document_is_called_canonical_just_when_the_formatter_leaves_it(seed in any::<u64>()) {
        let text = drawn(seed);
        let document = read(&text);
        prop_assert_eq!(is_canonical(&document), canonical(&document) == text);
        // One small change away from canonical is where mistakes would hide.
        let once = canonical(&document);
        let mut lot = Lot::new(seed);
        for _ in 0..8 {
            let near = mutated(&once, &mut lot);
            if let Ok(document) = parse(&near, LEN_MAX) {
                prop_assert_eq!(is_canonical(&document), canonical(&document).as_bytes() == near.as_slice());
            }
        }
    }

    #[test]
    fn the_formatter_never_loses_a_comment(seed in any::<u64>()) {
        let text = drawn(seed);
        prop_assert_eq!(comments(&canonical(&read(&text))), comments(&text));
    }

    #[test]
    fn the_formatter_changes_no_meaning(seed in any::<u64>()) {
        let text = drawn(seed);
        let once = canonical(&read(&text));
        // Values are compared in the one form that the formatter gives them.
        let again = canonical(&read(&once));
        prop_assert_eq!(meaning(&once), meaning(&again));
        prop_assert_eq!(read(&once).entries().len(), read(&text).entries().len());
    }

    #[test]
    fn two_recognisers_agree_on_sound_documents(seed in any::<u64>()) {
        let text = drawn(seed);
        prop_assert!(parse(text.as_bytes(), LEN_MAX).is_ok());
        prop_assert!(JUDGE.with(|judge| judge.accepts(text.as_bytes())), "{}", text);
    }

    #[test]
    fn two_recognisers_agree_on_damaged_documents(seed in any::<u64>()) {
        let text = drawn(seed);
        let mut lot = Lot::new(!seed);
        for _ in 0..16 {
            let bytes = mutated(&text, &mut lot);
            let ours = parse(&bytes, LEN_MAX);
            let theirs = JUDGE.with(|judge| judge.accepts(&bytes));
            prop_assert_eq!(ours.is_ok(), theirs, "{:?}\n{}", ours.err(), String::from_utf8_lossy(&bytes));
        }
    }

    #[test]
    fn any_bytes_are_read_without_harm(bytes in proptest::collection::vec(any::<u8>(), 0..2000)) {
        let reading = parse_partial(&bytes, LEN_MAX);
        prop_assert!(reading.document.is_some());
        prop_assert_eq!(reading.diagnostics.is_empty(), JUDGE.with(|judge| judge.accepts(&bytes)));
    }

    #[test]
    fn a_mistake_in_one_entry_leaves_all_others_whole(seed in any::<u64>()) {
        let text = drawn(seed);
        let names = |document: &Document| -> Vec<(String, String)> {
            document.whole_entries().map(|entry| (entry.kind.to_owned(), entry.name.to_owned())).collect()
        };
        let mut want = names(&read(&text));
        let broken = format!("{text}party broken {{\n  side @\n}}\nparty last {{\n  side acs\n}}\n");
        let reading = parse_partial(broken.as_bytes(), LEN_MAX);
        want.push(("party".into(), "last".into()));
        prop_assert_eq!(names(&reading.document.unwrap()), want);
        prop_assert_eq!(reading.diagnostics.len(), 1);
    }
}

thread_local! {
    static JUDGE: Judge = Judge::new();
}

#[test]
fn two_recognisers_agree_on_every_change_of_one_byte_of_the_model() {
    let head: String = MODEL
        .lines()
        .skip(1)
        .take(60)
        .flat_map(|line| [line, "\n"])
        .collect();
    let text = format!(
        "iia-config 1\n{}",
        &head[..head.rfind("\n}\n").unwrap() + 3]
    );
    JUDGE.with(|judge| {
        for at in 0..text.len() {
            for byte in [
                b' ', b'\n', b'{', b'}', b'"', b'#', b'0', b'A', b'z', b'.', b'-', b':', b'/', 0x80,
            ] {
                let mut bytes = text.clone().into_bytes();
                bytes[at] = byte;
                let ours = parse(&bytes, LEN_MAX).is_ok();
                assert_eq!(
                    ours,
                    judge.accepts(&bytes),
                    "{}",
                    String::from_utf8_lossy(&bytes)
                );
            }
        }
    });
}

#[test]
fn line_feeds_and_spaces_that_take_the_same_room_are_told_apart() {
    for text in [
        "iia-config 1\n party a {\n}\n",
        "iia-config 1\n\nparty a {\n\n\nside acs\n}\n",
        "iia-config 1\n\nparty a {\n\n side acs\n}\n",
        "iia-config 1\n\nparty a {\n \nside acs\n}\n",
        "iia-config 1\n # end\n",
    ] {
        let document = read(text);
        assert_ne!(canonical(&document), text);
        assert!(!is_canonical(&document), "{text:?}");
    }
}

#[test]
fn two_recognisers_agree_on_every_character_there_is() {
    let mut differ = Vec::new();
    JUDGE.with(|judge| {
        for c in '\0'..=char::MAX {
            let text = format!("iia-config 1\n#{c}\n");
            if c != '\n' && parse(text.as_bytes(), 64).is_ok() != judge.accepts(text.as_bytes()) {
                differ.push(format!("{:04X}", c as u32));
            }
        }
    });
    assert!(
        differ.is_empty(),
        "{} {}",
        differ.len(),
        differ[..differ.len().min(200)].join(" ")
    );
}

#[test]
fn every_byte_of_a_document_has_a_place() {
    for seed in 0..64 {
        let text = drawn(seed);
        let document = read(&text);
        let mut told = vec![false; text.len()];
        let mut tell = |start: u32, end: u32| {
            told[start as usize..end as usize]
                .iter_mut()
                .for_each(|told| *told = true)
        };
        tell(0, u32::try_from(document.magic.line().len()).unwrap());
        for comment in document.comments() {
            tell(comment.start, comment.start + u32::from(comment.len));
        }
        for entry in document.entries() {
            let head = document.text()[entry.span.start as usize..]
                .find('\n')
                .unwrap();
            tell(
                entry.span.start,
                entry.span.start + u32::try_from(head).unwrap(),
            );
            tell(entry.span.end, entry.span.end + 1);
            for block in entry.blocks() {
                tell(block.head().start, block.head().end + 2);
                tell(block.span.end, block.span.end + 1);
            }
            entry
                .every_field()
                .for_each(|field| tell(field.span().start, field.span().end));
        }
        let rest: String = text
            .char_indices()
            .filter(|(at, _)| !told[*at])
            .map(|(_, c)| c)
            .collect();
        assert!(rest.bytes().all(|b| b == b' ' || b == b'\n'), "{rest:?}");
    }
}
