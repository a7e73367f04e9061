//! The compiled rules in a real intrusion detection system, which reads a capture of what is allowed and what is not.
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
#[path = "net/pcap.rs"]
mod pcap;
#[path = "net/programs.rs"]
mod programs;
#[path = "net/world.rs"]
mod world;

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::path::Path;
use std::process::Command;

use agree::Tried;
use cells::{cells, covering};
use iia_contract::Catalog;
use iia_contract::compile::suricata::Passed;
use iia_contract::compile::{L4, Permit, Policy, Topology, drift};
use pcap::{Talk, capture};
use programs::{has, skip};
use world::{Rng, random};

/// Alerts only, in JSON lines.
const CONF: &str = "%YAML 1.1\n---\noutputs:\n  - eve-log:\n      enabled: yes\n      filetype: regular\n      filename: eve.json\n      types:\n        - alert\n";

/// The first port from which talks are opened; each has one of its own.
const PORT_FIRST: u16 = 10_000;

/// The ports of those who were told, of talks that [`talks`] numbered.
fn told(policy: &Policy<Passed>, talks: &[Talk]) -> BTreeSet<u16> {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name).display().to_string();
    std::fs::write(at("conf"), CONF).unwrap();
    std::fs::write(at("rules"), Passed::write(policy)).unwrap();
    std::fs::write(at("pcap"), capture(talks)).unwrap();
    let (conf, rules, logs) = (at("conf"), at("rules"), dir.path().display().to_string());
    let common = ["-c", &conf, "-S", &rules, "-l", &logs, "-k", "none"];
    let tested = run(&[&["-T"], &common[..]].concat());
    assert!(tested.contains("successfully loaded"), "{tested}");
    run(&[&["-r", &at("pcap"), "--runmode", "single"], &common[..]].concat());
    alerts(&dir.path().join("eve.json"), talks)
}

fn alerts(eve: &Path, talks: &[Talk]) -> BTreeSet<u16> {
    let mut told = BTreeSet::new();
    for line in std::fs::read_to_string(eve).unwrap().lines() {
        let event: serde_json::Value = serde_json::from_str(line).unwrap();
        assert_eq!(event["alert"]["signature"], "iia not contracted");
        let port = |key: &str| u16::try_from(event[key].as_u64().unwrap()).unwrap();
        let opened = |port: &u16| {
            talks
                .get(usize::from(port.wrapping_sub(PORT_FIRST)))
                .is_some()
        };
        told.extend(
            [port("src_port"), port("dest_port")]
                .into_iter()
                .find(opened),
        );
    }
    told
}

fn run(arguments: &[&str]) -> String {
    let output = Command::new("suricata").args(arguments).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned()
        + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {said}");
    said
}

fn port(number: usize) -> u16 {
    PORT_FIRST + u16::try_from(number).unwrap()
}

fn matrix(test: &str, seed: u64, v6: bool) {
    if !has("suricata") {
        return skip(test, "suricata");
    }
    let (topology, catalog) = random(seed, v6, 6, 40);
    let (policy, _) = Passed::compile(&catalog, &topology);
    // An address stands for its owner here: nobody sees from which bridge a packet came.
    let own = |cell: &cells::Cell| topology.zones[cell.from].subnet.contains(cell.source);
    let all: Vec<_> = cells(6, v6, &mut Rng(seed))
        .into_iter()
        .filter(own)
        .collect();
    let talks: Vec<Talk> = all
        .iter()
        .enumerate()
        .map(|(number, cell)| Talk {
            l4: cell.l4,
            from: (cell.source, port(number)),
            to: (cell.destination, cell.port),
        })
        .collect();
    let told = told(&policy, &talks);
    let mut allowed = 0;
    for (number, cell) in all.iter().enumerate() {
        let contracts = covering(cell, &topology, &catalog);
        assert_eq!(
            told.contains(&port(number)),
            contracts.is_empty(),
            "{cell:?} {contracts:?}"
        );
        allowed += usize::from(!contracts.is_empty());
    }
    assert!(
        allowed >= 8 && all.len() > 1000,
        "{} cells, {allowed} allowed",
        all.len()
    );
    eprintln!("{} cells, {allowed} of them allowed", all.len());
}

#[test]
fn i7_whoever_has_no_contract_is_told_on_version_4() {
    matrix("i7_whoever_has_no_contract_is_told_on_version_4", 5, false);
}

#[test]
fn i7_whoever_has_no_contract_is_told_on_version_6() {
    matrix("i7_whoever_has_no_contract_is_told_on_version_6", 29, true);
}

/// Who comes from outside is not told apart from who comes from a zone but by address.
#[test]
fn i7_whoever_has_no_contract_is_told_across_the_edge() {
    let test = "i7_whoever_has_no_contract_is_told_across_the_edge";
    if !has("suricata") {
        return skip(test, "suricata");
    }
    let mut counts = [0, 0];
    for (world, tried) in agree::edgy().take(3) {
        let (policy, _) = Passed::compile(&world.catalog, &world.topology);
        let numbered = || tried.iter().enumerate();
        let talk = |(number, one): (usize, &Tried)| Talk {
            l4: one.opening.l4,
            from: (one.opening.from.1, port(number)),
            to: (one.opening.to.1.ip(), one.opening.to.1.port()),
        };
        let due: BTreeSet<u16> = numbered()
            .filter(|(_, one)| !one.due)
            .map(|(number, _)| port(number))
            .collect();
        assert_eq!(
            told(&policy, &numbered().map(talk).collect::<Vec<_>>()),
            due
        );
        counts[0] += due.len();
        counts[1] += tried.len() - due.len();
    }
    assert!(counts.iter().all(|count| *count > 8), "{counts:?}");
    eprintln!("{counts:?} told and not told");
}

const DEVICES: &str = "scope device\nprotocol modbus_tcp\nclient 10.20.0.8/29\nserver tcp/10.20.0.21:502\nread coil 0 9";

fn devices() -> Policy<Passed> {
    let catalog = Catalog::check(&[made::contract("iia.contract.device.press", DEVICES)])
        .unwrap()
        .0;
    Passed::compile(&catalog, &Topology::default()).0
}

/// A server that opens a connection from its own port is told: who answers does not ask.
#[test]
fn devices_are_told_apart_by_network_port_and_direction() {
    let test = "devices_are_told_apart_by_network_port_and_direction";
    if !has("suricata") {
        return skip(test, "suricata");
    }
    let addr = |last: u8| IpAddr::from([10, 20, 0, last]);
    let talk = |number, l4, from, to, at| Talk {
        l4,
        from: (addr(from), port(number)),
        to: (addr(to), at),
    };
    let talks = [
        talk(0, L4::Tcp, 8, 21, 502),
        talk(1, L4::Tcp, 15, 21, 502),
        talk(2, L4::Tcp, 16, 21, 502),
        talk(3, L4::Udp, 8, 21, 502),
        talk(4, L4::Tcp, 8, 21, 503),
        talk(5, L4::Tcp, 8, 22, 502),
        Talk {
            l4: L4::Tcp,
            from: (addr(21), 502),
            to: (addr(8), port(6)),
        },
    ];
    assert_eq!(told(&devices(), &talks), (2..7).map(port).collect());
}

#[test]
fn what_is_written_is_read_back_and_every_change_is_named() {
    for seed in 1..40 {
        let (topology, catalog) = random(seed, seed % 2 == 0, 6, 40);
        let (policy, _) = Passed::compile(&catalog, &topology);
        assert_eq!(Passed::read(Passed::write(&policy).as_bytes()), Ok(policy));
    }
    let policy = devices();
    let text = Passed::write(&policy);
    let one = "tcp 10.20.0.8/29 to 10.20.0.21 port 502 passes";
    for (changed, words) in [
        (
            format!("pass ip any any -> any any (msg:\"x\"; sid:1; rev:1;)\n{text}"),
            "not contracted: pass ip any any".to_owned(),
        ),
        (
            text.replacen("flowbits:noalert; ", "", 1),
            "not contracted: alert tcp".into(),
        ),
        (
            text.replacen("10.20.0.8/29 any ->", "10.20.0.0/16 any ->", 1),
            format!("missing: {one} (iia.contract.device.press)"),
        ),
        (
            text.replacen("10.20.0.8/29 any ->", "10.20.0.0/16 any ->", 1),
            format!("not contracted: only the answers of: {one}"),
        ),
        (
            text.replacen("flow:to_server", "flow:stateless", 1),
            "not contracted: alert tcp".into(),
        ),
        (
            text.replacen("alert ip", "#alert ip", 1),
            "not contracted: no alert for what is not contracted".into(),
        ),
        (
            text.replacen(
                "# iia.contract.device.press",
                "# iia.contract.device.other",
                1,
            ),
            format!(
                "changed: {one} (iia.contract.device.other), should be (iia.contract.device.press)"
            ),
        ),
    ] {
        let found = drift(&policy, &Passed::read(changed.as_bytes()).unwrap());
        assert!(
            found
                .iter()
                .any(|drift| drift.to_string().starts_with(&words)),
            "{words}: {found:?}"
        );
    }
    assert!(Passed::read(b"\xff").is_err());
}
