//! An interface that observes is passive: a million provocations bring no frame out of it, and the process that reads them can
//! send none by any way.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, clippy::print_stderr, reason = "tests")]

mod lab;

use std::process::Command;
use std::time::{Duration, Instant};

use iia_capture::live::packets::{Options, Source};
use iia_capture::live::passive::{self, Doubt, Interface, State, Watch};
use lab::{OBSERVER, counter, inside, peer, shell, start};

const PROVOKE: &str = include_str!("lab/provoke.py");
const FRAMES: u64 = 1_000_000;

fn look(interface: &Interface) -> State {
    let listing = shell("nft list ruleset");
    passive::read(interface, Some(&listing)).unwrap()
}

/// Makes the interface passive as the rendered text says.
fn apply(interface: &Interface) {
    let commands: Vec<String> = interface
        .commands()
        .iter()
        .map(|words| words.join(" "))
        .collect();
    let text = format!(
        "nft -f - <<'END'\n{}END\nsysctl -qp - <<'END'\n{}END\n{}\n",
        interface.rules(),
        interface.settings(),
        commands.join("\n")
    );
    shell(&text);
    // Once more, as after a start: nothing is doubled and nothing refused.
    shell(&text);
}

fn hardware() -> String {
    shell("cat /sys/class/net/obs0/address").trim().to_owned()
}

#[test]
fn an_interface_as_it_comes_is_not_passive_and_answers() {
    if !inside("an_interface_as_it_comes_is_not_passive_and_answers") {
        return;
    }
    let interface: Interface = OBSERVER.parse().unwrap();
    let watch = Watch::start(&look(&interface));
    shell("ip addr add 10.20.0.7/24 dev obs0");
    let said = peer(PROVOKE, &["gen0", "2000", "2", &hardware()]);
    let came_back: u64 = said.split(' ').nth(1).unwrap().parse().unwrap();
    assert!(came_back > 0, "{said}");
    let state = look(&interface);
    let doubts = watch.check(&state);
    let address = std::net::IpAddr::from([10, 20, 0, 7]);
    for doubt in [
        Doubt::Address(address),
        Doubt::Arp,
        Doubt::Ipv6,
        Doubt::EgressOpen,
        Doubt::HostListens,
    ] {
        assert!(doubts.contains(&doubt), "{doubt} is not among {doubts:?}");
    }
    let sent = doubts.iter().find_map(|doubt| match doubt {
        Doubt::Sent(frames) => Some(*frames),
        _ => None,
    });
    assert!(sent >= Some(came_back), "{doubts:?}");
    // Without the right to read the firewall that is what is not known.
    let state = passive::read(&interface, None).unwrap();
    assert!(watch.check(&state).contains(&Doubt::EgressUnknown));
}

/// Reads everything that comes while it is provoked; answers what was received, dropped and sent.
fn provoked(source: &mut Source, frames: u64) -> (u64, u64, String) {
    let arguments = ["gen0", &frames.to_string(), "2", &hardware()];
    let child = start(PROVOKE, &arguments).unwrap();
    let (mut received, mut dropped) = (0, 0);
    let mut last = Instant::now();
    while last.elapsed() < Duration::from_secs(2) || received == 0 {
        if let Some(batch) = source.next(Duration::from_millis(50)).unwrap() {
            received += batch.packets().count() as u64;
            dropped += batch.dropped;
            last = Instant::now();
        }
    }
    let output = child.wait_with_output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    (received, dropped, String::from_utf8(output.stdout).unwrap())
}

#[test]
fn a_million_provocations_bring_no_frame_out() {
    if !inside("a_million_provocations_bring_no_frame_out") {
        return;
    }
    let interface: Interface = OBSERVER.parse().unwrap();
    apply(&interface);
    let watch = Watch::start(&look(&interface));
    assert_eq!(watch.check(&look(&interface)), []);
    let before = (
        counter(OBSERVER, "rx_dropped"),
        counter("obs0", "tx_packets"),
    );
    let options = Options {
        blocks: 256,
        ..Options::default()
    };
    let mut source = Source::open(OBSERVER, &options).unwrap();
    let (received, dropped, said) = provoked(&mut source, FRAMES);
    let mut said = said.split_ascii_whitespace();
    let sent: u64 = said.next().unwrap().parse().unwrap();
    let came_back: u64 = said.next().unwrap().parse().unwrap();
    let seconds: f64 = said.next().unwrap().parse().unwrap();
    let missed = counter(OBSERVER, "rx_dropped") - before.0;
    eprintln!(
        "{sent} sent in {seconds} s, {received} received, {dropped} dropped by the ring, {missed} before it"
    );
    assert_eq!(sent, FRAMES);
    assert_eq!(received + dropped + missed, sent);
    assert_eq!(
        (source.counts().packets, source.counts().dropped),
        (received, dropped)
    );
    assert_eq!(came_back, 0);
    assert_eq!(counter(OBSERVER, "tx_packets"), before.1);
    assert_eq!(watch.check(&look(&interface)), []);
}

/// Tries to send through the interface by every way that there is without the firewall's rules for addresses.
const SEND: &str = "
import socket, sys
FRAME = bytes.fromhex('02000000000102000000000288cc').ljust(60, b'Z')
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
s.setsockopt(263, 20, int(sys.argv[1]))
s.bind(('obs0', 0))
for _ in range(100):
    try:
        s.send(FRAME)
    except OSError as error:
        assert error.errno in (1, 105), error
";

#[test]
fn the_rule_on_the_way_out_stops_raw_sockets_too() {
    if !inside("the_rule_on_the_way_out_stops_raw_sockets_too") {
        return;
    }
    let interface: Interface = OBSERVER.parse().unwrap();
    let here = |bypass: &str| {
        let done = Command::new("python3").args(["-c", SEND, bypass]).status();
        assert!(done.unwrap().success());
    };
    let watch = Watch::start(&look(&interface));
    here("0");
    here("1");
    let doubts = watch.check(&look(&interface));
    let sent = |doubt: &Doubt| matches!(doubt, Doubt::Sent(frames) if *frames >= 200);
    assert!(doubts.iter().any(sent), "{doubts:?}");
    apply(&interface);
    let watch = Watch::start(&look(&interface));
    here("0");
    here("1");
    assert_eq!(watch.check(&look(&interface)), []);
}

/// Observation and services on one card, each with an interface of its own (001:31).
#[test]
fn r_inv_10_an_interface_beside_another_on_one_card_says_nothing() {
    let test = "r_inv_10_an_interface_beside_another_on_one_card_says_nothing";
    if !inside(test) {
        return;
    }
    shell(
        "ip link set obs0 arp off multicast off
        for n in watch0 serve0; do ip link add link obs0 name $n type macvlan mode bridge; ip link set $n up; done
        ip addr add 10.20.0.7/24 dev serve0",
    );
    let interface: Interface = "watch0".parse().unwrap();
    apply(&interface);
    let watch = Watch::start(&look(&interface));
    let sent = |name: &str| counter(name, "tx_packets");
    let before = (sent("watch0"), sent("serve0"));
    let mut source = Source::open("watch0", &Options::default()).unwrap();
    for name in ["watch0", "serve0"] {
        let hardware = shell(&format!("cat /sys/class/net/{name}/address"));
        let said = peer(PROVOKE, &["gen0", "5000", "1", hardware.trim()]);
        assert!(said.starts_with("5000 "), "{said}");
    }
    let mut heard = 0;
    while let Some(batch) = source.next(Duration::from_millis(100)).unwrap() {
        heard += batch.packets().count();
    }
    assert!(heard > 1000, "{heard} frames were heard");
    assert!(sent("serve0") > before.1, "the services answer");
    assert_eq!(sent("watch0"), before.0);
    assert_eq!(watch.check(&look(&interface)), []);
}
