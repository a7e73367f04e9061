//! The one privileged program has one privilege, no socket, and no code that could open one to the world.
#![expect(
    clippy::unwrap_used,
    clippy::print_stderr,
    clippy::panic,
    reason = "a test may fail"
)]

mod common;

use std::fs;
use std::process::Command;
use std::time::{Duration, Instant};

use common::{FIRST, TestBox, artifact, said};

/// CAP_NET_ADMIN alone.
const NETWORK_ONLY: &str = "0000000000001000";

#[test]
fn while_it_runs_it_may_change_the_network_and_nothing_else() {
    let Some(mut test) = TestBox::open("while_it_runs_it_may_change_the_network_and_nothing_else")
    else {
        return;
    };
    let staged = test.stage(&artifact(1, None, &FIRST, ""));
    let approval = test.approve(staged);
    let child = test.applier(&[
        "--approval",
        approval.to_str().unwrap(),
        "--confirm-within",
        "30",
    ]);
    let deadline = Instant::now() + Duration::from_secs(10);
    while !test.firewall().contains("collect_to_lake") {
        assert!(Instant::now() < deadline);
        std::thread::sleep(Duration::from_millis(20));
    }
    // `ip netns exec` becomes the program, so the child is the applier itself.
    let proc = format!("/proc/{}", child.id());
    let status = fs::read_to_string(format!("{proc}/status")).unwrap();
    let field = |name: &str| {
        status
            .lines()
            .find_map(|line| line.strip_prefix(name))
            .unwrap()
            .trim()
    };
    assert_eq!(field("Name:"), "iia-apply");
    for set in ["CapEff:", "CapPrm:", "CapBnd:", "CapInh:", "CapAmb:"] {
        assert_eq!(field(set), NETWORK_ONLY, "{set}");
    }
    assert_eq!(field("NoNewPrivs:"), "1");
    for file in fs::read_dir(format!("{proc}/fd")).unwrap() {
        let target = fs::read_link(file.unwrap().path()).unwrap();
        assert!(
            !target.to_string_lossy().starts_with("socket:"),
            "{target:?}"
        );
    }
    for table in ["tcp", "tcp6", "udp", "udp6", "raw", "raw6"] {
        let sockets = fs::read_to_string(format!("{proc}/net/{table}")).unwrap();
        assert_eq!(
            sockets.lines().count(),
            1,
            "nobody listens in the box's namespace: {sockets}"
        );
    }
    test.await_trial();
    test.observe(staged);
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", said(&output));
    assert!(!fs::exists(proc).unwrap(), "it is gone when it is done");
}

#[test]
fn it_links_no_network_stack() {
    const BANNED: [&str; 12] = [
        "tokio",
        "mio",
        "socket2",
        "rustls",
        "native-tls",
        "openssl",
        "hyper",
        "h2",
        "reqwest",
        "axum",
        "quinn",
        "async-std",
    ];
    let output = Command::new(env!("CARGO"))
        .args([
            "tree",
            "--offline",
            "-p",
            "iia-apply",
            "-e",
            "normal",
            "--prefix",
            "none",
            "-f",
            "{p}",
        ])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", said(&output));
    let tree = String::from_utf8(output.stdout).unwrap();
    let names: Vec<&str> = tree
        .lines()
        .filter_map(|line| line.split(' ').next())
        .collect();
    assert!(
        names.contains(&"iia-config") && names.contains(&"rustix"),
        "{names:?}"
    );
    for banned in BANNED {
        assert!(!names.contains(&banned), "{banned} is linked");
    }
}

#[test]
fn anything_else_that_is_asked_of_it_is_refused() {
    for line in [
        "",
        "--help",
        "--dir / --box b --identity spiffe://a/b --restore --exec sh",
        "sh -c id",
    ] {
        let words = line.split(' ').filter(|word| !word.is_empty());
        let output = Command::new(env!("CARGO_BIN_EXE_iia-apply"))
            .args(words)
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(2), "{line}");
        assert!(
            said(&output).contains("usage:"),
            "{line}: {}",
            said(&output)
        );
    }
}

#[test]
fn its_unit_leaves_it_one_capability_and_little_exposed() {
    let test = "its_unit_leaves_it_one_capability_and_little_exposed";
    if !common::net::has("systemd-analyze") {
        return common::net::skip(test, "systemd-analyze");
    }
    let unit = concat!(env!("CARGO_MANIFEST_DIR"), "/iia-apply.service");
    let output = Command::new("systemd-analyze")
        .args(["security", "--offline=true", "--threshold=20", unit])
        .output()
        .unwrap();
    let judged = String::from_utf8_lossy(&output.stdout).into_owned();
    eprintln!("{}", judged.lines().last().unwrap_or_default());
    assert!(output.status.success(), "{judged}");
}

/// As in its unit: a user that is not root, with the one capability as ambient.
#[test]
fn it_needs_no_root() {
    let Some(mut test) = TestBox::open("it_needs_no_root") else {
        return;
    };
    if !common::net::has("setpriv") {
        return common::net::skip("it_needs_no_root", "setpriv");
    }
    let staged = test.stage(&artifact(1, None, &FIRST, ""));
    let approval = test.approve(staged);
    let dir = test.dir.path().to_str().unwrap();
    let program = test.path("iia-apply");
    fs::copy(env!("CARGO_BIN_EXE_iia-apply"), &program).unwrap();
    let owned = Command::new("chown")
        .args(["-R", "2001:2001", dir])
        .status()
        .unwrap();
    assert!(owned.success());
    let mut applier = Command::new("ip");
    applier
        .args([
            "netns",
            "exec",
            test.lab.router(),
            "setpriv",
            "--reuid=2001",
            "--regid=2001",
            "--clear-groups",
        ])
        .args([
            "--inh-caps=-all,+net_admin",
            "--ambient-caps=-all,+net_admin",
            "--bounding-set=-all,+net_admin",
        ])
        .arg(&program)
        .args([
            "--dir",
            dir,
            "--box",
            common::BOX,
            "--identity",
            common::IDENTITY,
            "--approval",
            approval.to_str().unwrap(),
        ])
        .stderr(std::process::Stdio::piped());
    let child = applier.spawn().unwrap();
    test.await_trial();
    test.observe(staged);
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", said(&output));
    assert!(test.firewall().contains("collect_to_lake"));
}
