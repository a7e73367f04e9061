//! Packets between the zones of a lab, and which of them arrive.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::{Duration, Instant};

use iia_contract::topology::Topology;

use crate::cells::Cell;
use crate::net::Lab;
use crate::world::{addr, prefix};

/// A namespace a zone, each of which notes what it gets.
pub(crate) fn build(lab: &mut Lab, topology: &Topology, v6: bool) {
    for (index, zone) in topology.zones.iter().enumerate() {
        let addrs: Vec<IpAddr> = zone.workloads.iter().map(|(_, addr)| *addr).collect();
        lab.add_zone(&zone.bridge, addr(v6, index, 1), prefix(v6), &addrs);
        let (family, kind) = if v6 {
            ("ip6", "ipv6_addr")
        } else {
            ("ip", "ipv4_addr")
        };
        let seen = format!(
            "table inet seen {{\n set got {{\n type {kind} . {kind} . inet_proto . inet_service\n size 65535\n flags dynamic\n counter\n }}\n chain in {{\n type filter hook input priority -300; policy drop;\n icmpv6 type {{ nd-neighbor-solicit, nd-neighbor-advert }} accept\n meta l4proto {{ tcp, udp }} update @got {{ {family} saddr . {family} daddr . meta l4proto . th dport counter }}\n }}\n}}\n"
        );
        lab.run_in(&zone.bridge, &["nft", "-f", "-"], seen.as_bytes());
    }
}

/// How often the namespaces saw each packet that arrived.
fn arrived(lab: &Lab, topology: &Topology) -> BTreeMap<String, u64> {
    let mut seen = BTreeMap::new();
    for zone in &topology.zones {
        let listing = lab.run_in(
            &zone.bridge,
            &["nft", "-j", "list", "set", "inet", "seen", "got"],
            b"",
        );
        let listing: serde_json::Value = serde_json::from_slice(&listing).unwrap();
        let sets = listing["nftables"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(|item| item.get("set"));
        for element in sets.filter_map(|set| set["elem"].as_array()).flatten() {
            let element = &element["elem"];
            let key: Vec<String> = element["val"]["concat"]
                .as_array()
                .unwrap()
                .iter()
                .map(|part| part.as_str().map_or_else(|| part.to_string(), Into::into))
                .collect();
            seen.insert(
                key.join(" . "),
                element["counter"]["packets"].as_u64().unwrap(),
            );
        }
    }
    seen
}

/// Sends each packet as often as said.
pub(crate) fn send(lab: &Lab, topology: &Topology, cells: &BTreeMap<Cell, u64>) {
    for (index, zone) in topology.zones.iter().enumerate() {
        let mut lines = String::new();
        for (cell, count) in cells.iter().filter(|(cell, _)| cell.from == index) {
            let Cell {
                source,
                destination,
                l4,
                port,
                ..
            } = cell;
            lines += &format!(
                "[\"{source}\",\"{destination}\",\"{}\",{port},{count}]\n",
                l4.name()
            );
        }
        lab.run_in(
            &zone.bridge,
            &["python3", "-c", include_str!("send.py")],
            lines.as_bytes(),
        );
    }
}

/// Packets travel while the test looks: looks until nothing more arrives.
pub(crate) fn settled(lab: &Lab, topology: &Topology, want: u64) -> BTreeMap<String, u64> {
    let deadline = Instant::now() + Duration::from_secs(10);
    loop {
        let seen = arrived(lab, topology);
        if seen.values().sum::<u64>() >= want || Instant::now() > deadline {
            return seen;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// A packet in the words of the namespaces.
pub(crate) fn key(cell: &Cell) -> String {
    format!(
        "{} . {} . {} . {}",
        cell.source,
        cell.destination,
        cell.l4.name(),
        cell.port
    )
}
