//! Network policies of Kubernetes (networking.k8s.io/v1): one that shuts everything, and one for each way of a flow.

#[cfg(feature = "std")]
mod read;

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::{self, Display, Formatter};

use super::json::Json;
use super::pods::{Peer, PodRule, Way, labels, list, rules};
use super::policy::{Permit, Policy};
use crate::catalog::Catalog;
use crate::topology::Topology;

/// The API and the kind of every object.
const KIND: (&str, &str) = ("networking.k8s.io/v1", "NetworkPolicy");

/// What one network policy allows.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct NetworkPolicy(pub PodRule);

impl Display for NetworkPolicy {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Permit for NetworkPolicy {
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

/// Every pod, both ways, and nothing that is allowed.
fn shut() -> Json {
    Json::Object(Vec::from([
        ("podSelector", Json::Object(Vec::new())),
        ("policyTypes", Json::texts(["Ingress", "Egress"])),
    ]))
}

fn spec(rule: &PodRule) -> Json {
    let (kind, way, end) = match rule.way {
        Way::Ingress => ("Ingress", "ingress", "from"),
        Way::Egress => ("Egress", "egress", "to"),
    };
    let port = Json::Object(Vec::from([
        ("protocol", Json::text(rule.protocol.as_str())),
        ("port", Json::Number(rule.port.into())),
    ]));
    let mut allowed = Vec::from([("ports", Json::List(Vec::from([port])))]);
    let peer = match &rule.peer {
        Peer::Pod(pod) => Some(("podSelector", labels(pod))),
        Peer::Network(net) => Some((
            "ipBlock",
            Json::Object(Vec::from([("cidr", Json::text(net.as_str()))])),
        )),
        // Without peers a rule is for all of them.
        Peer::Anybody => None,
    };
    allowed.extend(peer.map(|peer| {
        (
            end,
            Json::List(Vec::from([Json::Object(Vec::from([peer]))])),
        )
    }));
    Json::Object(Vec::from([
        ("podSelector", labels(&rule.pod)),
        ("policyTypes", Json::texts([kind])),
        (way, Json::List(Vec::from([Json::Object(allowed)]))),
    ]))
}
