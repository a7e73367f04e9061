//! Every record of a capture, in three forms that must say the same; pyarrow reads the Parquet.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

fn iia(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_iia"))
        .args(arguments)
        .output()
        .unwrap()
}

fn good(arguments: &[&str]) -> String {
    let output = iia(arguments);
    assert_eq!(output.status.code(), Some(0), "{arguments:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn press_line() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/captures/press-line.pcap")
}

fn ethernet(kind: u16, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0, 1];
    frame.extend(kind.to_be_bytes());
    frame.extend_from_slice(payload);
    frame
}

fn udp(from: ([u8; 4], u16), to: ([u8; 4], u16), payload: &[u8]) -> Vec<u8> {
    let length = |more: usize| u16::try_from(payload.len() + more).unwrap().to_be_bytes();
    let mut ip = vec![0x45, 0];
    ip.extend(length(28));
    ip.extend([0, 0, 0x40, 0, 64, 17, 0, 0]);
    ip.extend(from.0);
    ip.extend(to.0);
    ip.extend(from.1.to_be_bytes());
    ip.extend(to.1.to_be_bytes());
    ip.extend(length(8));
    ip.extend([0, 0]);
    ip.extend_from_slice(payload);
    ethernet(0x0800, &ip)
}

/// A question for an address, a question for the time with its answer, and bytes that no decoder knows.
fn mixed() -> Vec<u8> {
    let arp = [
        0, 1, 8, 0, 6, 4, 0, 1, 2, 0, 0, 0, 0, 1, 10, 0, 0, 1, 0, 0, 0, 0, 0, 0, 10, 0, 0, 2,
    ];
    let mut asks = [0; 48];
    asks[0] = 0x23;
    asks[40..].copy_from_slice(&[0xe8, 1, 2, 3, 4, 5, 6, 7]);
    let mut answers = [0; 48];
    answers[..2].copy_from_slice(&[0x24, 1]);
    answers[12..16].copy_from_slice(b"PPS\0");
    answers[24..32].copy_from_slice(&asks[40..]);
    let (client, server) = (([10, 0, 0, 1], 4000), ([10, 0, 0, 2], 123));
    let frames = [
        ethernet(0x0806, &arp),
        udp(client, server, &asks),
        udp(server, client, &answers),
        udp(client, ([10, 0, 0, 3], 9), b"words"),
    ];
    let mut file = vec![0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    file.extend(65_535u32.to_le_bytes());
    file.extend(1u32.to_le_bytes());
    for (at, frame) in (0u32..).zip(&frames) {
        let len = u32::try_from(frame.len()).unwrap();
        for word in [1_700_000_000, at * 250, len, len] {
            file.extend(u32::to_le_bytes(word));
        }
        file.extend_from_slice(frame);
    }
    file
}

fn json(arguments: &[&str]) -> Vec<Value> {
    let lines = good(arguments);
    let lines = lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap());
    lines.collect()
}

#[test]
fn what_was_said_is_told_field_by_field() {
    let dir = tempfile::tempdir().unwrap();
    let capture = dir.path().join("mixed.pcap");
    std::fs::write(&capture, mixed()).unwrap();
    let records = json(&["decode", "--json", text(&capture)]);
    let of = |protocol: &str| records.iter().find(|record| record["protocol"] == protocol);
    let arp = of("arp").unwrap();
    assert_eq!(arp["source"], "02:00:00:00:00:01");
    assert_eq!(arp["asked"]["arp.dst.proto_ipv4"], "10.0.0.2");
    let ntp = of("ntp").unwrap();
    assert_eq!(
        (&ntp["operation"], &ntp["outcome"]),
        (&"client".into(), &"answered".into())
    );
    assert_eq!(ntp["latency_ns"], 250_000);
    assert_eq!(ntp["answered"]["ntp.stratum"], 1);
    assert_eq!(records.len(), 2);
    let flows = json(&["decode", "--json", "--flows", text(&capture)]);
    assert_eq!(flows.len(), 4);
    let only = json(&["decode", "--json", "--protocol", "arp", text(&capture)]);
    assert_eq!(only.len(), 1);
    let lines = good(&["decode", text(&capture)]);
    assert_eq!(lines.lines().count(), 3, "{lines}");
    assert!(
        lines.contains("\tntp\t10.0.0.1:4000\t10.0.0.2:123\tclient\tanswered\t250\t"),
        "{lines}"
    );
    let page = good(&["inspect", text(&capture)]);
    assert!(
        page.contains("client\u{d7}1") && page.contains("10.0.0.3:9 udp"),
        "{page}"
    );
    assert_eq!(
        iia(&["decode", "--protocol", "smoke", text(&capture)])
            .status
            .code(),
        Some(2)
    );
}

#[test]
fn the_parquet_says_what_the_lines_say() {
    let own = concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/venv/bin/python");
    let python = std::env::var_os("IIA_PYTHON").map_or_else(|| own.into(), PathBuf::from);
    let imports = Command::new(&python)
        .args(["-c", "import pyarrow"])
        .output();
    if !imports.is_ok_and(|done| done.status.success()) {
        let all = std::env::var_os("IIA_REQUIRE_ALL").is_some_and(|all| all == "1");
        assert!(!all, "a Python with pyarrow is missing");
        let line = b"SKIPPED: the_parquet_says_what_the_lines_say: a Python with pyarrow\n";
        std::io::stderr().write_all(line).unwrap();
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let (capture, folder) = (dir.path().join("mixed.pcap"), dir.path().join("tables"));
    std::fs::write(&capture, mixed()).unwrap();
    let line = press_line();
    let captures = [text(&capture), text(&line)];
    let told = [
        &["decode", "--parquet", text(&folder), "--flows"],
        &captures[..],
    ]
    .concat();
    let told = good(&told);
    let script = "import sys, json, pyarrow.parquet as p\n\
        for n in ('exchange', 'said', 'conn'):\n\
        \tfor r in p.read_table(f'{sys.argv[1]}/{n}.parquet').to_pylist():\n\
        \t\tprint(json.dumps([n, r], default=str))";
    let output = Command::new(&python)
        .args(["-c", script, text(&folder)])
        .output()
        .unwrap();
    let rows = String::from_utf8(output.stdout).unwrap();
    let rows: Vec<Value> = rows
        .lines()
        .map(|row| serde_json::from_str(row).unwrap())
        .collect();
    let of = |kind: &'static str| {
        rows.iter()
            .filter(move |row| row[0] == kind)
            .map(|row| &row[1])
    };
    let lines = json(&[&["decode", "--json", "--flows"], &captures[..]].concat());
    let flows = lines.iter().filter(|line| line["operation"] == "flow");
    assert_eq!(of("conn").count(), flows.count());
    let exchanges = |line: &&Value| line["func"].is_u64();
    assert_eq!(
        of("exchange").count(),
        lines.iter().filter(exchanges).count()
    );
    let said = lines
        .iter()
        .filter(|line| line["asked"].is_object())
        .count();
    assert_eq!(of("said").count(), said);
    assert!(
        said > 2 && told.contains(&format!("said.parquet: {said} rows")),
        "{told}"
    );
    let ntp = of("said").find(|row| row["protocol"] == "ntp").unwrap();
    assert_eq!(
        (&ntp["orig_h"], &ntp["operation"]),
        (&"10.0.0.1".into(), &"client".into())
    );
    let stratum = ntp["answered"].as_array().unwrap().iter();
    let stratum = stratum
        .clone()
        .find(|field| field["name"] == "ntp.stratum")
        .unwrap();
    assert_eq!(
        (&stratum["text"], &stratum["number"]),
        (&"1".into(), &1.into())
    );
    let arp = of("said").find(|row| row["protocol"] == "arp").unwrap();
    assert_eq!(
        (&arp["orig_h"], &arp["orig_p"]),
        (&"02:00:00:00:00:01".into(), &0.into())
    );
}
