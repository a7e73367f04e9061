//! ICL/1: one line is one statement, depth is fixed, recovery is at the line feed. No recursion, and no memory beyond
//! what is in proportion to the document.
//!
//! ```ebnf
#![doc = include_str!("icl.ebnf")]
//! ```

mod charset;
mod document;
mod grammar;
mod line;
mod mend;
mod state;

use iia_contract::raw::Span;

pub use document::{Comment, Document, Magic, place};

use crate::diagnostic::Diagnostic;
use crate::limits::{DIAGNOSTICS_MAX, DOCUMENT_LEN_MAX};
use state::State;

/// What could be read of a document, and what is wrong with the rest.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reading {
    /// What could be read; nothing when the text is beyond a limit.
    pub document: Option<Document>,
    /// What is wrong, 64 at most.
    pub diagnostics: Vec<Diagnostic>,
}

/// Parses a document of at most `len_max` bytes.
///
/// ```
/// use iia_config::parse::parse;
/// let document = parse(b"iia-config 1\n\nparty ops {\n  side acs\n}\n", 1024).unwrap();
/// assert_eq!(document.only().unwrap().text("side"), "acs");
/// let found = parse(b"iia-config 1\n\nparty ops {\n  side  acs\n  contact @\n}\n", 1024).unwrap_err();
/// assert_eq!(found.iter().map(|d| d.code).collect::<Vec<_>>(), ["P019", "P018"]);
/// ```
///
/// # Errors
/// Up to 64 independent diagnostics; a mistake in one line leaves the others intact.
pub fn parse(bytes: &[u8], len_max: usize) -> Result<Document, Vec<Diagnostic>> {
    match parse_partial(bytes, len_max) {
        Reading {
            document: Some(document),
            diagnostics,
        } if diagnostics.is_empty() => Ok(document),
        reading => Err(reading.diagnostics),
    }
}

/// Parses a document as far as it goes: entries without a mistake are there whatever is wrong with others.
pub fn parse_partial(bytes: &[u8], len_max: usize) -> Reading {
    let max = len_max.min(DOCUMENT_LEN_MAX);
    if bytes.len() > max {
        let message = format!("document of {} bytes, {max} allowed", bytes.len());
        let help = "split it, or raise the limit of the box by policy";
        let found = Diagnostic::error("P401", Span::default(), message, help);
        return Reading {
            document: None,
            diagnostics: vec![found],
        };
    }
    let mut state = State::new(bytes);
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => Box::from(text),
        Err(_) => without_bad_bytes(bytes, &mut state),
    };
    state.document(&text);
    let (magic, nodes, comments, damaged, mut diagnostics) = state.finish();
    diagnostics.truncate(DIAGNOSTICS_MAX);
    Reading {
        document: Some(Document {
            magic,
            tree: nodes.finish(text),
            comments,
            damaged,
        }),
        diagnostics,
    }
}

/// The text with a question mark for each byte that is no UTF-8, so that every place stays where it is.
fn without_bad_bytes(bytes: &[u8], state: &mut State) -> Box<str> {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        let bad = chunk.invalid();
        if !bad.is_empty() {
            state.not_utf8(text.len(), bad);
            bad.iter().for_each(|_| text.push('?'));
        }
    }
    text.into_boxed_str()
}
