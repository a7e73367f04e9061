//! Rules that look at the whole document (GRAMMAR section 8).

use std::collections::{BTreeMap, BTreeSet};

use iia_contract::raw::{Entry, Field, Span};
use iia_contract::scope::{Net, Terms};
use iia_core::SpiffeId;
use iia_core::gate::Gate as _;
use iia_core::level::{SecurityLevel, Topology, claim};
use iia_core::zone::{Conduit, Side, Zone as Role};

use super::{Checked, Facts, entries};
use crate::diagnostic::Diagnostic;
use crate::parse::Document;

const BRIDGE_LEN_MAX: usize = 15;

struct Rules<'a> {
    document: &'a Document,
    checked: &'a Checked,
    found: &'a mut Vec<Diagnostic>,
}

pub(super) fn check(
    document: &Document,
    checked: &Checked,
    facts: &Facts,
    found: &mut Vec<Diagnostic>,
) {
    let mut rules = Rules {
        document,
        checked,
        found,
    };
    rules.artifact(facts);
    rules.zones();
    rules.observers();
    rules.interfaces();
    rules.references();
    rules.identities();
    rules.crossings();
    rules.secrets();
    rules.level();
}

impl Rules<'_> {
    fn tell(&mut self, code: &'static str, span: Span, message: String, help: &str) {
        self.found
            .push(Diagnostic::error(code, span, message, help));
    }

    /// C080, C081: this box, and the next revision after what is applied.
    fn artifact(&mut self, facts: &Facts) {
        let Some(entry) = entries(self.document, "artifact").next() else {
            return;
        };
        if entries(self.document, "artifact").count() > 1 {
            self.tell(
                "C031",
                entry.span,
                "more than one artifact entry".into(),
                "",
            );
        }
        if !entry
            .fields("target")
            .any(|field| field.text() == facts.box_name)
        {
            let message = format!("this artifact is not for box {}", facts.box_name);
            self.tell("C081", entry.span, message, "name the box as target");
        }
        let previous = entry
            .field("previous")
            .map(|field| (field.span, field.text().to_owned()));
        match (&facts.applied, previous) {
            (None, Some((span, _))) => self.tell(
                "C080",
                span,
                "nothing is applied before this artifact".into(),
                "",
            ),
            (Some((revision, digest)), previous) => {
                if self.checked.revision <= *revision {
                    let message = format!(
                        "revision {} does not follow {revision}",
                        self.checked.revision
                    );
                    self.tell(
                        "C080",
                        entry.span,
                        message,
                        "going back needs a revert approval",
                    );
                }
                let named = previous
                    .as_ref()
                    .is_some_and(|(_, text)| *text == digest.to_string());
                if !named {
                    let help = format!("previous {digest}");
                    self.tell(
                        "C080",
                        entry.span,
                        "previous is not what is applied".into(),
                        &help,
                    );
                }
            }
            (None, None) => {}
        }
    }

    /// C015, C016: roles imply sides; bridges and networks are apart.
    fn zones(&mut self) {
        let mut bridges = BTreeSet::new();
        let mut nets: Vec<(Net, String)> = Vec::new();
        for entry in entries(self.document, "zone") {
            let text = |key: &str| entry.field(key).map_or("", Field::text);
            let role: Option<Role> = text("role").parse().ok();
            let side = match role.map(Role::side) {
                Some(Side::Inbound) => "inbound",
                Some(Side::Dmz) => "dmz",
                Some(Side::Outbound) => "outbound",
                Some(Side::Management) => "management",
                None => continue,
            };
            if text("side") != side {
                self.tell(
                    "C015",
                    entry.span,
                    format!("role {} lies on side {side}", text("role")),
                    "",
                );
            }
            let bridge = text("bridge");
            if bridge.len() > BRIDGE_LEN_MAX || !bridges.insert(bridge.to_owned()) {
                let help = "15 bytes at most, one bridge a zone";
                self.tell(
                    "C016",
                    entry.span,
                    format!("bridge `{bridge}` is too long or used twice"),
                    help,
                );
            }
            self.network(entry, &mut nets);
        }
    }

    fn network(&mut self, entry: &Entry, nets: &mut Vec<(Net, String)>) {
        let text = entry.field("subnet").map_or("", Field::text);
        let Some(net) = Net::parse(text) else {
            return self.tell(
                "C016",
                entry.span,
                format!("`{text}` is no network"),
                "bits beyond the prefix are zero",
            );
        };
        let overlap = nets
            .iter()
            .find(|(other, _)| other.contains(net.addr) || net.contains(other.addr));
        if let Some((_, other)) = overlap {
            let message = format!("network {text} overlaps that of zone {other}");
            self.tell(
                "C016",
                entry.span,
                message,
                "each zone has a network of its own",
            );
        }
        let zone = self
            .checked
            .zones
            .iter()
            .find(|zone| zone.name == entry.name);
        let outside =
            zone.and_then(|zone| zone.workloads.iter().find(|(_, addr)| !net.contains(*addr)));
        if let Some((name, addr)) = outside.cloned() {
            self.tell(
                "C016",
                entry.span,
                format!("workload {name} at {addr} lies outside {text}"),
                "",
            );
        }
        nets.push((net, entry.name.clone()));
    }

    /// C017: a box that cannot witness what it does is refused.
    fn observers(&mut self) {
        for role in [Role::DmzAudit, Role::DmzAttest] {
            let collects = self
                .checked
                .zones
                .iter()
                .any(|zone| zone.role == Role::DmzBus);
            if collects && !self.checked.zones.iter().any(|zone| zone.role == role) {
                let help = "prevention is assumed to leak: an observer is required";
                self.tell(
                    "C017",
                    Span::default(),
                    format!("no zone has role {role}"),
                    help,
                );
            }
        }
    }

    /// C005, C006, SUR-07: the observation interface listens for nobody; three external interfaces at most.
    fn interfaces(&mut self) {
        let count = entries(self.document, "interface").count();
        if count > 4 {
            let message = format!("{count} interfaces");
            self.tell(
                "C031",
                Span::default(),
                message,
                "observation, services, it, management",
            );
        }
        for entry in entries(self.document, "interface") {
            let text = |key: &str| entry.field(key).map_or("", Field::text);
            if text("kind") == "observation" && text("side") != "inbound" {
                self.tell(
                    "C006",
                    entry.span,
                    "the observation interface faces the inbound side only".into(),
                    "",
                );
            }
        }
    }

    /// C032: everything that is named exists.
    fn references(&mut self) {
        let roots: BTreeSet<&str> = self
            .checked
            .trust_roots
            .keys()
            .map(String::as_str)
            .collect();
        let mut missing = Vec::new();
        for entry in entries(self.document, "contract") {
            let named = entry
                .block("profile")
                .and_then(|block| block.field("trust_root"));
            missing.extend(
                named
                    .filter(|field| !roots.contains(field.text()))
                    .map(|field| (field.span, field.text())),
            );
        }
        for entry in entries(self.document, "conduit") {
            let zones = ["from", "to"]
                .into_iter()
                .filter_map(|key| entry.field(key));
            let known = |name: &str| self.checked.zones.iter().any(|zone| zone.name == name);
            missing.extend(
                zones
                    .filter(|field| !known(field.text()))
                    .map(|field| (field.span, field.text())),
            );
            let contracts = entry.fields("contract");
            let known = |name: &str| self.checked.catalog.by_id(name).is_some();
            missing.extend(
                contracts
                    .filter(|field| !known(field.text()))
                    .map(|field| (field.span, field.text())),
            );
        }
        let parties: BTreeSet<&str> = entries(self.document, "party")
            .map(|entry| entry.name.as_str())
            .collect();
        for entry in entries(self.document, "contract") {
            for block in entry.blocks.iter().filter(|block| block.key == "raci") {
                for key in ["acs_accountable", "upstream_accountable"] {
                    let named = block
                        .field(key)
                        .filter(|field| !parties.contains(field.text()));
                    missing.extend(named.map(|field| (field.span, field.text())));
                }
            }
        }
        let missing: Vec<(Span, String)> = missing
            .into_iter()
            .map(|(span, name)| (span, name.to_owned()))
            .collect();
        for (span, name) in missing {
            self.tell(
                "C032",
                span,
                format!("`{name}` is named and does not exist"),
                "",
            );
        }
    }

    /// C041, C042, C043: identities, zones and contracts fit each other.
    fn identities(&mut self) {
        let own: BTreeMap<SpiffeId, Role> = self.own_workloads();
        let known: BTreeSet<_> = self.checked.trust_roots.values().cloned().collect();
        for contract in self.checked.catalog.contracts() {
            let span = self.span_of(&contract.id);
            for id in parties(&contract.terms) {
                let domain = id.trust_domain();
                if domain == self.checked.trust_domain && !own.contains_key(id) {
                    self.tell(
                        "C041",
                        span,
                        format!("{id} is no workload of a zone"),
                        "declare it in its zone",
                    );
                } else if domain != self.checked.trust_domain && !known.contains(&domain) {
                    self.tell(
                        "C043",
                        span,
                        format!("nobody vouches for {id}"),
                        "add a trust_root for its trust domain",
                    );
                }
            }
        }
        let bare: Vec<SpiffeId> = own
            .keys()
            .filter(|id| !self.checked.catalog.knows(id))
            .cloned()
            .collect();
        for id in bare {
            let help = "no contract, no SVID: remove the workload or contract it";
            self.tell(
                "C042",
                Span::default(),
                format!("no contract names {id}"),
                help,
            );
        }
        if known.contains(&self.checked.trust_domain) {
            let message = "the box's own trust domain is named as a foreign one".into();
            self.tell("C046", Span::default(), message, "remove the trust_root");
        }
    }

    fn own_workloads(&self) -> BTreeMap<SpiffeId, Role> {
        let mut own = BTreeMap::new();
        for zone in &self.checked.zones {
            for (name, _) in &zone.workloads {
                if let Ok(id) = SpiffeId::workload(&self.checked.trust_domain, &zone.name, name) {
                    own.insert(id, zone.role);
                }
            }
        }
        own
    }

    fn span_of(&self, contract: &str) -> Span {
        let entry = self
            .document
            .entries
            .iter()
            .find(|entry| entry.name == contract);
        entry.map_or_else(Span::default, |entry| entry.span)
    }

    /// C001: no contract joins the inbound and the outbound side without the DMZ.
    // IIA 4: all inter-zone traffic transits the internal DMZ.
    fn crossings(&mut self) {
        let own = self.own_workloads();
        for contract in self.checked.catalog.contracts() {
            let Terms::Internal(terms) = &contract.terms else {
                continue;
            };
            let (source, destination) = (own.get(&terms.source), own.get(&terms.destination));
            let (Some(source), Some(destination)) = (source, destination) else {
                continue;
            };
            if Conduit::new(*source, *destination).is_err() {
                let message = format!(
                    "contract {} joins {source} and {destination} past the DMZ",
                    contract.id
                );
                self.tell(
                    "C001",
                    self.span_of(&contract.id),
                    message,
                    "go through ot.dmz.bus",
                );
            }
            let answered = self
                .checked
                .endpoints
                .values()
                .any(|e| e.listens && e.workload == terms.destination);
            if !answered {
                let message = format!("nothing says where {} answers", terms.destination);
                self.tell(
                    "C025",
                    self.span_of(&contract.id),
                    message,
                    "add an endpoint with `listen`",
                );
            }
        }
    }

    /// C047: references only, never secrets.
    fn secrets(&mut self) {
        let mut found = Vec::new();
        for entry in &self.document.entries {
            let blocks = entry.blocks.iter().flat_map(|block| &block.fields);
            for field in entry.fields.iter().chain(blocks) {
                let key = ["password", "secret", "private_key", "token"]
                    .iter()
                    .any(|word| field.key.contains(word));
                let pem = field
                    .values
                    .iter()
                    .any(|value| value.text.contains("PRIVATE KEY"));
                if key || pem {
                    found.push(field.span);
                }
            }
        }
        for span in found {
            self.tell(
                "C047",
                span,
                "this looks like a secret".into(),
                "name a credential instead",
            );
        }
    }

    /// C020: software alone never claims level 4.
    fn level(&mut self) {
        let Some(policy) = entries(self.document, "policy").next() else {
            return;
        };
        let text = |key: &str| policy.field(key).map_or("", Field::text);
        let diode = text("topology") == "two_box_diode";
        let topology = if diode {
            Topology::TwoBoxDiode
        } else {
            Topology::SingleBox
        };
        if text("sl_target") == "4"
            && let Err(error) = claim(SecurityLevel::Sl4, topology)
        {
            self.tell(
                "C020",
                policy.span,
                error.to_string(),
                "sl_target 3, or topology two_box_diode",
            );
        }
    }
}

/// The identities that a contract names.
fn parties(terms: &Terms) -> Vec<&SpiffeId> {
    match terms {
        Terms::Internal(terms) => vec![&terms.source, &terms.destination],
        Terms::Boundary(terms) => vec![&terms.publisher, &terms.consumer],
        Terms::Device(terms) => terms.collector.iter().collect(),
        Terms::Inbound(terms) => vec![&terms.puller],
    }
}
