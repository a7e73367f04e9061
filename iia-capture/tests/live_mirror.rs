//! A switch mirrors a control loop to the interface that observes: every exchange is seen there, and whatever happens on the
//! observing side costs the loop nothing.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, clippy::print_stderr, reason = "tests")]

mod lab;

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use iia_capture::live::packets::{Options as LiveOptions, Source};
use iia_capture::pipeline::{Options, Pipeline};
use iia_core::observe::{Observation, Outcome};
use lab::{OBSERVER, counter, inside, shell, skip, start};

const PROVOKE: &str = include_str!("lab/provoke.py");
const POLL: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/peers/poll.py");
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

fn python(test: &str) -> Option<String> {
    let own = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/venv/bin/python3");
    let python = std::env::var("IIA_PYTHON").unwrap_or_else(|_| own.into());
    let done = Command::new(&python)
        .args(["-c", "import pymodbus"])
        .output();
    if done.is_ok_and(|done| done.status.success()) {
        return Some(python);
    }
    skip(test, "pymodbus is not installed");
    None
}

fn in_zone(zone: &str, python: &str, arguments: &[&str]) -> Child {
    Command::new("ip")
        .args(["netns", "exec", zone, python, POLL])
        .args(arguments)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// What a control loop measured: how long each answer took, in microseconds.
fn polled(python: &str) -> Vec<u64> {
    let count = POLLS.to_string();
    let done = in_zone("hmi", python, &["poll", "10.30.0.2", &count])
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
    let mut source = Source::open(OBSERVER, &LiveOptions::default()).unwrap();
    let mut pipeline = Pipeline::new(Options::default());
    let mut answered = 0;
    let mut take = |seen: &Observation<'_>| {
        let Observation::Exchange(exchange) = seen else {
            return;
        };
        let values: Vec<u16> = exchange.read.iter().flat_map(|span| span.iter()).collect();
        let right = values.len() == 10 && values.iter().all(|value| value % 3 == 0);
        answered += usize::from(exchange.outcome == Outcome::Answered && right);
    };
    std::thread::scope(|scope| {
        let other = scope.spawn(until);
        let mut quiet = 0;
        while quiet < 10 {
            match source.next(Duration::from_millis(50)).unwrap() {
                Some(batch) => batch
                    .packets()
                    .for_each(|packet| pipeline.handle_packet(&packet, &mut take)),
                None if other.is_finished() => quiet += 1,
                None => {}
            }
        }
    });
    pipeline.finish(&mut take);
    let counts = source.counts();
    (answered, counts.packets, counts.dropped)
}

#[test]
fn r_pap_11_a_mirror_shows_every_exchange_and_says_nothing() {
    let test = "r_pap_11_a_mirror_shows_every_exchange_and_says_nothing";
    let Some(python) = python(test) else { return };
    if !inside(test) {
        return;
    }
    shell("sysctl -qw net.ipv6.conf.all.disable_ipv6=1");
    shell(SWITCH);
    let before = counter(OBSERVER, "tx_packets");
    let mut server = in_zone("plc", &python, &["serve", "10.30.0.2"]);
    let (answered, packets, dropped) = watch(|| drop(polled(&python)));
    server.kill().unwrap();
    server.wait().unwrap();
    assert_eq!((answered, dropped), (POLLS, 0), "of {packets} packets");
    assert_eq!(counter(OBSERVER, "tx_packets"), before);
}

#[test]
fn r_pap_17_a_flood_on_the_observing_side_loses_the_loop_nothing() {
    let test = "r_pap_17_a_flood_on_the_observing_side_loses_the_loop_nothing";
    let Some(python) = python(test) else { return };
    if !inside(test) {
        return;
    }
    shell("sysctl -qw net.ipv6.conf.all.disable_ipv6=1");
    shell(SWITCH);
    let hardware = shell("cat /sys/class/net/obs0/address");
    let mut server = in_zone("plc", &python, &["serve", "10.30.0.2"]);
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
