//! The way of a connection: by its interface, to its interface, and there the element that its contracts open.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::build::cut;
use super::ruleset::{Chain, Element, Map, Rule, Table};
use super::{COMMENT_LEN_MAX, rules};
use crate::compile::flow::{Flow, Source};
use crate::scope::Text;

/// A map that leads on by interface.
pub(super) fn to_interfaces() -> Map {
    Map {
        key_type: "ifname".into(),
        ..Map::default()
    }
}

/// A flow, and the ids of its contracts.
type Carried = (Flow, Vec<Text>);

/// Whether two flows have the same interfaces and their entries stand in the same map.
pub(super) fn is_same((one, _): &Carried, (other, _): &Carried) -> bool {
    (&one.from, &one.to, Shape::of(one).name) == (&other.from, &other.to, Shape::of(other).name)
}

/// Adds the way of flows that are the same by [`is_same`]: what they have in common is made once.
pub(super) fn add(table: &mut Table, flows: &[Carried]) {
    let Some((flow @ Flow { from, to, .. }, _)) = flows.first() else {
        return;
    };
    let (source, pair) = (format!("from/{from}"), format!("way/{from}/{to}"));
    lead(table, "from", from, &source);
    lead(table, &source, to, &pair);
    follow(table, &source, &format!("oifname vmap @{source}"));
    let shape = Shape::of(flow);
    let map = format!("{pair}/{}", shape.name);
    follow(table, &pair, &format!("{} vmap @{map}", shape.matches));
    let made = || Map {
        key_type: shape.key_type.into(),
        interval: shape.interval,
        ..Map::default()
    };
    let elements = flows.iter().map(|(flow, contracts)| {
        let element = Element {
            verdict: "accept".into(),
            comment: attribution(contracts),
            packets: 0,
        };
        (key(flow), element)
    });
    let map = table.maps.entry(map).or_insert_with(made);
    map.elements.extend(elements);
}

fn lead(table: &mut Table, map: &str, interface: &str, chain: &str) {
    let map = table.maps.entry(map.into()).or_insert_with(to_interfaces);
    let made = || Element {
        verdict: format!("goto {chain}").into(),
        ..Element::default()
    };
    map.elements
        .entry(format!("\"{interface}\""))
        .or_insert_with(made);
}

/// Puts a rule into a chain that ends in rejection; the order does not depend on the order in which flows come.
fn follow(table: &mut Table, chain: &str, rule: &str) {
    let chain = table.chains.entry(chain.into()).or_insert_with(|| Chain {
        hook: None,
        rules: Vec::from([Rule::new(format!("goto {}", rules::REJECTED))]),
    });
    if !chain.rules.iter().any(|known| known.text == rule) {
        let end = chain.rules.pop();
        chain.rules.push(Rule::new(rule));
        chain
            .rules
            .sort_by(|left, right| left.text.cmp(&right.text));
        chain.rules.extend(end);
    }
}

/// The map that a flow belongs into: its name, the type of its key, and the matches that make the key.
struct Shape {
    name: &'static str,
    key_type: &'static str,
    matches: &'static str,
    interval: bool,
}

impl Shape {
    const fn of(flow: &Flow) -> Self {
        let (v4, interval) = (
            flow.destination.is_ipv4(),
            matches!(flow.source, Source::Network(..)),
        );
        let (name, key_type, matches) = match (flow.source, v4) {
            (Source::Anybody, true) => (
                "any4",
                "ipv4_addr . inet_proto . inet_service",
                "ip daddr . meta l4proto . th dport",
            ),
            (Source::Anybody, false) => (
                "any6",
                "ipv6_addr . inet_proto . inet_service",
                "ip6 daddr . meta l4proto . th dport",
            ),
            (Source::Workload(_), true) => ("v4", ADDRESSES_4, MATCHES_4),
            (Source::Workload(_), false) => ("v6", ADDRESSES_6, MATCHES_6),
            (Source::Network(..), true) => ("net4", ADDRESSES_4, MATCHES_4),
            (Source::Network(..), false) => ("net6", ADDRESSES_6, MATCHES_6),
        };
        Self {
            name,
            key_type,
            matches,
            interval,
        }
    }
}

const ADDRESSES_4: &str = "ipv4_addr . ipv4_addr . inet_proto . inet_service";
const ADDRESSES_6: &str = "ipv6_addr . ipv6_addr . inet_proto . inet_service";
const MATCHES_4: &str = "ip saddr . ip daddr . meta l4proto . th dport";
const MATCHES_6: &str = "ip6 saddr . ip6 daddr . meta l4proto . th dport";

fn key(flow: &Flow) -> String {
    let to = format!("{} . {} . {}", flow.destination, flow.l4.name(), flow.port);
    match flow.source {
        Source::Anybody => to,
        Source::Network(addr, prefix) if prefix < width(addr) => format!("{addr}/{prefix} . {to}"),
        Source::Workload(addr) | Source::Network(addr, _) => format!("{addr} . {to}"),
    }
}

const fn width(addr: core::net::IpAddr) -> u8 {
    if addr.is_ipv4() { 32 } else { 128 }
}

/// The ids of the contracts, as many as fit, and how many more there are.
fn attribution(contracts: &[Text]) -> String {
    let mut text = String::new();
    for (index, id) in contracts.iter().enumerate() {
        if index > 0 {
            let more = format!(" +{}", contracts.len() - index);
            if text.len() + 1 + id.len() + more.len() > COMMENT_LEN_MAX {
                return text + &more;
            }
            text.push(' ');
        }
        text.push_str(id);
    }
    cut(&text)
}
