//! The pinned manifest of the paper's C.3: the containers of a box, by digest, a network a zone.

use std::collections::BTreeSet;

use iia_contract::compile::{L4, Source, ZoneNet};

use super::systemd::rights;
use super::{Site, Unit};

pub(super) fn file(units: &[Unit], site: &Site<'_>) -> Option<(String, String)> {
    let containers: Vec<&Unit> = units.iter().filter(|unit| unit.image.is_some()).collect();
    if containers.is_empty() {
        return None;
    }
    let mut text = String::from("services:\n");
    let (mut networks, mut published) = (BTreeSet::new(), BTreeSet::new());
    for unit in containers {
        text += &service(unit, site)?;
        networks.insert(&unit.workload);
        if !ports(unit, site).is_empty() {
            published.insert(&unit.workload);
        }
    }
    text += "networks:\n";
    let among =
        |ids: &BTreeSet<_>, zone: &ZoneNet| zone.workloads.iter().any(|(id, _)| ids.contains(id));
    for zone in site
        .topology
        .zones
        .iter()
        .filter(|zone| among(&networks, zone))
    {
        let (bridge, net, internal) = (&zone.bridge, zone.subnet, !among(&published, zone));
        text += &format!(
            "  {bridge}:\n    driver: bridge\n    internal: {internal}\n    driver_opts:\n      com.docker.network.bridge.name: {bridge}\n    \
             ipam:\n      config:\n        - subnet: \"{}/{}\"\n",
            net.addr, net.prefix
        );
    }
    Some(("compose/compose.yaml".into(), text))
}

fn service(unit: &Unit, site: &Site<'_>) -> Option<String> {
    let (repository, digest) = unit.image.as_ref()?;
    let (zone, addr) = site.topology.workload(&unit.workload)?;
    let (name, user, id) = (&unit.name, unit.user, &unit.workload);
    let family = if addr.is_ipv4() {
        "ipv4_address"
    } else {
        "ipv6_address"
    };
    let mut text = format!(
        "  {name}:\n    image: \"{repository}@{digest}\"\n    user: \"{user}:{user}\"\n    read_only: true\n    \
         cap_drop:\n      - ALL\n    security_opt:\n      - no-new-privileges:true\n    restart: on-failure\n    \
         environment:\n      IIA_SPIFFE_ID: \"{id}\"\n    networks:\n      {}:\n        {family}: \"{addr}\"\n",
        zone.bridge
    );
    for capability in rights(zone).0 {
        text += &format!(
            "    cap_add:\n      - {}\n",
            capability.trim_start_matches("CAP_")
        );
    }
    if let Some(memory) = unit.memory_max {
        text += &format!("    mem_limit: {memory}\n");
    }
    if unit.state {
        text += &format!(
            "    volumes:\n      - \"{}/{name}:/var/lib/iia:rw\"\n",
            site.places.lib
        );
    }
    Some(text + &ports(unit, site))
}

/// Ports that a boundary contract opens to others; none by default.
fn ports(unit: &Unit, site: &Site<'_>) -> String {
    let Some((_, addr)) = site.topology.workload(&unit.workload) else {
        return String::new();
    };
    let open = site.flows.allowed.iter().filter(|(flow, _)| {
        !matches!(flow.source, Source::Workload(_)) && flow.destination == addr
    });
    let (mut ports, mut contracts) = (BTreeSet::new(), BTreeSet::new());
    for (flow, ids) in open {
        let l4 = if flow.l4 == L4::Udp { "udp" } else { "tcp" };
        ports.insert(format!("      - \"{}:{}/{l4}\"\n", flow.port, flow.port));
        contracts.extend(ids.iter().map(|id| id.as_str()));
    }
    if ports.is_empty() {
        return String::new();
    }
    let contracts: Vec<&str> = contracts.into_iter().collect();
    let ports: String = ports.into_iter().collect();
    format!(
        "    ports:\n{ports}    labels:\n      iia.contract: \"{}\"\n",
        contracts.join(" ")
    )
}
