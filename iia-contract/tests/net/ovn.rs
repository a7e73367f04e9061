//! A virtual network of several networks behind a router, and the tracer that judges what passes.

#![allow(dead_code, reason = "each test uses its part")]

use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::process::Command;

use iia_contract::compile::L4;
use iia_contract::compile::ovn::group;

use crate::programs::{Running, has};

/// A network with its hosts; the network of a zone has its name.
pub(crate) struct Lan {
    pub(crate) zone: Option<String>,
    pub(crate) gateway: String,
    pub(crate) hosts: Vec<IpAddr>,
}

/// A packet that opens a connection, sent by a host of a network.
pub(crate) struct Packet {
    pub(crate) lan: usize,
    pub(crate) source: IpAddr,
    pub(crate) destination: SocketAddr,
    pub(crate) l4: L4,
}

/// A virtual network without a kernel: both databases, and the daemon that translates one into the other.
pub(crate) struct Network {
    dir: tempfile::TempDir,
    /// How many tracers there were: each has a socket of its own.
    tracers: std::cell::Cell<usize>,
    _daemons: Vec<Running>,
}

impl Network {
    pub(crate) fn open(lans: &[Lan]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name).display().to_string();
        for base in ["nb", "sb"] {
            run(
                "ovsdb-tool",
                &[
                    "create",
                    &at(base),
                    &format!("/usr/share/ovn/ovn-{base}.ovsschema"),
                ],
            );
        }
        let serve = |base: &str| {
            let (remote, control) = (
                format!("--remote=punix:{}", at(&format!("{base}.sock"))),
                format!("--unixctl={}", at(&format!("{base}.ctl"))),
            );
            Running::at(
                "ovsdb-server",
                &[&remote, &control, &at(base)],
                Path::new(&at(&format!("{base}.sock"))),
            )
        };
        let mut daemons = vec![serve("nb"), serve("sb")];
        let base = |name: &str| format!("unix:{}", at(&format!("{name}.sock")));
        daemons.push(Running::at(
            "ovn-northd",
            &[
                &format!("--ovnnb-db={}", base("nb")),
                &format!("--ovnsb-db={}", base("sb")),
                &format!("--unixctl={}", at("northd.ctl")),
            ],
            Path::new(&at("northd.ctl")),
        ));
        let network = Self {
            dir,
            tracers: std::cell::Cell::default(),
            _daemons: daemons,
        };
        network.build(lans);
        network
    }

    pub(crate) fn base(&self, name: &str) -> String {
        format!("unix:{}", self.at(&format!("{name}.sock")))
    }

    fn at(&self, name: &str) -> String {
        self.dir.path().join(name).display().to_string()
    }

    pub(crate) fn nbctl(&self, arguments: &[&str]) {
        let base = format!("--db={}", self.base("nb"));
        run("ovn-nbctl", &[&[base.as_str()], arguments].concat());
    }

    /// A switch for each network, all of them behind one router; those of zones have a port group.
    fn build(&self, lans: &[Lan]) {
        self.nbctl(&["lr-add", "r"]);
        for (index, lan) in lans.iter().enumerate() {
            let switch = format!("s{index}");
            let (inner, outer) = (format!("{switch}-r"), format!("r-{switch}"));
            let router = format!("router-port={outer}");
            let text = format!(
                "lrp-add r {outer} {} {} -- ls-add {switch} -- lsp-add {switch} {inner} -- lsp-set-type {inner} router \
                 -- lsp-set-addresses {inner} router -- lsp-set-options {inner} {router}",
                mac(index, 0),
                lan.gateway,
            );
            self.nbctl(&text.split(' ').collect::<Vec<_>>());
            let ports: Vec<String> = (0..lan.hosts.len()).map(|host| port(index, host)).collect();
            for (host, addr) in lan.hosts.iter().enumerate() {
                let addrs = format!("{} {addr}", mac(index, host + 1));
                let add = [
                    "lsp-add",
                    &switch,
                    &ports[host],
                    "--",
                    "lsp-set-addresses",
                    &ports[host],
                    &addrs,
                ];
                self.nbctl(&add);
            }
            if let Some(zone) = &lan.zone {
                let group = group(zone);
                let named = ["pg-add", group.as_str()].into_iter();
                self.nbctl(
                    &named
                        .chain(ports.iter().map(String::as_str))
                        .collect::<Vec<_>>(),
                );
            }
        }
    }

    pub(crate) fn transact(&self, text: &str) -> String {
        run("ovsdb-client", &["transact", &self.base("nb"), text])
    }

    /// Loads ACLs and waits until they are translated.
    pub(crate) fn load(&self, text: &str) {
        let answer = self.transact(text);
        assert!(!answer.contains("\"error\""), "{answer}");
        self.trace();
    }

    /// A table as the database's own tool lists it.
    pub(crate) fn listed(&self, table: &str) -> Vec<u8> {
        let base = format!("--db={}", self.base("nb"));
        run("ovn-nbctl", &[&base, "--format=json", "list", table]).into_bytes()
    }

    fn tracer(&self) -> String {
        self.at(&format!("trace{}.ctl", self.tracers.get()))
    }

    /// Waits until everything is translated, and starts a tracer.
    pub(crate) fn trace(&self) {
        self.tracers.set(self.tracers.get() + 1);
        self.nbctl(&["--wait=sb", "sync"]);
        // The tracer waits in the background, so that a question costs milliseconds; it reads the database once.
        let (base, control) = (
            format!("--db={}", self.base("sb")),
            format!("--unixctl={}", self.tracer()),
        );
        run(
            "ovn-trace",
            &[
                "--detach",
                "--no-chdir",
                "--ct=new",
                "--ct=new",
                &base,
                &control,
            ],
        );
    }

    /// Whether a new connection with this packet reaches its destination.
    pub(crate) fn passes(&self, packet: &Packet) -> bool {
        let Packet {
            lan,
            source,
            destination,
            l4,
        } = packet;
        let ip = if source.is_ipv4() { "ip4" } else { "ip6" };
        let packet = format!(
            "inport == \"{}\" && eth.src == {} && eth.dst == {} && {ip}.src == {source} && {ip}.dst == {} && ip.ttl == 64 && {l4}.dst == {} && {l4}.src == 40000",
            port(*lan, 0),
            mac(*lan, 1),
            mac(*lan, 0),
            destination.ip(),
            destination.port(),
            l4 = l4.name(),
        );
        let said = run(
            "ovn-appctl",
            &["-t", &self.tracer(), "trace", "--minimal", &packet],
        );
        said.contains("output(\"z")
    }
}

impl Network {
    /// Ends the tracer.
    pub(crate) fn forget(&self) {
        let _ = Command::new("ovn-appctl")
            .args(["-t", &self.tracer(), "exit"])
            .output();
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        self.forget();
    }
}

fn mac(zone: usize, host: usize) -> String {
    format!("02:00:00:00:{zone:02x}:{host:02x}")
}

pub(crate) fn port(lan: usize, host: usize) -> String {
    format!("z{lan}.w{host}")
}

/// The program that is not here.
pub(crate) fn missing() -> Option<&'static str> {
    let programs = ["ovsdb-server", "ovn-northd", "ovn-trace", "ovn-nbctl"];
    programs.into_iter().find(|one| !has(one))
}

#[track_caller]
pub(crate) fn run(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{program} {arguments:?}: {said}");
    String::from_utf8(output.stdout).unwrap()
}
