//! A running box at peace, which is silent; and then broken by hand in ways that no page of faults names, as somebody would who is
//! in a hurry or means harm. Each is a finding that names what was done.

use std::fs;
use std::io::{Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use iia::evidence::{Evidence, Keys};
use iia::standing::{Sights, Standing};
use iia_audit::verify::records;
use iia_core::Timestamp;
use iia_core::event::{Event, EventKind};

use crate::demo::{Demo, files, signal};
use crate::falls::process_of;
use crate::latency::{Capture, Party};

const TEST: &str = "a_box_at_peace_is_silent_and_what_a_hand_breaks_is_named";
/// How long the box is watched in peace, and how long it may take to say what was done.
const PEACE: Duration = Duration::from_secs(12);
const PATIENCE: Duration = Duration::from_secs(20);
/// The clients and servers that the bundled contracts join, with the unit behind the server.
const AGREED: [([u8; 4], [u8; 4], u8); 3] = [
    ([10, 20, 0, 10], [10, 20, 0, 21], 1),
    ([10, 20, 0, 10], [10, 20, 0, 22], 2),
    ([10, 20, 0, 11], [10, 20, 0, 22], 2),
];
const SECONDS: u64 = 120;
/// Listens until it is killed.
const DOOR: &str = "
import socket
door = socket.create_server(('0.0.0.0', 2222))
print('open', flush=True)
door.accept()
";
/// Holds a process as a debugger does: PTRACE_SEIZE, until it is killed.
const HOLD: &str = "
import ctypes, sys, signal
libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
assert libc.ptrace(0x4206, int(sys.argv[1]), None, None) == 0, ctypes.get_errno()
print('held', flush=True)
signal.pause()
";

fn skip(missing: &str) {
    let line = format!("SKIPPED: {TEST}: {missing}");
    assert!(std::env::var_os("IIA_REQUIRE_ALL").is_none(), "{line}");
    eprintln!("{line}");
}

/// Nothing but what is agreed, an exchange a second of each.
fn calm(path: &Path) {
    let mut capture = Capture::new();
    for second in 0..SECONDS {
        for (at, (client, server, unit)) in (0..).zip(AGREED) {
            let party = Party {
                client,
                server,
                unit,
            };
            let number = u32::try_from(second + 1).unwrap();
            capture.exchange(
                1_800_000_000_000_000 + second * 1_000_000 + at * 1000,
                party,
                number,
            );
        }
    }
    capture.write(path);
}

/// What the observers found, but for the word that all is well.
fn found(audit: &Path) -> Vec<Event> {
    let mut all = Vec::new();
    // While it is written the last record may be half there.
    let _half = records(audit, |record| {
        let event = record.body.event;
        let field = |key| event.field(key).unwrap_or_default();
        let is_found = event.kind == EventKind::Finding && field("conclusion") != "converge";
        if is_found && field("stream").starts_with("ot.attestation.") {
            all.push(event);
        }
    });
    all
}

/// Something that a hand has done and that goes on; it ends with the test.
#[derive(Default)]
struct Hand {
    children: Vec<Child>,
    /// The ends of pipes at which a role waits for its supervisor.
    pipes: Vec<UnixStream>,
}

impl Drop for Hand {
    fn drop(&mut self) {
        for child in &mut self.children {
            let _gone = child.kill();
            let _reaped = child.wait();
        }
    }
}

impl Hand {
    /// Starts a program where the boxes are, and waits for its first word.
    fn start(&mut self, demo: &Demo, words: &[&str]) {
        let python = std::env::var("IIA_PYTHON").unwrap_or_else(|_| "python3".into());
        let mut child = demo
            .inside(&python)
            .arg("-c")
            .args(words)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut word = [0; 4];
        let out = child.stdout.as_mut().unwrap();
        out.read_exact(&mut word).unwrap();
        self.children.push(child);
    }

    /// Starts a role of the box beside its supervisor.
    fn role(&mut self, demo: &Demo, role: &str) {
        let (ours, theirs) = UnixStream::pair().unwrap();
        let child = demo
            .inside(env!("CARGO_BIN_EXE_iia-box"))
            .args(["role", role, "seg01"])
            .stdin(Stdio::from(OwnedFd::from(theirs)))
            .spawn()
            .unwrap();
        self.pipes.push(ours);
        self.children.push(child);
    }
}

fn edit(path: &Path, change: impl Fn(String) -> String) {
    let text = fs::read_to_string(path).unwrap();
    let other = change(text.clone());
    assert_ne!(text, other, "{}", path.display());
    fs::write(path, other).unwrap();
}

fn mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

fn run(demo: &Demo, words: &[&str]) {
    let (program, arguments) = words.split_first().unwrap();
    let done = demo.inside(program).args(arguments).output().unwrap();
    let said = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{words:?}: {said}");
}

fn nft(demo: &Demo, words: &str) {
    let mut child = demo
        .inside("nft")
        .args(["-f", "-"])
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    let mut to_nft = child.stdin.take().unwrap();
    to_nft.write_all(words.as_bytes()).unwrap();
    drop(to_nft);
    assert!(child.wait().unwrap().success());
}

/// A file of the evidence that the chain vouches for.
fn approval(dir: &Path) -> PathBuf {
    let all = files(&dir.join("evidence/config"));
    let is_one = |path: &&PathBuf| {
        let text = fs::read(path).unwrap();
        String::from_utf8_lossy(&text).contains("approval")
    };
    all.iter().find(is_one).unwrap().clone()
}

/// Breaks the box, in order; of each, the stream and words that the finding about it must have.
fn break_it(demo: &Demo, dir: &Path, hand: &mut Hand) -> Vec<(&'static str, String)> {
    let state = dir.join("state");
    let mut told = Vec::new();
    let mut expect = |stream, words: &str| told.push((stream, words.to_owned()));
    edit(&state.join("endpoints"), |text| {
        text.replace("127.90.14.2:7443", "127.90.14.9:7443")
    });
    expect(
        "config",
        "endpoint lake: address 127.90.14.2:7443 intended, address 127.90.14.9:7443 running",
    );
    edit(&state.join("bindings"), |text| {
        text + "spiffe://iia.local/zone/lake/workload/helper ot.acs.lake 127.90.14.3\n"
    });
    expect(
        "config",
        "identity spiffe://iia.local/zone/lake/workload/helper is there and is not intended",
    );
    edit(&state.join("trust_roots"), |text| {
        text.replace("site.example", "other.example")
    });
    expect(
        "config",
        "trust root site-root: value site.example intended, value other.example running",
    );
    let key = dir.join("keys/observer");
    let other = key.with_extension("other");
    fs::write(&other, [7; 32]).unwrap();
    mode(&other, 0o600);
    fs::rename(&other, &key).unwrap();
    expect("config", "file keys/observer: content file ");
    mode(&dir.join("keys/witness"), 0o644);
    expect(
        "config",
        "file keys/witness: mode 0600 intended, mode 0644 running",
    );
    let approval = approval(dir);
    fs::remove_file(&approval).unwrap();
    let name = approval.file_name().unwrap().to_str().unwrap();
    expect("audit_chain", name);
    run(demo, &["ip", "route", "add", "10.99.0.0/16", "dev", "lo"]);
    expect("config", "route ipv4 route 10.99.0.0/16 dev lo");
    run(
        demo,
        &[
            "sh",
            "-c",
            "echo 1 > /proc/sys/net/ipv4/conf/lo/route_localnet",
        ],
    );
    expect(
        "config",
        "kernel setting net.ipv4.conf.lo.route_localnet: value 0 intended, value 1 running",
    );
    nft(
        demo,
        "table inet spare {\n set guests {\n type ipv4_addr\n elements = { 10.20.0.66 }\n }\n}\n",
    );
    expect(
        "config",
        "firewall inet spare set guests: element 10.20.0.66 is there and is not intended",
    );
    hand.start(demo, &[DOOR]);
    expect(
        "config",
        "listener tcp 0.0.0.0:2222 is there and is not intended",
    );
    hand.role(demo, "collect");
    expect("config", "process collect (process ");
    let held = process_of(demo.pid(), ("seg01", "publish"))
        .unwrap()
        .to_string();
    hand.start(demo, &[HOLD, &held]);
    expect(
        "config",
        "process publish: value runs intended, value is traced by process ",
    );
    signal("STOP", process_of(demo.pid(), ("seg01", "lake")).unwrap());
    expect(
        "config",
        "process lake: value runs intended, value is stopped running",
    );
    told
}

#[test]
fn a_box_at_peace_is_silent_and_what_a_hand_breaks_is_named() {
    let own = tempfile::tempdir().unwrap();
    let path = own.path().join("calm.pcap");
    calm(&path);
    let arguments = [
        "--speed",
        "1",
        "--no-kill",
        "--pcap",
        path.to_str().unwrap(),
    ];
    let mut demo = Demo::start(&arguments);
    demo.until("Roles of seg01");
    if !demo.next_contains("the kernel's firewall") {
        return skip("a network namespace");
    }
    demo.until("confirmed: every role serves");
    let audit = demo.evidence("seg01").join("audit");
    let dir = audit.ancestors().nth(2).unwrap().to_path_buf();
    std::thread::sleep(PEACE);
    assert_eq!(found(&audit), []);
    every_observer_looked(&dir);
    outcome(&dir, "convergent");
    let mut hand = Hand::default();
    let told = break_it(&demo, &dir, &mut hand);
    let started = Instant::now();
    loop {
        let all = found(&audit);
        let of = |(stream, words): &&(&str, String)| {
            let is = |event: &&Event| {
                let reason = event.field("reason").unwrap_or_default();
                let of = event.field("stream").unwrap_or_default();
                of.strip_prefix("ot.attestation.") == Some(stream)
                    && reason.contains(words.as_str())
            };
            all.iter().filter(is).count() != 1
        };
        let open: Vec<_> = told.iter().filter(of).collect();
        if open.is_empty() {
            break;
        }
        let reasons: Vec<_> = all
            .iter()
            .filter_map(|event| event.field("reason"))
            .collect();
        assert!(started.elapsed() < PATIENCE, "{open:#?}\n{reasons:#?}");
        std::thread::sleep(Duration::from_millis(200));
    }
    eprintln!(
        "{} ways, each named within {:?}",
        told.len(),
        started.elapsed()
    );
    drop(hand);
    let run = demo.pull_the_plug();
    outcome(&run.path().join("seg01"), "divergent");
}

/// What the box says of itself to whoever keeps many; while it writes, the last record may be half there.
fn outcome(dir: &Path, want: &str) {
    let started = Instant::now();
    loop {
        let said = Evidence::open(dir, &Keys::default())
            .and_then(|evidence| Standing::read(&evidence, dir, Timestamp::default()))
            .map(|standing| standing.outcome());
        if said.as_ref().is_ok_and(|said| said.name() == want) {
            return;
        }
        assert!(started.elapsed() < PATIENCE, "{said:?}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// Silence of whoever does not look is no peace.
fn every_observer_looked(dir: &Path) {
    let said = Sights::of_box(dir).unwrap().unwrap();
    for stream in [
        "network",
        "policy_drift",
        "identity",
        "audit_chain",
        "config",
    ] {
        let name = format!("ot.attestation.{stream}");
        let observer = said.observers.iter().find(|one| one.stream == name);
        assert!(observer.unwrap().looks > 2, "{stream}: {observer:?}");
    }
}
