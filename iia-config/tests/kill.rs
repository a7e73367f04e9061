//! A real process on a real disk, killed by the kernel at its n-th system call that changes the disk, for every n.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::print_stderr,
    reason = "tests"
)]

mod common;

use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use common::{BOX, Leave, answer, clock, config, config_text, key, trust_text};
use iia_config::apply::{Call, Calls};
use iia_config::desk::{Desk, Settled, Site};
use iia_config::stage::Store;
use iia_core::digest::{Context, Digest};
use iia_core::time::{Clock as _, ManualClock};

const CHILD: &str = "IIA_KILL_CHILD_DIR";
/// The system calls that change a disk.
const CHANGES: &str =
    "write,fsync,fdatasync,rename,renameat,renameat2,unlink,unlinkat,mkdir,mkdirat";
const KILLED: i32 = 9;

/// Gated calls that are files beside the box.
struct FileCalls(PathBuf);

impl Calls for FileCalls {
    fn before(&mut self, call: Call) -> Result<Vec<u8>, String> {
        Ok(std::fs::read(self.0.join(call.name())).unwrap_or_default())
    }

    fn make(&mut self, call: Call, after: &[u8]) -> Result<(), String> {
        std::fs::write(self.0.join(call.name()), after).map_err(|error| error.to_string())
    }
}

fn site() -> Site {
    Site {
        box_name: BOX.into(),
        trial_ns: 600_000_000_000,
    }
}

fn store(dir: &Path) -> Store {
    Store::at(dir)
}

fn digest(text: &str) -> Digest {
    Digest::of(Context::Artifact, text.as_bytes())
}

/// Two configurations, each staged, applied and confirmed.
fn story(dir: &Path, clock: &ManualClock) {
    let mut desk = Desk::open(store(dir), site()).unwrap();
    let mut calls = FileCalls(dir.join("kernel"));
    let mut previous = None;
    for revision in [1, 2] {
        let now = clock.read();
        let artifact = desk
            .submit(config(revision, previous, &[&key("ann")]), now)
            .unwrap();
        let mut leave = Leave::of(artifact);
        leave.name = format!("leave-{revision}");
        desk.release(&leave.seal(&[&key("bob")]), &mut calls, now)
            .unwrap();
        desk.confirm(&answer(artifact, now.wall), now).unwrap();
        previous = Some(artifact);
    }
}

/// Not a test by itself: what the killed process does.
#[test]
fn child() {
    if let Some(dir) = std::env::var_os(CHILD) {
        story(Path::new(&dir), &clock());
    }
}

fn begin(dir: &Path) {
    std::fs::create_dir_all(dir.join("kernel")).unwrap();
    Desk::begin(
        store(dir),
        site(),
        trust_text("").as_bytes(),
        clock().read(),
    )
    .unwrap();
}

fn traced(dir: &Path, inject: &str) -> std::process::ExitStatus {
    Command::new("strace")
        .args([
            "-f",
            "-qq",
            "-o",
            "/dev/null",
            "-e",
            &format!("trace={CHANGES}"),
        ])
        .args(["-e", inject])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", "child", "--test-threads=1"])
        .env(CHILD, dir)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .unwrap()
}

fn strace_works() -> bool {
    let tried = Command::new("strace")
        .args(["-qq", "-o", "/dev/null", "true"])
        .status();
    if tried.is_ok_and(|status| status.success()) {
        return true;
    }
    assert!(
        std::env::var_os("IIA_REQUIRE_ALL").is_none(),
        "strace is missing or may not trace"
    );
    eprintln!(
        "SKIPPED: i9_a_process_killed_at_any_system_call_leaves_a_whole_box: strace is missing or may not trace"
    );
    false
}

/// The gated calls' files as the plan of what is applied makes them.
fn calls_of(dir: &Path, artifact: Option<Digest>) -> Vec<Vec<u8>> {
    let mut calls = FileCalls(dir.join("kernel"));
    let all = [
        Call::RegisterCatalog,
        Call::RegisterBindings,
        Call::InstallTrustRoots,
        Call::SetEndpoints,
    ];
    let have = all.map(|call| calls.before(call).unwrap()).to_vec();
    let endpoints = String::from_utf8(have[3].clone()).unwrap();
    let port = |revision: u64| endpoints.contains(&format!(":{}", 7000 + revision));
    let one = digest(&config_text(1, None));
    match artifact {
        None => assert_eq!(endpoints, ""),
        Some(artifact) if artifact == one => assert!(port(1) && !port(2), "{endpoints}"),
        Some(_) => assert!(port(2) && !port(1), "{endpoints}"),
    }
    have
}

#[test]
fn i9_a_process_killed_at_any_system_call_leaves_a_whole_box() {
    if !strace_works() {
        return;
    }
    let one = digest(&config_text(1, None));
    let two = digest(&config_text(2, Some(one)));
    let (mut killed, mut went_back) = (0, 0);
    // strace counts each system call by itself.
    let mut places: Vec<_> = CHANGES.split(',').map(|call| (call, 1)).collect();
    while let Some((call, when)) = places.pop() {
        let dir = tempfile::tempdir().unwrap();
        begin(dir.path());
        let status = traced(
            dir.path(),
            &format!("inject={call}:signal=KILL:when={when}"),
        );
        if status.success() {
            continue;
        }
        places.push((call, when + 1));
        assert_eq!(
            status.signal().or(status.code().map(|code| code - 128)),
            Some(KILLED),
            "{status}"
        );
        killed += 1;
        let mut desk = Desk::open(store(dir.path()), site()).expect("opens");
        let mut calls = FileCalls(dir.path().join("kernel"));
        let settled = desk.settle(&mut calls, clock().read()).expect("settles");
        went_back += usize::from(settled == Settled::WentBack);
        let applied = desk.state().applied().map(|kept| kept.digest());
        assert!(
            [None, Some(one), Some(two)].contains(&applied),
            "{call} {when}"
        );
        calls_of(dir.path(), applied);
        let numbers: Vec<u64> = desk.outbox().iter().map(|event| event.source_seq).collect();
        assert_eq!(
            numbers,
            (1..=numbers.len() as u64).collect::<Vec<_>>(),
            "{call} {when}"
        );
    }
    eprintln!("killed {killed} times; {went_back} times in the middle of gated calls");
    assert!(killed > 40 && went_back > 0, "{killed} {went_back}");
}
