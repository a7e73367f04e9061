//! The text of a document: the parser alone, the canonical form, and a second recogniser.

use std::sync::LazyLock;

use iia_config::diagnostic::Diagnostic;
use iia_config::format::canonical;
use iia_config::limits::{DIAGNOSTICS_MAX, DOCUMENT_LEN_DEFAULT};
use iia_config::parse::Document;
use iia_contract::raw::Span;

use super::judge::Judge;
use crate::input::Input;

/// Reads a document as a box does.
pub(super) fn read(bytes: &[u8]) -> Result<Document, Vec<Diagnostic>> {
    iia_config::parse::parse(bytes, DOCUMENT_LEN_DEFAULT)
}

/// Every part of a document lies within what it is a part of; so does every place that a diagnostic names.
pub fn parse(data: &[u8]) {
    match read(data) {
        Ok(document) => {
            assert_eq!(document.text().as_bytes(), data);
            lies_within(&document);
        }
        Err(found) => refused(data, &found),
    }
}

fn refused(data: &[u8], found: &[Diagnostic]) {
    assert!((1..=DIAGNOSTICS_MAX).contains(&found.len()));
    for diagnostic in found {
        let related = diagnostic.related.iter().map(|related| related.span);
        for span in related.chain([diagnostic.span]) {
            assert!(span.start <= span.end && span.end as usize <= data.len());
        }
    }
    // Writing them out takes longer than everything else, so one in 256 inputs has to do.
    if Input(data).sum() == 0 {
        let text = String::from_utf8_lossy(data);
        for diagnostic in found {
            assert!(
                diagnostic
                    .render("fuzz.icl", &text)
                    .contains(diagnostic.code)
            );
        }
    }
}

fn lies_within(document: &Document) {
    let inside = |part: Span, whole: Span| {
        assert!(part.start <= part.end && whole.start <= part.start && part.end <= whole.end);
    };
    let mut free = Span {
        start: 0,
        end: document.text().len() as u32,
    };
    for entry in document.entries() {
        inside(entry.span, free);
        free.start = entry.span.end;
        for block in entry.blocks() {
            inside(block.span, entry.span);
            block
                .all()
                .for_each(|field| inside(field.span(), block.span));
        }
        for field in entry.every_field() {
            inside(field.span(), entry.span);
            for value in field.values() {
                inside(value.span, field.span());
            }
        }
    }
    for comment in document.comments() {
        assert!(document.comment(comment).starts_with('#'));
        assert!(comment.start < comment.before && comment.before as usize <= document.text().len());
    }
}

/// A document that parses has a canonical text, which parses, and whose canonical text it is itself.
pub fn round_trip(data: &[u8]) {
    let Ok(document) = read(data) else {
        return;
    };
    let text = canonical(&document);
    let again = match read(text.as_bytes()) {
        Ok(again) => again,
        // The canonical form indents, and so may pass a limit that the input kept to.
        Err(found) => {
            let over = found.iter().all(|found| found.code.starts_with("P4"));
            assert!(over, "{found:?}\n{text}");
            return;
        }
    };
    assert_eq!(canonical(&again), text);
    assert_eq!(again.entries().len(), document.entries().len());
    assert_eq!(again.comments().len(), document.comments().len());
}

static JUDGE: LazyLock<Judge> = LazyLock::new(Judge::new);

/// An automaton made from the grammar alone accepts what the parser accepts, and nothing else.
pub fn recogniser(data: &[u8]) {
    let (ours, theirs) = (read(data), JUDGE.accepts(data));
    assert_eq!(ours.is_ok(), theirs, "{:?}", ours.err());
}
