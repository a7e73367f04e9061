//! The edges of a box in the real kernel: the IT interface, the services of the cell, the silent observation interface.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "a test may fail"
)]

#[path = "../../iia-contract/tests/net/mod.rs"]
mod net;

use std::net::IpAddr;
use std::time::{Duration, Instant};

use iia_config::limits::DOCUMENT_LEN_DEFAULT;
use iia_config::parse::parse;
use iia_contract::Catalog;
use iia_contract::compile::{Topology, nft};
use net::Lab;

const CELL: &str = "10.20.0.9";
const WORLD: [&str; 3] = ["203.0.113.9", "203.0.113.10", "203.0.113.77"];
/// Zones by role and side; zone n has the network 10.77.n.0/24.
const ZONES: [(&str, &str); 4] = [
    ("ot.acs.collect", "inbound"),
    ("ot.dmz.bus", "dmz"),
    ("ot.it.api", "outbound"),
    ("ot.it.publish", "outbound"),
];
/// Where contracts are taken from, whole as the catalog wants them.
const BOX: &str = include_str!("../../examples/box-pi/box.icl");

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn own(zone: usize) -> String {
    format!("spiffe://iia.local/zone/z{zone}/workload/w")
}

fn endpoint(
    name: &str,
    workload: &str,
    place: &str,
    interface: Option<&str>,
    allow: &[&str],
) -> String {
    let interface = interface.map_or_else(String::new, |name| format!("  interface {name}\n"));
    let allow: String = allow.iter().map(|net| format!("  allow {net}\n")).collect();
    format!("\nendpoint {name} {{\n  workload {workload}\n  {place}\n{interface}{allow}}}\n")
}

/// A contract of the example box under another name, between others.
fn like(contract: &str, name: &str, parties: [(&str, &str); 2]) -> String {
    let from = BOX.find(&format!("contract {contract} ")).unwrap();
    let text = BOX
        .get(from..)
        .unwrap()
        .split_inclusive("\n}\n")
        .next()
        .unwrap();
    let mut text = text.replacen(contract, name, 1);
    for (key, id) in parties {
        let line = text
            .lines()
            .find(|line| line.trim_start().starts_with(&format!("{key} ")))
            .unwrap()
            .to_owned();
        text = text.replacen(&line, &format!("  {key} {id}"), 1);
    }
    format!("\n{text}")
}

/// A collector, a bus, an API that is asked and a publisher that goes north; services for the cell; a silent ear.
fn edges() -> String {
    let mut text = String::from("iia-config 1\n");
    for (name, kind, side) in [
        ("acs0", "observation", "inbound"),
        ("it0", "it", "outbound"),
        ("svc0", "services", "inbound"),
    ] {
        text += &format!("\ninterface {name} {{\n  kind {kind}\n  side {side}\n}}\n");
    }
    for (index, (role, side)) in ZONES.iter().enumerate() {
        text += &format!(
            "\nzone z{index} {{\n  role {role}\n  side {side}\n  bridge iz-z{index}\n  subnet 10.77.{index}.0/24\n  workload w 10.77.{index}.2\n}}\n"
        );
    }
    let (north, notebook) = (
        "spiffe://site.example/zone/x/workload/intake",
        "spiffe://site.example/zone/x/workload/notebook",
    );
    text += &endpoint(
        "api",
        &own(2),
        "listen tls/10.77.2.2:7443",
        Some("it0"),
        &[],
    );
    // A second place of the API for one neighbourhood only; one of three networks lies within another.
    text += &endpoint(
        "api2",
        &own(2),
        "listen tls/10.77.2.2:7444",
        Some("it0"),
        &["203.0.113.8/31", "203.0.113.9", "203.0.113.77"],
    );
    text += &endpoint("api3", &own(2), "listen tls/10.77.2.2:7445", None, &[]);
    text += &endpoint("bus", &own(1), "listen tls/10.77.1.2:7443", None, &[]);
    text += &endpoint("collect", &own(0), "listen tls/10.77.0.2:7443", None, &[]);
    text += &endpoint(
        "dns",
        &own(0),
        "listen udp/10.20.0.1:53",
        Some("svc0"),
        &["10.20.0.0/24"],
    );
    text += &endpoint(
        "north",
        north,
        "connect tls/203.0.113.10:7447",
        Some("it0"),
        &[],
    );
    text += "\nservice cell {\n  kind dhcp\n  interface svc0\n  network 10.20.0.0/24\n  listen udp/10.20.0.1:123\n  listen tcp/10.20.0.1:445\n}\n";
    let boundary = "iia.contract.boundary.engineering.query";
    text += &like(
        boundary,
        "iia.contract.boundary.api",
        [("publisher", &own(2)), ("consumer", notebook)],
    );
    text += &like(
        boundary,
        "iia.contract.boundary.leak",
        [("publisher", &own(0)), ("consumer", north)],
    );
    text += &like(
        boundary,
        "iia.contract.boundary.north",
        [("publisher", &own(3)), ("consumer", north)],
    );
    text += &like(
        "iia.contract.internal.collect_to_bus",
        "iia.contract.internal.collect_to_bus",
        [("source", &own(0)), ("destination", &own(1))],
    );
    text
}

fn lab(test: &str) -> Option<Lab> {
    let mut lab = Lab::open(test)?;
    for index in 0..ZONES.len() {
        let addr = |host: u8| ip(&format!("10.77.{index}.{host}"));
        lab.add_zone(&format!("iz-z{index}"), addr(1), 24, &[addr(2)]);
    }
    lab.add_zone("it0", ip("203.0.113.1"), 24, &WORLD.map(ip));
    lab.add_zone("svc0", ip("10.20.0.1"), 24, &[ip(CELL)]);
    lab.add_zone("acs0", ip("192.0.2.1"), 24, &[ip("192.0.2.9")]);
    let text = edges();
    let document = parse(text.as_bytes(), DOCUMENT_LEN_DEFAULT).unwrap();
    let (catalog, _) = Catalog::of(document.tree()).unwrap();
    let (ruleset, notes) = nft::ruleset(&catalog, &Topology::read(document.tree()));
    let notes: Vec<&String> = notes
        .iter()
        .filter(|note| !note.contains("is watched") && !note.contains("is pulled"))
        .collect();
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
        &[
            "python3",
            "-c",
            include_str!("../../iia-contract/tests/net/send.py"),
        ],
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
        ("it0", r#"["203.0.113.9","10.77.2.2","tcp",7445,1]"#, None),
        (
            "it0",
            r#"["203.0.113.9","10.77.2.2","tcp",7444,1]"#,
            Some("way/it0/iz-z2/net4 203.0.113.8/31 . 10.77.2.2 . tcp . 7444"),
        ),
        (
            "it0",
            r#"["203.0.113.77","10.77.2.2","tcp",7444,1]"#,
            Some("way/it0/iz-z2/net4 203.0.113.77 . 10.77.2.2 . tcp . 7444"),
        ),
        ("it0", r#"["203.0.113.10","10.77.2.2","tcp",7444,1]"#, None),
        // The API is asked from the IT side, the publisher goes north; neither the other way round.
        (
            "it0",
            r#"["203.0.113.9","10.77.2.2","tcp",7443,1]"#,
            Some("way/it0/iz-z2/any4 10.77.2.2 . tcp . 7443"),
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
            Some("served/svc0/dns/0 udp . 53"),
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
