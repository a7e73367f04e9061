//! The property of diffs, and ways to bend a document. Pure, so a fuzzer asks the same.

use iia_config::diff::{Model, between, consequences, diff};
use iia_config::format::canonical;
use iia_config::parse::{Document, parse};

/// Both properties of two texts. Gives how many changes there are; `None` when one of the texts is no document.
pub(crate) fn check(a: &[u8], b: &[u8]) -> Option<usize> {
    let (a, b) = (parse(a, 1 << 20).ok()?, parse(b, 1 << 20).ok()?);
    says_the_same(&a);
    mirror(&a, &b);
    Some(there_and_back(&a, &b))
}

/// The canonical form of a document means what the document means.
pub(crate) fn says_the_same(document: &Document) {
    let text = canonical(document);
    if let Ok(again) = parse(text.as_bytes(), text.len()) {
        assert_eq!(Model::of(&again), Model::of(document), "{text}");
    }
}

/// `apply(diff(a, b), a) == b`, in both directions, and nothing between a document and itself.
pub(crate) fn there_and_back(a: &Document, b: &Document) -> usize {
    let (old, new) = (Model::of(a), Model::of(b));
    let there = diff(&old, &new);
    assert_eq!(between(a, b), there);
    assert_eq!(there.apply(&old).as_ref(), Ok(&new), "{there}");
    let back = diff(&new, &old);
    assert_eq!(back.apply(&new).as_ref(), Ok(&old), "{back}");
    assert!(diff(&old, &old).is_empty());
    assert_eq!(there.is_empty(), old == new);
    there.changes.len()
}

/// What opens on the way there closes on the way back.
pub(crate) fn mirror(a: &Document, b: &Document) {
    let (forth, back) = (consequences(a, b), consequences(b, a));
    assert_eq!((&forth.opened, &forth.closed), (&back.closed, &back.opened));
    assert_eq!(
        (&forth.bound, &forth.topics_new),
        (&back.unbound, &back.topics_gone)
    );
    assert!(
        forth
            .cut
            .iter()
            .all(|cut| forth.closed.iter().any(|flow| flow.session == *cut))
    );
}

/// A generator whose numbers are the same on every machine (xorshift64).
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 16) as usize % n.max(1)
    }
}

/// Changes one thing: a line goes, comes twice, changes a digit or a letter; an entry goes, comes twice or moves.
pub(crate) fn bend(text: &str, random: &mut Random) -> String {
    let mut entries: Vec<String> = text.split("\n\n").map(str::to_owned).collect();
    let at = 1 + random.below(entries.len() - 1);
    match random.below(8) {
        0 => drop(entries.remove(at)),
        1 => {
            let twin = entries[at].clone();
            entries.insert(1 + random.below(at), twin);
        }
        2 => {
            let moved = entries.remove(at);
            entries.insert(1 + random.below(entries.len()), moved);
        }
        _ => entries[at] = bend_entry(&entries[at], random),
    }
    let mut text = entries.join("\n\n");
    if !text.ends_with('\n') {
        text.push('\n');
    }
    text
}

fn bend_entry(entry: &str, random: &mut Random) -> String {
    let mut lines: Vec<String> = entry.lines().map(str::to_owned).collect();
    let at = random.below(lines.len());
    let fixed = lines[at].ends_with('{') || lines[at].ends_with('}');
    match random.below(4) {
        0 if !fixed => drop(lines.remove(at)),
        1 if !fixed => lines.insert(at, lines[at].clone()),
        2 => {
            lines[at] = lines[at].replacen(
                |c: char| c.is_ascii_digit(),
                &random.below(10).to_string(),
                1,
            )
        }
        _ if !fixed => {
            let word = ["on", "off", "x", "7d", "mtls"][random.below(5)];
            let kept = lines[at]
                .trim_end()
                .rsplit_once(' ')
                .map_or("", |(kept, _)| kept);
            if !kept.trim().is_empty() {
                lines[at] = format!("{kept} {word}");
            }
        }
        _ => {}
    }
    lines.join("\n")
}
