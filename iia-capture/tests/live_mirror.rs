//! A switch mirrors a control loop to the interface that observes: every exchange is seen there, and whatever happens on the
//! observing side costs the loop nothing.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, clippy::print_stderr, reason = "tests")]

mod lab;

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use iia_capture::live::packets::{Options as LiveOptions, Source};
use iia_capture::pipeline::{Options, Pipeline};
use iia_core::observe::{Observation, Outcome, Protocol};
use lab::{OBSERVER, counter, inside, shell, skip, start};

const PROVOKE: &str = include_str!("lab/provoke.py");
const POLL: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/peers/poll.py");
const OPCUA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/peers/opcua.py");
const POLLS: usize = 300;

/// A switch in the namespace `peer` between two others, whose ports it mirrors to the cable of the observer (000:248-259).
const SWITCH: &str = "
for n in hmi plc; do
  ip netns add $n
  ip -n peer link add sw-$n type veth peer name eth0 netns $n
  ip netns exec $n sysctl -qw net.ipv6.conf.all.disable_ipv6=1
  ip -n peer link set sw-$n up
  ip -n $n link set eth0 up
done
ip -n peer link add br0 type bridge
ip -n peer link set sw-hmi master br0
ip -n peer link set sw-plc master br0
ip -n peer link set br0 up
ip -n hmi address add 10.30.0.1/24 dev eth0
ip -n plc address add 10.30.0.2/24 dev eth0
ip netns exec peer nft -f - <<'END'
table netdev mirror {
  chain hmi { type filter hook ingress device sw-hmi priority 0; dup to gen0; }
  chain plc { type filter hook ingress device sw-plc priority 0; dup to gen0; }
}
END
";

fn python(test: &str, package: &str) -> Option<String> {
    let own = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/venv/bin/python3");
    let python = std::env::var("IIA_PYTHON").unwrap_or_else(|_| own.into());
    let done = Command::new(&python)
        .args(["-c", &format!("import {package}")])
        .output();
    if done.is_ok_and(|done| done.status.success()) {
        return Some(python);
    }
    skip(test, &format!("{package} is not installed"));
    None
}

fn in_zone(zone: &str, python: &str, script: &str, arguments: &[&str]) -> Child {
    Command::new("ip")
        .args(["netns", "exec", zone, python, script])
        .args(arguments)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// What a control loop measured: how long each answer took, in microseconds.
fn polled(python: &str) -> Vec<u64> {
    let count = POLLS.to_string();
    let done = in_zone("hmi", python, POLL, &["poll", "10.30.0.2", &count])
        .wait_with_output()
        .unwrap();
    let said = String::from_utf8(done.stdout).unwrap();
    let mut took: Vec<u64> = said
        .lines()
        // One that is lost is no number.
        .map(|line| line.parse().unwrap())
        .collect();
    assert_eq!(took.len(), POLLS);
    took.sort_unstable();
    took
}

/// Reads the cable until it is told to end; exchanges that were answered, packets, and packets that had no room.
fn watch(until: impl FnOnce() + Send) -> (usize, u64, u64) {
    let mut answered = 0;
    let (packets, dropped) = read(until, &mut |seen| {
        let Observation::Exchange(exchange) = seen else {
            return;
        };
        let values: Vec<u16> = exchange.read.iter().flat_map(|span| span.iter()).collect();
        let right = values.len() == 10 && values.iter().all(|value| value % 3 == 0);
        answered += usize::from(exchange.outcome == Outcome::Answered && right);
    });
    (answered, packets, dropped)
}

/// Reads the cable until it is told to end and a while is quiet; packets, and packets that had no room.
fn read(until: impl FnOnce() + Send, take: &mut impl FnMut(&Observation<'_>)) -> (u64, u64) {
    let mut source = Source::open(OBSERVER, &LiveOptions::default()).unwrap();
    let mut pipeline = Pipeline::new(Options::default());
    std::thread::scope(|scope| {
        let other = scope.spawn(until);
        let mut quiet = 0;
        while quiet < 10 {
            match source.next(Duration::from_millis(50)).unwrap() {
                Some(batch) => batch
                    .packets()
                    .for_each(|packet| pipeline.handle_packet(&packet, take)),
                None if other.is_finished() => quiet += 1,
                None => {}
            }
        }
    });
    pipeline.finish(take);
    let counts = source.counts();
    (counts.packets, counts.dropped)
}

#[test]
fn r_pap_11_a_mirror_shows_every_exchange_and_says_nothing() {
    let test = "r_pap_11_a_mirror_shows_every_exchange_and_says_nothing";
    let Some(python) = python(test, "pymodbus") else {
        return;
    };
    if !inside(test) {
        return;
    }
    shell("sysctl -qw net.ipv6.conf.all.disable_ipv6=1");
    shell(SWITCH);
    let before = counter(OBSERVER, "tx_packets");
    let mut server = in_zone("plc", &python, POLL, &["serve", "10.30.0.2"]);
    let (answered, packets, dropped) = watch(|| drop(polled(&python)));
    server.kill().unwrap();
    server.wait().unwrap();
    assert_eq!((answered, dropped), (POLLS, 0), "of {packets} packets");
    assert_eq!(counter(OBSERVER, "tx_packets"), before);
}

#[test]
fn r_pap_17_a_flood_on_the_observing_side_loses_the_loop_nothing() {
    let test = "r_pap_17_a_flood_on_the_observing_side_loses_the_loop_nothing";
    let Some(python) = python(test, "pymodbus") else {
        return;
    };
    if !inside(test) {
        return;
    }
    shell("sysctl -qw net.ipv6.conf.all.disable_ipv6=1");
    shell(SWITCH);
    let hardware = shell("cat /sys/class/net/obs0/address");
    let mut server = in_zone("plc", &python, POLL, &["serve", "10.30.0.2"]);
    let calm = polled(&python);
    let mut flooded = Vec::new();
    let (_, packets, dropped) = watch(|| {
        let mut flood = start(PROVOKE, &["gen0", "400000", "0.1", hardware.trim()]).unwrap();
        flooded = polled(&python);
        flood.wait().unwrap();
    });
    server.kill().unwrap();
    server.wait().unwrap();
    let at = |took: &[u64], part: usize| took[took.len() * part / 100];
    eprintln!(
        "a poll takes {} us (99 of 100 within {}) in calm, {} ({}) beside a flood of {packets} packets, {dropped} of which had no room",
        at(&calm, 50),
        at(&calm, 99),
        at(&flooded, 50),
        at(&flooded, 99)
    );
    assert!(packets + dropped > 400_000);
}

#[test]
fn r_zon_02_opc_ua_on_a_mirror_is_told_as_it_took_place() {
    let test = "r_zon_02_opc_ua_on_a_mirror_is_told_as_it_took_place";
    let Some(python) = python(test, "asyncua") else {
        return;
    };
    if !inside(test) {
        return;
    }
    shell("sysctl -qw net.ipv6.conf.all.disable_ipv6=1");
    shell(SWITCH);
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().to_str().unwrap();
    let mut server = in_zone(
        "plc",
        &python,
        OPCUA,
        &["server", "4840", folder, "10.30.0.2"],
    );
    let mut line = String::new();
    let said = server.stdout.take().unwrap();
    BufReader::new(said).read_line(&mut line).unwrap();
    assert_eq!(line.trim(), "ready");
    let before = counter(OBSERVER, "tx_packets");
    let (mut done, mut told, mut broken) = (String::new(), BTreeMap::new(), 0);
    let client = || {
        let arguments = ["client", "4840", folder, "None", "10.30.0.2"];
        let client = in_zone("hmi", &python, OPCUA, &arguments);
        done = String::from_utf8(client.wait_with_output().unwrap().stdout).unwrap();
    };
    let (packets, dropped) = read(client, &mut |seen| {
        let Observation::Said(said) = seen else {
            return;
        };
        if said.protocol != Protocol::OpcUa {
            return;
        }
        broken += usize::from(matches!(said.outcome, Outcome::Malformed | Outcome::Orphan));
        let fields = said.asked.iter().chain(said.answered);
        let values = fields.map(|field| field.value.to_string());
        told.entry(said.what.to_owned())
            .or_insert_with(Vec::new)
            .extend(values);
    });
    server.kill().unwrap();
    server.wait().unwrap();
    // What the client says that it did.
    assert!(
        done.contains("done") && done.contains("change 99.25"),
        "{done}"
    );
    assert_eq!((broken, dropped), (0, 0), "of {packets} packets");
    for (what, value) in [
        ("create_session", "urn:iia:client"),
        ("activate_session", "operator"),
        ("write", "42.75"),
        ("call", "42"),
        ("publish", "99.25"),
        ("read", "press.title"),
    ] {
        let values = told.get(what).unwrap();
        assert!(values.iter().any(|one| one == value), "{what} {value}");
    }
    assert_eq!(counter(OBSERVER, "tx_packets"), before);
}
