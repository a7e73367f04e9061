//! Flows between pods: who is known by labels and not by an address. Both dialects of network policies say these.

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use core::fmt::{self, Display, Formatter};
use core::net::IpAddr;

use super::flow::{Flow, Flows, Source, flows};
use super::json::Json;
use super::policy::{Contracts, joined};
use crate::catalog::Catalog;
use crate::topology::Topology;

/// The namespace of a box.
pub const NAMESPACE: &str = "iia";
/// The label with the zone of a pod.
pub const LABEL_ZONE: &str = "iia/zone";
/// The label with the workload of a pod.
pub const LABEL_WORKLOAD: &str = "iia/workload";
/// The annotation with the ids of the contracts.
pub const ANNOTATION: &str = "iia/contracts";
/// Bytes of a label's value at most; the limit of Kubernetes.
const LABEL_LEN_MAX: usize = 63;

/// A workload, by its labels.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Pod {
    /// The zone.
    pub zone: String,
    /// The workload.
    pub workload: String,
}

/// Who is at the other end.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Peer {
    /// A workload of the box.
    Pod(Pod),
    /// A network outside, such as `203.0.113.10/32`.
    Network(String),
    /// Anybody outside; only the certificate tells who.
    Anybody,
}

/// Which way a connection goes, seen from the pod.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Way {
    /// The pod answers.
    Ingress,
    /// The pod opens.
    Egress,
}

/// A pod may open or answer connections.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct PodRule {
    /// Who.
    pub pod: Pod,
    /// Which way.
    pub way: Way,
    /// With whom.
    pub peer: Peer,
    /// The transport, as Kubernetes spells it: `TCP`.
    pub protocol: String,
    /// The port that answers.
    pub port: u16,
}

impl Display for PodRule {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self {
            pod,
            way,
            peer,
            protocol,
            port,
        } = self;
        let verb = match way {
            Way::Ingress => "answers",
            Way::Egress => "may open to",
        };
        write!(f, "{}/{} {verb} ", pod.zone, pod.workload)?;
        match peer {
            Peer::Pod(peer) => write!(f, "{}/{}", peer.zone, peer.workload)?,
            Peer::Network(network) => f.write_str(network)?,
            Peer::Anybody => f.write_str("anybody")?,
        }
        write!(f, " on {protocol} {port}")
    }
}

impl PodRule {
    /// A name for the object that says it: the same rule, the same name (FNV-1a of its words).
    pub(super) fn name(&self) -> String {
        let hash = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        let hash = self.to_string().bytes().fold(0xcbf2_9ce4_8422_2325, hash);
        format!("iia-{hash:016x}")
    }
}

/// The rules of a catalog on a box, and what could not become one.
pub(super) fn rules(
    catalog: &Catalog,
    topology: &Topology,
) -> (BTreeMap<PodRule, Contracts>, Vec<String>) {
    let Flows { allowed, mut notes } = flows(catalog, topology);
    let mut rules: BTreeMap<PodRule, Contracts> = BTreeMap::new();
    for (flow, contracts) in &allowed {
        let source = match flow.source {
            Source::Workload(addr) => pod(topology, &flow.from, addr).map(Peer::Pod),
            Source::Network(addr, prefix) => Some(Peer::Network(format!("{addr}/{prefix}"))),
            Source::Anybody => Some(Peer::Anybody),
        };
        let destination = match topology.zones.iter().any(|zone| zone.bridge == flow.to) {
            true => pod(topology, &flow.to, flow.destination).map(Peer::Pod),
            false => Some(Peer::Network(host(flow.destination))),
        };
        let (Some(source), Some(destination)) = (source, destination) else {
            notes.push(format!(
                "{} opens nothing between pods: a place is no workload's, or its name is no label",
                contracts.join(" ")
            ));
            continue;
        };
        let both = [
            rule(Way::Egress, &source, &destination, flow),
            rule(Way::Ingress, &destination, &source, flow),
        ];
        for rule in both.into_iter().flatten() {
            let known = rules.entry(rule).or_default();
            known.extend(contracts.iter().map(|id| String::from(id.as_str())));
        }
    }
    (rules, notes)
}

fn rule(way: Way, own: &Peer, peer: &Peer, flow: &Flow) -> Option<PodRule> {
    let Peer::Pod(pod) = own else {
        return None;
    };
    Some(PodRule {
        pod: pod.clone(),
        way,
        peer: peer.clone(),
        protocol: flow.l4.name().to_uppercase(),
        port: flow.port,
    })
}

fn host(addr: IpAddr) -> String {
    let prefix = if addr.is_ipv4() { 32 } else { 128 };
    format!("{addr}/{prefix}")
}

/// The workload of a zone that has an address, when its names can be labels.
fn pod(topology: &Topology, bridge: &str, addr: IpAddr) -> Option<Pod> {
    let zone = topology.zones.iter().find(|zone| zone.bridge == bridge)?;
    let (id, _) = zone.workloads.iter().find(|(_, own)| *own == addr)?;
    let (_, workload) = id.zone_workload()?;
    (is_label(&zone.name) && is_label(workload)).then(|| Pod {
        zone: zone.name.clone(),
        workload: workload.into(),
    })
}

fn is_label(name: &str) -> bool {
    let ends = |one: Option<char>| one.is_some_and(|one| one.is_ascii_alphanumeric());
    let sound = |one: char| one.is_ascii_alphanumeric() || "-_.".contains(one);
    name.len() <= LABEL_LEN_MAX
        && ends(name.chars().next())
        && ends(name.chars().next_back())
        && name.chars().all(sound)
}

/// What selects a pod.
pub(super) fn labels(pod: &Pod) -> Json {
    let labels = Json::Object(Vec::from([
        (LABEL_ZONE, Json::text(pod.zone.as_str())),
        (LABEL_WORKLOAD, Json::text(pod.workload.as_str())),
    ]));
    Json::Object(Vec::from([("matchLabels", labels)]))
}

/// An object of an API, with its contracts.
fn object((api, kind): (&str, &str), name: &str, contracts: &str, spec: Json) -> Json {
    let mut metadata = Vec::from([
        ("name", Json::text(name)),
        ("namespace", Json::text(NAMESPACE)),
    ]);
    if !contracts.is_empty() {
        let annotation = Json::Object(Vec::from([(ANNOTATION, Json::text(contracts))]));
        metadata.push(("annotations", annotation));
    }
    Json::Object(Vec::from([
        ("apiVersion", Json::text(api)),
        ("kind", Json::text(kind)),
        ("metadata", Json::Object(metadata)),
        ("spec", spec),
    ]))
}

/// What shuts everything and what each rule opens, as one document that loads as a whole.
pub(super) fn list<'p>(
    kind: (&str, &str),
    shut: Json,
    rules: impl Iterator<Item = (&'p PodRule, &'p Contracts, Json)>,
) -> String {
    let opened =
        rules.map(|(rule, contracts, spec)| object(kind, &rule.name(), &joined(contracts), spec));
    let items = core::iter::once(object(kind, "iia-default-deny", "", shut)).chain(opened);
    Json::Object(Vec::from([
        ("apiVersion", Json::text("v1")),
        ("kind", Json::text("List")),
        ("items", Json::List(items.collect())),
    ]))
    .document()
}
