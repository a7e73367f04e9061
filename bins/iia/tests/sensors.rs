//! From the kernel into the chain: what a firewall refuses is a record within a second, and the timeline tells it.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "tests")]

mod chain;

use std::net::{SocketAddr, TcpStream};
use std::process::Command;
use std::time::{Duration, Instant};

use chain::Chain;
use iia::evidence::{Evidence, Keys};
use iia::timeline::{Options, Timeline, text};
use iia_capture::live::Reader;
use iia_core::Timestamp;
use iia_core::event::EventKind;

const INSIDE: &str = "IIA_IN_A_NAMESPACE";
const TEST: &str = "a_connection_that_the_firewall_refuses_is_a_record_within_a_second";
const GROUP: u16 = 6;
/// The rule drops and logs, as the compiled policy of a box does.
const RULES: &str = "ip link set lo up
nft add table inet t
nft 'add chain inet t o { type filter hook output priority 0 ; }'
nft 'add rule inet t o tcp dport 502 log prefix \"no contract\" group 6 drop'
exec \"$0\" --exact a_connection_that_the_firewall_refuses_is_a_record_within_a_second --nocapture";

#[test]
fn a_connection_that_the_firewall_refuses_is_a_record_within_a_second() {
    if std::env::var_os(INSIDE).is_some() {
        return inside();
    }
    let output = Command::new("unshare")
        .args(["--map-root-user", "--net", "sh", "-ec", RULES])
        .arg(std::env::current_exe().unwrap())
        .env(INSIDE, "1")
        .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    if said.contains("running 1 test") {
        return assert!(output.status.success(), "{said}{errors}");
    }
    assert!(std::env::var_os("IIA_REQUIRE_ALL").is_none(), "{errors}");
    eprintln!("SKIPPED: {TEST}: {errors}");
}

fn inside() {
    let dir = tempfile::tempdir().unwrap();
    let mut chain = Chain::create(dir.path());
    let mut reader = Reader::packets(GROUP, 128).unwrap();
    let peer: SocketAddr = "127.0.0.1:502".parse().unwrap();
    let tried = Instant::now();
    let dropped = TcpStream::connect_timeout(&peer, Duration::from_millis(20));
    assert!(dropped.is_err(), "the firewall let it through");
    let mut records = 0;
    while records == 0 && tried.elapsed() < Duration::from_secs(5) {
        let now = Timestamp::from_secs(chain::START);
        let mut events = Vec::new();
        reader
            .read((now, false), |event| events.push(event))
            .unwrap();
        records += events.len();
        if !events.is_empty() {
            chain.tell_all(events);
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    let took = tried.elapsed();
    assert!(
        records > 0 && took < Duration::from_secs(1),
        "{records} after {took:?}"
    );
    chain.witness();
    let evidence = Evidence::open(dir.path(), &Keys::default()).unwrap();
    let timeline = Timeline::read(&evidence, Options::default()).unwrap();
    assert_eq!(
        timeline.kinds.get(EventKind::PacketLogged.name()),
        Some(&(records as u64))
    );
    let told = text(&timeline);
    assert!(
        told.contains("packet logged by the firewall, no contract: 127.0.0.1 to 127.0.0.1:502"),
        "{told}"
    );
}
