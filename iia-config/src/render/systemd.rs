//! Workloads as services of the system.

use std::collections::BTreeSet;
use std::net::IpAddr;

use iia_contract::compile::{Flows, Source, ZoneNet};
use iia_core::zone::Zone as Role;

use super::hardening::sandbox;
use super::{Site, Unit};

/// Memory of a unit that does not say, in bytes.
const MEMORY_DEFAULT: u64 = 256 * 1024 * 1024;

pub(super) fn file(unit: &Unit, site: &Site<'_>) -> Option<(String, String)> {
    let (program, arguments) = unit.program.as_ref()?;
    let (zone, addr) = site.topology.workload(&unit.workload)?;
    let start: Vec<String> = arguments.iter().map(|argument| quoted(argument)).collect();
    let (name, id, user) = (&unit.name, &unit.workload, unit.user);
    let mut text = format!(
        "[Unit]\nDescription={name} of zone {}\nDocumentation=man:iia-box(8)\nAfter=network.target\n\n\
         [Service]\nType=exec\nExecStart={program} {}\nUser={user}\nGroup={user}\nEnvironment=IIA_SPIFFE_ID={id}\n\
         NetworkNamespacePath=/run/netns/{}\nRestart=on-failure\nRestartSec=1s\n",
        zone.name,
        start.join(" "),
        zone.bridge,
    );
    text += &format!(
        "MemoryMax={}\nTasksMax=64\n",
        unit.memory_max.unwrap_or(MEMORY_DEFAULT)
    );
    if unit.state {
        text += &format!("ReadWritePaths={}/{name}\n", site.places.lib);
    }
    let (capabilities, families) = rights(zone);
    text += &sandbox(capabilities, families);
    text += "IPAddressDeny=any\n";
    for peer in peers(addr, &site.flows) {
        text += &format!("IPAddressAllow={peer}\n");
    }
    text += "\n[Install]\nWantedBy=multi-user.target\n";
    Some((format!("systemd/iia-{name}.service"), text))
}

/// Who listens to the wire opens raw sockets; nobody else does.
pub(super) fn rights(zone: &ZoneNet) -> (&'static [&'static str], &'static [&'static str]) {
    const PLAIN: &[&str] = &["AF_UNIX", "AF_INET", "AF_INET6"];
    const WIRE: &[&str] = &["AF_UNIX", "AF_INET", "AF_INET6", "AF_PACKET"];
    match zone.role {
        Role::AcsCollect | Role::AcsWitness | Role::AcsIoMaster => (&["CAP_NET_RAW"], WIRE),
        _ => (&[], PLAIN),
    }
}

/// Whom a workload speaks with by contract: a second fence around the process itself.
fn peers(addr: IpAddr, flows: &Flows) -> BTreeSet<String> {
    let mut peers = BTreeSet::new();
    for flow in flows.allowed.keys() {
        if flow.source == Source::Workload(addr) {
            peers.insert(flow.destination.to_string());
        }
        if flow.destination == addr {
            peers.insert(who(flow.source));
        }
    }
    peers
}

/// A peer as systemd names it.
fn who(source: Source) -> String {
    match source {
        Source::Anybody => "any".into(),
        Source::Workload(addr) => addr.to_string(),
        Source::Network(addr, prefix) => format!("{addr}/{prefix}"),
    }
}

/// An argument as systemd reads it back: one word, nothing expanded.
fn quoted(argument: &str) -> String {
    let text = argument.replace('\\', "\\\\").replace('"', "\\\"");
    format!("\"{}\"", text.replace('%', "%%").replace('$', "$$"))
}
