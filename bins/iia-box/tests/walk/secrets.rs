//! Secrets on a box that runs: each role has its own in memory, nobody else reads them, and they go with it.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use iia_audit::verify::{Elsewhere, records, verify_log};
use iia_core::event::{Event, EventKind};

use crate::demo::{Demo, files, signal};

const TEXT: &str = include_str!("../../../../examples/box-pi/box.icl");
pub(crate) const API: &str = "spiffe://iia.local/zone/api/workload/query_server";
pub(crate) const LAKE: &str = "spiffe://iia.local/zone/lake/workload/lake_writer";
pub(crate) const OF_API: &str = "canary-of-the-api-5f0c";
pub(crate) const OF_LAKE: &str = "canary-of-the-lake-91d2";
/// Somebody who is not the box.
const OTHER: &str = "64001";

/// What the API and the lake have.
pub(crate) const BOTH: [(&str, &str); 2] = [("broker", API), ("disk-2026", LAKE)];

/// The example box in which these workloads have these secrets.
pub(crate) fn config(place: &Path, store: &str, secrets: &[(&str, &str)]) -> PathBuf {
    let all: String = secrets
        .iter()
        .enumerate()
        .map(|(number, (reference, workload))| {
            format!(
                "credential c{number} {{\n  store {store}\n  reference {reference}\n  workload {workload}\n}}\n\n"
            )
        })
        .collect();
    let path = place.join("box.icl");
    let text = TEXT.replacen("ruleset techniques", &(all + "ruleset techniques"), 1);
    fs::write(&path, text).unwrap();
    path
}

/// What the operator does before.
pub(crate) fn put(store: &Path, workload: &str, secret: (&str, &str)) {
    put_with(&[], (store, workload), secret);
}

/// The same, where something else keeps the store's key.
pub(crate) fn put_with(
    sealing: &[&str],
    (store, workload): (&Path, &str),
    (name, secret): (&str, &str),
) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_iia-box"))
        .args(["secret", "--workload", workload, "--store"])
        .arg(store)
        .args(sealing)
        .arg(name)
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = command.stdin.take().unwrap();
    input.write_all(secret.as_bytes()).unwrap();
    drop(input);
    assert!(command.wait().unwrap().success());
}

pub(crate) fn events(evidence: &Path) -> Vec<Event> {
    assert_eq!(verify_log(evidence, &Elsewhere::default()).bad, None);
    let mut events = Vec::new();
    records(&evidence.join("audit"), |record| {
        events.push(record.body.event.clone());
    })
    .unwrap();
    events
}

pub(crate) fn found<'e>(events: &'e [Event], kind: EventKind, role: &str) -> Vec<&'e Event> {
    let is_it = |event: &&Event| event.kind == kind && event.field("role") == Some(role);
    events.iter().filter(is_it).collect()
}

/// What a program of somebody else's sees: its output, or why not.
fn as_other(words: &[&str], path: &Path) -> Result<String, String> {
    let done = Command::new("setpriv")
        .args([format!("--reuid={OTHER}"), format!("--regid={OTHER}")])
        .args(["--clear-groups", "--no-new-privs", "--inh-caps=-all"])
        .args(words)
        .arg(path)
        .output()
        .unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    match done.status.success() {
        true => Ok(text(done.stdout)),
        false => Err(text(done.stderr)),
    }
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn each_role_has_its_own_secrets_in_memory_and_they_go_with_it() {
    let place = tempfile::tempdir().unwrap();
    let store = place.path().join("store");
    put(&store, API, ("broker", OF_API));
    put(&store, API, ("old", "canary-not-named-77"));
    put(&store, LAKE, ("disk-2026", OF_LAKE));
    let config = config(place.path(), "file", &BOTH);
    let mut run = Demo::start(&[
        "--speed",
        "0",
        "--no-kill",
        "--config",
        config.to_str().unwrap(),
        "--secrets",
        store.to_str().unwrap(),
    ]);
    run.until("lake: holds secrets of its own: disk-2026");
    run.until("api: holds secrets of its own: broker");
    // It stands still while it is looked at.
    signal("STOP", run.pid());
    let memory = PathBuf::from(format!("/dev/shm/iia-box.{}", run.pid()));
    let api = memory.join("api/api.query_server");
    let lake = memory.join("lake/lake.lake_writer");
    let mut all = files(&memory);
    all.sort();
    assert_eq!(all, [api.join("broker"), lake.join("disk-2026")]);
    for (dir, file, secret) in [(&api, &all[0], OF_API), (&lake, &all[1], OF_LAKE)] {
        assert_eq!((mode(dir), mode(file)), (0o500, 0o400));
        assert_eq!(fs::read_to_string(file).unwrap(), secret);
        if let Err(said) = as_other(&["cat"], Path::new("/proc/self/comm")) {
            assert!(std::env::var_os("IIA_REQUIRE_ALL").is_none(), "{said}");
            eprintln!("skipped: nobody else to look at {}", file.display());
            continue;
        }
        for (words, path) in [(["cat"], file), (["ls"], dir), (["ls"], &memory)] {
            let refused = as_other(&words, path).unwrap_err();
            assert!(refused.contains("Permission denied"), "{refused}");
        }
    }
    signal("CONT", run.pid());
    let run = run.finish();
    assert!(!memory.exists());

    let told = events(&run.evidence("seg01"));
    for (role, count) in [("api", Some("1")), ("lake", Some("1")), ("bus", None)] {
        let started = found(&told, EventKind::WorkloadStarted, role);
        assert_eq!(started.len(), 1, "{role}");
        assert_eq!(started[0].field("secrets"), count);
        let key = started[0].field("secrets_key");
        let is_said = key.is_some_and(|key| key.ends_with("kept by SOFTWARE, not by hardware"));
        assert_eq!(is_said, count.is_some());
    }
    // Of no secret is there a byte in what the box kept.
    let mut looked = 0;
    for file in files(&run.path()) {
        let bytes = fs::read(&file).unwrap();
        looked += bytes.len();
        let plain = bytes.windows(10).any(|window| window == b"canary-of-");
        assert!(!plain, "{}", file.display());
    }
    assert!(looked > 100_000, "{looked}");
}

/// Runs a demo to its bad end: what it said, and the chain of the box at the press line.
pub(crate) fn refused(
    place: &Path,
    (config, store): (&Path, &Path),
    (memory, sealing): (&Path, &[&str]),
    environment: &[(&str, &str)],
) -> (String, Vec<Event>) {
    let _one = Demo::claim();
    let base = place.join("run");
    let done = Command::new(env!("CARGO_BIN_EXE_iia-box"))
        .args(["demo", "--speed", "0", "--no-kill", "--config"])
        .arg(config)
        .arg("--secrets")
        .arg(store)
        .arg("--memory")
        .arg(memory)
        .args(sealing)
        .envs(environment.iter().copied())
        .arg("--dir")
        .arg(&base)
        .output()
        .unwrap();
    let said = [done.stdout, done.stderr].concat();
    let said = String::from_utf8_lossy(&said).into_owned();
    assert!(!done.status.success(), "{said}");
    assert_eq!(
        files(memory)
            .iter()
            .filter(|file| file.to_string_lossy().contains("iia-box."))
            .count(),
        0
    );
    (said, events(&base.join("seg01/evidence")))
}

#[test]
fn a_role_whose_secrets_are_not_there_is_not_started_and_the_chain_says_why() {
    let disk = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let shared = Path::new("/dev/shm");
    for (name, memory, code) in [
        ("another", shared, "IIA-IDN-2201"),
        ("broker", disk, "IIA-IDN-2502"),
    ] {
        let place = tempfile::tempdir().unwrap();
        let store = place.path().join("store");
        put(&store, API, (name, OF_API));
        put(&store, LAKE, ("disk-2026", OF_LAKE));
        // The lake would be refused first.
        let config = config(place.path(), "file", &BOTH[..1]);
        let (said, told) = refused(place.path(), (&config, &store), (memory, &[]), &[]);
        assert!(
            said.contains("does not start without its secrets"),
            "{said}"
        );
        assert_eq!(found(&told, EventKind::WorkloadStarted, "api").len(), 0);
        assert_eq!(found(&told, EventKind::WorkloadStarted, "lake").len(), 1);
        let stopped = found(&told, EventKind::WorkloadStopped, "api");
        let codes: Vec<_> = stopped
            .iter()
            .filter_map(|event| event.field("code"))
            .collect();
        assert_eq!(codes, [code], "{said}");
        assert_eq!(stopped[0].field("id"), Some(API));
    }
}
