//! What each target that knows addresses and ports says of an opening: evaluated from what its reader has read, by the
//! rules of the target's own program.

use std::net::IpAddr;

use iia_contract::compile::nft::{Ruleset, Table};
use iia_contract::compile::ovn::{Acl, group};
use iia_contract::compile::pods::{Peer, PodRule, Way};
use iia_contract::compile::surface::{End, Open};
use iia_contract::compile::suricata::Passed;
use iia_contract::compile::{Policy, Topology};
use iia_contract::scope::Net;

use super::Opening;

fn within(net: &str, addr: IpAddr) -> bool {
    Net::parse(net)
        .unwrap_or_else(|| panic!("{net}"))
        .contains(addr)
}

/// The chain of the kernel's way from interface to interface, rule by rule, for a packet that opens a connection.
pub(crate) fn nft(ruleset: &Ruleset, opening: &Opening) -> bool {
    let table = &ruleset.tables["inet iia"];
    let mut chain = "forward";
    'chains: loop {
        for rule in &table.chains[chain].rules {
            match step(table, &rule.text, opening) {
                Some(("accept", _)) => return true,
                Some(("drop", _)) => return false,
                Some(("goto", to)) => {
                    chain = to;
                    continue 'chains;
                }
                _ => {}
            }
        }
        return !table.chains[chain]
            .hook
            .as_ref()
            .is_some_and(|hook| hook.drops);
    }
}

/// The verdict of a rule and where it leads; nothing when the rule does not match.
fn step<'r>(table: &'r Table, rule: &'r str, opening: &Opening) -> Option<(&'r str, &'r str)> {
    let Opening { from, to, l4, .. } = opening;
    // A packet that opens is no answer.
    if rule.starts_with("ct state ") {
        return None;
    }
    if let Some((key, map)) = rule.split_once(" vmap @") {
        let (destination, port, l4) = (to.1.ip(), to.1.port(), l4.name());
        let tail = format!("{destination} . {l4} . {port}");
        let found = table.maps[map]
            .elements
            .iter()
            .find(|(element, _)| match key {
                "iifname" => **element == format!("\"{}\"", from.0),
                "oifname" => **element == format!("\"{}\"", to.0),
                "ip daddr . meta l4proto . th dport" => **element == tail,
                "ip saddr . ip daddr . meta l4proto . th dport" => {
                    let (source, rest) = element.split_once(" . ").unwrap();
                    rest == tail && within(source, from.1)
                }
                other => panic!("{other}"),
            });
        return found.map(|(_, element)| verdict(&element.verdict));
    }
    let words: Vec<&str> = rule.split(' ').collect();
    let mut rest = words.as_slice();
    while let [key @ ("iifname" | "oifname"), set, more @ ..] = rest {
        let name = if *key == "iifname" { &from.0 } else { &to.0 };
        if !table.sets[set.strip_prefix('@').unwrap()].contains(name) {
            return None;
        }
        rest = more;
    }
    match rest {
        ["goto", chain] => Some(("goto", chain)),
        ["counter", "log", .., "drop"] => Some(("drop", "")),
        other => panic!("{other:?}"),
    }
}

fn verdict(text: &str) -> (&str, &str) {
    text.split_once(' ').unwrap_or((text, ""))
}

/// Of the group that a packet leaves, then of the group that it enters: the ACL of the highest priority decides.
pub(crate) fn ovn(policy: &Policy<Acl>, topology: &Topology, opening: &Opening) -> bool {
    let ends = [
        ("from-lport", "inport", &opening.from.0),
        ("to-lport", "outport", &opening.to.0),
    ];
    ends.into_iter().all(|(direction, port, bridge)| {
        let Some(zone) = topology.zones.iter().find(|zone| zone.bridge == *bridge) else {
            return true;
        };
        let own = group(&zone.name);
        let acls = policy.allowed.keys();
        let acls = acls.filter(|acl| acl.group == own && acl.direction == direction);
        let matching = acls.filter(|acl| {
            acl.matches
                .split(" && ")
                .all(|one| is_so(one, (port, &own), opening))
        });
        let decides = matching.max_by_key(|acl| acl.priority);
        decides.is_none_or(|acl| acl.action == "allow-related")
    })
}

/// One comparison of OVN's language.
fn is_so(one: &str, (port, own): (&str, &str), opening: &Opening) -> bool {
    let Some((field, value)) = one.split_once(" == ") else {
        return one == "ip";
    };
    match field {
        "inport" | "outport" => field == port && value == format!("@{own}"),
        "ip4.src" => within(value, opening.from.1),
        "ip4.dst" => within(value, opening.to.1.ip()),
        field => {
            field == format!("{}.dst", opening.l4.name())
                && value == opening.to.1.port().to_string()
        }
    }
}

/// Both pods must let it through: who opens by its egress, who answers by its ingress.
pub(crate) fn pods<'p>(
    rules: impl Iterator<Item = &'p PodRule> + Clone,
    topology: &Topology,
    opening: &Opening,
) -> bool {
    let ends = [
        (Way::Egress, opening.from.1, opening.to.1.ip()),
        (Way::Ingress, opening.to.1.ip(), opening.from.1),
    ];
    ends.into_iter().all(|(way, own, peer)| {
        let Some((zone, workload)) = pod(topology, own) else {
            return true;
        };
        let mut rules = rules.clone().filter(|rule| rule.way == way);
        rules.any(|rule| {
            let is_peer = match &rule.peer {
                Peer::Pod(one) => {
                    pod(topology, peer) == Some((one.zone.as_str(), one.workload.as_str()))
                }
                Peer::Network(net) => within(net, peer),
                Peer::Anybody => pod(topology, peer).is_none(),
            };
            is_peer
                && (rule.pod.zone.as_str(), rule.pod.workload.as_str()) == (zone, workload)
                && rule.protocol.eq_ignore_ascii_case(opening.l4.name())
                && rule.port == opening.to.1.port()
        })
    })
}

/// The labels of the pod that has an address.
fn pod(topology: &Topology, addr: IpAddr) -> Option<(&str, &str)> {
    let mut workloads = topology.zones.iter().flat_map(|zone| &zone.workloads);
    let (who, _) = workloads.find(|(_, own)| *own == addr)?;
    who.zone_workload()
}

/// An alert is raised for whatever no rule passes.
pub(crate) fn suricata(
    policy: &Policy<Passed>,
    source: IpAddr,
    to: (IpAddr, u16),
    l4: &str,
) -> bool {
    policy.allowed.keys().any(|passed| {
        passed.l4 == l4
            && is_of(&passed.source, source)
            && passed.destination == to.0.to_string()
            && passed.port == to.1
    })
}

/// Whether the list has this connection of a workload of the box, by some contract.
pub(crate) fn surface(policy: &Policy<Open>, who: &str, to: std::net::SocketAddr) -> bool {
    policy.allowed.iter().any(|(open, contracts)| {
        open.end == End::Connect
            && open.who == who
            && open.place == format!("tcp/{to}")
            && !contracts.is_empty()
    })
}

/// An address, a network, or everybody but some of them.
fn is_of(text: &str, addr: IpAddr) -> bool {
    let but = text
        .strip_prefix("![")
        .and_then(|text| text.strip_suffix(']'));
    match but {
        Some(own) => !own.split(',').any(|net| within(net, addr)),
        None => within(text, addr),
    }
}
