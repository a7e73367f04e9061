//! Semantic validation: shape, contracts, references, invariants. Everything is found at once.

mod rules;

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};

use iia_contract::Catalog;
use iia_contract::raw::{Entry, Field, Number, Version};
use iia_contract::shape;
use iia_core::digest::Digest;
use iia_core::id::TrustDomain;
use iia_core::time::parse_utc;
use iia_core::zone::Zone as Role;
use iia_core::{SpiffeId, Timestamp};

use crate::diagnostic::{Diagnostic, Severity};
use crate::limits::DIAGNOSTICS_MAX;
use crate::parse::{Document, Magic};
use crate::schema;

/// What the box knows beside the document.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Facts {
    /// The box's name.
    pub box_name: String,
    /// What is applied: revision and digest.
    pub applied: Option<(u64, Digest)>,
}

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
    pub trust_roots: BTreeMap<String, TrustDomain>,
    /// The contracts.
    pub catalog: Catalog,
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
    let mut found = shapes(document);
    let (catalog, defects) = match Catalog::check(&document.entries) {
        Ok((catalog, warnings)) => (catalog, warnings),
        Err(defects) => (Catalog::default(), defects),
    };
    found.extend(defects.into_iter().map(Diagnostic::from));
    let checked = if found.iter().any(rejects) {
        None
    } else {
        read(document, catalog, &mut found)
    };
    if let Some(checked) = &checked {
        rules::check(document, checked, facts, &mut found);
    }
    found.truncate(DIAGNOSTICS_MAX);
    match checked {
        Some(checked) if !found.iter().any(rejects) => Ok(Checked {
            warnings: found,
            ..checked
        }),
        _ => Err(found),
    }
}

/// Validates a catalog alone: contracts, without a box around them. What a researcher has.
///
/// # Errors
/// Every diagnostic, when one of them rejects.
pub fn catalog(document: &Document) -> Result<Catalog, Vec<Diagnostic>> {
    let found = shapes(document);
    if found.iter().any(rejects) {
        return Err(found);
    }
    Catalog::check(&document.entries)
        .map(|(catalog, _)| catalog)
        .map_err(|defects| defects.into_iter().map(Diagnostic::from).collect())
}

fn rejects(diagnostic: &Diagnostic) -> bool {
    diagnostic.severity == Severity::Error
}

/// Every entry but contracts, which the catalog checks itself.
fn shapes(document: &Document) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let mut seen = BTreeMap::new();
    for entry in &document.entries {
        match schema::spec(&entry.kind) {
            Some(spec) if spec.kind == "contract" => {}
            Some(spec) => found.extend(shape::check(spec, entry).into_iter().map(Diagnostic::from)),
            None => {
                let near = shape::nearest(&entry.kind, schema::TABLE.iter().map(|spec| spec.kind));
                let help = near.map_or_else(String::new, |near| format!("did you mean `{near}`?"));
                found.push(Diagnostic::error(
                    "C031",
                    entry.span,
                    format!("unknown entry `{}`", entry.kind),
                    &help,
                ));
            }
        }
        if seen.insert((&entry.kind, &entry.name), ()).is_some() {
            let message = format!("{} {} stands twice", entry.kind, entry.name);
            found.push(Diagnostic::error("C030", entry.span, message, "merge them"));
        }
    }
    found
}

/// From sound shapes to values.
fn read(document: &Document, catalog: Catalog, found: &mut Vec<Diagnostic>) -> Option<Checked> {
    let mut artifacts = document
        .entries
        .iter()
        .filter(|entry| entry.kind == "artifact");
    let Some(artifact) = artifacts.next().filter(|_| document.magic == Magic::Config) else {
        let span = iia_contract::raw::Span::default();
        found.push(Diagnostic::error(
            "C031",
            span,
            "no artifact entry",
            "a configuration begins with `artifact`",
        ));
        return None;
    };
    let text = |key: &str| artifact.field(key).map_or("", Field::text);
    let domain = text("trust_domain");
    let domain = if domain.is_empty() {
        "iia.local"
    } else {
        domain
    };
    let Ok(trust_domain) = domain.parse() else {
        found.push(Diagnostic::error(
            "C040",
            artifact.span,
            format!("`{domain}` is no trust domain"),
            "",
        ));
        return None;
    };
    let revision = artifact
        .field("revision")
        .and_then(|field| field.number(0))
        .and_then(Number::as_count);
    Some(Checked {
        name: artifact.name.clone(),
        version: artifact.version.unwrap_or(Version {
            major: 0,
            minor: 0,
            patch: 0,
        }),
        revision: revision.unwrap_or(0),
        issued: parse_utc(text("issued")).unwrap_or_default(),
        trust_domain,
        zones: entries(document, "zone")
            .filter_map(|entry| zone(entry, found))
            .collect(),
        endpoints: endpoints(document, found),
        trust_roots: trust_roots(document, found),
        catalog,
        warnings: Vec::new(),
    })
}

pub(crate) fn entries<'a>(
    document: &'a Document,
    kind: &'a str,
) -> impl Iterator<Item = &'a Entry> {
    document
        .entries
        .iter()
        .filter(move |entry| entry.kind == kind)
}

fn zone(entry: &Entry, found: &mut Vec<Diagnostic>) -> Option<Zone> {
    let role = entry.field("role")?;
    let Ok(parsed) = role.text().parse::<Role>() else {
        found.push(Diagnostic::error(
            "C015",
            role.span,
            format!("`{}` is no role", role.text()),
            "roles are those of the architecture, such as ot.acs.lake",
        ));
        return None;
    };
    let mut workloads = Vec::new();
    for field in entry.fields("workload") {
        let [name, addr] = field.values.as_slice() else {
            continue;
        };
        match addr.text.parse() {
            Ok(addr) => workloads.push((name.text.clone(), addr)),
            Err(_) => {
                let message = format!("`{}` is no single address", addr.text);
                found.push(Diagnostic::error(
                    "C016",
                    addr.span,
                    message,
                    "a workload has one address",
                ));
            }
        }
    }
    Some(Zone {
        name: entry.name.clone(),
        role: parsed,
        workloads,
    })
}

fn endpoints(document: &Document, found: &mut Vec<Diagnostic>) -> BTreeMap<String, Endpoint> {
    let mut endpoints = BTreeMap::new();
    for entry in entries(document, "endpoint") {
        let (listen, connect) = (entry.field("listen"), entry.field("connect"));
        let place = match (listen, connect) {
            (Some(field), None) | (None, Some(field)) => field.text().split_once('/'),
            _ => None,
        };
        let addr = place
            .filter(|(protocol, _)| *protocol == "tls")
            .and_then(|(_, addr)| addr.parse().ok());
        let workload = entry
            .field("workload")
            .and_then(|field| field.text().parse().ok());
        match (addr, workload) {
            (Some(addr), Some(workload)) => {
                endpoints.insert(
                    entry.name.clone(),
                    Endpoint {
                        workload,
                        addr,
                        listens: listen.is_some(),
                    },
                );
            }
            _ => found.push(Diagnostic::error(
                "C025",
                entry.span,
                format!("endpoint {} does not say where", entry.name),
                "either `listen tls/ADDRESS:PORT` or `connect tls/ADDRESS:PORT`",
            )),
        }
    }
    endpoints
}

fn trust_roots(document: &Document, found: &mut Vec<Diagnostic>) -> BTreeMap<String, TrustDomain> {
    let mut roots = BTreeMap::new();
    for entry in entries(document, "trust_root") {
        let domain = entry.field("trust_domain").map_or("", Field::text);
        match domain.parse() {
            Ok(domain) => {
                roots.insert(entry.name.clone(), domain);
            }
            Err(error) => {
                found.push(Diagnostic::error(
                    "C040",
                    entry.span,
                    format!("`{domain}`: {error}"),
                    "",
                ));
            }
        }
    }
    roots
}
