//! The page of all fields: taken from the decoders themselves, with who has judged each. Written anew with `IIA_WRITE=1`.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stderr,
    unreachable_pub,
    dead_code,
    reason = "tests"
)]

mod fields;
mod oracle;
mod truth;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use fields::{decoders, in_tests};

/// What is known of one field.
#[derive(Default)]
struct Judged {
    captures: usize,
    equal: usize,
}

/// How often each field is told in captures of the corpus, and how often tshark's table has the same value there.
fn of_corpus(corpus: &Path) -> BTreeMap<String, Judged> {
    let mut all: BTreeMap<String, Judged> = BTreeMap::new();
    for (path, _) in oracle::manifest(corpus) {
        let ours = truth::ours(&corpus.join(&path));
        let theirs = match truth::has_table(corpus, &path) {
            true => truth::theirs(corpus, &path).0,
            false => truth::Values::new(),
        };
        let mut told: BTreeMap<&str, usize> = BTreeMap::new();
        for (place, values) in &ours {
            let equal = truth::equal(Some(values), theirs.get(place));
            let count = if equal { values.len() } else { 0 };
            *told.entry(place.1.as_str()).or_default() += count;
        }
        for (name, equal) in told {
            let judged = all.entry(name.to_owned()).or_default();
            judged.captures += 1;
            judged.equal += equal;
        }
    }
    all
}

fn page(corpus: &Path) -> String {
    let of_corpus = of_corpus(corpus);
    let in_tests = in_tests();
    let made = made();
    let mut page = String::from(HEAD);
    for (decoder, names) in decoders() {
        let nobody =
            |name: &&String| !of_corpus.contains_key(*name) && !in_tests.contains_key(*name);
        let nobody = |name: &&String| nobody(name) && !made.contains_key(*name);
        let unjudged = names.iter().filter(nobody).count();
        let by_tshark = names.iter().filter(|name| {
            made.get(*name) == Some(&TSHARK)
                || of_corpus.get(*name).is_some_and(|one| one.equal > 0)
        });
        let by_others = names.iter().filter(|name| {
            let judge = made.get(*name);
            judge.is_some_and(|judge| *judge != TSHARK)
        });
        write!(page, "\n## {decoder}\n\n{} fields", names.len()).unwrap();
        write!(
            page,
            ", {} of them with a value that tshark reads too",
            by_tshark.count()
        )
        .unwrap();
        let others = by_others.count();
        if others > 0 {
            write!(page, ", {others} that another implementation wrote").unwrap();
        }
        write!(page, ", {unjudged} in no capture and no test.\n\n").unwrap();
        page.push_str("| field | captures that have it | values equal to tshark's | equal where made, with | named in |\n|---|--:|--:|---|---|\n");
        for name in &names {
            let none = Judged::default();
            let judged = of_corpus.get(name).unwrap_or(&none);
            let tests = in_tests.get(name).map(|files| files.join(", "));
            let tests = tests.unwrap_or_default();
            let (captures, equal) = (count(judged.captures), count(judged.equal));
            let made = made.get(name).copied().unwrap_or_default();
            writeln!(
                page,
                "| `{name}` | {captures} | {equal} | {made} | {tests} |"
            )
            .unwrap();
        }
    }
    page
}

/// Lists of fields of which a judge reads the same value, or wrote it; and who it is. Tests hold them: `truth_made.rs`,
/// `truth_enip_made.rs`, `layouts.rs`.
const LISTS: [(&str, &str); 5] = [
    ("tshark.txt", TSHARK),
    ("tshark-enip.txt", TSHARK),
    ("asyncua.txt", "asyncua"),
    ("network-servers.txt", "network servers"),
    ("protobuf.txt", "protobuf"),
];
const TSHARK: &str = "tshark";

/// The fields of made messages that somebody else reads as well, or wrote.
fn made() -> BTreeMap<String, &'static str> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/judges");
    let mut made = BTreeMap::new();
    for (name, judge) in LISTS {
        let text = std::fs::read_to_string(folder.join(name)).unwrap();
        for field in text.lines() {
            made.entry(field.to_owned()).or_insert(judge);
        }
    }
    made
}

/// Nothing, where there is none.
fn count(number: usize) -> String {
    match number {
        0 => String::new(),
        number => number.to_string(),
    }
}

const HEAD: &str = "# Every field

Generated from the decoders by `iia-capture/tests/coverage.rs` (`IIA_WRITE=1`), which also fails where this page is not what it finds. A field is here
because a decoder names it. Behind it: how many captures of the corpus have it, how many of its values stand in tshark's table of the same frame with
the same value (differences are explained in [the agreement pages](../agreement/README.md)), who reads the value of a made message as
well, or wrote it (`iia-capture/tests/truth_made.rs`, `layouts.rs`; why others differ: `tests/judges/tshark-differs.tsv`), and which tests name it. Names that begin with `iia.` are
ours: tshark has none for them, or another (`tests/judges/tshark-names.tsv`). What has no entry at all is decoded and judged by nobody yet.
Units of Modbus have no names but members of their own; [their page](modbus.md) has them, and tshark judges each.
";

#[test]
fn the_page_of_all_fields_is_what_the_decoders_have() {
    let Some(corpus) = oracle::corpus() else {
        return oracle::skip("the_page_of_all_fields_is_what_the_decoders_have");
    };
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/coverage/fields.md");
    let page = page(&corpus);
    if std::env::var_os("IIA_WRITE").is_some_and(|value| value == "1") {
        std::fs::write(&path, &page).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    let first = |a: &str, b: &str| {
        let mut lines = a.lines().zip(b.lines());
        lines
            .find(|(a, b)| a != b)
            .map(|(a, b)| format!("{a}\nand not\n{b}"))
    };
    assert!(
        written == page,
        "docs/coverage/fields.md is out of date; write it anew with IIA_WRITE=1: {}",
        first(&page, &written).unwrap_or_default()
    );
}
