//! A laboratory of network namespaces: a router that stands for the box, and one namespace a zone behind its bridge.

#![allow(dead_code, reason = "each test uses its part of the laboratory")]

use std::io::Write as _;
use std::net::IpAddr;
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

/// Programs that the laboratory needs.
const NEEDED: [&str; 3] = ["nft", "ip", "python3"];

/// Says aloud why a test does not run; fails instead where everything is required.
pub(crate) fn skip(test: &str, missing: &str) {
    eprintln!("SKIPPED: {test}: {missing}");
    assert!(
        std::env::var_os("IIA_REQUIRE_ALL").is_none(),
        "{test} needs {missing}"
    );
}

/// Whether `program` can be started.
pub(crate) fn has(program: &str) -> bool {
    let found = Command::new("sh")
        .args(["-c", &format!("command -v {program}")])
        .output();
    found.is_ok_and(|output| output.status.success())
}

/// A router with zones around it; everything is removed when it is dropped.
pub(crate) struct Lab {
    name: String,
    zones: Vec<String>,
}

static LABS: AtomicU32 = AtomicU32::new(0);

impl Lab {
    /// An empty router; `None`, and said aloud, when this machine cannot have one.
    pub(crate) fn open(test: &str) -> Option<Self> {
        if let Some(missing) = NEEDED.into_iter().find(|program| !has(program)) {
            skip(test, missing);
            return None;
        }
        let number = LABS.fetch_add(1, Ordering::Relaxed);
        let name = format!("iia{}-{number}", std::process::id());
        let made = Command::new("ip")
            .args(["netns", "add", &name])
            .output()
            .unwrap();
        if !made.status.success() {
            skip(test, "leave to make a network namespace");
            return None;
        }
        let lab = Self {
            name,
            zones: Vec::new(),
        };
        lab.batch(&lab.name, "link set lo up\n");
        for key in ["net.ipv4.ip_forward", "net.ipv6.conf.all.forwarding"] {
            lab.run(&["sysctl", "-qw", &format!("{key}=1")], b"");
        }
        lab.run(
            &[
                "sysctl",
                "-qw",
                "net.ipv4.conf.all.rp_filter=0",
                "net.ipv4.conf.default.rp_filter=0",
            ],
            b"",
        );
        Some(lab)
    }

    /// The router's namespace.
    pub(crate) fn router(&self) -> &str {
        &self.name
    }

    /// The namespace of a zone.
    pub(crate) fn zone(&self, bridge: &str) -> String {
        format!("{}-{bridge}", self.name)
    }

    /// Adds a namespace behind an interface of the router; `addrs` are those of the namespace, `gateway` the router's.
    pub(crate) fn add_zone(
        &mut self,
        interface: &str,
        gateway: IpAddr,
        prefix: u8,
        addrs: &[IpAddr],
    ) {
        let zone = self.zone(interface);
        let index = self.zones.len();
        let made = Command::new("ip")
            .args(["netns", "add", &zone])
            .status()
            .unwrap();
        assert!(made.success());
        let (mac, mut router, mut inside) = (
            format!("02:00:00:00:00:{index:02x}"),
            String::new(),
            String::new(),
        );
        router +=
            &format!("link add {interface} type veth peer name eth0 address {mac} netns {zone}\n");
        router += &format!(
            "addr add {gateway}/{prefix} dev {interface} {}\nlink set {interface} up\n",
            nodad(gateway)
        );
        inside += "link set lo up\nlink set eth0 up\n";
        for addr in addrs {
            inside += &format!("addr add {addr}/{prefix} dev eth0 {}\n", nodad(*addr));
            router += &format!("neigh replace {addr} lladdr {mac} dev {interface}\n");
        }
        let family = if gateway.is_ipv4() { "-4" } else { "-6" };
        self.batch(&self.name, &router);
        self.batch(&zone, &inside);
        let route = [
            "ip",
            family,
            "route",
            "replace",
            "default",
            "via",
            &gateway.to_string(),
            "dev",
            "eth0",
        ];
        self.zones.push(zone.clone());
        must(exec(&zone, &route, b""), &route);
    }

    fn batch(&self, namespace: &str, commands: &str) {
        let output = Command::new("ip")
            .args(["-n", namespace, "-batch", "-"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn();
        must(
            feed(output.unwrap(), commands.as_bytes()),
            &["ip", "-batch", commands],
        );
    }

    /// Runs a command in the router's namespace; it must succeed.
    pub(crate) fn run(&self, command: &[&str], input: &[u8]) -> Vec<u8> {
        must(exec(&self.name, command, input), command).stdout
    }

    /// Runs a command in a zone's namespace; it must succeed.
    pub(crate) fn run_in(&self, bridge: &str, command: &[&str], input: &[u8]) -> Vec<u8> {
        must(exec(&self.zone(bridge), command, input), command).stdout
    }

    /// Loads nft text into the router.
    pub(crate) fn load(&self, text: &str) {
        self.run(&["nft", "-f", "-"], text.as_bytes());
    }

    /// What `nft -j` lists in the router.
    pub(crate) fn listing(&self) -> Vec<u8> {
        self.run(&["nft", "-j", "list", "ruleset"], b"")
    }
}

/// An address of version 6 is usable at once only without duplicate address detection.
fn nodad(addr: IpAddr) -> &'static str {
    if addr.is_ipv4() { "" } else { "nodad" }
}

impl Drop for Lab {
    fn drop(&mut self) {
        for namespace in self.zones.iter().chain([&self.name]) {
            let _ = Command::new("ip")
                .args(["netns", "del", namespace])
                .status();
        }
    }
}

/// Runs a command in a namespace.
pub(crate) fn exec(namespace: &str, command: &[&str], input: &[u8]) -> Output {
    let child = Command::new("ip")
        .args(["netns", "exec", namespace])
        .args(command)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    feed(child.unwrap(), input)
}

fn feed(mut child: std::process::Child, input: &[u8]) -> Output {
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_vec();
    let writer = std::thread::spawn(move || drop(stdin.write_all(&input)));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    output
}

#[track_caller]
fn must(output: Output, command: &[&str]) -> Output {
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {said}");
    output
}
