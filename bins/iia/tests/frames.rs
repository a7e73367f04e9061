//! Frames without IP, from the wire to a contract and back: what is learnt of a capture covers every frame of it that has a
//! type, and nobody else's.
#![expect(clippy::unwrap_used, clippy::print_stderr, reason = "tests")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

/// Who tests a ring, and to which group (IEC 62439-2).
const MANAGER: [u8; 6] = [0, 0x1b, 0x1b, 0, 0, 1];
const RING: [u8; 6] = [1, 0x15, 0x4e, 0, 0, 1];
/// A test of the ring with its common block and the end.
const RING_TEST: &[u8] = &[
    0, 1, 2, 0x12, 0x80, 0, 0, 0x1b, 0x1b, 0, 0, 1, 0, 0, 0, 1, 0, 2, 0, 0, 0, 0x4d, 1, 0x12, 0, 7,
    1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 0, 0, 0, 0,
];

/// Captures of others with frames of many kinds: PROFINET, GOOSE, EtherCAT, PTP, and what is not judged: ARP, LLDP.
const CAPTURES: [&str; 5] = [
    "modbus/ITI_ICS-Security-Tools/mb2.pcap",
    "profinet/ITI_ICS-Security-Tools/PROFINET-RT.pcap",
    "goose/haolipeng_icsnpp-iec61850-goose/GOOSE.pcap",
    "ethercat/ethercrab-rs_ethercrab/twincat-scan-devices.pcapng",
    "_link/the-tcpdump-group_tcpdump/ptp_ethernet.pcap",
];

fn iia(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_iia"))
        .args(arguments)
        .output()
        .unwrap()
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn skipped(what: &str) {
    let all = std::env::var_os("IIA_REQUIRE_ALL").is_some();
    assert!(!all, "{what} is missing");
    eprintln!("SKIPPED: frames: {what}");
}

/// What is learnt of one capture, and what that says of another: objects with `covered` or `violation`.
fn judged(learnt: &Path, seen: &Path) -> Vec<Value> {
    let dir = tempfile::tempdir().unwrap();
    let catalog = dir.path().join("learnt.icl");
    let proposal = iia(&["learn", learnt.to_str().unwrap()]);
    assert!(proposal.status.success(), "{proposal:?}");
    fs::write(&catalog, &proposal.stdout).unwrap();
    let catalog = catalog.to_str().unwrap();
    let sound = iia(&["config", "fmt", "--check", catalog]);
    assert!(sound.status.success(), "{}", out(&sound));
    let said = iia(&[
        "check",
        "--json",
        "--catalog",
        catalog,
        seen.to_str().unwrap(),
    ]);
    let lines = out(&said);
    lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// Frames that are refused, in words: they come from an Ethernet address. What has a length where its type should be has
/// no word in a contract.
fn refused(judged: &[Value]) -> Vec<&str> {
    let words = judged.iter().filter_map(|one| one["violation"].as_str());
    words
        .filter(|words| {
            let by = words.split(" by ").nth(1).unwrap_or_default();
            let typed = !words.starts_with("frame 0x0") || words.starts_with("frame 0x08");
            typed
                && by
                    .split(' ')
                    .next()
                    .is_some_and(|who| who.split(':').count() == 6)
        })
        .collect()
}

fn covered(judged: &[Value], kind: &str) -> u64 {
    let name = format!("iia.contract.device.{kind}-");
    let of = |one: &&Value| {
        one["covered"]
            .as_str()
            .is_some_and(|id| id.starts_with(&name))
    };
    judged
        .iter()
        .filter(of)
        .map(|one| one["times"].as_u64().unwrap())
        .sum()
}

/// Frames from `source`, a second apart.
fn capture(path: &Path, source: [u8; 6]) {
    let frame = [&RING[..], &source, &[0x88, 0xe3], RING_TEST].concat();
    let len = u32::try_from(frame.len()).unwrap();
    let head = [0xa1b2_c3d4_u32, 0x0004_0002, 0, 0, 65_535, 1];
    let mut bytes = head.map(u32::to_le_bytes).concat();
    for second in 0..3 {
        bytes.extend(
            [1_700_000_000 + second, 0, len, len]
                .map(u32::to_le_bytes)
                .concat(),
        );
        bytes.extend(&frame);
    }
    fs::write(path, bytes).unwrap();
}

#[test]
fn a_ring_that_is_learnt_is_covered_and_another_manager_is_not() {
    let dir = tempfile::tempdir().unwrap();
    let (ring, other) = (dir.path().join("ring.pcap"), dir.path().join("other.pcap"));
    capture(&ring, MANAGER);
    capture(&other, [0, 0x1b, 0x1b, 0, 0, 2]);
    let again = judged(&ring, &ring);
    assert_eq!((refused(&again), covered(&again, "mrp")), (vec![], 3));
    let stranger = judged(&ring, &other);
    let words = refused(&stranger);
    assert_eq!((words.len(), covered(&stranger, "mrp")), (1, 0));
    assert!(
        words.concat().starts_with("mrp by 00:1b:1b:00:00:02"),
        "{words:?}"
    );
    let Ok(theirs) = Command::new("tshark")
        .args([
            "-n",
            "-T",
            "fields",
            "-e",
            "pn_mrp.type",
            "-e",
            "_ws.malformed",
            "-r",
        ])
        .arg(&ring)
        .output()
    else {
        return skipped("tshark");
    };
    let fields = out(&theirs);
    let frames: Vec<&str> = fields.lines().map(str::trim_end).collect();
    assert_eq!(
        frames, ["0x02,0x02,0x01,0x01,0x00,0x00"; 3],
        "a test, its common block, the end: tshark tells each twice"
    );
}

#[test]
fn each_frame_of_a_capture_is_covered_by_what_was_learnt_of_it() {
    let corpus = std::env::var_os("IIA_CORPUS").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpus"),
        PathBuf::from,
    );
    if !corpus.is_dir() {
        return skipped("the corpus of captures");
    }
    let mut seen = [
        ("ethercat", 0),
        ("frames-88f7", 0),
        ("profinet-dcp", 0),
        ("goose", 0),
    ];
    for path in CAPTURES {
        let judged = judged(&corpus.join(path), &corpus.join(path));
        assert_eq!(refused(&judged), [""; 0], "{path}");
        for (kind, count) in &mut seen {
            *count += covered(&judged, kind);
        }
    }
    // As many as `tshark -Y` tells of these captures.
    assert_eq!(
        seen,
        [
            ("ethercat", 4),
            ("frames-88f7", 205),
            ("profinet-dcp", 18),
            ("goose", 8)
        ]
    );
}

/// R-PER-02: everybody whom tshark sees in a conversation is in the inventory, known by a contract or unknown.
#[test]
fn everybody_on_the_wire_is_in_the_inventory_known_or_unknown() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples");
    let capture = root.join("captures/press-line.pcap");
    let (capture, catalog) = (capture.to_str().unwrap(), root.join("box-pi/box.icl"));
    let said = iia(&[
        "devices",
        "--json",
        "--catalog",
        catalog.to_str().unwrap(),
        capture,
    ]);
    assert_eq!(said.status.code(), Some(1), "somebody is unknown");
    let told = out(&said);
    let rows = told
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap());
    let text = fs::read_to_string(&catalog).unwrap();
    let mut ours = Vec::new();
    for row in rows {
        let endpoint = row["endpoint"].as_str().unwrap().to_owned();
        // By the text of the catalog alone: its line names this address, as client or server.
        let named = |line: &str| {
            let word = line.trim().split(' ').nth(1).unwrap_or_default();
            let key = line.trim().starts_with("client ") || line.trim().starts_with("server ");
            let at = word.split('/').next_back().unwrap_or_default();
            key && at.split(':').next() == Some(endpoint.as_str())
        };
        let known = text.lines().any(named);
        assert_eq!(known, row["state"] != "unknown", "{row}");
        if row["state"] != "not seen" {
            ours.push(endpoint);
        }
    }
    let Ok(theirs) = Command::new("tshark")
        .args([
            "-n", "-T", "fields", "-e", "ip.src", "-e", "ip.dst", "-r", capture,
        ])
        .output()
    else {
        return skipped("tshark");
    };
    let fields = out(&theirs);
    let theirs: std::collections::BTreeSet<&str> = fields.split_whitespace().collect();
    let ours: std::collections::BTreeSet<&str> = ours.iter().map(String::as_str).collect();
    assert_eq!(ours, theirs);
}
