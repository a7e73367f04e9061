//! PROFINET, held against tshark and ICSNPP on other people's captures, and against tshark in every field that both tell.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stderr,
    unreachable_pub,
    dead_code,
    reason = "tests"
)]

#[path = "made/profinet.rs"]
mod made;
mod oracle;
mod truth;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use iia_core::observe::{Between, Protocol};
use truth::Explained;

/// Every column of the tables that is about PROFINET.
const FIELDS: &[&str] = &[
    "pn_rt.frame_id",
    "pn_rt.cycle_counter",
    "pn_rt.ds",
    "pn_rt.transfer_status",
    "pn_dcp.service_id",
    "pn_dcp.service_type",
    "pn_dcp.xid",
    "pn_dcp.option",
    "pn_dcp.suboption_device_nameofstation",
    "pn_dcp.suboption_ip_ip",
    "pn_dcp.suboption_vendor_id",
    "pn_dcp.suboption_device_id",
    "dcerpc.pkt_type",
    "dcerpc.opnum",
    "dcerpc.dg_seqnum",
    "pn_io.opnum",
    "pn_io.block_type",
    "pn_io.block_length",
    "pn_io.ar_uuid",
    "pn_io.slot_nr",
    "pn_io.subslot_nr",
    "pn_io.index",
    "pn_io.error_code",
    "pn_io.error_decode",
    "pn_io.cminitiator_station_name",
];

/// Every message of a relation whose beginning tshark saw.
const RELATION: &str =
    "tshark repeats the UUID of a relation in a summary of it, which is not in the frame";
const EXPLAINED: &[Explained] = &[
    (
        "profinet_io_cm_connect.pcapng",
        "pn_io.ar_uuid",
        240,
        RELATION,
    ),
    (
        "profinet_io_cm_connect_minimal.pcapng",
        "pn_io.ar_uuid",
        2,
        RELATION,
    ),
    (
        "profinet_io_cm_device.pcapng",
        "pn_io.ar_uuid",
        10,
        RELATION,
    ),
];

#[test]
fn tshark_agrees() {
    let Some(corpus) = oracle::corpus() else {
        return oracle::skip("tshark_agrees");
    };
    let agreement = truth::agree(&corpus, "profinet", FIELDS);
    truth::hold(&agreement, EXPLAINED, "profinet.md");
}

/// What tshark repeats in a summary of the relation that a message belongs to.
const SUMMARY: &[&str] = &[
    "pn_io.ar_uuid",
    "pn_io.cminitiator_mac_add",
    "pn_io.cmresponder_macadd",
    "pn_io.frame_id",
    "pn_io.localalarmref",
];

/// What is spelled otherwise: a moment, a letter, and a type of relation that tshark tells as text in requests.
const SPELLED: &[&str] = &[
    "dcerpc.dg_server_boot",
    "pn_io.ar_type",
    "pn_io.im_revision_prefix",
];

/// Where tshark can be run, every field that both know is compared, not only the columns of the tables.
#[test]
fn tshark_agrees_in_every_field() {
    let Some(corpus) = oracle::corpus() else {
        return oracle::skip("tshark_agrees_in_every_field");
    };
    if Command::new("tshark").arg("-v").output().is_err() {
        return oracle::skip("tshark_agrees_in_every_field");
    }
    let rows = oracle::manifest(&corpus);
    let mut wrong = BTreeMap::new();
    for row in rows.iter().filter(|row| row.1 == "profinet") {
        compare(&corpus.join(&row.0), &mut wrong);
    }
    assert!(wrong.is_empty(), "{}", lines(&wrong).join("\n"));
}

/// The made messages too, which have all that the captures lack; each difference is a known one.
#[test]
fn tshark_agrees_on_made_messages() {
    if Command::new("tshark").arg("-v").output().is_err() {
        return oracle::skip("tshark_agrees_on_made_messages");
    }
    let mut wrong = BTreeMap::new();
    for name in made::NAMES {
        let path = std::env::temp_dir().join(format!("{name}-{}", std::process::id()));
        std::fs::write(&path, capture(name)).unwrap();
        let mut differs = BTreeMap::new();
        compare(&path, &mut differs);
        std::fs::remove_file(&path).unwrap();
        for ((_, field), found) in differs {
            wrong.insert(((*name).to_owned(), field), found);
        }
    }
    let known = |name: &str, field: &str| {
        let known = MADE.iter().filter(|known| known.0 == name);
        known.flat_map(|known| known.1).any(|one| *one == field)
    };
    wrong.retain(|(name, field), _| !known(name, field));
    assert!(wrong.is_empty(), "{}", lines(&wrong).join("\n"));
}

/// Fields in which tshark is wrong, or tells less, on made messages: in which, and which.
const MADE: &[(&str, &[&str])] = &[
    // The blocks of an iParameter and of an upload are not read there; the mode of a device is told twice.
    ("alarms", BLOCKS),
    ("alarms", &["pn_io.pe_operationalmode"]),
    // A parameter server is not read there; a number is told twice.
    (
        "connect",
        &[
            "pn_io.cminitiator_activitytimeoutfactor",
            "pn_io.parameter_server_objectuuid",
            "pn_io.parameter_server_station_name",
            "pn_io.station_name_length",
            "pn_io.rs_properties",
        ],
    ),
    // Servers of names are called addresses there, a maker's block and the manager of a TSN domain are not read, and
    // what is behind it is read out of step.
    (
        "discovery",
        &[
            "pn_dcp.block_info",
            "pn_dcp.block_length",
            "pn_dcp.block_qualifier",
            "pn_dcp.option",
            "pn_dcp.suboption_device_rsi_properties_value",
            "pn_dcp.suboption_ip",
            "pn_dcp.suboption_ip_ip",
            "pn_dcp.suboption_ip_standard_gateway",
            "pn_dcp.suboption_ip_subnetmask",
            "pn_dcp.suboption_tsn_nme_agent",
            "pn_dcp.suboption_tsn_nme_prio",
        ],
    ),
    // Numbers in a tower have their lower byte first (C706, appendix L).
    ("mapper", &["epm.uuid_version"]),
    // Blocks in containers and in what is adjusted for fast start-up are not read there.
    ("read_1", BLOCKS),
    (
        "read_1",
        &["pn_io.fs_parameter_mode", "pn_io.fs_parameter_uuid"],
    ),
    ("read_1", CONTAINED),
    // A type is told twice; what fills up a link's block is taken into account here only where it is there.
    (
        "rings",
        &[
            "pn_mrp.domain_uuid",
            "pn_mrp.length",
            "pn_mrp.sequence_id",
            "pn_mrp.type",
        ],
    ),
];
const BLOCKS: &[&str] = &[
    "pn_io.block_length",
    "pn_io.block_type",
    "pn_io.block_version_high",
    "pn_io.block_version_low",
];
const CONTAINED: &[&str] = &[
    "pn_io.api",
    "pn_io.im_hardware_revision",
    "pn_io.im_profile_id",
    "pn_io.im_profile_specific_type",
    "pn_io.im_revision_bugfix",
    "pn_io.im_revision_counter",
    "pn_io.im_serial_number",
    "pn_io.im_supported",
    "pn_io.im_sw_revision_functional_enhancement",
    "pn_io.im_sw_revision_internal_change",
    "pn_io.im_version_major",
    "pn_io.im_version_minor",
    "pn_io.index",
    "pn_io.order_id",
    "pn_io.slot_nr",
    "pn_io.subslot_nr",
    "pn_io.vendor_id_high",
    "pn_io.vendor_id_low",
];

fn lines(wrong: &Differences) -> Vec<String> {
    let line = |(key, (count, example)): (&(String, String), &(usize, String))| {
        format!("{key:?} in {count} frames: {example}")
    };
    wrong.iter().map(line).collect()
}

/// Made messages as a capture, a millisecond apart.
fn capture(name: &str) -> Vec<u8> {
    let mut bytes = [0xa1b2_c3d4_u32, 0x0004_0002, 0, 0, 65_535, 1]
        .map(u32::to_le_bytes)
        .concat();
    for (number, message) in made::messages(name).iter().enumerate() {
        let frame = made::frame(message);
        let len = u32::try_from(frame.len()).unwrap();
        let at = 1000 * u32::try_from(number).unwrap();
        bytes.extend([1_700_000_000, at, len, len].map(u32::to_le_bytes).concat());
        bytes.extend(frame);
    }
    bytes
}

/// ICSNPP logs a row a message: every row is told here, by who sent it, what it is, and its number.
#[test]
fn icsnpp_agrees() {
    let Some(corpus) = oracle::corpus() else {
        return oracle::skip("icsnpp_agrees");
    };
    let (mut rows, captures) = (0, oracle::manifest(&corpus));
    for (path, _) in captures.iter().filter(|row| row.1 == "profinet") {
        let name = path.file_stem().unwrap().to_str().unwrap();
        let log = path
            .parent()
            .unwrap()
            .join(format!("expected/zeek/tests.{name}/profinet_io_cm.log"));
        let Ok(log) = std::fs::read_to_string(corpus.join(log)) else {
            continue;
        };
        let mut theirs: Vec<_> = log
            .lines()
            .filter(|line| !line.starts_with('#'))
            .map(|line| {
                let row: Vec<&str> = line.split('\t').collect();
                let kind = row[10].to_lowercase();
                let kind = kind.split(' ').next().unwrap().replace("no", "nocall");
                (row[4].to_owned(), kind, row[30].to_owned())
            })
            .collect();
        let mut ours = Vec::new();
        let mut message = |from: String, fields: &[iia_core::observe::Field<'_>]| {
            let of = |name: &str| {
                let value = fields.iter().find(|field| field.name == name)?.value;
                Some(value.to_string())
            };
            if let (Some(kind), Some(number)) = (of("dcerpc.pkt_type"), of("dcerpc.dg_seqnum")) {
                let kind = kind.split(' ').nth(1).unwrap().to_owned();
                ours.push((from, kind, number));
            }
        };
        truth::read(&corpus.join(path), &mut |said| {
            let Between::Flow(flow) = said.between else {
                return;
            };
            let mut ends = [flow.orig_h.to_string(), flow.resp_h.to_string()];
            if !said.from_orig {
                ends.reverse();
            }
            let [asker, answerer] = ends;
            let alone = said.latency_ns.is_none();
            message(asker.clone(), said.asked);
            message(if alone { asker } else { answerer }, said.answered);
        });
        theirs.sort();
        ours.sort();
        assert_eq!(ours, theirs, "{name}");
        rows += theirs.len();
    }
    assert_eq!(rows, 653);
}

type Differences = BTreeMap<(String, String), (usize, String)>;

fn compare(capture: &Path, wrong: &mut Differences) {
    let ours = truth::ours(capture);
    let names: BTreeSet<&str> = ours.keys().map(|key| key.1.as_str()).collect();
    let known = ["pn_", "dcerpc.", "epm."];
    let names: Vec<&str> = names
        .into_iter()
        .filter(|name| known.iter().any(|start| name.starts_with(start)))
        .filter(|name| !SPELLED.contains(name))
        .collect();
    let mut command = Command::new("tshark");
    command.arg("-n").arg("-r").arg(capture);
    command.args(["-T", "fields", "-E", "occurrence=a", "-E", "aggregator=|"]);
    command.args(["-e", "frame.time_epoch", "-e", "ip.src"]);
    for name in &names {
        command.args(["-e", name]);
    }
    let output = command.output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let mut theirs = BTreeMap::<_, Vec<String>>::new();
    for line in text.lines() {
        let row: Vec<&str> = line.split('\t').collect();
        let frame = (truth::nanoseconds(row[0]), row[1].to_owned());
        for (name, value) in names.iter().zip(&row[2..]) {
            if !value.is_empty() {
                let place = (frame.clone(), (*name).to_owned());
                // Text is told here without the spaces that fill it up.
                let all = value.split('|').map(|one| truth::plain(one.trim_end()));
                theirs.entry(place).or_default().extend(all);
            }
        }
    }
    let capture = capture.file_name().unwrap().to_str().unwrap();
    let mut places: Vec<_> = theirs.keys().chain(ours.keys()).collect();
    places.sort();
    places.dedup();
    for place in places {
        if !names.contains(&place.1.as_str()) {
            continue;
        }
        let sorted = |all: Option<&Vec<String>>| {
            let mut all = all.cloned().unwrap_or_default();
            all.sort();
            all
        };
        let (mine, their) = (ours.get(place), theirs.get(place));
        let (mine_sorted, their_sorted) = (sorted(mine), sorted(their));
        // Of these tshark adds a summary of the relation, which it remembers and which is not in the frame.
        let within = SUMMARY.contains(&place.1.as_str())
            && mine_sorted.iter().all(|value| their_sorted.contains(value));
        if mine_sorted != their_sorted && !within {
            let example = format!("{place:?}: {mine:?}, tshark {their:?}");
            let key = (capture.to_owned(), place.1.clone());
            wrong.entry(key).or_insert((0, example)).0 += 1;
        }
    }
}

/// Nothing that is no PROFINET is called so.
#[test]
fn nothing_else_is_called_profinet() {
    let Some(corpus) = oracle::corpus() else {
        return oracle::skip("nothing_else_is_called_profinet");
    };
    for (path, protocol) in oracle::manifest(&corpus) {
        if protocol == "profinet" {
            continue;
        }
        let mut told = BTreeMap::<_, usize>::new();
        truth::read(&corpus.join(&path), &mut |said| {
            if matches!(
                said.protocol,
                Protocol::ProfinetIo | Protocol::ProfinetRt | Protocol::ProfinetDcp | Protocol::Mrp
            ) {
                *told.entry((said.protocol, said.what)).or_default() += 1;
            }
        });
        // One capture of Modbus holds four frames of discovery, as tshark says too.
        let expected = if path.ends_with("ITI_ICS-Security-Tools/mb2.pcap") {
            4
        } else {
            0
        };
        assert_eq!(told.values().sum::<usize>(), expected, "{path:?} {told:?}");
    }
}
