//! Network policies of Cilium (cilium.io/v2): one that shuts everything, and one for each way of a flow.

#[cfg(feature = "std")]
mod read;

use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use core::fmt::{self, Display, Formatter};

use super::json::Json;
use super::pods::{Peer, PodRule, Way, labels, list, rules};
use super::policy::{Permit, Policy};
use crate::catalog::Catalog;
use crate::topology::Topology;

/// The API and the kind of every object.
const KIND: (&str, &str) = ("cilium.io/v2", "CiliumNetworkPolicy");

/// What one policy allows.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct CiliumPolicy(pub PodRule);

impl Display for CiliumPolicy {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Permit for CiliumPolicy {
    fn compile(catalog: &Catalog, topology: &Topology) -> (Policy<Self>, Vec<String>) {
        let (rules, notes) = rules(catalog, topology);
        let own = |(rule, contracts)| (Self(rule), contracts);
        (rules.into_iter().map(own).collect(), notes)
    }

    fn write(policy: &Policy<Self>) -> String {
        let rules = policy.allowed.iter();
        let objects = rules.map(|(Self(rule), contracts)| (rule, contracts, spec(rule)));
        list(KIND, shut(), objects)
    }

    #[cfg(feature = "std")]
    fn read(loaded: &[u8]) -> Result<Policy<Self>, super::policy::ReadError> {
        read::read(loaded)
    }
}

/// Every pod; a rule without peers turns enforcement on and selects nobody.
fn shut() -> Json {
    let nobody = || Json::List(Vec::from([Json::Object(Vec::new())]));
    Json::Object(Vec::from([
        ("endpointSelector", Json::Object(Vec::new())),
        ("ingress", nobody()),
        ("egress", nobody()),
    ]))
}

fn spec(rule: &PodRule) -> Json {
    let (way, pods, networks, entities) = keys(rule.way);
    let peer = match &rule.peer {
        Peer::Pod(pod) => (pods, Json::List(Vec::from([labels(pod)]))),
        Peer::Network(net) => (networks, Json::texts([net.as_str()])),
        Peer::Anybody => (entities, Json::texts(["world"])),
    };
    let port = Json::Object(Vec::from([
        ("port", Json::text(rule.port.to_string())),
        ("protocol", Json::text(rule.protocol.as_str())),
    ]));
    let ports = Json::Object(Vec::from([("ports", Json::List(Vec::from([port])))]));
    let allowed = Json::Object(Vec::from([
        peer,
        ("toPorts", Json::List(Vec::from([ports]))),
    ]));
    Json::Object(Vec::from([
        ("endpointSelector", labels(&rule.pod)),
        (way, Json::List(Vec::from([allowed]))),
    ]))
}

/// The keys of a way: itself, pods, networks, and everybody outside.
const fn keys(way: Way) -> (&'static str, &'static str, &'static str, &'static str) {
    match way {
        Way::Ingress => ("ingress", "fromEndpoints", "fromCIDR", "fromEntities"),
        Way::Egress => ("egress", "toEndpoints", "toCIDR", "toEntities"),
    }
}
