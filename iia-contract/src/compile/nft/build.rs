//! From the flows of a catalog to a ruleset.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use iia_core::zone::Side;

use super::ruleset::{Element, Map, Rule, Ruleset, Table};
use super::{COMMENT_LEN_MAX, TABLE, TABLE_OBSERVE, rules, ways};
use crate::catalog::Catalog;
use crate::compile::flow::{Flows, flows};
use crate::topology::{InterfaceKind, Service, Topology};

/// Compiles a catalog for a box; pure, and the same input gives the same bytes. The notes tell which contracts open
/// nothing, and why.
pub fn ruleset(catalog: &Catalog, topology: &Topology) -> (Ruleset, Vec<String>) {
    let Flows { allowed, notes } = flows(catalog, topology);
    let mut table = skeleton(topology);
    let allowed: Vec<_> = allowed.into_iter().collect();
    for same_way in allowed.chunk_by(ways::is_same) {
        ways::add(&mut table, same_way);
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
    table.maps.insert("from".into(), ways::to_interfaces());
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
        let elements = service.ports.iter().map(|(l4, _, port)| {
            let element = Element {
                verdict: "accept".into(),
                comment: cut(&service.name),
                packets: 0,
            };
            (format!("{} . {port}", l4.name()), element)
        });
        let elements = elements.collect();
        let key_type = "inet_proto . inet_service".into();
        table.maps.insert(
            map.clone(),
            Map {
                key_type,
                interval: false,
                elements,
            },
        );
        asked.push(rules::served(interface, network, &map).because(&cut(&service.name)));
        if service.dhcp {
            asked.push(rules::dhcp_asked(interface, &service.name));
            answered.push(rules::dhcp_answered(interface, &service.name));
        }
    }
    (asked, answered)
}

/// As much of a text as fits into a comment.
pub(super) fn cut(text: &str) -> String {
    let end = text.char_indices().nth(COMMENT_LEN_MAX);
    end.and_then(|(end, _)| text.get(..end))
        .unwrap_or(text)
        .into()
}
