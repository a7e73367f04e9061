//! The box at a wire: an interface is taken over and made passive, and what is said on it without a contract is in the
//! chain a moment later.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use iia_audit::verify::records;
use iia_core::event::EventKind;
use iia_core::stream::Stream;

use crate::demo::{Demo, Finished, count};

const TEST: &str = "what_is_said_on_a_wire_is_in_the_chain_and_nothing_is_said_to_it";
const XDP: &str = include_str!("../../../../examples/examples/detection-matrix/xdp.py");
/// How many exchanges, and how many milliseconds apart.
const EXCHANGES: usize = 200;
const PAUSE_MS: usize = 37;

/// A cable with two ends, as long as this lives.
pub(crate) struct Cable(pub(crate) [String; 2]);

impl Cable {
    pub(crate) fn new() -> Option<Self> {
        let pid = std::process::id() % 100_000;
        // Several of one process lie beside each other.
        static MADE: AtomicU32 = AtomicU32::new(0);
        let number = MADE.fetch_add(1, Ordering::Relaxed);
        let cable = Self(["a", "b"].map(|end| format!("wire{pid}{end}{number}")));
        let [near, far] = &cable.0;
        let made = ip(&["link", "add", near, "type", "veth", "peer", "name", far]);
        (made && ip(&["link", "set", near, "up"])).then_some(cable)
    }
}

impl Drop for Cable {
    fn drop(&mut self) {
        ip(&["link", "delete", &self.0[0]]);
    }
}

fn ip(words: &[&str]) -> bool {
    let status = Command::new("ip")
        .args(words)
        .stderr(Stdio::null())
        .status();
    status.is_ok_and(|status| status.success())
}

fn skip(missing: &str) {
    skip_test(TEST, missing);
}

pub(crate) fn skip_test(test: &str, missing: &str) {
    let line = format!("SKIPPED: {test}: {missing}");
    assert!(std::env::var_os("IIA_REQUIRE_ALL").is_none(), "{line}");
    eprintln!("{line}");
}

/// Frames that came out of the other end.
fn came_out(interface: &str) -> u64 {
    let path = PathBuf::from("/sys/class/net").join(interface);
    let text = std::fs::read_to_string(path.join("statistics/rx_packets")).unwrap();
    text.trim().parse().unwrap()
}

/// Says it all; the moment of each register's answer.
fn say(interface: &str) -> BTreeMap<String, i64> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/walk/wire.py");
    let python = std::env::var("IIA_PYTHON").unwrap_or_else(|_| "python3".into());
    let (exchanges, pause) = (EXCHANGES.to_string(), PAUSE_MS.to_string());
    let said = Command::new(python)
        .arg(script)
        .args([interface, "10.20.0.66", "10.20.0.21", &exchanges, &pause])
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&said.stderr);
    assert!(said.status.success(), "{errors}");
    let said = String::from_utf8(said.stdout).unwrap();
    let line = |line: &str| {
        let (register, at) = line.split_once(' ')?;
        Some((register.to_owned(), at.parse().ok()?))
    };
    said.lines().filter_map(line).collect()
}

/// Every frame that was sent is in the ring, which tshark reads, and the chain has the seal of its file.
fn kept(run: &Finished) {
    let ring = run.path().join("seg01/captures");
    let files = crate::demo::files(&ring);
    let capture = files
        .iter()
        .find(|path| path.extension().is_some_and(|end| end == "pcapng"));
    let capture = capture.unwrap();
    let told = Command::new("tshark")
        .arg("-r")
        .arg(capture)
        .args(["-Y", "modbus"])
        .output();
    let Ok(told) = told else {
        return skip("tshark");
    };
    let frames = String::from_utf8(told.stdout).unwrap().lines().count();
    assert_eq!(frames, 2 * EXCHANGES);
    let name = format!(
        "captures/{}",
        capture.file_name().unwrap().to_str().unwrap()
    );
    let mut sealed = 0;
    records(&run.evidence("seg01").join("audit"), |record| {
        let event = &record.body.event;
        let is_it = event.field("file") == Some(&name) && event.field("seal").is_some();
        sealed += usize::from(event.kind == EventKind::CaptureClosed && is_it);
    })
    .unwrap();
    assert_eq!(sealed, 1);
}

/// Whoever is on the box sends a frame beneath its firewall, and is gone at once.
fn send_beneath(demo: &Demo, interface: &str) {
    let python = std::env::var("IIA_PYTHON").unwrap_or_else(|_| "python3".into());
    let sent = demo
        .inside(&python)
        .args(["-c", XDP, interface, &"02".repeat(60)])
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&sent.stderr);
    assert!(sent.status.success(), "{errors}");
}

/// What the observer of the interface told, as operation and reason.
fn told_of(run: &Finished, interface: &str) -> Vec<(String, String)> {
    let mut told = Vec::new();
    records(&run.evidence("seg01").join("audit"), |record| {
        let event = &record.body.event;
        let field = |key| event.field(key).unwrap_or_default().to_owned();
        if field("clause") == "passive" && field("source") == interface {
            told.push((field("operation"), field("reason")));
        }
    })
    .unwrap();
    told
}

#[test]
fn what_is_said_on_a_wire_is_in_the_chain_and_nothing_is_said_to_it() {
    let Some(cable) = Cable::new() else {
        return skip("the right to make interfaces");
    };
    let [near, far] = &cable.0;
    let arguments = ["--interface", far, "--seconds", "15", "--no-kill"];
    let mut demo = Demo::start(&arguments);
    demo.until("as it comes, for 15 s");
    let before = came_out(near);
    let sent = say(near);
    assert_eq!(came_out(near), before, "the box sent a frame");
    // The rule on the way out does not see this frame, and nobody hears it at the end that sends it.
    send_beneath(&demo, far);
    assert_eq!(came_out(near), before + 1, "AF_XDP sends here");
    let run = demo.finish();
    let told = told_of(&run, far);
    let words = format!("{far} is there to see only, and has sent 1 frame (60 bytes)");
    let of_it = told
        .iter()
        .filter(|(what, why)| what == "sent" && why.starts_with(&words));
    assert_eq!(of_it.count(), 1, "{told:?}");
    let others = told
        .iter()
        .find(|(what, _)| what != "sent" && what != "AF_XDP");
    assert_eq!(others, None, "the collector's own ear is nobody's concern");
    assert!(
        run.said.contains("the capture is at its end"),
        "{}",
        run.said
    );
    assert_eq!(count(&run.rows("seg01", &Stream::MODBUS)), EXCHANGES);
    kept(&run);
    let mut found = BTreeMap::new();
    let mut late = Vec::new();
    records(&run.evidence("seg01").join("audit"), |record| {
        let event = &record.body.event;
        let operation = event.field("operation").unwrap_or_default();
        let to = event.field("destination").unwrap_or_default();
        let register = match to.contains(":4840") {
            true => "opened",
            false => operation.rsplit(' ').next().unwrap_or_default(),
        };
        if event.kind == EventKind::ContractViolation && sent.contains_key(register) {
            *found.entry(register.to_owned()).or_insert(0) += 1;
            late.push(record.written.utc_ns - sent[register]);
        }
    })
    .unwrap();
    // Each write, and the connection over which nothing was said: told when it began, not when it was over.
    assert_eq!(found.len(), EXCHANGES + 1, "{found:?}");
    assert!(late.iter().all(|late| *late < 5_000_000_000), "{late:?}");
    assert!(found.values().all(|times| *times == 1));
    late.sort_unstable();
    let at = |part: usize| late[late.len() * part / 100] / 1_000_000;
    eprintln!(
        "from the wire to the chain: p50 {} ms, p99 {} ms",
        at(50),
        at(99)
    );
}
