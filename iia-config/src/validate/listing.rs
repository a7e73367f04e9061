//! An image, or a set of rules, as an artifact: a short text that names every part by its digest. The parts travel
//! apart, so what is signed stays small enough to read, and whoever runs a part holds it against its digest.

use iia_contract::raw::{Kind, Version};
use iia_contract::tree::Entry;
use iia_core::Timestamp;
use iia_core::time::parse_utc;

use super::{Facts, rules, shapes};
use crate::diagnostic::Diagnostic;
use crate::parse::Document;
use crate::trust::Class;

/// What an image or a set of rules consists of.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Listing {
    /// [`Class::Image`] or [`Class::Ruleset`].
    pub class: Class,
    /// The artifact's name.
    pub name: String,
    /// Its version.
    pub version: Version,
    /// Its revision, which counts up by itself in each class.
    pub revision: u64,
    /// When it was written.
    pub issued: Timestamp,
    /// Its parts by name, with the digest of each.
    pub items: Vec<(String, String)>,
}

/// Validates the text of an image or of a set of rules: one `artifact` for this box, after what is in force of its
/// class (C080, C081), and nothing but parts with a digest (C031).
///
/// # Errors
/// Every diagnostic.
pub fn listing(
    document: &Document,
    class: Class,
    facts: &Facts,
) -> Result<Listing, Vec<Diagnostic>> {
    let part = if class == Class::Image {
        "image"
    } else {
        "ruleset"
    };
    let mut found = shapes::check(document);
    for entry in document.entries() {
        if entry.kind != "artifact" && entry.kind != part {
            let message = format!(
                "`{}` has no place in an artifact of class {}",
                entry.kind,
                class.name()
            );
            let help = format!("artifact and {part} only");
            found.push(Diagnostic::error("C031", entry.head(), message, &help));
        } else if entry.kind == part && entry.field("digest").is_none() {
            let message = format!("{part} {} has no digest", entry.name);
            let help = "what travels apart is named by its digest";
            found.push(Diagnostic::error("C037", entry.head(), message, help));
        }
    }
    if found.is_empty() {
        found = rules::identity(document, facts);
    }
    if !found.is_empty() {
        return Err(found);
    }
    let artifact = document.of_kind("artifact").next();
    let artifact = artifact.ok_or_else(Vec::new)?;
    Ok(read(document, (class, part), &artifact))
}

fn read(
    document: &Document,
    (class, part): (Class, &'static str),
    artifact: &Entry<'_>,
) -> Listing {
    let digest = |entry: &Entry<'_>| {
        let value = entry.field("digest").and_then(|field| field.value(0));
        let value = value.filter(|value| value.kind == Kind::Hash);
        value.map(|value| (entry.name.to_owned(), value.text.to_owned()))
    };
    let parts = document.of_kind(part);
    Listing {
        class,
        name: artifact.name.to_owned(),
        version: artifact.version.unwrap_or(Version {
            major: 0,
            minor: 0,
            patch: 0,
        }),
        revision: artifact
            .field("revision")
            .and_then(|field| field.count())
            .unwrap_or(0),
        issued: parse_utc(artifact.text("issued")).unwrap_or_default(),
        items: parts.filter_map(|entry| digest(&entry)).collect(),
    }
}
