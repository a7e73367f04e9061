//! C088: what a box is told to run, even when nothing changes.

use iia_contract::raw::{Kind, Span};
use iia_contract::tree::Entry;
use iia_core::Timestamp;
use iia_core::time::parse_utc;

use super::{Facts, shapes};
use crate::diagnostic::Diagnostic;
use crate::parse::Document;

/// What a box is to run.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Manifest {
    /// The box.
    pub box_name: String,
    /// Counts up with every manifest of the box.
    pub revision: u64,
    /// When it was written.
    pub issued: Timestamp,
    /// Until when it may be believed.
    pub expires: Timestamp,
    /// The digest of the system image.
    pub os: Option<String>,
    /// The digest of the configuration.
    pub config: Option<String>,
    /// The digests of sets of rules.
    pub rules: Vec<String>,
    /// The digest of the trust roots.
    pub roots: Option<String>,
    /// The digests of approvals that go with it.
    pub approvals: Vec<String>,
}

/// Validates a manifest for a box.
///
/// # Errors
/// Every diagnostic, when one of them rejects.
pub fn manifest(document: &Document, facts: &Facts) -> Result<Manifest, Vec<Diagnostic>> {
    let mut found = shapes::check(document);
    let Some(entry) = document.only().filter(|entry| entry.kind == "manifest") else {
        let help = "a manifest document has one entry, `manifest`";
        found.push(Diagnostic::error(
            "C088",
            Span::default(),
            "not one manifest",
            help,
        ));
        return Err(found);
    };
    rule(&entry, facts, &mut found);
    match found.is_empty() {
        true => Ok(read(&entry)),
        false => Err(found),
    }
}

/// C088: it names the box, counts up and ends.
fn rule(entry: &Entry<'_>, facts: &Facts, found: &mut Vec<Diagnostic>) {
    let mut tell = |message: String, help: &str| {
        found.push(Diagnostic::error("C088", entry.head(), message, help));
    };
    if entry.text("box") != facts.box_name {
        tell(
            format!("not for box {}", facts.box_name),
            "name the box, also when nothing changes",
        );
    }
    let revision = entry.field("revision").and_then(|field| field.count());
    let after = |seen: u64| revision.is_some_and(|revision| revision > seen);
    if !facts.manifest.map_or(revision.is_some(), after) {
        tell(
            "it does not count up".into(),
            "revision is above that of every manifest before",
        );
    }
    let (issued, expires) = (
        parse_utc(entry.text("issued")),
        parse_utc(entry.text("expires")),
    );
    let ends = expires.is_some_and(|expires| issued.is_some_and(|issued| issued < expires));
    if !ends {
        tell("it never ends".into(), "expires is after issued");
    }
    if expires
        .zip(facts.now)
        .is_some_and(|(expires, now)| expires <= now)
    {
        tell("it has expired".into(), "pull a newer one");
    }
}

fn read(entry: &Entry<'_>) -> Manifest {
    let hash = |key: &str| entry.field(key).map(|field| field.text().to_owned());
    let hashes = |key: &'static str| -> Vec<String> {
        let fields = entry.fields(key).filter_map(|field| field.value(0));
        let hashes = fields.filter(|value| value.kind == Kind::Hash);
        hashes.map(|value| value.text.to_owned()).collect()
    };
    Manifest {
        box_name: entry.text("box").to_owned(),
        revision: entry
            .field("revision")
            .and_then(|field| field.count())
            .unwrap_or(0),
        issued: parse_utc(entry.text("issued")).unwrap_or_default(),
        expires: parse_utc(entry.text("expires")).unwrap_or_default(),
        os: hash("os"),
        config: hash("config"),
        rules: hashes("rules"),
        roots: hash("roots"),
        approvals: hashes("approval"),
    }
}
