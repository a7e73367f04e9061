//! Each role is killed three times while traffic runs; no acknowledged record is lost and the demo comes to its end.

use std::collections::BTreeMap;
use std::fs;
use std::process::Command;
use std::time::{Duration, Instant};

use iia_audit::verify::records;
use iia_core::event::EventKind;
use iia_core::stream::Stream;

use crate::demo::{Demo, LEVELS, count, signal};

/// Every role of every box.
const ROLES: [(&str, &str); 15] = [
    ("enterprise", "intake"),
    ("enterprise", "audit"),
    ("enterprise", "lake"),
    ("site", "intake"),
    ("site", "audit"),
    ("site", "lake"),
    ("site", "bus"),
    ("site", "publish"),
    ("seg01", "audit"),
    ("seg01", "lake"),
    ("seg01", "bus"),
    ("seg01", "attest"),
    ("seg01", "publish"),
    ("seg01", "api"),
    ("seg01", "collect"),
];
const ROUNDS: usize = 3;
/// Between two kills: long enough that the replay gets on, short enough that roles fall while others rise.
const PAUSE: Duration = Duration::from_millis(350);
const RISES_IN: Duration = Duration::from_secs(10);

/// The process that plays a role of a box for the demo with this process id.
pub(crate) fn process_of(demo: u32, (name, role): (&str, &str)) -> Option<u32> {
    for entry in fs::read_dir("/proc").unwrap().flatten() {
        let Some(pid) = entry
            .file_name()
            .to_str()
            .and_then(|name| name.parse().ok())
        else {
            continue;
        };
        let read = |file: &str| fs::read(entry.path().join(file)).unwrap_or_default();
        let status = String::from_utf8_lossy(&read("status")).into_owned();
        let child = status.contains(&format!("PPid:\t{demo}\n"));
        let arguments = read("cmdline");
        if child && arguments.ends_with(format!("\0role\0{role}\0{name}\0").as_bytes()) {
            return Some(pid);
        }
    }
    None
}

/// The processes that have this directory among what they run for: roles whose supervisor is gone as well.
fn roles() -> BTreeMap<u32, String> {
    let entries = fs::read_dir("/proc").unwrap().flatten();
    let own = fs::canonicalize(env!("CARGO_BIN_EXE_iia-box")).unwrap();
    let of = |entry: fs::DirEntry| {
        let pid: u32 = entry.file_name().to_str()?.parse().ok()?;
        let program = fs::read_link(entry.path().join("exe")).ok()?;
        let line = fs::read(entry.path().join("cmdline")).ok()?;
        let line = String::from_utf8_lossy(&line).replace('\0', " ");
        (program == own && line.contains(" role ")).then_some((pid, line))
    };
    entries.filter_map(of).collect()
}

#[test]
fn no_role_outlives_a_supervisor_that_is_killed() {
    let mut demo = Demo::start(&["--speed", "2", "--no-kill"]);
    demo.until("collect serves");
    let before = roles();
    let ours: Vec<u32> = demo.processes();
    let ours: BTreeMap<_, _> = before
        .into_iter()
        .filter(|(pid, _)| ours.contains(pid))
        .collect();
    assert!(ours.len() >= 15, "{ours:?}");
    signal("KILL", demo.pid());
    let started = Instant::now();
    loop {
        let left: Vec<_> = roles()
            .into_iter()
            .filter(|(pid, _)| ours.contains_key(pid))
            .collect();
        if left.is_empty() {
            return;
        }
        assert!(started.elapsed() < Duration::from_secs(40), "{left:?}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

pub(crate) fn kill(demo: u32, role: (&str, &str)) {
    let started = Instant::now();
    let pid = loop {
        if let Some(pid) = process_of(demo, role) {
            break pid;
        }
        assert!(started.elapsed() < RISES_IN, "{role:?} does not rise again");
        std::thread::sleep(Duration::from_millis(10));
    };
    let killed = Command::new("kill")
        .args(["-KILL", &pid.to_string()])
        .status();
    assert!(killed.unwrap().success());
}

#[test]
fn each_role_falls_three_times_and_nothing_acknowledged_is_lost() {
    let mut demo = Demo::start(&["--speed", "3", "--no-kill"]);
    let pid = demo.pid();
    demo.until("collect serves");
    for round in 0..ROUNDS {
        for at in 0..ROLES.len() {
            // Another order each round, so that other roles are up or down together.
            let role = ROLES[(at * [1, 4, 7][round]) % ROLES.len()];
            kill(pid, role);
            std::thread::sleep(PAUSE);
        }
    }
    let run = demo.finish();
    for name in LEVELS {
        assert_eq!(count(&run.rows(name, &Stream::MODBUS)), 758, "{name}");
        assert_eq!(count(&run.rows(name, &Stream::CONN)), 4, "{name}");
    }
    let mut fell: BTreeMap<(&str, String), usize> = BTreeMap::new();
    for name in LEVELS {
        records(&run.evidence(name).join("audit"), |record| {
            let event = &record.body.event;
            if event.kind == EventKind::WorkloadStopped && event.field("outcome") == Some("fell") {
                *fell
                    .entry((name, event.field("role").unwrap().into()))
                    .or_default() += 1;
            }
        })
        .unwrap();
    }
    let told: Vec<usize> = fell.values().copied().collect();
    assert_eq!(
        told,
        [ROUNDS; ROLES.len()],
        "every fall is a record: {fell:?}"
    );
}
