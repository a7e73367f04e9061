//! From a document that keeps every rule to values.

use std::net::SocketAddr;

use iia_contract::Catalog;
use iia_contract::raw::{Span, Version};
use iia_contract::tree::Entry;
use iia_core::time::parse_utc;

use super::{Checked, Endpoint, Zone};
use crate::diagnostic::Diagnostic;
use crate::parse::Document;
use crate::render::Deploy;
use crate::trust_root::TrustRoot;

/// The trust domain of a box that states none.
const TRUST_DOMAIN: &str = "iia.local";

/// The name of the box's own trust domain.
pub(super) fn trust_domain(document: &Document) -> &str {
    let stated = document
        .of_kind("artifact")
        .next()
        .map(|entry| entry.text("trust_domain"));
    stated
        .filter(|text| !text.is_empty())
        .unwrap_or(TRUST_DOMAIN)
}

pub(super) fn checked(
    document: &Document,
    catalog: Catalog,
    warnings: Vec<Diagnostic>,
) -> Result<Checked, Vec<Diagnostic>> {
    let artifact = document
        .of_kind("artifact")
        .next()
        .zip(trust_domain(document).parse().ok());
    let Some((artifact, trust_domain)) = artifact else {
        let help = "a configuration has an `artifact` with a trust domain";
        return Err(vec![Diagnostic::error(
            "C031",
            Span::default(),
            "no artifact entry",
            help,
        )]);
    };
    let none = Version {
        major: 0,
        minor: 0,
        patch: 0,
    };
    Ok(Checked {
        name: artifact.name.to_owned(),
        version: artifact.version.unwrap_or(none),
        revision: artifact
            .field("revision")
            .and_then(|field| field.count())
            .unwrap_or(0),
        issued: parse_utc(artifact.text("issued")).unwrap_or_default(),
        trust_domain,
        zones: document
            .of_kind("zone")
            .filter_map(|entry| zone(&entry))
            .collect(),
        endpoints: document
            .of_kind("endpoint")
            .filter_map(|entry| endpoint(&entry))
            .collect(),
        trust_roots: TrustRoot::all(document),
        catalog,
        deploy: Deploy::read(document.tree()),
        warnings,
    })
}

fn zone(entry: &Entry<'_>) -> Option<Zone> {
    let workload = |field: iia_contract::tree::Field<'_>| {
        let addr = field.value(1)?.text.parse().ok()?;
        Some((field.text().to_owned(), addr))
    };
    Some(Zone {
        name: entry.name.to_owned(),
        role: entry.text("role").parse().ok()?,
        workloads: entry.fields("workload").filter_map(workload).collect(),
    })
}

/// The address of an endpoint that says where it is.
pub(super) fn address(entry: &Entry<'_>) -> Option<SocketAddr> {
    let place = match (entry.field("listen"), entry.field("connect")) {
        (Some(field), None) | (None, Some(field)) => field.text().split_once('/')?,
        _ => return None,
    };
    place.1.parse().ok()
}

fn endpoint(entry: &Entry<'_>) -> Option<(String, Endpoint)> {
    let endpoint = Endpoint {
        workload: entry.text("workload").parse().ok()?,
        addr: address(entry)?,
        listens: entry.field("listen").is_some(),
    };
    Some((entry.name.to_owned(), endpoint))
}
