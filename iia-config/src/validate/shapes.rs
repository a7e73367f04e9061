//! C024, C030, C031: every entry has the shape that the table demands.

use hashbrown::HashMap;

use iia_contract::shape;
use iia_contract::tree::Entry;

use crate::diagnostic::Diagnostic;
use crate::limits::DIAGNOSTICS_MAX;
use crate::parse::{Document, Magic};
use crate::schema;

/// What is told here, and by the catalog for contracts.
pub(super) const CODES: [&str; 4] = ["C024", "C031", "C040", "C047"];

/// Every entry but contracts, which the catalog checks itself.
pub(super) fn check(document: &Document) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let mut seen = HashMap::new();
    for entry in document.whole_entries() {
        if found.len() >= DIAGNOSTICS_MAX {
            break;
        }
        place(document.magic, &entry, &mut found);
        if entry.kind == "contract" {
            continue;
        }
        match schema::spec(entry.kind) {
            Some(spec) => {
                found.extend(shape::check(spec, &entry).into_iter().map(Diagnostic::from))
            }
            None => found.push(unknown(&entry)),
        }
        if let Some(first) = seen.insert((entry.kind, entry.name), entry.head()) {
            let message = format!("{} {} stands twice", entry.kind, entry.name);
            let again = Diagnostic::error("C030", entry.head(), message, "merge them");
            found.push(again.with(first, "it stands here first"));
        }
    }
    found
}

fn unknown(entry: &Entry<'_>) -> Diagnostic {
    let near = shape::nearest(entry.kind, schema::TABLE.iter().map(|spec| spec.kind));
    let help = near.map_or_else(String::new, |near| format!("did you mean `{near}`?"));
    let message = format!("unknown entry `{}`", entry.kind);
    Diagnostic::error("C031", entry.head(), message, &help)
}

/// A manifest stands in a manifest, an approval in an approval, everything else in a configuration.
fn place(magic: Magic, entry: &Entry<'_>, found: &mut Vec<Diagnostic>) {
    let wanted = match entry.kind {
        "manifest" => Magic::Manifest,
        "approval" => Magic::Approval,
        "confirmation" => Magic::State,
        _ => Magic::Config,
    };
    if magic != wanted && magic != Magic::State {
        let message = format!(
            "`{}` has no place in a document that begins with `{}`",
            entry.kind,
            magic.line()
        );
        let help = format!("it belongs into one that begins with `{}`", wanted.line());
        found.push(Diagnostic::error("C031", entry.head(), message, &help));
    }
}
