//! The edges of a box in the value that is compiled: silent ears, services of the cell, and who may come in.
#![expect(clippy::unwrap_used, reason = "a test may fail")]

mod made;

use std::collections::BTreeSet;
use std::net::IpAddr;

use iia_contract::Catalog;
use iia_contract::compile::nft::{Opened, Ruleset};
use iia_contract::compile::{
    Interface, InterfaceKind, L4, LOADED_LEN_MAX, Policy, ReadError, Service, Target, Topology,
    k8s, mqtt,
};
use iia_contract::scope::Net;
use iia_contract::tree::Tree;
use iia_core::zone::Side;

fn interface(name: &str, kind: InterfaceKind, side: Side) -> Interface {
    let name = name.into();
    Interface { name, kind, side }
}

fn topology(dhcp: bool) -> Topology {
    Topology {
        interfaces: vec![
            interface("acs0", InterfaceKind::Observation, Side::Inbound),
            interface("it0", InterfaceKind::It, Side::Outbound),
            interface("mgmt0", InterfaceKind::Management, Side::Management),
            interface("svc0", InterfaceKind::Services, Side::Inbound),
        ],
        services: vec![Service {
            name: "cell".into(),
            interface: "svc0".into(),
            network: Net::parse("10.20.0.0/24").unwrap(),
            dhcp,
            endpoint: false,
            ports: vec![(L4::Udp, None, 53), (L4::Tcp, None, 445)],
        }],
        ..Topology::default()
    }
}

fn compiled(topology: &Topology) -> Ruleset {
    Ruleset::compile(&Catalog::default(), topology).0
}

/// IIA 3: an observation interface sends nothing, and neither it nor a services interface is ever routed.
#[test]
fn i3_an_observation_interface_is_silent_and_never_routed() {
    let ruleset = compiled(&topology(false));
    let silent = &ruleset.tables["netdev iia-observe"].chains;
    assert_eq!(silent.keys().collect::<Vec<_>>(), ["silent/acs0"]);
    let hook = silent["silent/acs0"].hook.as_ref().unwrap();
    assert_eq!(
        (hook.hook.as_str(), hook.device.as_deref()),
        ("egress", Some("acs0"))
    );
    assert!(hook.drops && silent["silent/acs0"].rules[0].text.ends_with(" drop"));
    let sets = &ruleset.tables["inet iia"].sets;
    let names = |set: &str| sets[set].iter().map(String::as_str).collect::<Vec<_>>();
    assert_eq!(names("unrouted"), ["acs0", "svc0"]);
    assert_eq!(names("inbound"), ["acs0", "svc0"]);
    assert_eq!(names("outbound"), ["it0"]);
    assert!(names("bridges").is_empty());
    assert!(
        !compiled(&Topology::default())
            .tables
            .contains_key("netdev iia-observe")
    );
}

/// IIA 2: what is meant for the box itself is a service of the cell, asked by the cell.
#[test]
fn i2_a_service_answers_its_cell_at_its_ports_only() {
    let lines = |ruleset: &Ruleset, chain: &str| -> BTreeSet<String> {
        let rules = ruleset.tables["inet iia"].chains[chain].rules.iter();
        rules
            .map(|rule| format!("{} ({})", rule.text, rule.comment))
            .collect()
    };
    let (bare, plain, dhcp) = (
        compiled(&Topology::default()),
        compiled(&topology(false)),
        compiled(&topology(true)),
    );
    let served = "iifname \"svc0\" ip saddr 10.20.0.0/24 meta l4proto . th dport vmap @served/svc0/cell (cell)";
    let asked = "iifname \"svc0\" ip saddr 0.0.0.0 udp sport 68 udp dport 67 accept (cell)";
    let answered = "oifname \"svc0\" udp sport 67 udp dport 68 accept (cell)";
    let more = |with: &Ruleset, chain| -> Vec<String> {
        lines(with, chain)
            .difference(&lines(&bare, chain))
            .cloned()
            .collect()
    };
    assert_eq!(more(&plain, "input"), [served]);
    assert_eq!(more(&plain, "output"), [""; 0]);
    assert_eq!(more(&dhcp, "input"), [asked, served]);
    assert_eq!(more(&dhcp, "output"), [answered]);
    let map = &plain.tables["inet iia"].maps["served/svc0/cell"];
    let said = |(key, one): (&String, &iia_contract::compile::nft::Element)| {
        format!("{key} {} ({})", one.verdict, one.comment)
    };
    let elements: Vec<String> = map.elements.iter().map(said).collect();
    assert_eq!(
        elements,
        ["tcp . 445 accept (cell)", "udp . 53 accept (cell)"]
    );
    assert!(!map.interval && map.key_type == "inet_proto . inet_service");

    let opened = |source: &str, (l4, port), (from, to)| {
        let (source, destination): (IpAddr, IpAddr) =
            (source.parse().unwrap(), "10.20.0.1".parse().unwrap());
        plain.admits(&Opened {
            source,
            destination,
            l4,
            port,
            from,
            to,
        })
    };
    let (smb, dns) = ((L4::Tcp, 445), (L4::Udp, 53));
    for from in [None, Some("svc0")] {
        let way = (from, None);
        assert!(opened("10.20.0.9", smb, way) && opened("10.20.0.9", dns, way));
        assert!(!opened("10.21.0.9", smb, way));
        assert!(
            !opened("10.20.0.9", (L4::Tcp, 53), way) && !opened("10.20.0.9", (L4::Udp, 54), way)
        );
    }
    // The same address by another interface, or to somebody else than the box, is not the cell that asks it.
    for way in [
        (Some("it0"), None),
        (Some("svc"), None),
        (Some("svc0"), Some("it0")),
    ] {
        assert!(!opened("10.20.0.9", smb, way), "{way:?}");
    }
}

const EDGES: &str = include_str!("data/edges.icl");
const BOUNDARY: &str = include_str!("../../examples/contracts/boundary_bi_lake_batch.icl");

/// The contract of a publisher, answered at every place of either side.
fn published(zone: &str, workload: &str) -> String {
    let (publisher, place) = ("publish/workload/edge_publisher", "tls/203.0.113.10:7447");
    assert!(BOUNDARY.contains(publisher) && BOUNDARY.contains(place));
    BOUNDARY
        .replace("bi_lake.batch", workload)
        .replace(publisher, &format!("{zone}/workload/{workload}"))
        .replace(place, "tls/7447")
}

/// What a kernel listed that had loaded the text beside it: `nft -f edges.nft; nft -j list ruleset`. Networks and single
/// addresses of both families, whoever comes, the services of a cell, and an ear.
#[test]
fn a_kernel_lists_the_edges_as_they_were_loaded() {
    let publishers = [
        ("publish", "four"),
        ("publish", "open_four"),
        ("wide", "six"),
        ("wide", "open_six"),
    ];
    let contracts = publishers.map(|(zone, workload)| published(zone, workload));
    let entries = made::text::entries(&format!("{EDGES}{}", contracts.concat()));
    let topology = Topology::read(&Tree::from(entries.as_slice()));
    let (ruleset, notes) = Ruleset::compile(&Catalog::check(&entries).unwrap().0, &topology);
    assert_eq!(notes, [""; 0]);
    assert_eq!(ruleset.to_string(), include_str!("data/edges.nft"));
    let listing = include_str!("data/edges.nft.json");
    assert_eq!(Ruleset::read(listing.as_bytes()), Ok(ruleset));
}

/// Whatever is longer is not read at all.
#[test]
fn readers_take_what_is_as_long_as_it_may_be_and_no_more() {
    assert_eq!(LOADED_LEN_MAX, 67_108_864, "64 MiB, as its error says");
    let mut loaded = vec![b'#'; LOADED_LEN_MAX];
    assert_eq!(Policy::<mqtt::Right>::read(&loaded), Ok(Policy::default()));
    assert!(matches!(
        Ruleset::read(&loaded),
        Err(ReadError::Malformed(_))
    ));
    assert!(matches!(
        Policy::<k8s::NetworkPolicy>::read(&loaded),
        Err(ReadError::Malformed(_))
    ));
    loaded.push(b'#');
    assert_eq!(
        Policy::<mqtt::Right>::read(&loaded),
        Err(ReadError::TooLong)
    );
    assert_eq!(Ruleset::read(&loaded), Err(ReadError::TooLong));
    assert_eq!(
        Policy::<k8s::NetworkPolicy>::read(&loaded),
        Err(ReadError::TooLong)
    );
}
