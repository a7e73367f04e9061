//! Each role runs as a user of its own: whoever gets hold of one reads neither the secrets nor the memory of another, since
//! the kernel does not let him.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use iia_config::format::canonical;
use iia_config::limits;
use iia_config::parse::parse;
use iia_core::event::EventKind;

use crate::demo::{Demo, signal};
use crate::falls::process_of;
use crate::secrets::{API, BOTH, LAKE, OF_API, OF_LAKE, config, events, found, put};

/// A network of its own, and every user of this machine: as a box has that root runs.
const APART: [&str; 5] = [
    "unshare",
    "--net",
    "sh",
    "-c",
    "ip link set lo up && exec \"$0\" \"$@\"",
];
const FIRST: u32 = 210_000;
/// Roles of the box at the press line with a user of their own, each with its place.
const OWN: [(&str, u32); 6] = [
    ("lake", 1),
    ("bus", 2),
    ("publish", 3),
    ("api", 4),
    ("collect", 6),
    ("audit", 7),
];

/// A role that runs.
struct Role {
    name: &'static str,
    pid: u32,
    user: u32,
}

impl Role {
    /// What the kernel says of it.
    fn status(&self) -> BTreeMap<String, String> {
        let text = fs::read_to_string(format!("/proc/{}/status", self.pid)).unwrap();
        let pairs = text.lines().filter_map(|line| line.split_once(':'));
        pairs
            .map(|(key, value)| {
                (
                    key.to_owned(),
                    value.split_whitespace().collect::<Vec<_>>().join(" "),
                )
            })
            .collect()
    }

    /// What a program sees that has just the user, the groups and the rights that this role has: its output, or why not.
    fn tries(&self, words: &[&str]) -> Result<Vec<u8>, String> {
        let done = Command::new("setpriv")
            .arg(format!("--reuid={}", self.user))
            .arg(format!("--regid={}", self.user))
            .args(["--clear-groups", "--no-new-privs", "--inh-caps=-all"])
            .args(words)
            .output()
            .unwrap();
        match done.status.success() {
            true => Ok(done.stdout),
            false => Err(String::from_utf8(done.stderr).unwrap()),
        }
    }

    fn proc(&self, file: &str) -> String {
        format!("/proc/{}/{file}", self.pid)
    }
}

/// Whether this machine lets a test have users and a network of its own.
fn can() -> bool {
    let mut words = APART.to_vec();
    words.extend(["setpriv", "--reuid=210001", "--clear-groups", "true"]);
    let (program, arguments) = words.split_first().unwrap();
    let tried = Command::new(program).args(arguments).output();
    let can = tried.is_ok_and(|done| done.status.success());
    assert!(
        can || std::env::var_os("IIA_REQUIRE_ALL").is_none_or(|all| all != "1"),
        "no users of one's own without root"
    );
    if !can {
        eprintln!("SKIPPED: roles as users of their own: it takes root");
    }
    can
}

#[test]
fn the_kernel_keeps_each_role_from_the_secrets_and_the_memory_of_every_other() {
    if !can() {
        return;
    }
    let place = tempfile::tempdir().unwrap();
    let store = place.path().join("store");
    put(&store, API, ("broker", OF_API));
    put(&store, LAKE, ("disk-2026", OF_LAKE));
    let config = config(place.path(), "file", &BOTH);
    let first = FIRST.to_string();
    let arguments = [
        "--speed",
        "2",
        "--config",
        config.to_str().unwrap(),
        "--secrets",
        store.to_str().unwrap(),
        "--users",
        &first,
    ];
    let mut run = Demo::start_by(&APART, &arguments, &[("IIA_DEMO_NETWORK", "own")]);
    run.until("api: holds secrets of its own: broker");
    run.until("collect serves");
    // It stands still while it is looked at.
    signal("STOP", run.pid());
    let roles = OWN.map(|(name, place)| Role {
        name,
        pid: process_of(run.pid(), ("seg01", name)).unwrap(),
        user: FIRST + place,
    });
    let memory = PathBuf::from(format!("/dev/shm/iia-box.{}", run.pid()));
    let secrets = [
        ("api", memory.join("api/api.query_server/broker"), OF_API),
        (
            "lake",
            memory.join("lake/lake.lake_writer/disk-2026"),
            OF_LAKE,
        ),
    ];
    let lake = run.evidence("seg01").join("lake");
    let place = lake.ancestors().nth(2).unwrap().to_owned();
    let denied = |said: Result<Vec<u8>, String>, what: &str| {
        let said = said.expect_err(what);
        let by_kernel = ["Permission denied", "Operation not permitted"];
        assert!(
            by_kernel.iter().any(|words| said.contains(words)),
            "{what}: {said}"
        );
    };
    for role in &roles {
        let status = role.status();
        let four = [role.user; 4].map(|user| user.to_string()).join(" ");
        for key in ["Uid", "Gid"] {
            assert_eq!(status[key], four, "{}", role.name);
        }
        assert_eq!(
            (status["Groups"].as_str(), status["NoNewPrivs"].as_str()),
            ("", "1")
        );
        for rights in ["CapInh", "CapPrm", "CapEff", "CapAmb"] {
            assert_eq!(u64::from_str_radix(&status[rights], 16), Ok(0), "{rights}");
        }
        for (owner, secret, text) in &secrets {
            let read = role.tries(&["cat", text_of(secret)]);
            match *owner == role.name {
                true => assert_eq!(read.unwrap(), text.as_bytes()),
                false => denied(read, &format!("{} reads the secret of {owner}", role.name)),
            }
        }
        for other in roles.iter().filter(|other| other.name != role.name) {
            let what = format!("{} at {}", role.name, other.name);
            for file in ["mem", "environ", "fd"] {
                let path = other.proc(file);
                let read = match file {
                    "fd" => role.tries(&["ls", &path]),
                    _ => role.tries(&["dd", &format!("if={path}"), "count=0"]),
                };
                denied(read, &format!("{what}: {file}"));
            }
            let kill = format!("kill -0 {}", other.pid);
            denied(role.tries(&["sh", "-c", &kill]), &what);
        }
        let rows = role.tries(&["ls", text_of(&lake)]);
        match role.name {
            "lake" => drop(rows.unwrap()),
            name => denied(rows, name),
        }
        let chain = role.tries(&["ls", text_of(&place.join("evidence/audit"))]);
        let keys = role.tries(&["cat", text_of(&place.join("keys/audit-log"))]);
        match role.name {
            "audit" => assert_eq!((chain.is_ok(), keys.unwrap().len()), (true, 32)),
            name => [chain, keys]
                .into_iter()
                .for_each(|read| denied(read, name)),
        }
        // What is the supervisor's own is nobody's: who its observer is, and what is in force.
        denied(
            role.tries(&["cat", text_of(&place.join("keys/observer"))]),
            role.name,
        );
        let planted = text_of(&place.join("state/planted")).to_owned();
        denied(role.tries(&["touch", &planted]), role.name);
    }
    signal("CONT", run.pid());
    let run = run.finish();

    // It ran as well as ever, and every start says as whom.
    let told = events(&run.evidence("seg01"));
    for (role, place) in OWN {
        for started in found(&told, EventKind::WorkloadStarted, role) {
            let own = format!("{}, the role's own", FIRST + place);
            assert_eq!(started.field("user"), Some(own.as_str()));
        }
    }
    // The lake fell once.
    assert_eq!(found(&told, EventKind::WorkloadStarted, "lake").len(), 2);
    let started = found(&told, EventKind::WorkloadStarted, "attest");
    let user = started[0].field("user").unwrap();
    assert!(user.starts_with("NOT the role's own"), "{user}");
}

/// The box of the example with somebody who watches the wire beside the collector.
fn witnessed(place: &Path) -> PathBuf {
    let id = "spiffe://iia.local/zone/witness/workload/ids";
    let text = include_str!("../../../../examples/box-pi/box.icl");
    let zone = "zone witness {\n  role ot.acs.witness\n  side inbound\n  bridge iz-witness\n  subnet 127.90.12.0/24\n  \
                workload ids 127.90.12.2\n}\n";
    let like = "iia.contract.internal.collect_to_audit";
    let mut entries = text.split_inclusive("\n}\n");
    let contract = entries.find(|entry| entry.contains(&format!("contract {like} ")));
    let contract = contract
        .unwrap()
        .replace(like, "iia.contract.internal.witness_to_audit")
        .replace(
            "spiffe://iia.local/zone/collect/workload/protocol_collector",
            id,
        );
    let document = parse(
        format!("{text}\n{zone}\n{contract}").as_bytes(),
        limits::DOCUMENT_LEN_MAX,
    );
    let path = place.join("witnessed.icl");
    fs::write(&path, canonical(&document.unwrap())).unwrap();
    path
}

/// The same network with a cable in it.
const AT_A_WIRE: [&str; 5] = [
    "unshare",
    "--net",
    "sh",
    "-c",
    "ip link set lo up && ip link add near type veth peer name far && ip link set near up && exec \"$0\" \"$@\"",
];

#[test]
fn whoever_watches_a_wire_opens_it_and_is_then_a_user_of_its_own() {
    if !can() {
        return;
    }
    let first = FIRST.to_string();
    let place = tempfile::tempdir().unwrap();
    let config = witnessed(place.path());
    let config = config.to_str().unwrap();
    let arguments = [
        "--interface",
        "far",
        "--seconds",
        "60",
        "--users",
        &first,
        "--config",
        config,
    ];
    let mut run = Demo::start_by(&AT_A_WIRE, &arguments, &[("IIA_DEMO_NETWORK", "own")]);
    run.until("as it comes, for 60 s");
    let roles = [("collect", 6), ("witness", 8)].map(|(name, place)| Role {
        name,
        pid: process_of(run.pid(), ("seg01", name)).unwrap(),
        user: FIRST + place,
    });
    for role in &roles {
        let status = role.status();
        let four = [role.user; 4].map(|user| user.to_string()).join(" ");
        assert_eq!((&status["Uid"], &status["Gid"]), (&four, &four));
        for rights in ["CapInh", "CapPrm", "CapEff", "CapAmb"] {
            assert_eq!(u64::from_str_radix(&status[rights], 16), Ok(0), "{rights}");
        }
        // It hears, and nobody of its user could begin to.
        let hears = fs::read_to_string(role.proc("net/packet")).unwrap();
        let owner = |line: &&str| line.split_whitespace().nth(7) == Some("0");
        assert_eq!(hears.lines().skip(1).filter(owner).count(), 2, "{hears}");
        let open = "import socket; socket.socket(socket.AF_PACKET, socket.SOCK_RAW)";
        let python = std::env::var("IIA_PYTHON").unwrap_or_else(|_| "python3".into());
        let again = role.tries(&[&python, "-c", open]).unwrap_err();
        assert!(again.contains("PermissionError"), "{again}");
    }
}

#[test]
fn where_a_box_was_given_no_users_every_start_says_so() {
    let mut run = Demo::start(&["--speed", "0", "--no-kill"]);
    run.until("collect serves");
    let run = run.finish();
    let told = events(&run.evidence("seg01"));
    for (role, _) in OWN {
        let started = found(&told, EventKind::WorkloadStarted, role);
        let user = started[0].field("user").unwrap();
        assert_eq!(
            user,
            "NOT the role's own, but the supervisor's: the box was given no users"
        );
    }
    // As little was it given a TPM, and whatever it issued says so.
    let issued = told.iter().filter(|one| one.kind == EventKind::SvidIssued);
    for given in issued {
        assert_eq!(
            given.field("node"),
            Some("NOT attested: the box was given no TPM")
        );
        assert_eq!(
            given.field("key"),
            Some("kept by SOFTWARE, not by hardware")
        );
    }
}

fn text_of(path: &Path) -> &str {
    path.to_str().unwrap()
}
