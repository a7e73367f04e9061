//! The IO master as its user runs it: a plant with a real Modbus device and a proxy on its cable, the box at one side of the
//! proxy and the IO master at the other, each a process of its own in a network of its own. What the proxy does is in the
//! chain within seconds, with what the IO master read under its signature.
#![cfg(target_os = "linux")]
#![expect(
    clippy::panic,
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "tests"
)]

mod part;
mod rig;

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use iia_audit::frame::Record;
use iia_audit::own::OwnKey;
use iia_audit::verify::{Elsewhere, verify_against};
use iia_core::event::EventKind;
use iia_core::time::{Clock as _, Floor, SystemClock};

use rig::{MASTER, Rig, USER, inside, python};

/// How long a finding may take: the window of a skew of half a second is three.
const PATIENCE: Duration = Duration::from_secs(15);

fn now_ns() -> i64 {
    SystemClock::new(Floor::default(), 0).read().wall.as_ns()
}

fn field<'a>(record: &'a Record, key: &str) -> &'a str {
    record.body.event.field(key).unwrap_or_default()
}

/// Whether a record is a finding of the IO's observer, told for the first time.
fn is_finding(record: &Record, word: &str) -> bool {
    record.body.event.kind == EventKind::Finding
        && field(record, "stream") == "ot.attestation.io"
        && (field(record, "operation") == word || field(record, "reason").contains(word))
}

#[test]
fn r_zon_15_what_a_proxy_does_is_found_with_what_the_io_master_signed() {
    if !inside() {
        return;
    }
    let mut rig = Rig::start();
    apart(&mut rig);
    // Ten seconds in which nothing is done, of which the observer must have compared every poll.
    rig.until(PATIENCE, |record| field(record, "readings_1").len() > 100);
    rig.pass(Duration::from_secs(6));
    let told = rig.seen(|record| is_finding(record, ""));
    assert_eq!(told, 0, "told while nothing was done");
    let number = changed(&mut rig);
    let own = rig
        .seen_one(|record| record.body.source == MASTER && record.body.event.source_seq == number);
    judged(&own, &rig);
    missing(&mut rig);
    assert_eq!(rig.sent_on_the_tap(), 0);
    let key = rig.key();
    let evidence = rig.finish();
    let sources = vec![OwnKey {
        source: MASTER.parse().unwrap(),
        key,
    }];
    let elsewhere = Elsewhere {
        sources,
        ..Elsewhere::default()
    };
    let report = verify_against(&evidence, &elsewhere);
    assert!(report.bad.is_none(), "{:?}", report.bad);
    assert!(report.own > 10, "{}", report.own);
}

/// Another process, of another user and program, in another network, with no right left.
fn apart(rig: &mut Rig) {
    let started = rig.until(PATIENCE, |record| {
        record.body.event.kind == EventKind::WorkloadStarted && field(record, "role") == "io_master"
    });
    rig.pid = field(&started, "pid").parse().unwrap();
    rig.until(PATIENCE, |record| {
        record.body.event.kind == EventKind::IoObserved
    });
    let process = Path::new("/proc").join(rig.pid.to_string());
    let status = fs::read_to_string(process.join("status")).unwrap();
    for line in [
        &format!("Uid:\t{USER}\t{USER}\t{USER}\t{USER}"),
        "CapPrm:\t0000000000000000",
        "CapEff:\t0000000000000000",
        "CapAmb:\t0000000000000000",
        "NoNewPrivs:\t1",
        "Seccomp:\t2",
    ] {
        assert!(status.contains(line), "{line}\n{status}");
    }
    let exe = fs::read_link(process.join("exe")).unwrap();
    assert_eq!(exe, Path::new(env!("CARGO_BIN_EXE_iia-io")));
    let network = |of: &Path| fs::read_link(of.join("ns/net")).unwrap();
    assert_ne!(network(&process), network(Path::new("/proc/self")));
}

/// One answer is changed; gives the number of the statement that holds what the device said.
fn changed(rig: &mut Rig) -> u64 {
    let acted = now_ns();
    rig.proxy.order("change 1");
    let finding = rig.until(PATIENCE, |record| is_finding(record, "changed_frame"));
    let took_ms = (finding.written.utc_ns - acted) / 1_000_000;
    eprintln!(
        "changed to audited: {took_ms} ms: {}",
        field(&finding, "reason")
    );
    assert_eq!(field(&finding, "contract"), "iia.contract.device.press");
    let fields = finding.body.event.fields.iter();
    let mut named = fields.filter_map(|field| {
        let (_, number) = field.value.split_once(&format!("{MASTER}#"))?;
        number.split([' ', ',', ';', '\n']).next()?.parse().ok()
    });
    named.next().unwrap_or_else(|| panic!("{finding:?}"))
}

/// Another library finds the signature good, from what the record says and the key of the artifact.
fn judged(record: &Record, rig: &Rig) {
    let text = |text: &str| format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""));
    let event = &record.body.event;
    let fields = event.fields.iter();
    let fields: Vec<String> = fields
        .map(|field| format!("[{},{}]", text(&field.key), text(&field.value)))
        .collect();
    let key: String = rig
        .key()
        .as_bytes()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let told = format!(
        "{{\"key\":\"{key}\",\"source\":{},\"kind\":{},\"ts_ns\":{},\"number\":{},\"fields\":[{}]}}",
        text(&record.body.source),
        event.kind.number(),
        event.ts_ns,
        event.source_seq,
        fields.join(",")
    );
    let mut judge = Command::new(python())
        .arg(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/tests/plant/signature.py"
        ))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    judge
        .stdin
        .take()
        .unwrap()
        .write_all(told.as_bytes())
        .unwrap();
    let said = judge.wait_with_output().unwrap();
    assert_eq!(String::from_utf8_lossy(&said.stdout), "holds\n", "{told}");
}

/// An IO master that is held up is told, and its return as well.
fn missing(rig: &mut Rig) {
    rig.signal("STOP");
    rig.until(PATIENCE, |record| {
        is_finding(record, "has stated nothing since")
    });
    rig.signal("CONT");
    rig.until(PATIENCE, |record| {
        is_finding(record, "states what it reads again")
    });
}
