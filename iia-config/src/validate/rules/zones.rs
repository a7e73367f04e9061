//! C015, C016, C023, C037: zones, their networks and what runs in them.

use hashbrown::HashMap;
use std::net::IpAddr;

use iia_contract::raw::Kind;
use iia_contract::scope::Net;
use iia_contract::tree::Entry;
use iia_core::zone::{Side, Zone as Role};

use super::Ground;
use crate::diagnostic::Diagnostic;

const BRIDGE_LEN_MAX: usize = 15;

/// C015: the role is known and lies on its side.
pub(super) fn sides(ground: &mut Ground<'_>) {
    for entry in ground.of_kind("zone") {
        let Some(role) = entry.field("role") else {
            continue;
        };
        let Ok(parsed) = role.text().parse::<Role>() else {
            let names: Vec<&str> = Role::ALL.into_iter().map(Role::name).collect();
            let near = iia_contract::shape::nearest(role.text(), names.iter().copied());
            let help = near.map_or_else(
                || names.join(", "),
                |near| format!("did you mean `{near}`?"),
            );
            ground.tell(
                "C015",
                role.span(),
                format!("`{}` is no role", role.text()),
                &help,
            );
            continue;
        };
        let side = match parsed.side() {
            Side::Inbound => "inbound",
            Side::Dmz => "dmz",
            Side::Outbound => "outbound",
            Side::Management => "management",
        };
        if let Some(field) = entry.field("side").filter(|field| field.text() != side) {
            let message = format!("role {parsed} does not lie on side {}", field.text());
            ground.tell("C015", field.span(), message, &format!("write side {side}"));
        }
    }
}

/// C016: one bridge a zone, with a name that the kernel takes.
pub(super) fn bridges(ground: &mut Ground<'_>) {
    let mut bridges: HashMap<&str, Entry<'_>> = HashMap::new();
    for entry in ground.of_kind("zone") {
        let Some(bridge) = entry.field("bridge") else {
            continue;
        };
        if bridge.text().len() > BRIDGE_LEN_MAX {
            let message = format!(
                "bridge `{}` has {} bytes",
                bridge.text(),
                bridge.text().len()
            );
            ground.tell("C016", bridge.span(), message, "15 bytes at most");
        }
        if let Some(other) = bridges.insert(bridge.text(), entry) {
            let message = format!("bridge `{}` is that of zone {}", bridge.text(), other.name);
            let again = Diagnostic::error("C016", bridge.span(), message, "one bridge a zone");
            ground.push(again.with(other.head(), "that zone"));
        }
    }
}

/// C016: networks do not overlap, and workloads have an address of their own in theirs.
pub(super) fn networks(ground: &mut Ground<'_>) {
    let mut nets: Vec<(Net, &str)> = Vec::new();
    let mut taken: HashMap<IpAddr, &str> = HashMap::new();
    for entry in ground.of_kind("zone") {
        let Some(subnet) = entry.field("subnet") else {
            continue;
        };
        let Some(net) = Net::parse(subnet.text()) else {
            let message = format!("`{}` is no network", subnet.text());
            ground.tell(
                "C016",
                subnet.span(),
                message,
                "bits beyond the prefix are zero",
            );
            continue;
        };
        let meets = |other: &Net| other.contains(net.addr) || net.contains(other.addr);
        if let Some((_, other)) = nets.iter().find(|(other, _)| meets(other)) {
            let message = format!("network {} overlaps that of zone {other}", subnet.text());
            ground.tell(
                "C016",
                subnet.span(),
                message,
                "each zone has a network of its own",
            );
        }
        nets.push((net, entry.name));
        for field in entry.fields("workload") {
            let addr: Option<IpAddr> = field.value(1).and_then(|value| value.text.parse().ok());
            let Some(addr) = addr.filter(|addr| net.contains(*addr)) else {
                let message = format!(
                    "workload {} has no address in {}",
                    field.text(),
                    subnet.text()
                );
                ground.tell(
                    "C016",
                    field.span(),
                    message,
                    "one address within the zone's network",
                );
                continue;
            };
            if let Some(other) = taken.insert(addr, field.text()) {
                let message = format!("{addr} is the address of workload {other}");
                ground.tell("C016", field.span(), message, "one address a workload");
            }
        }
    }
}

/// C023: the lake is the only zone that keeps records.
pub(super) fn durable(ground: &mut Ground<'_>) {
    for entry in ground.of_kind("zone") {
        if entry.text("role") == Role::AcsLake.name() {
            continue;
        }
        let keeps = entry.field("durable").filter(|field| field.text() == "on");
        for field in keeps.into_iter().chain(entry.field("retention")) {
            let message = format!("zone {} would keep records", entry.name);
            ground.tell(
                "C023",
                field.span(),
                message,
                "the lake is the only durable zone; the bus may drop",
            );
        }
    }
}

/// C037: what runs is named by digest, all of it or none.
pub(super) fn images(ground: &mut Ground<'_>) {
    let pinned = ground
        .of_kind("zone")
        .any(|entry| entry.field("image").is_some());
    for entry in ground.of_kind("zone").filter(|_| pinned) {
        for field in entry.fields("image") {
            let sound = field.value(1).is_some_and(|value| value.kind == Kind::Hash);
            if !sound {
                let message = format!("the image of {} is not named by digest", field.text());
                ground.tell(
                    "C037",
                    field.span(),
                    message,
                    "a tag can be moved; write sha256:…",
                );
            }
        }
        for field in entry.fields("workload") {
            let of = entry
                .fields("image")
                .filter(|image| image.text() == field.text())
                .count();
            if of != 1 {
                let message = format!("workload {} has {of} images", field.text());
                ground.tell(
                    "C037",
                    field.span(),
                    message,
                    "one image for each workload, or for none",
                );
            }
        }
    }
}
