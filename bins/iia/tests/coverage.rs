//! What is without contract, as an operator asks for it: flows of captures, sockets of a machine, and both of a plant whose
//! client and server stand in network namespaces of their own.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "tests")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use iia_capture::live::packets::{self, Source};
use iia_capture::pipeline::{Options, Pipeline};
use iia_contract::explain;
use iia_contract::matcher::Matcher;
use iia_core::finding::Finding;
use iia_core::stream::Stream;
use serde_json::Value;

const INSIDE: &str = "IIA_IN_A_NAMESPACE";
const PLANT: &str =
    "a_write_between_two_namespaces_is_a_violation_with_source_destination_operation_and_time";
/// A switch that floods, a client and a server behind it, and a port that mirrors.
const MAKE: &str = "mount -t tmpfs none /run; mount -t sysfs sysfs /sys; ip link set lo up
ip link add br0 type bridge ageing_time 0; ip link set br0 up
for end in client server; do
  ip netns add $end; ip link add ${end} type veth peer name eth0 netns $end
  ip link set ${end} master br0 up
done
ip -n client addr add 10.20.0.5/24 dev eth0; ip -n client link set eth0 up
ip -n server addr add 10.20.0.7/24 dev eth0; ip -n server link set eth0 up
ip link add tap0 type veth peer name obs0; ip link set tap0 master br0 up; ip link set obs0 up
exec \"$0\" --exact ";
/// Reads are contracted, writes are not.
const CATALOG: &str = "iia-config 1

contract iia.contract.device.press 1.0.0 {
  scope device
  protocol modbus_tcp
  client 10.20.0.5
  server tcp/10.20.0.7:502
  unit 1
  read holding_register 0 9
}
";

fn iia(arguments: &[&str]) -> Output {
    let mut program = Command::new(env!("CARGO_BIN_EXE_iia"));
    program.args(arguments).output().unwrap()
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn press_line() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/captures/press-line.pcap")
}

/// What `check` finds as well, here by who speaks to whom.
#[test]
fn every_flow_of_a_capture_that_no_contract_covers_is_listed_and_the_exit_code_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let (whole, narrow) = (dir.path().join("whole.icl"), dir.path().join("narrow.icl"));
    let (capture, learnt) = (press_line(), out(&iia(&["learn", text(&press_line())])));
    fs::write(&whole, &learnt).unwrap();
    let one: Vec<&str> = learnt.split("\ncontract ").take(2).collect();
    fs::write(&narrow, one.join("\ncontract ") + "\n").unwrap();

    let check = |catalog: &Path| {
        out(&iia(&[
            "check",
            "--json",
            "--catalog",
            text(catalog),
            text(&capture),
        ]))
    };
    let sum =
        |lines: &str| -> Value { serde_json::from_str(lines.lines().last().unwrap()).unwrap() };
    for catalog in [&whole, &narrow] {
        let output = iia(&["coverage", "--json", text(catalog), text(&capture)]);
        let (lines, violations) = (out(&output), sum(&check(catalog))["violations"].as_u64());
        let flows: Vec<Value> = lines
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        let times: u64 = flows.iter().filter_map(|flow| flow["times"].as_u64()).sum();
        assert_eq!(Some(times), violations, "{lines}");
        assert_eq!(output.status.code(), Some(i32::from(times > 0)), "{lines}");
        assert_eq!(sum(&lines)["flows"].as_u64(), Some(flows.len() as u64 - 1));
    }
    let told = out(&iia(&["coverage", text(&narrow), text(&capture)]));
    assert!(
        told.lines()
            .last()
            .unwrap()
            .starts_with("without contract: "),
        "{told}"
    );
}

#[test]
fn something_to_look_at_must_be_named_and_be_there() {
    let dir = tempfile::tempdir().unwrap();
    let catalog = dir.path().join("press.icl");
    fs::write(&catalog, CATALOG).unwrap();
    for arguments in [
        &["coverage", text(&catalog)][..],
        &["coverage", text(&catalog), "/nowhere.pcap"],
        &["coverage", "/nowhere.icl", "--live"],
    ] {
        assert_eq!(iia(arguments).status.code(), Some(2), "{arguments:?}");
    }
}

fn python(namespace: &str, role: &str) -> Child {
    let python = std::env::var("IIA_PYTHON").unwrap_or_else(|_| "python3".into());
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/plant/modbus.py");
    Command::new("ip")
        .args([
            "netns",
            "exec",
            namespace,
            &python,
            text(&script),
            role,
            "10.20.0.7",
        ])
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Runs `iia coverage --live` in a namespace.
fn live(namespace: &str, catalog: &Path) -> Output {
    Command::new("ip")
        .args([
            "netns",
            "exec",
            namespace,
            env!("CARGO_BIN_EXE_iia"),
            "coverage",
            text(catalog),
            "--live",
        ])
        .output()
        .unwrap()
}

fn has_pymodbus() -> bool {
    let python = std::env::var("IIA_PYTHON").unwrap_or_else(|_| "python3".into());
    let imported = Command::new(python)
        .args(["-c", "import pymodbus"])
        .output();
    imported.is_ok_and(|output| output.status.success())
}

#[test]
fn a_write_between_two_namespaces_is_a_violation_with_source_destination_operation_and_time() {
    if std::env::var_os(INSIDE).is_some() {
        return inside();
    }
    let skip = |why: &str| {
        assert!(std::env::var_os("IIA_REQUIRE_ALL").is_none(), "{why}");
        eprintln!("SKIPPED: {PLANT}: {why}");
    };
    if !has_pymodbus() {
        return skip("pymodbus");
    }
    let output = Command::new("unshare")
        .args([
            "--map-root-user",
            "--net",
            "--mount",
            "sh",
            "-ec",
            &format!("{MAKE}{PLANT} --nocapture"),
        ])
        .arg(std::env::current_exe().unwrap())
        .env(INSIDE, "1")
        .output()
        .unwrap();
    let (said, errors) = (
        out(&output),
        String::from_utf8_lossy(&output.stderr).into_owned(),
    );
    match said.contains("running 1 test") {
        true => assert!(output.status.success(), "{said}{errors}"),
        false => skip(&errors),
    }
}

fn inside() {
    let dir = tempfile::tempdir().unwrap();
    let catalog = dir.path().join("press.icl");
    fs::write(&catalog, CATALOG).unwrap();
    let silent = live("server", &catalog);
    assert_eq!(
        (silent.status.code(), out(&silent)),
        (Some(0), "nothing is without contract\n".into())
    );

    let mut server = python("server", "server");
    let listening = "a listener on tcp/10.20.0.7:502\nwithout contract: 0 flows and 1 socket\n";
    let begun = Instant::now();
    let mut told = live("server", &catalog);
    while told.status.code() == Some(0) && begun.elapsed() < Duration::from_secs(30) {
        told = live("server", &catalog);
    }
    assert_eq!(
        (told.status.code(), out(&told)),
        (Some(1), listening.into())
    );
    let elsewhere = live("client", &catalog);
    assert_eq!(elsewhere.status.code(), Some(0), "{}", out(&elsewhere));

    let found = violations();
    server.kill().unwrap();
    let _ = server.wait();
    let [finding] = found.as_slice() else {
        unreachable!("the write and nothing else: {found:?}");
    };
    assert!(finding.is_on(&Stream::VIOLATION));
    assert_eq!(finding.source, "10.20.0.5");
    assert_eq!(finding.destination, "10.20.0.7:502");
    assert_eq!(finding.operation, "write holding_register 40");
    assert_eq!(
        (finding.contract.as_str(), finding.clause.as_str()),
        ("iia.contract.device.press", "read_only")
    );
}

/// What the client does, seen by the port that mirrors and judged while it passes.
fn violations() -> Vec<Finding> {
    let document = iia_config::parse::parse(CATALOG.as_bytes(), CATALOG.len()).unwrap();
    let catalog = iia_config::validate::catalog(&document).unwrap();
    let matcher = Matcher::new(&catalog);
    let mut pipeline = Pipeline::new(Options::default());
    let mut source = Source::open("obs0", &packets::Options::default()).unwrap();
    let since = now_ns();
    let client = python("client", "client");
    let mut found = Vec::new();
    let mut judge = |seen: &iia_core::observe::Observation<'_>| {
        let verdict = seen.judged().then(|| matcher.judge(seen));
        found
            .extend(verdict.and_then(|verdict| explain::finding(&catalog, seen, &verdict, vec![])));
    };
    let mut last = Instant::now();
    let mut packets = 0;
    while packets == 0 && last.elapsed() < Duration::from_secs(30)
        || last.elapsed() < Duration::from_secs(1)
    {
        if let Some(batch) = source.next(Duration::from_millis(50)).unwrap() {
            for packet in batch.packets() {
                packets += 1;
                pipeline.handle_packet(&packet, &mut judge);
            }
            last = Instant::now();
        }
    }
    pipeline.finish(&mut judge);
    let ended = client.wait_with_output().unwrap();
    assert!(
        ended.status.success(),
        "{}",
        String::from_utf8_lossy(&ended.stderr)
    );
    for finding in &found {
        assert!((since..now_ns()).contains(&finding.ts_ns), "{finding:?}");
    }
    // Frames without IP, which hosts send of their own accord, are no part of what is asked here.
    found.retain(|finding| finding.destination.contains(':') && finding.source.starts_with("10."));
    found
}

fn now_ns() -> i64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    i64::try_from(now.unwrap().as_nanos()).unwrap()
}
