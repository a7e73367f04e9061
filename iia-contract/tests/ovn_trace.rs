//! The compiled ACLs in a real northbound database, and the network's own tracer asked packet by packet.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test may fail"
)]

mod agree;
#[path = "net/cells.rs"]
mod cells;
#[path = "naive/dice.rs"]
mod dice;
mod made;
#[path = "net/ovn.rs"]
mod ovn;
#[path = "net/programs.rs"]
mod programs;
#[path = "net/world.rs"]
mod world;

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;

use agree::Tried;
use cells::{Cell, cells, covering};
use iia_contract::compile::ovn::{Acl, QUERY, group};
use iia_contract::compile::{Permit, Topology, ZoneNet, drift};
use ovn::{Lan, Network, Packet, missing, run};
use programs::skip;
use world::{Rng, addr, prefix, random};

const ZONES: usize = 6;

/// The networks of the random boxes whose zones have two workloads each.
fn zones(topology: &Topology, v6: bool) -> Vec<Lan> {
    let zones = topology.zones.iter().enumerate();
    let lan = |(index, zone): (usize, &ZoneNet)| Lan {
        zone: Some(zone.name.clone()),
        gateway: format!("{}/{}", addr(v6, index, 1), prefix(v6)),
        hosts: vec![addr(v6, index, 2), addr(v6, index, 3)],
    };
    zones.map(lan).collect()
}

fn packet(cell: &Cell) -> Packet {
    Packet {
        lan: cell.from,
        source: cell.source,
        destination: SocketAddr::new(cell.destination, cell.port),
        l4: cell.l4,
    }
}

fn matrix(test: &str, seed: u64, v6: bool) {
    if let Some(missing) = missing() {
        return skip(test, missing);
    }
    let (topology, catalog) = random(seed, v6, ZONES, 40);
    let network = Network::open(&zones(&topology, v6));
    let (policy, _) = Acl::compile(&catalog, &topology);
    network.load(&Acl::write(&policy));
    assert_eq!(
        Acl::read(network.transact(QUERY).as_bytes()),
        Ok(policy.clone())
    );
    assert_eq!(listed(&network), ruled(&policy));

    let mut rng = Rng(seed);
    let all = cells(ZONES, v6, &mut rng);
    let (open, shut): (Vec<&Cell>, Vec<&Cell>) = all
        .iter()
        .partition(|cell| !covering(cell, &topology, &catalog).is_empty());
    assert!(open.len() >= 8, "{} flows are open", open.len());
    let step = shut.len() / 800;
    let sampled: BTreeSet<&Cell> = open
        .iter()
        .copied()
        .chain(shut.iter().step_by(step).copied())
        .collect();
    for cell in &sampled {
        assert_eq!(
            network.passes(&packet(cell)),
            open.contains(cell),
            "{cell:?}"
        );
    }
    eprintln!("{} cells, {} of them allowed", sampled.len(), open.len());
    changes(&network, &policy);
}

/// Direction, priority, match and action of a rule.
type Ruled = (String, u64, String, String);

fn ruled(policy: &iia_contract::compile::Policy<Acl>) -> Vec<Ruled> {
    let rule = |acl: &Acl| {
        let (direction, action) = (acl.direction.clone(), acl.action.clone());
        (direction, acl.priority, acl.matches.clone(), action)
    };
    let mut all: Vec<Ruled> = policy.allowed.keys().map(rule).collect();
    all.sort();
    all
}

/// What the network's own command finds in its database: a table in JSON, which no reader of ours has seen.
fn listed(network: &Network) -> Vec<Ruled> {
    let (base, columns) = (
        format!("--db={}", network.base("nb")),
        "--columns=direction,priority,match,action",
    );
    let table = run(
        "ovn-nbctl",
        &[&base, "--format=json", columns, "list", "ACL"],
    );
    let table: serde_json::Value = serde_json::from_str(&table).unwrap();
    let text = |cell: &serde_json::Value| cell.as_str().unwrap().to_owned();
    let rows = table["data"].as_array().unwrap().iter();
    let rule = |row: &serde_json::Value| {
        let priority = row[1].as_u64().unwrap();
        (text(&row[0]), priority, text(&row[2]), text(&row[3]))
    };
    let mut all: Vec<Ruled> = rows.map(rule).collect();
    all.sort();
    all
}

/// Changes by hand, each with the words that drift must have.
fn changes(network: &Network, policy: &iia_contract::compile::Policy<Acl>) {
    let group = &policy.allowed.keys().next().unwrap().group;
    network.nbctl(&["acl-add", "s0", "to-lport", "2000", "ip", "allow"]);
    network.nbctl(&[
        "--type=port-group",
        "acl-add",
        group,
        "to-lport",
        "2000",
        "tcp",
        "allow",
    ]);
    network.nbctl(&[
        "--type=port-group",
        "acl-del",
        group,
        "to-lport",
        "1",
        &format!("outport == @{group} && ip"),
    ]);
    let found = drift(
        policy,
        &Acl::read(network.transact(QUERY).as_bytes()).unwrap(),
    );
    let told: Vec<String> = found.iter().map(ToString::to_string).collect();
    assert_eq!(
        told,
        [
            format!("not contracted: {group}: to-lport 2000 allow tcp (no contract)"),
            "not contracted: outside every zone: to-lport allow ip".into(),
            format!("missing: {group}: to-lport 1 drop outport == @{group} && ip (no contract)"),
        ]
    );
}

#[test]
fn i7_the_tracers_verdict_is_the_catalogs_on_version_4() {
    matrix(
        "i7_the_tracers_verdict_is_the_catalogs_on_version_4",
        5,
        false,
    );
}

#[test]
fn i7_the_tracers_verdict_is_the_catalogs_on_version_6() {
    matrix(
        "i7_the_tracers_verdict_is_the_catalogs_on_version_6",
        29,
        true,
    );
}

/// What crosses the edge, both ways, beside what stays inside: the tracer's verdict is the matcher's.
#[test]
fn i7_the_tracers_verdict_is_the_matchers_across_the_edge() {
    let test = "i7_the_tracers_verdict_is_the_matchers_across_the_edge";
    if let Some(missing) = missing() {
        return skip(test, missing);
    }
    let mut counts: BTreeMap<(bool, bool), usize> = BTreeMap::new();
    for (world, tried) in agree::edgy().take(12) {
        let lans = agree::lans(&world.topology);
        let index = |name: &str| lans.iter().position(|lan| lan.0 == name).unwrap();
        let network = Network::open(
            &lans
                .iter()
                .map(|lan| lan_of(&world.topology, lan))
                .collect::<Vec<_>>(),
        );
        let (policy, _) = Acl::compile(&world.catalog, &world.topology);
        network.load(&Acl::write(&policy));
        assert_eq!(Acl::read(network.transact(QUERY).as_bytes()), Ok(policy));
        // What stays in one network passes no router.
        let routed = |one: &&Tried| one.opening.from.0 != one.opening.to.0;
        for Tried {
            opening,
            across,
            due,
        } in tried.iter().filter(routed)
        {
            let packet = Packet {
                lan: index(&opening.from.0),
                source: opening.from.1,
                destination: opening.to.1,
                l4: opening.l4,
            };
            assert_eq!(network.passes(&packet), *due, "{opening:?}");
            *counts.entry((*across, *due)).or_default() += 1;
        }
    }
    eprintln!("(across the edge, allowed): {counts:?}");
    assert!(
        counts.len() == 4 && counts.values().all(|count| *count > 2),
        "{counts:?}"
    );
}

fn lan_of(topology: &Topology, (name, gateway, width, hosts): &agree::Lan) -> Lan {
    let zone = topology.zones.iter().find(|zone| zone.bridge == *name);
    Lan {
        zone: zone.map(|zone| zone.name.clone()),
        gateway: format!("{gateway}/{width}"),
        hosts: hosts.clone(),
    }
}

#[test]
fn acls_for_a_zone_that_is_not_there_are_refused_as_a_whole() {
    let test = "acls_for_a_zone_that_is_not_there_are_refused_as_a_whole";
    if let Some(missing) = missing() {
        return skip(test, missing);
    }
    let (topology, catalog) = random(5, false, ZONES, 20);
    let network = Network::open(&zones(&topology, false));
    network.nbctl(&["pg-del", &group("z0")]);
    let text = Acl::write(&Acl::compile(&catalog, &topology).0);
    assert!(network.transact(&text).contains("\"error\":\"timed out\""));
    let left = Acl::read(network.transact(QUERY).as_bytes()).unwrap();
    assert!(left.allowed.is_empty() && left.foreign.is_empty());
}

#[test]
fn different_zones_have_different_groups() {
    let zones = ["a-b", "a_b", "a.b", "a_-b", "a-_b", "a_.b", "a--b", "ab"];
    let groups: BTreeSet<String> = zones.iter().map(|zone| group(zone)).collect();
    assert_eq!(groups.len(), zones.len());
    let sound = |one: char| one.is_ascii_alphanumeric() || one == '_' || one == '.';
    assert!(groups.iter().all(|group| group.chars().all(sound)));
    for bytes in [&b"{}"[..], b"[]", b"\xff", br#"[{"rows": []}]"#] {
        assert!(Acl::read(bytes).is_err());
    }
}
