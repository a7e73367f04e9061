//! What is drawn: boxes in columns, and lines between them.

use std::collections::BTreeMap;

use iia::iec62443;
use iia_config::parse::Document;
use iia_contract::tree::Entry;

use super::View;

/// Where a box stands, from the control network to the other side; management stands below.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Lane {
    Control,
    Inbound,
    Dmz,
    Outbound,
    Upstream,
    Management,
}

/// A box: a zone, what a device contract observes, or another organisation.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) lane: Lane,
    pub(super) title: String,
    pub(super) lines: Vec<String>,
    pub(super) badge: Option<String>,
}

/// A line between two boxes, and the numbers of the contracts that it stands for.
#[derive(Debug)]
pub(super) struct Edge {
    pub(super) from: usize,
    pub(super) to: usize,
    pub(super) numbers: Vec<usize>,
    /// Only observed, never spoken to.
    pub(super) observed: bool,
}

#[derive(Debug)]
pub(super) struct Scene {
    pub(super) title: String,
    pub(super) nodes: Vec<Node>,
    pub(super) edges: Vec<Edge>,
    /// Contracts by number: id, and what may be said.
    pub(super) legend: Vec<(String, String)>,
}

struct Making<'d> {
    document: &'d Document,
    view: View,
    domain: &'d str,
    nodes: Vec<Node>,
    places: BTreeMap<String, usize>,
    edges: BTreeMap<(usize, usize), (Vec<usize>, bool)>,
    legend: Vec<(String, String)>,
}

impl Scene {
    pub(super) fn of(document: &Document, view: View) -> Self {
        let artifact = document.of_kind("artifact").next();
        let name = artifact.map_or("catalog", |entry| entry.name);
        let (kind, what) = match view {
            View::Concept => ("CIAD", "zones and the contracts between them"),
            View::Network => ("CIND", "networks, addresses and ports"),
        };
        let mut making = Making {
            document,
            view,
            domain: artifact.map_or("", |entry| entry.text("trust_domain")),
            nodes: Vec::new(),
            places: BTreeMap::new(),
            edges: BTreeMap::new(),
            legend: Vec::new(),
        };
        document.of_kind("zone").for_each(|zone| making.zone(&zone));
        document
            .of_kind("contract")
            .for_each(|contract| making.contract(&contract));
        let edge = |((from, to), (numbers, observed))| Edge {
            from,
            to,
            numbers,
            observed,
        };
        Self {
            title: format!("{kind} of {name}: {what}"),
            nodes: making.nodes,
            edges: making.edges.into_iter().map(edge).collect(),
            legend: making.legend,
        }
    }
}

impl Making<'_> {
    fn zone(&mut self, zone: &Entry<'_>) {
        let lane = match zone.text("side") {
            "inbound" => Lane::Inbound,
            "outbound" => Lane::Outbound,
            "management" => Lane::Management,
            _ => Lane::Dmz,
        };
        let mut lines = Vec::new();
        match self.view {
            View::Concept => lines.push(zone.text("role").to_owned()),
            View::Network => {
                lines.push(format!("{}  {}", zone.text("bridge"), zone.text("subnet")));
                for workload in zone.fields("workload") {
                    lines.extend(self.workload(zone.name, &workload));
                }
            }
        }
        let level = iec62443::target(self.document, zone);
        let badge = level.map_or_else(
            || "SL-T ?".into(),
            |level| format!("SL-T {}", level.number()),
        );
        self.put(
            zone.name.to_owned(),
            Node {
                lane,
                title: zone.name.to_owned(),
                lines,
                badge: Some(badge),
            },
        );
    }

    /// A workload; its address, and where it listens.
    fn workload(&self, zone: &str, field: &iia_contract::tree::Field<'_>) -> [String; 2] {
        let address = field.value(1).map_or("", |value| value.text);
        let end = format!("/zone/{zone}/workload/{}", field.text());
        let mut endpoints = self.document.of_kind("endpoint");
        let mine = endpoints.find(|one| one.text("workload").ends_with(&end));
        let listen = mine.map_or("", |one| one.text("listen"));
        let port = listen.rsplit(':').next().filter(|port| !port.is_empty());
        let port = port.map_or_else(|| "dials only".into(), |port| format!("listens on {port}"));
        [field.text().to_owned(), format!("{address}  {port}")]
    }

    fn put(&mut self, place: String, node: Node) -> usize {
        self.nodes.push(node);
        let at = self.nodes.len() - 1;
        self.places.insert(place, at);
        at
    }

    fn contract(&mut self, entry: &Entry<'_>) {
        let ends = match entry.text("scope") {
            "device" => self.device(entry),
            "boundary" => {
                let ends = [entry.text("publisher"), entry.text("consumer")];
                Some(ends.map(|id| self.party(id, entry.text("organization"))))
            }
            "inbound" => {
                let target = entry.block("pull").map_or("", |block| block.text("target"));
                let from = self.party(entry.text("puller"), "");
                Some([from, self.party(target, "artifacts")])
            }
            _ => {
                Some([entry.text("source"), entry.text("destination")].map(|id| self.party(id, "")))
            }
        };
        let Some([from, to]) = ends else {
            return;
        };
        let operations: Vec<&str> = entry
            .fields("operation")
            .map(|field| field.text())
            .collect();
        let said = match entry.text("scope") {
            "device" => entry.text("protocol").to_owned(),
            "inbound" => "pulls artifacts".into(),
            _ => operations.join(", "),
        };
        self.legend.push((
            entry.name.trim_start_matches("iia.contract.").to_owned(),
            said,
        ));
        let number = self.legend.len();
        let edge = self.edges.entry((from, to)).or_default();
        edge.0.push(number);
        edge.1 = entry.text("scope") == "device";
    }

    /// The box of a workload's zone, or of somebody beyond the box.
    fn party(&mut self, id: &str, organization: &str) -> usize {
        let path = id
            .strip_prefix("spiffe://")
            .and_then(|rest| rest.split_once('/'));
        let (domain, path) = path.unwrap_or((id, ""));
        let mut parts = path.split('/');
        let zone = (parts.next() == Some("zone"))
            .then(|| parts.next())
            .flatten();
        let own = self.domain.is_empty() || domain == self.domain;
        if let Some(at) = zone.filter(|_| own).and_then(|zone| self.places.get(zone)) {
            return *at;
        }
        if let Some(at) = self.places.get(id) {
            return *at;
        }
        let name = path
            .rsplit('/')
            .next()
            .filter(|name| !name.is_empty())
            .unwrap_or(id);
        let lane = if own && zone.is_some() {
            Lane::Dmz
        } else {
            Lane::Upstream
        };
        let mut lines = vec![domain.to_owned()];
        if !organization.is_empty() {
            lines.insert(0, organization.to_owned());
        }
        self.put(
            id.to_owned(),
            Node {
                lane,
                title: name.to_owned(),
                lines,
                badge: None,
            },
        )
    }

    /// What a device contract observes, and the zone that observes it.
    fn device(&mut self, entry: &Entry<'_>) -> Option<[usize; 2]> {
        let collector = entry.text("collector");
        let mut zones = self.document.of_kind("zone");
        let role = zones
            .find(|zone| zone.text("role") == "ot.acs.collect")
            .map(|zone| zone.name);
        let to = match (collector.is_empty(), role) {
            (false, _) => self.party(collector, ""),
            (true, role) => *self.places.get(role?)?,
        };
        let all = |keys: [&str; 2]| -> Vec<&str> {
            let fields = keys.into_iter().flat_map(|key| entry.fields(key));
            fields.map(|field| field.text()).collect()
        };
        let types = entry.fields("ethertype").map(|field| field.text());
        let said: Vec<&str> = [entry.text("protocol")].into_iter().chain(types).collect();
        let mut lines = vec![said.join(" ")];
        if self.view == View::Network {
            let ends = [
                ("from", ["client", "sender"]),
                ("to", ["server", "receiver"]),
            ];
            let ends = ends.map(|(word, keys)| (word, all(keys)));
            let known = ends.iter().filter(|(_, all)| !all.is_empty());
            lines.extend(known.map(|(word, all)| format!("{word} {}", some(all))));
        }
        let title = entry
            .name
            .rsplit("device.")
            .next()
            .unwrap_or(entry.name)
            .to_owned();
        let from = self.put(
            entry.name.to_owned(),
            Node {
                lane: Lane::Control,
                title,
                lines,
                badge: None,
            },
        );
        Some([from, to])
    }
}

/// The first of some, and how many more there are.
fn some(all: &[&str]) -> String {
    match all {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [one, rest @ ..] => format!("{one} and {} more", rest.len()),
    }
}
