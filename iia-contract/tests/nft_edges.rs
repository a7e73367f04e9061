//! The edges of a box in the real kernel: the IT interface, the services of the cell, the silent observation interface.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "a test may fail"
)]

mod net;
#[path = "net/world.rs"]
mod world;

use std::net::IpAddr;
use std::time::{Duration, Instant};

use iia_contract::Catalog;
use iia_contract::compile::{
    Interface, InterfaceKind, L4, Listener, Service, Topology, ZoneNet, nft,
};
use iia_contract::scope::Net;
use iia_core::SpiffeId;
use iia_core::zone::{Side, Zone as Role};
use net::Lab;
use world::{boundary, contract, id};

const CELL: &str = "10.20.0.9";
const WORLD: &str = "203.0.113.9";
const NORTH: &str = "203.0.113.10";

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn foreign(name: &str) -> SpiffeId {
    format!("spiffe://site.example/zone/x/workload/{name}")
        .parse()
        .unwrap()
}

fn zone(index: usize, role: Role) -> ZoneNet {
    ZoneNet {
        name: format!("z{index}"),
        role,
        bridge: format!("iz-z{index}"),
        subnet: Net::parse(&format!("10.77.{index}.0/24")).unwrap(),
        workloads: vec![(id(index, 0), ip(&format!("10.77.{index}.2")))],
    }
}

fn listener(workload: SpiffeId, addr: &str, port: u16) -> Listener {
    Listener {
        workload,
        l4: L4::Tcp,
        addr: ip(addr),
        port,
    }
}

/// A collector, a bus, an API that is asked and a publisher that goes north; services for the cell; a silent ear.
fn edges() -> (Topology, Catalog) {
    let interface = |name: &str, kind, side| Interface {
        name: name.into(),
        kind,
        side,
    };
    let topology = Topology {
        zones: vec![
            zone(0, Role::AcsCollect),
            zone(1, Role::DmzBus),
            zone(2, Role::ItApi),
            zone(3, Role::ItPublish),
        ],
        interfaces: vec![
            interface("acs0", InterfaceKind::Observation, Side::Inbound),
            interface("it0", InterfaceKind::It, Side::Outbound),
            interface("svc0", InterfaceKind::Services, Side::Inbound),
        ],
        listeners: vec![
            listener(id(0, 0), "10.77.0.2", 7443),
            listener(id(1, 0), "10.77.1.2", 7443),
            listener(id(2, 0), "10.77.2.2", 7443),
        ],
        connections: vec![listener(foreign("intake"), NORTH, 7447)],
        services: vec![Service {
            name: "cell".into(),
            interface: "svc0".into(),
            network: Net::parse("10.20.0.0/24").unwrap(),
            dhcp: true,
            ports: vec![(L4::Udp, 53), (L4::Udp, 123), (L4::Tcp, 445)],
        }],
    };
    let entries = [
        boundary("api", &id(2, 0), &foreign("notebook")),
        boundary("north", &id(3, 0), &foreign("intake")),
        boundary("leak", &id(0, 0), &foreign("intake")),
        contract("collect_to_bus", &id(0, 0), &id(1, 0)),
    ];
    (topology, Catalog::check(&entries).unwrap().0)
}

fn lab(test: &str) -> Option<Lab> {
    let mut lab = Lab::open(test)?;
    for zone in edges().0.zones {
        let gateway = format!("10.77.{}.1", zone.name.trim_start_matches('z'));
        lab.add_zone(&zone.bridge, ip(&gateway), 24, &[zone.workloads[0].1]);
    }
    lab.add_zone("it0", ip("203.0.113.1"), 24, &[ip(WORLD), ip(NORTH)]);
    lab.add_zone("svc0", ip("10.20.0.1"), 24, &[ip(CELL)]);
    lab.add_zone("acs0", ip("192.0.2.1"), 24, &[ip("192.0.2.9")]);
    let (topology, catalog) = edges();
    let (ruleset, notes) = nft::ruleset(&catalog, &topology);
    assert_eq!(notes.len(), 1, "{notes:?}");
    assert!(
        notes[0].starts_with("iia.contract.boundary.leak opens nothing"),
        "{notes:?}"
    );
    lab.load(&ruleset.to_string());
    assert_eq!(
        nft::drift(&ruleset, &nft::read(&lab.listing()).unwrap()),
        []
    );
    Some(lab)
}

/// What a namespace received, as its own kernel counted it.
fn received(lab: &Lab, interface: &str) -> u64 {
    let text = lab.run_in(
        interface,
        &["cat", "/sys/class/net/eth0/statistics/rx_packets"],
        b"",
    );
    String::from_utf8(text).unwrap().trim().parse().unwrap()
}

/// Sends one packet and tells whether the elements of the ruleset counted one more, and where.
fn send(lab: &Lab, from: &str, cell: &str) -> Option<String> {
    let counts = || {
        let loaded = nft::read(&lab.listing()).unwrap();
        let counts = loaded
            .accepted()
            .map(|(map, key, element)| (format!("{map} {key}"), element.packets));
        counts.collect::<Vec<_>>()
    };
    let rejected = || {
        let loaded = nft::read(&lab.listing()).unwrap();
        let rules = loaded.tables["inet iia"]
            .chains
            .values()
            .flat_map(|chain| &chain.rules);
        rules.map(|rule| rule.packets).sum::<u64>()
    };
    let (before, dropped) = (counts(), rejected());
    lab.run_in(
        from,
        &["python3", "-c", include_str!("net/send.py")],
        format!("{cell}\n").as_bytes(),
    );
    let deadline = Instant::now() + Duration::from_secs(5);
    loop {
        let after = counts();
        if let Some(at) = (0..after.len()).find(|at| after[*at].1 > before[*at].1) {
            return Some(after[at].0.clone());
        }
        if rejected() > dropped {
            return None;
        }
        assert!(
            Instant::now() < deadline,
            "neither accepted nor counted as rejected: {cell}"
        );
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn only_contracts_open_the_it_interface_and_only_the_cell_is_served() {
    let Some(lab) = lab("only_contracts_open_the_it_interface_and_only_the_cell_is_served") else {
        return;
    };
    // The box does not even answer who has its address: whoever tries must have been told.
    let mac = String::from_utf8(lab.run(&["cat", "/sys/class/net/acs0/address"], b"")).unwrap();
    lab.run_in(
        "acs0",
        &[
            "ip",
            "neigh",
            "replace",
            "192.0.2.1",
            "lladdr",
            mac.trim(),
            "dev",
            "eth0",
        ],
        b"",
    );
    let rows = [
        // The API is asked from the IT side, the publisher goes north; neither the other way round.
        (
            "it0",
            r#"["203.0.113.9","10.77.2.2","tcp",7443,1]"#,
            Some("way/it0/iz-z2/v4 10.77.2.2 . tcp . 7443"),
        ),
        ("it0", r#"["203.0.113.9","10.77.2.2","udp",7443,1]"#, None),
        ("it0", r#"["203.0.113.9","10.77.2.2","tcp",22,1]"#, None),
        ("it0", r#"["203.0.113.9","10.77.3.2","tcp",7447,1]"#, None),
        ("it0", r#"["203.0.113.9","10.77.0.2","tcp",7443,1]"#, None),
        ("it0", r#"["203.0.113.9","10.77.1.2","tcp",7443,1]"#, None),
        ("it0", r#"["203.0.113.9","203.0.113.1","tcp",22,1]"#, None),
        ("it0", r#"["203.0.113.9","10.20.0.9","tcp",445,1]"#, None),
        (
            "iz-z3",
            r#"["10.77.3.2","203.0.113.10","tcp",7447,1]"#,
            Some("way/iz-z3/it0/v4 10.77.3.2 . 203.0.113.10 . tcp . 7447"),
        ),
        ("iz-z3", r#"["10.77.3.2","203.0.113.9","tcp",7447,1]"#, None),
        (
            "iz-z2",
            r#"["10.77.2.2","203.0.113.10","tcp",7447,1]"#,
            None,
        ),
        (
            "iz-z0",
            r#"["10.77.0.2","203.0.113.10","tcp",7447,1]"#,
            None,
        ),
        (
            "iz-z0",
            r#"["10.77.0.2","10.77.1.2","tcp",7443,1]"#,
            Some("way/iz-z0/iz-z1/v4 10.77.0.2 . 10.77.1.2 . tcp . 7443"),
        ),
        // The cell is served by the box and never routed beyond; nobody else is served.
        (
            "svc0",
            r#"["10.20.0.9","10.20.0.1","udp",53,1]"#,
            Some("served/svc0/cell udp . 53"),
        ),
        (
            "svc0",
            r#"["10.20.0.9","10.20.0.1","tcp",445,1]"#,
            Some("served/svc0/cell tcp . 445"),
        ),
        ("svc0", r#"["10.20.0.9","10.20.0.1","tcp",22,1]"#, None),
        ("svc0", r#"["10.99.0.9","10.20.0.1","udp",53,1]"#, None),
        ("svc0", r#"["10.20.0.9","10.77.0.2","tcp",7443,1]"#, None),
        ("svc0", r#"["10.20.0.9","203.0.113.9","udp",53,1]"#, None),
        ("iz-z0", r#"["10.77.0.2","10.20.0.1","udp",53,1]"#, None),
        ("iz-z0", r#"["10.77.0.2","10.20.0.9","tcp",445,1]"#, None),
        ("it0", r#"["203.0.113.9","203.0.113.1","udp",53,1]"#, None),
        // Nothing is routed to or from the observation interface.
        ("acs0", r#"["192.0.2.9","10.77.0.2","tcp",7443,1]"#, None),
        ("acs0", r#"["192.0.2.9","192.0.2.1","tcp",22,1]"#, None),
    ];
    for (from, cell, want) in rows {
        assert_eq!(send(&lab, from, cell).as_deref(), want, "{from} {cell}");
    }
}

#[test]
fn i3_nothing_leaves_the_observation_interface_and_everything_is_heard() {
    const FLOOD: &str = "import socket\n\
        s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)\n\
        s.bind(('acs0', 0))\n\
        for n in range(64):\n\
        \x20try: s.send(b'\\xff' * 6 + b'\\x02' * 6 + b'\\x88\\xb5' + b'x' * 60)\n\
        \x20except OSError: pass\n";
    let test = "i3_nothing_leaves_the_observation_interface_and_everything_is_heard";
    let Some(lab) = lab(test) else { return };
    let before = received(&lab, "acs0");
    lab.run(&["python3", "-c", FLOOD], b"");
    let pinged = net::exec(
        lab.router(),
        &["ping", "-c", "2", "-i", "0.2", "-W", "1", "192.0.2.9"],
        b"",
    );
    assert!(!pinged.status.success() || !net::has("ping"));
    assert_eq!(received(&lab, "acs0"), before, "the peer heard nothing");
    let observe =
        &nft::read(&lab.listing()).unwrap().tables["netdev iia-observe"].chains["silent/acs0"];
    assert!(
        observe.rules[0].packets >= 64,
        "and every frame was counted: {observe:?}"
    );
    let heard = || {
        let text = lab.run(&["cat", "/sys/class/net/acs0/statistics/rx_packets"], b"");
        String::from_utf8(text)
            .unwrap()
            .trim()
            .parse::<u64>()
            .unwrap()
    };
    let before = heard();
    lab.run_in(
        "acs0",
        &["python3", "-c", &FLOOD.replace("acs0", "eth0")],
        b"",
    );
    assert!(heard() >= before + 64, "while the box hears everything");
}
