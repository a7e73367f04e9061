//! Rules that look at the whole document, one small function each (the numbers are those of the reference page).

mod artifact;
mod change;
mod conduits;
mod endpoints;
mod identities;
mod interfaces;
mod level;
mod observers;
mod people;
mod references;
mod secrets;
mod trust;
mod waivers;
mod zones;

use hashbrown::HashMap;
use std::rc::Rc;

use iia_contract::raw::Span;
use iia_contract::tree::Entry;
use iia_core::zone::Zone as Role;

use super::{Facts, read};
use crate::diagnostic::Diagnostic;
use crate::limits::DIAGNOSTICS_MAX;
use crate::parse::Document;

/// One rule over a document.
type Rule = fn(&mut Ground<'_>);

const RULES: &[Rule] = &[
    artifact::one,
    artifact::target,
    artifact::follows,
    zones::sides,
    zones::bridges,
    zones::networks,
    zones::durable,
    zones::images,
    observers::exist,
    observers::io_master,
    observers::tolerances,
    interfaces::count,
    interfaces::observation,
    interfaces::services,
    interfaces::tunnel,
    interfaces::management,
    interfaces::everybody,
    interfaces::consoles,
    level::claim,
    level::acs_half,
    references::uris,
    references::named,
    endpoints::places,
    endpoints::derived,
    endpoints::http,
    endpoints::cardinality,
    endpoints::dead,
    conduits::crossings,
    conduits::contracts,
    identities::domains,
    identities::own,
    identities::bare,
    trust::roots,
    trust::profiles,
    trust::expiry,
    trust::pulls,
    trust::keys,
    people::contacts,
    people::accountable,
    people::on_call,
    people::never_control,
    secrets::none,
    change::versions,
    change::overlap,
    change::removed,
    change::loosened,
    waivers::sound,
];

/// Rules that judge an entry by itself alone: they say nothing false when another entry has a wrong shape.
const ALONE: &[Rule] = &[
    artifact::target,
    artifact::follows,
    references::uris,
    endpoints::http,
    people::contacts,
    trust::expiry,
    secrets::none,
    change::versions,
];

/// A document with what rules look up in it, and what they find.
struct Ground<'d> {
    document: &'d Document,
    facts: &'d Facts,
    found: Vec<Diagnostic>,
    /// The box's own trust domain.
    domain: &'d str,
    /// Contracts by scope, and other entries by kind.
    groups: HashMap<&'d str, Rc<[u32]>>,
    /// The identities that contracts name, contract by contract.
    parties: Rc<[Party<'d>]>,
    /// Zones by name.
    zones: HashMap<&'d str, Entry<'d>>,
    /// The role of each workload of the box, by its SPIFFE ID; nothing where its zone has no known role.
    workloads: HashMap<String, Option<Role>>,
}

/// An identity that a contract names.
#[derive(Clone, Copy)]
struct Party<'d> {
    /// The contract's place among all entries.
    contract: u32,
    /// The key of its field.
    key: &'static str,
    id: &'d str,
}

/// Checks every rule; what was found before stands first.
pub(super) fn check(document: &Document, facts: &Facts, found: Vec<Diagnostic>) -> Vec<Diagnostic> {
    let mut ground = Ground::new(document, facts, found);
    for rule in RULES {
        rule(&mut ground);
    }
    ground.found
}

/// Checks what can be said of the entries whose shape is right, when that of others (`found`) is wrong.
pub(super) fn alone(document: &Document, facts: &Facts, found: &mut Vec<Diagnostic>) {
    let mut ground = Ground::new(document, facts, Vec::new());
    for rule in ALONE {
        rule(&mut ground);
    }
    let entries = document.entries();
    let wrong: Vec<Span> = entries
        .map(|entry| entry.span)
        .filter(|span| found.iter().any(|found| holds(*span, found.span)))
        .collect();
    ground
        .found
        .retain(|told| !wrong.iter().any(|span| holds(*span, told.span)));
    found.append(&mut ground.found);
}

fn holds(outer: Span, inner: Span) -> bool {
    outer.start <= inner.start && inner.start < outer.end
}

/// Checks what every artifact says of itself, whatever its class: one entry, for this box, after what is in force.
pub(super) fn identity(document: &Document, facts: &Facts) -> Vec<Diagnostic> {
    let mut ground = Ground::new(document, facts, Vec::new());
    artifact::one(&mut ground);
    artifact::target(&mut ground);
    artifact::follows(&mut ground);
    ground.found
}

impl<'d> Ground<'d> {
    fn new(document: &'d Document, facts: &'d Facts, found: Vec<Diagnostic>) -> Self {
        let zones: HashMap<&str, Entry<'_>> = document
            .of_kind("zone")
            .map(|entry| (entry.name, entry))
            .collect();
        let domain = read::trust_domain(document);
        let workloads = zones.values().flat_map(|entry| {
            let role: Option<Role> = entry.text("role").parse().ok();
            let names = entry.fields("workload").map(|field| field.text());
            let zone = entry.name;
            names.map(move |workload| (id_of(domain, zone, workload), role))
        });
        let mut groups: HashMap<&str, Vec<u32>> = HashMap::new();
        let mut named = Vec::new();
        for (at, entry) in (0..).zip(document.entries()) {
            let group = match entry.kind {
                "contract" => {
                    named.extend(parties(at, &entry));
                    entry.text("scope")
                }
                kind => kind,
            };
            groups.entry(group).or_default().push(at);
        }
        let groups = groups
            .into_iter()
            .map(|(name, entries)| (name, Rc::from(entries)));
        Self {
            workloads: workloads.collect(),
            parties: named.into(),
            domain,
            groups: groups.collect(),
            document,
            facts,
            found,
            zones,
        }
    }

    fn tell(&mut self, code: &'static str, span: Span, message: impl Into<String>, help: &str) {
        self.push(Diagnostic::error(code, span, message, help));
    }

    fn warn(&mut self, code: &'static str, span: Span, message: impl Into<String>, help: &str) {
        self.push(Diagnostic::warning(code, span, message, help));
    }

    fn push(&mut self, found: Diagnostic) {
        if self.found.len() < 2 * DIAGNOSTICS_MAX {
            self.found.push(found);
        }
    }

    /// The entries of a kind that is no contract, or the contracts of a scope.
    fn of_kind(&self, kind: &'static str) -> impl Iterator<Item = Entry<'d>> + Clone + use<'d> {
        let (tree, group) = (self.document.tree(), self.group(kind));
        (0..group.len()).filter_map(move |at| tree.entry(*group.get(at)?))
    }

    /// The contracts of one scope.
    fn scope(&self, scope: &'static str) -> impl Iterator<Item = Entry<'d>> + Clone + use<'d> {
        self.of_kind(scope)
    }

    /// Every contract.
    fn contracts(&self) -> impl Iterator<Item = Entry<'d>> + Clone + use<'d> {
        self.document.of_kind("contract")
    }

    fn group(&self, name: &str) -> Rc<[u32]> {
        self.groups.get(name).cloned().unwrap_or_default()
    }

    /// The zone and name of an identity of the box; nothing for a foreign one.
    fn own(&self, id: &'d str) -> Option<(&'d str, &'d str)> {
        let path = id.strip_prefix("spiffe://")?.strip_prefix(self.domain)?;
        let mut parts = path.strip_prefix("/zone/")?.split('/');
        let (zone, word, name) = (parts.next()?, parts.next()?, parts.next()?);
        (word == "workload" && parts.next().is_none()).then_some((zone, name))
    }

    /// Whether it is a workload of a zone of the box.
    fn is_workload(&self, id: &str) -> bool {
        self.workloads.contains_key(id)
    }

    /// The role of a workload of the box.
    fn role(&self, id: &str) -> Option<Role> {
        self.workloads.get(id).copied().flatten()
    }

    /// The contract that names a party.
    fn contract_of(&self, party: &Party<'d>) -> Option<Entry<'d>> {
        self.document.tree().entry(party.contract)
    }
}

/// The SPIFFE ID of a workload of the box.
fn id_of(domain: &str, zone: &str, workload: &str) -> String {
    format!("spiffe://{domain}/zone/{zone}/workload/{workload}")
}

/// The trust domain of a SPIFFE ID.
fn domain_of(id: &str) -> &str {
    let rest = id.strip_prefix("spiffe://").unwrap_or_default();
    rest.split('/').next().unwrap_or_default()
}

/// The identities that the contract at this place names.
fn parties<'d>(at: u32, contract: &Entry<'d>) -> impl Iterator<Item = Party<'d>> + use<'d> {
    const KEYS: [&str; 6] = [
        "source",
        "destination",
        "publisher",
        "consumer",
        "collector",
        "puller",
    ];
    let contract = *contract;
    let party = move |key| Party {
        contract: at,
        key,
        id: contract.text(key),
    };
    KEYS.into_iter()
        .map(party)
        .filter(|party| !party.id.is_empty())
}
