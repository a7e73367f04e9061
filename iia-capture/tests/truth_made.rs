//! What no capture at hand holds, made from the standards, held against the tshark of this machine: every register of EtherCAT, and
//! what the fuzz targets begin with. Which fields had the same value somewhere is a list (`judges/tshark.txt`), from which none may
//! go; why others differ is another (`judges/tshark-differs.tsv`), and each of it has to differ.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stderr,
    unreachable_pub,
    dead_code,
    reason = "tests"
)]

mod made;
mod oracle;
mod truth;
mod tshark;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use made::{Capture, frames, mailboxes, profinet, registers};
use truth::Values;

/// Frames, and what tshark calls the protocols in them.
struct Row {
    name: &'static str,
    frames: Vec<Vec<u8>>,
    protocols: &'static [&'static str],
    filter: &'static str,
}

const PROFINET: &[&str] = &[
    "pn_io", "pn_dcp", "pn_rt", "pn_mrp", "pn_ptcp", "dcerpc", "epm",
];

fn rows() -> [Row; 6] {
    let names = profinet::NAMES.iter();
    let messages = names.flat_map(|name| profinet::messages(name));
    let row = |name, frames, protocols, filter| Row {
        name,
        frames,
        protocols,
        filter,
    };
    [
        row("registers", registers::registers(), &["ecat"], "ecat"),
        row(
            "mailboxes",
            mailboxes::mailboxes(),
            &["ecat", "ecat_mailbox", "ams"],
            "ecatf",
        ),
        row(
            "ethercat",
            frames::ethercat(),
            &["ecat", "ecat_mailbox", "ams"],
            "ecatf",
        ),
        row(
            "profinet",
            messages.map(|message| profinet::frame(&message)).collect(),
            PROFINET,
            "pn_rt || pn_dcp || dcerpc || pn_mrp || pn_ptcp",
        ),
        row(
            "witness",
            frames::witness(),
            &["arp", "dhcp", "dhcpv6", "dns", "lldp", "ntp"],
            "arp || dhcp || dhcpv6 || dns || mdns || llmnr || lldp || ntp",
        ),
        row("opcua", frames::opcua(), &["opcua"], "opcua"),
    ]
}

/// Whoever sent it: each frame has a moment of its own.
fn by_frame(values: Values) -> Values {
    let mut all = Values::new();
    for (((at, _), name), values) in values {
        let place = ((at, String::new()), name);
        all.entry(place).or_default().extend(values);
    }
    all
}

/// What both readings have of the same frames, by field.
#[derive(Default)]
struct Found {
    same: usize,
    equal: BTreeSet<String>,
    different: BTreeMap<String, (usize, String)>,
}

impl Found {
    fn of(rows: &[Row], folder: &Path) -> Self {
        let mut all = Self::default();
        for row in rows {
            let path = folder.join(format!("{}.pcap", row.name));
            let mut capture = Capture::default();
            row.frames.iter().for_each(|frame| capture.add(frame));
            capture.write(&path);
            let fields = tshark::fields(row.protocols);
            let theirs = tshark::read(&path, row.filter, &fields);
            let ours = by_frame(truth::ours(&path));
            let same = tshark::compare(&ours, &theirs, &mut all.different);
            let equal = tshark::equal(&ours, &theirs);
            let (name, frames, names) = (row.name, row.frames.len(), equal.len());
            eprintln!("{name}: {frames} frames, {same} values of {names} fields equal");
            all.same += same;
            all.equal.extend(equal);
        }
        all
    }
}

fn list(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/judges")
        .join(name)
}

#[test]
fn what_is_made_is_read_as_tshark_reads_it() {
    let test = "what_is_made_is_read_as_tshark_reads_it";
    if !tshark::present() {
        return tshark::skip(test);
    }
    let folder = tempfile::tempdir().unwrap();
    let found = Found::of(&rows(), folder.path());
    let equal: String = found.equal.iter().map(|name| format!("{name}\n")).collect();
    if std::env::var_os("IIA_WRITE").is_some_and(|value| value == "1") {
        std::fs::write(list("tshark.txt"), &equal).unwrap();
    }
    let written = std::fs::read_to_string(list("tshark.txt")).unwrap();
    let gone = written.lines().filter(|name| !found.equal.contains(*name));
    assert_eq!(gone.collect::<Vec<_>>(), [""; 0], "no value of it is equal");
    let differs = std::fs::read_to_string(list("tshark-differs.tsv")).unwrap();
    let differs: Vec<(&str, &str)> = differs
        .lines()
        .map(|line| line.split_once('\t').unwrap())
        .collect();
    assert!(tshark::hold(found.different, &differs));
}
