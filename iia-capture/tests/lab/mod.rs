//! A laboratory for live capture: an interface that observes, in a network namespace of its own, and one that sends to it.

#![allow(dead_code, reason = "each test uses its part of the laboratory")]

use std::io::Write as _;
use std::process::{Child, Command, Output, Stdio};

const INSIDE: &str = "IIA_IN_A_NAMESPACE";
/// The interface that observes.
pub(crate) const OBSERVER: &str = "obs0";
/// The one at the other end of its cable, in the namespace `peer`.
pub(crate) const SENDER: &str = "gen0";

/// Everything is private: the folders of the system's state too, so that nothing stays.
const MAKE: &str = "mount -t tmpfs none /run && mount -t sysfs sysfs /sys && ip netns add peer \
    && ip link add obs0 type veth peer name gen0 netns peer && ip link set lo up && ip link set obs0 up \
    && ip netns exec peer sysctl -qw net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.gen0.disable_ipv6=1 \
    && ip -n peer link set gen0 arp off multicast off up";

pub(crate) fn skip(test: &str, why: &str) {
    assert!(
        std::env::var_os("IIA_REQUIRE_ALL").is_none(),
        "{test}: {why}"
    );
    eprintln!("SKIPPED: {test}: {why}");
}

/// Where a test runs.
pub(crate) enum Run {
    /// In the laboratory.
    Inside,
    /// It ran there and passed.
    Done,
    /// This machine cannot have one, and why.
    Cannot(String),
}

/// Runs this very test again in the laboratory; `true` inside.
pub(crate) fn inside(test: &str) -> bool {
    match laboratory(test) {
        Run::Inside => return true,
        Run::Done => {}
        Run::Cannot(why) => skip(test, &why),
    }
    false
}

/// Runs this very test again in the laboratory.
pub(crate) fn laboratory(test: &str) -> Run {
    if std::env::var_os(INSIDE).is_some() {
        return Run::Inside;
    }
    let program = std::env::current_exe().unwrap();
    let run = format!("{MAKE} && exec \"$0\" --exact {test} --nocapture");
    let output = Command::new("unshare")
        .args(["--map-root-user", "--net", "--mount", "sh", "-c", &run])
        .arg(program)
        .env(INSIDE, "1")
        .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    if !said.contains("running 1 test") {
        return Run::Cannot(errors);
    }
    assert!(output.status.success(), "{said}{errors}");
    eprint!("{errors}");
    Run::Done
}

/// Runs commands of a shell in this namespace; they must succeed.
pub(crate) fn shell(commands: &str) -> String {
    must(
        Command::new("sh").args(["-ec", commands]).output(),
        commands,
    )
}

/// Runs a program of Python at the sender's end; it must succeed.
pub(crate) fn peer(program: &str, arguments: &[&str]) -> String {
    must(
        start(program, arguments).and_then(Child::wait_with_output),
        "python3",
    )
}

/// Starts a program of Python at the sender's end, which must not fail to start.
pub(crate) fn peer_later(program: &str) -> Child {
    start(program, &[]).unwrap()
}

/// Starts a program of Python at the sender's end.
pub(crate) fn start(program: &str, arguments: &[&str]) -> std::io::Result<Child> {
    let mut child = Command::new("ip")
        .args(["netns", "exec", "peer", "python3", "-"])
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    child.stdin.take().unwrap().write_all(program.as_bytes())?;
    Ok(child)
}

#[track_caller]
fn must(output: std::io::Result<Output>, command: &str) -> String {
    let output = output.unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command}: {said}");
    String::from_utf8(output.stdout).unwrap()
}

/// A counter of an interface here.
pub(crate) fn counter(interface: &str, name: &str) -> u64 {
    let text = std::fs::read_to_string(format!("/sys/class/net/{interface}/statistics/{name}"));
    text.unwrap().trim().parse().unwrap()
}
