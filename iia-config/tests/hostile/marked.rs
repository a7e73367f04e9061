//! Texts with marks where diagnostics are expected.

use iia_config::limits::DOCUMENT_LEN_MAX;
use iia_config::parse::{Reading, parse_partial, place};

/// Stands in a row where a diagnostic is expected to begin.
const MARK: char = '¦';
/// What stands before a text.
pub(crate) const HEAD: &str = "iia-config 1\n\nparty before {\n  side acs\n}\n\n";
/// What stands behind it.
pub(crate) const TAIL: &str = "\n\nparty after {\n  side acs\n}\n";

/// What was told: codes and places.
pub(crate) fn told(reading: &Reading, text: &str) -> Vec<String> {
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
pub(crate) fn check(name: &str, text: &str, codes: &str) {
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
pub(crate) fn between(name: &str, text: &str, codes: &str) {
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
pub(crate) fn line(name: &str, line: &str, codes: &str) {
    between(name, &format!("policy p {{\n{line}\n}}"), codes);
}
