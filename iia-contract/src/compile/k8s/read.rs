//! From `kubectl get networkpolicy -o json` to what it allows.

use alloc::string::String;

use serde_json::{Value, json};

use super::{KIND, NetworkPolicy};
use crate::compile::pods::{Peer, PodRule, Way};
use crate::compile::pods_read::{self, only, pod, with};
use crate::compile::policy::{Policy, ReadError};

pub(super) fn read(loaded: &[u8]) -> Result<Policy<NetworkPolicy>, ReadError> {
    let shut = json!({"podSelector": {}, "policyTypes": ["Ingress", "Egress"]});
    pods_read::read(loaded, (KIND.1, &shut), rule, NetworkPolicy)
}

fn rule(spec: &Value) -> Option<PodRule> {
    let (way, key, end) = match only(spec.get("policyTypes"))?.as_str()? {
        "Ingress" => (Way::Ingress, "ingress", "from"),
        "Egress" => (Way::Egress, "egress", "to"),
        _ => return None,
    };
    let spec = with(Some(spec), &["podSelector", "policyTypes", key])?;
    let allowed = only(spec.get(key))?;
    let keys: &[&str] = if allowed.get(end).is_some() {
        &["ports", end]
    } else {
        &["ports"]
    };
    let port = with(
        only(with(Some(allowed), keys)?.get("ports")),
        &["protocol", "port"],
    )?;
    Some(PodRule {
        pod: pod(spec.get("podSelector"))?,
        way,
        peer: peer(allowed.get(end))?,
        protocol: port.get("protocol")?.as_str().map(String::from)?,
        port: u16::try_from(port.get("port")?.as_u64()?).ok()?,
    })
}

fn peer(peers: Option<&Value>) -> Option<Peer> {
    if peers.is_none() {
        return Some(Peer::Anybody);
    }
    let peer = only(peers);
    if let Some(network) = with(peer, &["ipBlock"]) {
        let block = with(network.get("ipBlock"), &["cidr"])?;
        return Some(Peer::Network(block.get("cidr")?.as_str()?.into()));
    }
    pod(with(peer, &["podSelector"])?.get("podSelector")).map(Peer::Pod)
}
