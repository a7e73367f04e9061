//! Semantic validation: shape, contracts, references, invariants. Everything is found at once.

mod error;
mod facts;
mod listing;
mod manifest;
mod read;
mod rules;
mod shapes;

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};

use iia_contract::Catalog;
use iia_contract::raw::Version;
use iia_core::id::TrustDomain;
use iia_core::zone::Zone as Role;
use iia_core::{SpiffeId, Timestamp};

pub use error::CatalogError;
pub use facts::Facts;
pub use listing::{Listing, listing};
pub use manifest::{Manifest, manifest};

use crate::diagnostic::{Diagnostic, Severity};
use crate::limits::DIAGNOSTICS_MAX;
use crate::parse::Document;
use crate::render::{self, Deploy};
use crate::trust_root::TrustRoot;

/// A checked configuration.
#[derive(Clone, Debug, PartialEq)]
pub struct Checked {
    /// The artifact's name.
    pub name: String,
    /// Its version.
    pub version: Version,
    /// Its revision.
    pub revision: u64,
    /// When it was written.
    pub issued: Timestamp,
    /// The box's own trust domain.
    pub trust_domain: TrustDomain,
    /// Its zones.
    pub zones: Vec<Zone>,
    /// Where workloads are reached, by name.
    pub endpoints: BTreeMap<String, Endpoint>,
    /// Trust domains whose SVIDs are believed, by name.
    pub trust_roots: Vec<TrustRoot>,
    /// The contracts.
    pub catalog: Catalog,
    /// What the box runs, and where.
    pub deploy: Deploy,
    /// What was noticed and does not reject.
    pub warnings: Vec<Diagnostic>,
}

/// A zone with its workloads.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Zone {
    /// Its name.
    pub name: String,
    /// Its role.
    pub role: Role,
    /// Its workloads and their addresses.
    pub workloads: Vec<(String, IpAddr)>,
}

/// Where a workload is reached.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Endpoint {
    /// Who is there.
    pub workload: SpiffeId,
    /// Where it answers.
    pub addr: SocketAddr,
    /// Whether it is a workload of this box.
    pub listens: bool,
}

/// Validates a document for a box.
///
/// # Errors
/// Every diagnostic, when one of them rejects.
pub fn validate(document: &Document, facts: &Facts) -> Result<Checked, Vec<Diagnostic>> {
    let mut found = shapes::check(document);
    for kind in ["image", "revocation"] {
        found.extend(document.of_kind(kind).map(|entry| {
            let message = format!("`{kind}` has no place in a configuration");
            let help = format!("sign it as an artifact of class {kind}");
            Diagnostic::error("C031", entry.head(), message, &help)
        }));
    }
    let catalog = match Catalog::of(document.tree()) {
        Ok((catalog, defects)) => {
            found.extend(defects.into_iter().map(Diagnostic::from));
            catalog
        }
        Err(defects) => {
            found.extend(defects.into_iter().map(Diagnostic::from));
            Catalog::default()
        }
    };
    // Rules look across entries; what has no sound shape would only be complained about again, and what refers to it.
    if found
        .iter()
        .any(|found| shapes::CODES.contains(&found.code))
    {
        rules::alone(document, facts, &mut found);
    } else {
        found = rules::check(document, facts, found);
        render::rules::check(document, &mut found);
    }
    finish(document, facts, (catalog, found))
}

fn finish(
    document: &Document,
    facts: &Facts,
    (catalog, mut found): (Catalog, Vec<Diagnostic>),
) -> Result<Checked, Vec<Diagnostic>> {
    if is_strict(document, facts) {
        harden(document, &mut found);
    }
    found.sort_by_key(|found| (found.severity, found.span.start));
    found.truncate(DIAGNOSTICS_MAX);
    if found.iter().any(Diagnostic::rejects) {
        return Err(found);
    }
    read::checked(document, catalog, found)
}

fn is_strict(document: &Document, facts: &Facts) -> bool {
    let mut policies = document.of_kind("policy");
    facts.strict || policies.any(|policy| policy.text("strict") == "on")
}

/// Turns warnings into errors, but for those that a waiver sets aside, and the waivers' own.
fn harden(document: &Document, found: &mut [Diagnostic]) {
    let waived: Vec<&str> = document
        .of_kind("waiver")
        .map(|waiver| waiver.text("rule"))
        .collect();
    for diagnostic in found {
        if diagnostic.code != "C095" && !waived.contains(&diagnostic.code) {
            diagnostic.severity = Severity::Error;
        }
    }
}

/// Validates a catalog alone: contracts, without a box around them. What a researcher has.
///
/// # Errors
/// Every diagnostic, when one of them rejects.
pub fn catalog(document: &Document) -> Result<Catalog, Vec<Diagnostic>> {
    let mut found = shapes::check(document);
    match Catalog::of(document.tree()) {
        Ok((catalog, _)) if found.is_empty() => Ok(catalog),
        Ok(_) => Err(found),
        Err(defects) => {
            found.extend(defects.into_iter().map(Diagnostic::from));
            Err(found)
        }
    }
}

/// What is wrong with the entries that could be read of a document that could not be read as a whole: each for
/// itself, since what it names may stand in the part that is lost.
pub fn entries_alone(document: &Document) -> Vec<Diagnostic> {
    let mut found = shapes::check(document);
    let whole = |at: u32| document.damaged().binary_search(&at).is_err();
    let defects = match Catalog::of_some(document.tree(), &whole) {
        Ok((_, defects)) | Err(defects) => defects,
    };
    found.extend(defects.into_iter().map(Diagnostic::from));
    found.truncate(DIAGNOSTICS_MAX);
    found
}
