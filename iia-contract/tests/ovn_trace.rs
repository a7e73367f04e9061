//! The compiled ACLs in a real northbound database, and the network's own tracer asked packet by packet.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "a test may fail"
)]

#[path = "net/cells.rs"]
mod cells;
#[path = "net/programs.rs"]
mod programs;
#[path = "net/world.rs"]
mod world;

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use cells::{Cell, cells, covering};
use iia_contract::compile::ovn::{Acl, QUERY, group};
use iia_contract::compile::{Permit, Topology, drift};
use programs::{Running, has, skip};
use world::{Rng, addr, prefix, random};

const ZONES: usize = 6;

/// A virtual network without a kernel: both databases, and the daemon that translates one into the other.
struct Network {
    dir: tempfile::TempDir,
    _daemons: Vec<Running>,
}

impl Network {
    fn open(topology: &Topology, v6: bool) -> Self {
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
            _daemons: daemons,
        };
        network.build(topology, v6);
        network
    }

    fn base(&self, name: &str) -> String {
        format!("unix:{}", self.at(&format!("{name}.sock")))
    }

    fn at(&self, name: &str) -> String {
        self.dir.path().join(name).display().to_string()
    }

    fn nbctl(&self, arguments: &[&str]) {
        let base = format!("--db={}", self.base("nb"));
        run("ovn-nbctl", &[&[base.as_str()], arguments].concat());
    }

    /// A switch a zone, all of them behind one router.
    fn build(&self, topology: &Topology, v6: bool) {
        self.nbctl(&["lr-add", "r"]);
        for (index, zone) in topology.zones.iter().enumerate() {
            let switch = format!("s{index}");
            let gateway = format!("{}/{}", addr(v6, index, 1), prefix(v6));
            let (inner, outer) = (format!("{switch}-r"), format!("r-{switch}"));
            self.nbctl(&[
                "lrp-add",
                "r",
                &outer,
                &mac(index, 1),
                &gateway,
                "--",
                "ls-add",
                &switch,
            ]);
            self.nbctl(&[
                "lsp-add",
                &switch,
                &inner,
                "--",
                "lsp-set-type",
                &inner,
                "router",
                "--",
                "lsp-set-addresses",
                &inner,
                "router",
                "--",
                "lsp-set-options",
                &inner,
                &format!("router-port={outer}"),
            ]);
            for host in [2, 3] {
                let port = port(index, host);
                self.nbctl(&[
                    "lsp-add",
                    &switch,
                    &port,
                    "--",
                    "lsp-set-addresses",
                    &port,
                    &format!("{} {}", mac(index, host), addr(v6, index, host)),
                ]);
            }
            self.nbctl(&[
                "pg-add",
                &group(&zone.name),
                &port(index, 2),
                &port(index, 3),
            ]);
        }
    }

    fn transact(&self, text: &str) -> String {
        run("ovsdb-client", &["transact", &self.base("nb"), text])
    }

    /// Loads ACLs and waits until they are translated.
    fn load(&self, text: &str) {
        let answer = self.transact(text);
        assert!(!answer.contains("\"error\""), "{answer}");
        self.nbctl(&["--wait=sb", "sync"]);
        // The tracer waits in the background, so that a question costs milliseconds; it reads the database once.
        let (base, control) = (
            format!("--db={}", self.base("sb")),
            format!("--unixctl={}", self.at("trace.ctl")),
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
    fn passes(&self, cell: &Cell) -> bool {
        let Cell {
            from,
            source,
            destination,
            l4,
            port: to,
            ..
        } = cell;
        let ip = if source.is_ipv4() { "ip4" } else { "ip6" };
        let packet = format!(
            "inport == \"{}\" && eth.src == {} && eth.dst == {} && {ip}.src == {source} && {ip}.dst == {destination} && ip.ttl == 64 && {}.dst == {to} && {}.src == 40000",
            port(*from, 2),
            mac(*from, 2),
            mac(*from, 1),
            l4.name(),
            l4.name(),
        );
        let said = run(
            "ovn-appctl",
            &["-t", &self.at("trace.ctl"), "trace", "--minimal", &packet],
        );
        said.contains("output(\"z")
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        let _ = Command::new("ovn-appctl")
            .args(["-t", &self.at("trace.ctl"), "exit"])
            .output();
    }
}

fn mac(zone: usize, host: usize) -> String {
    format!("02:00:00:00:{zone:02x}:{host:02x}")
}

fn port(zone: usize, host: usize) -> String {
    format!("z{zone}.w{}", host - 2)
}

#[track_caller]
fn run(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{program} {arguments:?}: {said}");
    String::from_utf8(output.stdout).unwrap()
}

fn matrix(test: &str, seed: u64, v6: bool) {
    if let Some(missing) = ["ovsdb-server", "ovn-northd", "ovn-trace", "ovn-nbctl"]
        .into_iter()
        .find(|one| !has(one))
    {
        return skip(test, missing);
    }
    let (topology, catalog) = random(seed, v6, ZONES, 40);
    let network = Network::open(&topology, v6);
    let (policy, _) = Acl::compile(&catalog, &topology);
    network.load(&Acl::write(&policy));
    assert_eq!(
        Acl::read(network.transact(QUERY).as_bytes()),
        Ok(policy.clone())
    );

    let mut rng = Rng(seed);
    let all = cells(ZONES, v6, &mut rng);
    let (open, shut): (Vec<&Cell>, Vec<&Cell>) = all
        .iter()
        .partition(|cell| !covering(cell, &topology, &catalog).is_empty());
    assert!(open.len() >= 8, "{} flows are open", open.len());
    let step = shut.len() / 800;
    let sampled: BTreeSet<&Cell> = open
        .iter()
        .copied()
        .chain(shut.iter().step_by(step).copied())
        .collect();
    for cell in &sampled {
        assert_eq!(network.passes(cell), open.contains(cell), "{cell:?}");
    }
    eprintln!("{} cells, {} of them allowed", sampled.len(), open.len());
    changes(&network, &policy);
}

/// Changes by hand, each with the words that drift must have.
fn changes(network: &Network, policy: &iia_contract::compile::Policy<Acl>) {
    let group = &policy.allowed.keys().next().unwrap().group;
    network.nbctl(&["acl-add", "s0", "to-lport", "2000", "ip", "allow"]);
    network.nbctl(&[
        "--type=port-group",
        "acl-add",
        group,
        "to-lport",
        "2000",
        "tcp",
        "allow",
    ]);
    network.nbctl(&[
        "--type=port-group",
        "acl-del",
        group,
        "to-lport",
        "1",
        &format!("outport == @{group} && ip"),
    ]);
    let found = drift(
        policy,
        &Acl::read(network.transact(QUERY).as_bytes()).unwrap(),
    );
    let told: Vec<String> = found.iter().map(ToString::to_string).collect();
    assert_eq!(
        told,
        [
            format!("not contracted: {group}: to-lport 2000 allow tcp (no contract)"),
            "not contracted: outside every zone: to-lport allow ip".into(),
            format!("missing: {group}: to-lport 1 drop outport == @{group} && ip (no contract)"),
        ]
    );
}

#[test]
fn i7_the_tracers_verdict_is_the_catalogs_on_version_4() {
    matrix(
        "i7_the_tracers_verdict_is_the_catalogs_on_version_4",
        5,
        false,
    );
}

#[test]
fn i7_the_tracers_verdict_is_the_catalogs_on_version_6() {
    matrix(
        "i7_the_tracers_verdict_is_the_catalogs_on_version_6",
        29,
        true,
    );
}

#[test]
fn acls_for_a_zone_that_is_not_there_are_refused_as_a_whole() {
    let test = "acls_for_a_zone_that_is_not_there_are_refused_as_a_whole";
    if let Some(missing) = ["ovsdb-server", "ovn-northd", "ovn-trace", "ovn-nbctl"]
        .into_iter()
        .find(|one| !has(one))
    {
        return skip(test, missing);
    }
    let (topology, catalog) = random(5, false, ZONES, 20);
    let network = Network::open(&topology, false);
    network.nbctl(&["pg-del", &group("z0")]);
    let text = Acl::write(&Acl::compile(&catalog, &topology).0);
    assert!(network.transact(&text).contains("\"error\":\"timed out\""));
    let left = Acl::read(network.transact(QUERY).as_bytes()).unwrap();
    assert!(left.allowed.is_empty() && left.foreign.is_empty());
}

#[test]
fn different_zones_have_different_groups() {
    let zones = ["a-b", "a_b", "a.b", "a_-b", "a-_b", "a_.b", "a--b", "ab"];
    let groups: BTreeSet<String> = zones.iter().map(|zone| group(zone)).collect();
    assert_eq!(groups.len(), zones.len());
    let sound = |one: char| one.is_ascii_alphanumeric() || one == '_' || one == '.';
    assert!(groups.iter().all(|group| group.chars().all(sound)));
    for bytes in [&b"{}"[..], b"[]", b"\xff", br#"[{"rows": []}]"#] {
        assert!(Acl::read(bytes).is_err());
    }
}
