//! Implicit I/O between a device and a scanner that somebody else wrote, on a cable: what both say that they sent and got is what
//! is told, and tshark reads the same in every field.
#![cfg(target_os = "linux")]
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stderr,
    unreachable_pub,
    dead_code,
    reason = "tests"
)]

mod asked;
mod enip_fields;
mod lab;
mod oracle;
mod truth;

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use enip_fields::{FIELDS, WIDER, again};
use iia_core::observe::{Field, Protocol, Said, Value};
use lab::{OBSERVER, inside, shell, skip};

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/peers/enip.py");
const OUTPUTS: usize = 12;
/// The device behind the cable, and the scanner at this end.
const DEVICE: &str = "10.30.0.2";
const CABLE: &str = "
sysctl -qw net.ipv6.conf.all.disable_ipv6=1
ip address add 10.30.0.1/24 dev obs0
ip -n peer address add 10.30.0.2/24 dev gen0
ip -n peer link set gen0 arp on
";

/// Ends with the test, whatever becomes of it.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn python() -> String {
    let own = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/venv/bin/python3");
    std::env::var("IIA_PYTHON").unwrap_or_else(|_| own.into())
}

fn there() -> bool {
    let done = Command::new(python())
        .args(["-c", "import ethernetip.device.virtual_device"])
        .output();
    done.is_ok_and(|done| done.status.success())
}

/// Starts a program, and waits until it says something.
fn start(command: &mut Command) -> Running {
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    let said = child.stdout.take().unwrap();
    BufReader::new(said).read_line(&mut line).unwrap();
    assert_eq!(line.trim(), "ready");
    Running(child)
}

/// Keeps what passes as a capture, with the program of others.
fn keeper(path: &Path) -> Running {
    let mut command = Command::new("dumpcap");
    command.args(["-q", "-i", OBSERVER, "-w"]).arg(path);
    let child = Running(command.stderr(Stdio::null()).spawn().unwrap());
    let end = Instant::now() + Duration::from_secs(10);
    while !std::fs::metadata(path).is_ok_and(|file| file.len() > 0) {
        assert!(Instant::now() < end, "dumpcap does not begin");
        std::thread::sleep(Duration::from_millis(5));
    }
    child
}

/// Stops it once the end of the conversation is written.
fn stop(keeper: &mut Running, path: &Path) {
    let end = Instant::now() + Duration::from_secs(10);
    let mut is_over = false;
    while !is_over {
        assert!(Instant::now() < end, "the end was not kept");
        std::thread::sleep(Duration::from_millis(20));
        truth::read(path, &mut |said| {
            is_over |= said.what == "unregister_session"
        });
    }
    let pid = keeper.0.id().to_string();
    shell(&format!("kill -INT {pid}"));
    assert!(keeper.0.wait().unwrap().success());
}

fn find<'a, 'f>(fields: &'f [Field<'a>], name: &str) -> Option<&'f Value<'a>> {
    fields
        .iter()
        .find(|field| field.name == name)
        .map(|field| &field.value)
}

fn number(fields: &[Field<'_>], name: &str) -> Option<u64> {
    find(fields, name).and_then(Value::number)
}

/// Data of an I/O connection as the two ends print it: `out` or `in`, and the bytes of the assembly.
fn data(said: &Said<'_>) -> Option<String> {
    let out = find(said.asked, "iia.cip_io.from_originator")? == &Value::Bool(true);
    let bytes = find(said.asked, "cipio.data")?.to_string();
    // The scanner runs.
    let runs = number(said.asked, "cip.32bitheader.run_idle");
    assert_eq!(runs, out.then_some(1));
    Some(format!("{} {bytes}", if out { "out" } else { "in" }))
}

/// Fields that tshark shows in other frames as well: see `truth_enip.rs`.
const ELSEWHERE: [&str; 8] = [
    "cip.rr",
    "cip.class",
    "cip.instance",
    "cip.connpoint",
    "cip.cm.otapi",
    "cip.cm.toapi",
    "cip.cm.connpath_size",
    "cip.cm.app_reply_size",
];
/// Fields that must have been equal.
const EQUAL: [&str; 13] = [
    "cip.32bitheader",
    "cip.32bitheader.coo",
    "cip.32bitheader.roo",
    "cip.32bitheader.run_idle",
    "cip.cm.ot_connid",
    "cip.cm.to_connid",
    "cip.cm.otrpi",
    "cip.cm.conn_serial_num",
    "cip.cm.fwo.transport",
    "enip.cpf.sai.connid",
    "enip.cpf.sai.seq",
    "cip.seq",
    "cipio.data",
];

#[test]
fn r_zon_03_what_a_device_and_a_scanner_exchange_is_told_as_they_mean_it() {
    let test = "r_zon_03_what_a_device_and_a_scanner_exchange_is_told_as_they_mean_it";
    if !there() {
        return skip(test, "cm-ethernetip is not installed");
    }
    if !inside(test) {
        return;
    }
    shell(CABLE);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("io.pcapng");
    let mut command = Command::new("ip");
    command.args(["netns", "exec", "peer", &python(), SCRIPT, "device", DEVICE]);
    let _device = start(&mut command);
    let mut keeper = keeper(&path);
    let scan = Command::new(python())
        .args([SCRIPT, "scan", DEVICE, &OUTPUTS.to_string()])
        .output()
        .unwrap();
    let told = String::from_utf8(scan.stdout).unwrap();
    assert!(
        scan.status.success(),
        "{}",
        String::from_utf8_lossy(&scan.stderr)
    );
    stop(&mut keeper, &path);
    as_the_ends_mean_it(&path, &told);
    as_tshark_reads_it(test, &path);
}

/// What was told, held against what the scanner printed.
fn as_the_ends_mean_it(path: &Path, told: &str) {
    let (mut seen, mut serial) = (Vec::new(), None);
    truth::read(path, &mut |said| {
        if said.what == "forward_open" {
            serial = number(said.asked, "cip.cm.conn_serial_num");
        }
        if said.protocol != Protocol::CipIo {
            return;
        }
        assert_eq!(number(said.asked, "iia.cip_io.conn_serial_num"), serial);
        assert_eq!(number(said.asked, "iia.cip_io.interval_us"), Some(10_000));
        assert_eq!(number(said.asked, "iia.cip_io.missed"), None);
        let out = find(said.asked, "iia.cip_io.from_originator") == Some(&Value::Bool(true));
        let point = if out { 102 } else { 100 };
        assert_eq!(number(said.asked, "iia.cip_io.connpoint"), Some(point));
        seen.push(data(said).unwrap());
    });
    let printed = told.lines().find_map(|line| line.strip_prefix("serial "));
    let printed = printed.unwrap().split(' ').next().unwrap();
    assert_eq!(
        serial.map(|serial| serial.to_string()).as_deref(),
        Some(printed)
    );
    for way in ["out ", "in "] {
        let of = |line: &&str| line.starts_with(way);
        let want: Vec<&str> = told.lines().filter(of).collect();
        let have: Vec<&str> = seen.iter().map(String::as_str).filter(of).collect();
        // The device may send once more while the scanner closes.
        assert!(
            have.len() >= want.len() && have.len() <= want.len() + 2,
            "{have:?}"
        );
        assert_eq!(have[..want.len()], want);
        assert!(want.len() >= OUTPUTS - 2);
    }
}

fn as_tshark_reads_it(test: &str, path: &Path) {
    let folder = path.parent().unwrap();
    let manifest = "path\nio.pcapng\t\t\t\t\t\tenip_cip\n";
    std::fs::write(folder.join("MANIFEST.tsv"), manifest).unwrap();
    let fields = [FIELDS, WIDER].concat();
    let protocol = ("enip_cip", "enip || cip || cipio");
    let Some(tables) = asked::tables(folder, |_, _| true, protocol, &fields) else {
        return asked::skip(test);
    };
    let agreement = truth::agree_again(tables.path(), protocol.0, &fields, again);
    eprintln!("{} values equal", agreement.same);
    let others = agreement.different.iter();
    let others: Vec<_> = others
        .filter(|((_, field), _)| !ELSEWHERE.contains(&field.as_str()))
        .collect();
    assert!(others.is_empty(), "{others:#?}");
    let path = Path::new("io.pcapng");
    let (theirs, _) = truth::theirs(tables.path(), path);
    let ours = truth::ours_again(&tables.path().join(path), again);
    let equal = truth::equal_fields(&ours, &theirs);
    let unequal = EQUAL.iter().filter(|name| !equal.contains(**name));
    assert_eq!(unequal.collect::<Vec<_>>(), [&""; 0]);
    assert!(agreement.same > 20 * OUTPUTS);
}
