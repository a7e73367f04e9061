//! What no capture at hand holds, made from the standards, held against the tshark of this machine: every register of EtherCAT,
//! what the fuzz targets begin with, and the bytes in `layouts`. Which fields had the same value somewhere is a list
//! (`judges/tshark.txt`), from which none may go; why others differ is another (`judges/tshark-differs.tsv`), and each of it has to
//! differ. Some fields of ours have another name there (`judges/tshark-names.tsv`).
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stderr,
    unreachable_pub,
    dead_code,
    reason = "tests"
)]

mod fields;
mod made;
mod oracle;
mod truth;
mod tshark;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use iia_core::digest::decode_hex;
use made::{Capture, frames, layouts, mailboxes, profinet, registers};
use truth::Values;

/// Frames, how tshark finds those that count, and the fields that are compared.
struct Row {
    name: &'static str,
    frames: Vec<Vec<u8>>,
    filter: &'static str,
    fields: Vec<String>,
}

impl Row {
    /// All that tshark has of these protocols.
    fn all(
        name: &'static str,
        frames: Vec<Vec<u8>>,
        filter: &'static str,
        protocols: &[&str],
    ) -> Self {
        Self {
            name,
            frames,
            filter,
            fields: tshark::fields(protocols),
        }
    }

    /// The bytes of the standards, in the fields that their decoders tell, under tshark's names.
    fn written() -> Self {
        let decoders = fields::decoders().into_iter();
        let told = decoders.filter(|(decoder, _)| WRITTEN.contains(&decoder.as_str()));
        let told: BTreeSet<String> = told.flat_map(|(_, names)| names).collect();
        let names = names().into_iter();
        let named = names.filter(|name| told.contains(&name.ours));
        let named = named.map(|name| name.theirs);
        let own = told
            .iter()
            .filter(|name| !name.starts_with("iia."))
            .cloned();
        Self {
            name: "layouts",
            frames: layouts::frames(WRITTEN),
            filter: "frame",
            fields: tshark::known(&own.chain(named).collect()),
        }
    }
}

/// Decoders whose bytes tshark is asked about; CIP has a test of its own (`truth_enip_made.rs`), and UADP is unknown there.
const WRITTEN: &[&str] = &[
    "arp", "dhcp", "dns", "ethercat", "goose", "http", "lldp", "modbus", "mqtt", "mqtt_sn",
    "opcua", "profinet", "tls",
];
const PROFINET: &[&str] = &[
    "pn_io", "pn_dcp", "pn_rt", "pn_mrp", "pn_ptcp", "dcerpc", "epm",
];
const ETHERCAT: &[&str] = &["ecat", "ecat_mailbox", "ams", "tc_nv"];
const WITNESS: &[&str] = &["arp", "dhcp", "dhcpv6", "dns", "lldp", "ntp"];

/// What the fuzz targets begin with, every register and mailbox, and what stands in the standards.
fn rows() -> Vec<Row> {
    let names = profinet::NAMES.iter();
    let messages = names.flat_map(|name| profinet::messages(name));
    let profinet = messages.map(|message| profinet::frame(&message)).collect();
    vec![
        Row::all("registers", registers::registers(), "ecat", &["ecat"]),
        Row::all("mailboxes", mailboxes::mailboxes(), "ecatf", ETHERCAT),
        Row::all("ethercat", frames::ethercat(), "ecatf", ETHERCAT),
        Row::all(
            "profinet",
            profinet,
            "pn_rt || pn_dcp || dcerpc || pn_mrp || pn_ptcp",
            PROFINET,
        ),
        Row::all(
            "witness",
            frames::witness(),
            "arp || dhcp || dhcpv6 || dns || mdns || llmnr || lldp || ntp",
            WITNESS,
        ),
        Row::all("opcua", frames::opcua(), "opcua", &["opcua"]),
        Row::written(),
    ]
}

/// What tshark calls a field of ours.
struct Name {
    ours: String,
    theirs: String,
    /// Whether it writes bytes as decimal numbers with points between them.
    dotted: bool,
}

fn names() -> Vec<Name> {
    let text = std::fs::read_to_string(list("tshark-names.tsv")).unwrap();
    let name = |line: &str| {
        let mut columns = line.split('\t').map(str::to_owned);
        Name {
            ours: columns.next().unwrap(),
            theirs: columns.next().unwrap(),
            dotted: columns.next().is_some(),
        }
    };
    text.lines().map(name).collect()
}

/// Says again under tshark's names what is told under ours.
fn named(ours: &mut Values, names: &[Name]) {
    let mut again = Values::new();
    for ((frame, name), values) in ours.iter() {
        let Some(name) = names.iter().find(|one| one.ours == *name) else {
            continue;
        };
        let values = values.iter().map(|value| match name.dotted {
            true => dotted(value),
            false => value.clone(),
        });
        let place = (frame.clone(), name.theirs.clone());
        again.entry(place).or_default().extend(values);
    }
    for (place, values) in again {
        ours.entry(place).or_default().extend(values);
    }
}

fn dotted(hex: &str) -> String {
    let mut bytes = vec![0; hex.len() / 2];
    decode_hex(hex, &mut bytes).unwrap();
    let numbers: Vec<String> = bytes.iter().map(u8::to_string).collect();
    numbers.join(".")
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
        let (mut all, names) = (Self::default(), names());
        for row in rows {
            let path = folder.join(format!("{}.pcap", row.name));
            let mut capture = Capture::default();
            row.frames.iter().for_each(|frame| capture.add(frame));
            capture.write(&path);
            let theirs = tshark::read(&path, row.filter, &row.fields);
            let mut ours = by_frame(truth::ours(&path));
            named(&mut ours, &names);
            let same = tshark::compare(&ours, &theirs, &mut all.different);
            let mut equal = tshark::equal(&ours, &theirs);
            let also = names.iter().filter(|name| equal.contains(&name.theirs));
            let also: Vec<String> = also.map(|name| name.ours.clone()).collect();
            equal.extend(also);
            let (name, frames, count) = (row.name, row.frames.len(), equal.len());
            eprintln!("{name}: {frames} frames, {same} values of {count} fields equal");
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
    truth::hold_list("tshark.txt", &found.equal);
    let differs = std::fs::read_to_string(list("tshark-differs.tsv")).unwrap();
    let differs: Vec<(&str, &str)> = differs
        .lines()
        .map(|line| line.split_once('\t').unwrap())
        .collect();
    assert!(tshark::hold(found.different, &differs));
}
