//! The kernel itself as the source: what it says is read, and what it could not hand over is counted to the packet.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, clippy::print_stderr, reason = "tests")]

use std::net::UdpSocket;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use iia_capture::live::Reader;
use iia_core::Timestamp;
use iia_core::event::{Event, EventKind};

const INSIDE: &str = "IIA_IN_A_NAMESPACE";
const GROUP: u16 = 5;
const FLOOD: u64 = 60_000;

fn skip(test: &str, why: &str) {
    assert!(
        std::env::var_os("IIA_REQUIRE_ALL").is_none(),
        "{test}: {why}"
    );
    eprintln!("SKIPPED: {test}: {why}");
}

/// Runs this very test again in a network namespace of its own; `true` inside.
fn inside(test: &str) -> bool {
    if std::env::var_os(INSIDE).is_some() {
        return true;
    }
    let rules = format!(
        "ip link set lo up && nft add table inet t && nft 'add chain inet t o {{ type filter hook output priority 0 ; }}' \
         && nft 'add rule inet t o udp dport 9 log prefix \"no contract\" group {GROUP}' && exec \"$0\" --exact {test} --nocapture"
    );
    let output = Command::new("unshare")
        .args(["--map-root-user", "--net", "sh", "-c", &rules])
        .arg(std::env::current_exe().unwrap())
        .env(INSIDE, "1")
        .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    if said.contains("running 1 test") {
        assert!(output.status.success(), "{said}{errors}");
    } else {
        skip(test, &errors);
    }
    false
}

/// Reads until `enough` says so or nothing came for three seconds.
fn read(reader: &mut Reader, events: &mut Vec<Event>, mut enough: impl FnMut(&[Event]) -> bool) {
    let mut last = Instant::now();
    while !enough(events) && last.elapsed() < Duration::from_secs(3) {
        let now = Timestamp::from_secs(1);
        match reader
            .read((now, false), |event| events.push(event))
            .unwrap()
        {
            true => last = Instant::now(),
            false => std::thread::sleep(Duration::from_millis(2)),
        }
    }
}

#[test]
fn packets_that_a_rule_logs_are_read_and_lost_ones_counted() {
    if !inside("packets_that_a_rule_logs_are_read_and_lost_ones_counted") {
        return;
    }
    let mut reader = Reader::packets(GROUP, 128).unwrap();
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let from = socket.local_addr().unwrap().to_string();
    let send = |count: u64| {
        for _ in 0..count {
            let _refused = socket.send_to(b"x", "127.0.0.1:9");
        }
    };
    send(3);
    let mut events = Vec::new();
    read(&mut reader, &mut events, |events| events.len() == 3);
    let event = events.first().unwrap();
    assert_eq!((events.len(), event.kind), (3, EventKind::PacketLogged));
    let said = [
        "prefix",
        "hook",
        "transport",
        "source",
        "destination",
        "bytes",
    ]
    .map(|key| event.field(key).unwrap());
    assert_eq!(
        said,
        ["no contract", "output", "udp", &from, "127.0.0.1:9", "29"]
    );
    // More than the socket holds, while nobody reads; then some more, whose numbers tell what is missing.
    send(FLOOD);
    read(&mut reader, &mut events, |_| false);
    send(200);
    read(&mut reader, &mut events, |_| false);
    let told = |kind| events.iter().filter(move |event| event.kind == kind);
    let seen = told(EventKind::PacketLogged).count() as u64;
    let lost = told(EventKind::RecordsLost);
    let lost: u64 = lost
        .map(|event| event.field("count").unwrap().parse::<u64>().unwrap())
        .sum();
    assert_eq!(seen + lost, 3 + FLOOD + 200);
    assert_eq!((lost, reader.counts().malformed), (reader.lost(), 0));
    assert!(
        lost > 0 && reader.overruns() > 0,
        "the flood was not large enough"
    );
}

/// A record that a program with the right writes into the kernel's audit.
const WRITE: &str = "
import socket, struct, sys
text = sys.argv[1].encode() + b'\\0'
s = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 9)
s.bind((0, 0))
s.send(struct.pack('=IHHII', 16 + len(text), 1107, 5, 1, 0) + text)
sys.exit(struct.unpack('=i', s.recv(512)[16:20])[0] != 0)
";

#[test]
fn what_is_written_into_the_kernels_audit_is_read() {
    let test = "what_is_written_into_the_kernels_audit_is_read";
    let mut reader = match Reader::audit() {
        Ok(reader) => reader,
        Err(error) => return skip(test, &error.to_string()),
    };
    let word = format!("op=iia-{} acct=\"root\" res=failed", std::process::id());
    let wrote = Command::new("python3")
        .args(["-c", WRITE, &word])
        .stderr(Stdio::null())
        .status();
    if !wrote.is_ok_and(|status| status.success()) {
        return skip(test, "nothing may be written into the kernel's audit");
    }
    let mut events = Vec::new();
    let is_ours = |event: &Event| event.field("msg") == Some(word.as_str());
    read(&mut reader, &mut events, |events| {
        events.iter().any(is_ours)
    });
    let event = events.iter().find(|event| is_ours(event)).unwrap();
    assert_eq!(
        (event.kind, event.field("type")),
        (EventKind::KernelAudit, Some("USER_AVC"))
    );
    assert!(event.field("pid").is_some() && event.field("serial").is_some());
    assert_eq!(reader.counts().malformed, 0);
}
