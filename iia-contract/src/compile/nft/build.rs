//! From the flows of a catalog to a ruleset.

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use iia_core::zone::Side;

use super::ruleset::{Chain, Element, Rule, Ruleset, Table};
use super::{COMMENT_LEN_MAX, TABLE, TABLE_OBSERVE, rules};
use crate::catalog::Catalog;
use crate::compile::flow::{Flow, Flows, flows};
use crate::compile::topology::{InterfaceKind, Service, Topology};

const IFNAME: &str = "ifname";

/// Compiles a catalog for a box; pure, and the same input gives the same bytes. The notes tell which contracts open
/// nothing, and why.
pub fn ruleset(catalog: &Catalog, topology: &Topology) -> (Ruleset, Vec<String>) {
    let Flows { allowed, notes } = flows(catalog, topology);
    let mut table = skeleton(topology);
    for (flow, contracts) in &allowed {
        add_flow(&mut table, flow, contracts);
    }
    let mut ruleset = Ruleset::default();
    ruleset.tables.insert(format!("inet {TABLE}"), table);
    let mut observe = Table::default();
    for device in topology.interfaces_of(InterfaceKind::Observation) {
        observe.chains.insert(
            format!("{}{device}", rules::DEVICE_CHAIN),
            rules::silent(device),
        );
    }
    if !observe.chains.is_empty() {
        ruleset
            .tables
            .insert(format!("netdev {TABLE_OBSERVE}"), observe);
    }
    (ruleset, notes)
}

fn skeleton(topology: &Topology) -> Table {
    let mut table = Table::default();
    for side in ["inbound", "outbound", "bridges", "unrouted"] {
        table.sets.insert(side.into(), Default::default());
    }
    let mut put = |set: &str, name: &str| {
        table
            .sets
            .entry(set.into())
            .or_default()
            .insert(name.into());
    };
    for zone in &topology.zones {
        put("bridges", &zone.bridge);
        put_side(&mut put, zone.role.side(), &zone.bridge);
    }
    for interface in &topology.interfaces {
        put_side(&mut put, interface.side, &interface.name);
        if matches!(
            interface.kind,
            InterfaceKind::Observation | InterfaceKind::Services
        ) {
            put("unrouted", &interface.name);
        }
    }
    table
        .maps
        .insert("from".into(), (IFNAME.into(), BTreeMap::new()));
    let (asked, answered) = services(&mut table, &topology.services);
    table.chains.insert("forward".into(), rules::forward());
    table.chains.insert("input".into(), rules::input(asked));
    table
        .chains
        .insert("output".into(), rules::output(answered));
    table
        .chains
        .insert(rules::REJECTED.into(), rules::rejected());
    table
}

fn put_side(put: &mut dyn FnMut(&str, &str), side: Side, name: &str) {
    match side {
        Side::Inbound => put("inbound", name),
        Side::Outbound => put("outbound", name),
        Side::Dmz | Side::Management => {}
    }
}

/// Services of a cell by interface and network: rules for what is asked and what is answered.
fn services(table: &mut Table, services: &[Service]) -> (Vec<Rule>, Vec<Rule>) {
    let (mut asked, mut answered) = (Vec::new(), Vec::new());
    for service in services {
        let (interface, network) = (&service.interface, service.network);
        let map = format!("served/{}/{}", interface, service.name);
        let elements = service.ports.iter().map(|(l4, port)| {
            let element = Element {
                verdict: "accept".into(),
                comment: cut(&service.name),
                packets: 0,
            };
            (format!("{} . {port}", l4.name()), element)
        });
        let elements = elements.collect();
        table
            .maps
            .insert(map.clone(), ("inet_proto . inet_service".into(), elements));
        asked.push(rules::served(interface, network, &map).because(&cut(&service.name)));
        if service.dhcp {
            asked.push(rules::dhcp_asked(interface, &service.name));
            answered.push(rules::dhcp_answered(interface, &service.name));
        }
    }
    (asked, answered)
}

/// Adds the way of a flow: from its interface, to its interface, then its element.
fn add_flow(table: &mut Table, flow: &Flow, contracts: &[String]) {
    let Flow { from, to, .. } = flow;
    let (source, pair) = (format!("from/{from}"), format!("way/{from}/{to}"));
    lead(table, "from", from, &source);
    lead(table, &source, to, &pair);
    let follow = |matches: String| Chain {
        hook: None,
        rules: Vec::from([
            Rule::new(matches),
            Rule::new(format!("goto {}", rules::REJECTED)),
        ]),
    };
    table
        .chains
        .entry(source.clone())
        .or_insert_with(|| follow(format!("oifname vmap @{source}")));
    let (map, key_type, matches) = shape(flow, &pair);
    let chain = table
        .chains
        .entry(pair)
        .or_insert_with(|| follow(format!("{matches} vmap @{map}")));
    let rule = format!("{matches} vmap @{map}");
    if !chain.rules.iter().any(|known| known.text == rule) {
        chain.rules.insert(1, Rule::new(rule));
        // WHY: the order of the two families must not depend on the order in which flows come.
        if let Some(matching) = chain.rules.get_mut(..2) {
            matching.sort_by(|left, right| left.text.cmp(&right.text));
        }
    }
    let (_, elements) = table
        .maps
        .entry(map)
        .or_insert_with(|| (key_type.into(), BTreeMap::new()));
    let comment = attribution(contracts);
    elements.insert(
        key(flow),
        Element {
            verdict: "accept".into(),
            comment,
            packets: 0,
        },
    );
}

fn lead(table: &mut Table, map: &str, interface: &str, chain: &str) {
    let (_, elements) = table
        .maps
        .entry(map.into())
        .or_insert_with(|| (IFNAME.into(), BTreeMap::new()));
    let key = format!("\"{interface}\"");
    let made = || Element {
        verdict: format!("goto {chain}"),
        ..Element::default()
    };
    elements.entry(key).or_insert_with(made);
}

/// Map, type of its key, and the matches that make the key.
fn shape(flow: &Flow, pair: &str) -> (String, &'static str, &'static str) {
    match (flow.source.is_some(), flow.destination.is_ipv4()) {
        (true, true) => (
            format!("{pair}/v4"),
            "ipv4_addr . ipv4_addr . inet_proto . inet_service",
            "ip saddr . ip daddr . meta l4proto . th dport",
        ),
        (true, false) => (
            format!("{pair}/v6"),
            "ipv6_addr . ipv6_addr . inet_proto . inet_service",
            "ip6 saddr . ip6 daddr . meta l4proto . th dport",
        ),
        (false, true) => (
            format!("{pair}/v4"),
            "ipv4_addr . inet_proto . inet_service",
            "ip daddr . meta l4proto . th dport",
        ),
        (false, false) => (
            format!("{pair}/v6"),
            "ipv6_addr . inet_proto . inet_service",
            "ip6 daddr . meta l4proto . th dport",
        ),
    }
}

fn key(flow: &Flow) -> String {
    let Flow {
        source,
        destination,
        l4,
        port,
        ..
    } = flow;
    match source {
        Some(source) => format!("{source} . {destination} . {} . {port}", l4.name()),
        None => format!("{destination} . {} . {port}", l4.name()),
    }
}

/// The ids of the contracts, as many as fit, and how many more there are.
fn attribution(contracts: &[String]) -> String {
    let mut text = String::new();
    for (index, id) in contracts.iter().enumerate() {
        let more = format!(" +{}", contracts.len() - index);
        if index > 0 && text.len() + 1 + id.len() + more.len() > COMMENT_LEN_MAX {
            return text + &more;
        }
        if index > 0 {
            text.push(' ');
        }
        text.push_str(id);
    }
    cut(&text)
}

fn cut(text: &str) -> String {
    text.chars().take(COMMENT_LEN_MAX).collect()
}
