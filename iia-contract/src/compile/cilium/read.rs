//! From `kubectl get ciliumnetworkpolicy -o json` to what it allows.

use alloc::string::String;

use serde_json::{Value, json};

use super::{CiliumPolicy, KIND, keys};
use crate::compile::pods::{Peer, PodRule, Way};
use crate::compile::pods_read::{self, only, pod, with};
use crate::compile::policy::{Policy, ReadError};

pub(super) fn read(loaded: &[u8]) -> Result<Policy<CiliumPolicy>, ReadError> {
    let shut = json!({"endpointSelector": {}, "ingress": [{}], "egress": [{}]});
    pods_read::read(loaded, (KIND.1, &shut), rule, CiliumPolicy)
}

fn rule(spec: &Value) -> Option<PodRule> {
    let way = if spec.get("ingress").is_some() {
        Way::Ingress
    } else {
        Way::Egress
    };
    let (key, pods, networks, entities) = keys(way);
    let spec = with(Some(spec), &["endpointSelector", key])?;
    let allowed = only(spec.get(key))?;
    let said =
        |peer: &str| with(Some(allowed), &[peer, "toPorts"]).and_then(|one| only(one.get(peer)));
    let peer = if let Some(one) = said(pods) {
        Peer::Pod(pod(Some(one))?)
    } else if let Some(network) = said(networks) {
        Peer::Network(network.as_str()?.into())
    } else {
        (said(entities)?.as_str()? == "world").then_some(Peer::Anybody)?
    };
    let ports = with(only(allowed.get("toPorts")), &["ports"])?;
    let port = with(only(ports.get("ports")), &["port", "protocol"])?;
    Some(PodRule {
        pod: pod(spec.get("endpointSelector"))?,
        way,
        peer,
        protocol: port.get("protocol")?.as_str().map(String::from)?,
        port: port.get("port")?.as_str()?.parse().ok()?,
    })
}
