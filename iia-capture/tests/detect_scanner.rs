//! A real scanner looks for real devices, and a witness beside the cable sees it: nmap with its scripts for industrial protocols,
//! pymodbus and cpppo.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, clippy::print_stderr, reason = "tests")]

mod lab;

use std::collections::BTreeSet;
use std::fs::File;
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use iia_capture::detect::{Analyzer as _, Detector, Rules};
use iia_capture::pipeline::{Options, Pipeline};
use iia_capture::source::pcap::PcapSource;
use lab::{OBSERVER, inside, shell, skip};

const DEVICES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/peers/devices.py");

/// Everything that is needed, or why not.
fn needs(test: &str) -> Option<String> {
    let own = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/venv/bin/python3");
    let python = std::env::var("IIA_PYTHON").unwrap_or_else(|_| own.into());
    let runs = |program: &str, arguments: &[&str]| {
        let done = Command::new(program).args(arguments).output();
        done.is_ok_and(|done| done.status.success())
    };
    for (program, arguments, name) in [
        ("nmap", &["--version"][..], "nmap"),
        ("tshark", &["--version"], "tshark"),
        (
            &python,
            &["-c", "import pymodbus, cpppo"],
            "pymodbus and cpppo",
        ),
    ] {
        if !runs(program, arguments) {
            skip(test, &format!("{name} is not installed"));
            return None;
        }
    }
    Some(python)
}

fn wait(what: &str, mut done: impl FnMut() -> bool) {
    let since = Instant::now();
    while !done() {
        assert!(since.elapsed() < Duration::from_secs(30), "{what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Starts the devices here, and waits until they serve.
fn devices(python: &str) -> Child {
    let child = Command::new(python)
        .args([DEVICES, "10.20.0.21"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    for port in [502, 44_818] {
        wait("a device does not serve", || {
            TcpStream::connect(("10.20.0.21", port)).is_ok()
        });
    }
    child
}

/// Keeps what passes the interface while `during` runs.
fn capture(file: &Path, during: impl FnOnce()) {
    let mut dump = Command::new("tshark")
        .args([
            "-q",
            "-F",
            "pcap",
            "-i",
            OBSERVER,
            "-w",
            file.to_str().unwrap(),
        ])
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    // The file has its head when the capture has begun.
    wait("no capture", || {
        file.metadata().is_ok_and(|file| file.len() >= 24)
    });
    std::thread::sleep(Duration::from_millis(300));
    during();
    std::thread::sleep(Duration::from_millis(300));
    shell(&format!("kill -INT {}", dump.id()));
    dump.wait().unwrap();
}

/// What the crate's rules say of a capture.
fn seen(file: &Path) -> BTreeSet<String> {
    let mut source = PcapSource::open(File::open(file).unwrap()).unwrap();
    let mut pipeline = Pipeline::new(Options::default());
    let mut detector = Detector::new(Rules::built_in());
    let mut seen = BTreeSet::new();
    let mut tell = |sighting: &iia_capture::detect::Sighting<'_>| {
        assert_eq!(sighting.client.to_string(), "10.20.0.10", "{sighting}");
        seen.insert(sighting.rule.name.clone());
    };
    while let Ok(Some(packet)) = source.next_packet() {
        pipeline.handle_packet(&packet, &mut |it: &_| detector.observe(it, &mut tell));
    }
    pipeline.finish(&mut |it: &_| detector.observe(it, &mut tell));
    detector.finish(&mut tell);
    seen
}

fn nmap(arguments: &str) -> String {
    shell(&format!(
        "ip netns exec peer nmap -n -Pn {arguments} 10.20.0.21"
    ))
}

#[test]
fn r_zon_13_a_scanner_is_seen_at_what_it_does() {
    let test = "r_zon_13_a_scanner_is_seen_at_what_it_does";
    let Some(python) = needs(test) else { return };
    if !inside(test) {
        return;
    }
    shell(
        "ip -n peer link set gen0 arp on multicast on && ip -n peer address add 10.20.0.10/24 dev gen0",
    );
    shell("ip address add 10.20.0.21/24 dev obs0");
    let mut devices = devices(&python);
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name);
    let mut said = String::new();
    capture(&file("ports"), || said = nmap("-sT -p 1-200"));
    assert!(
        said.contains("502/tcp") || said.contains("closed"),
        "{said}"
    );
    assert_eq!(
        seen(&file("ports")),
        BTreeSet::from(["port-sweep".to_owned()])
    );
    capture(&file("modbus"), || {
        said = nmap(
            "-sT -p 502 --script modbus-discover --script-args modbus-discover.aggressive=true",
        );
    });
    assert!(said.contains("modbus-discover"), "{said}");
    let found = seen(&file("modbus"));
    for rule in ["modbus-identity", "modbus-unit-sweep"] {
        assert!(found.contains(rule), "{rule}: {found:?}\n{said}");
    }
    capture(&file("enip"), || {
        said = nmap("-sT -p 44818 --script enip-info")
    });
    assert!(said.contains("enip-info"), "{said}");
    assert_eq!(
        seen(&file("enip")),
        BTreeSet::from(["cip-list-identity".to_owned()])
    );
    drop(devices.stdin.take());
    devices.wait().unwrap();
}
