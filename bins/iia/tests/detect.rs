//! `iia detect` as a person and a script meet it.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use iia_config::envelope::{Armour, seal};
use iia_config::trust::{Class, key_text};
use iia_core::digest::{Context, Digest};
use iia_core::sign::{Signer as _, SoftwareKey};
use serde_json::Value;

fn press_line() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/captures/press-line.pcap")
}

fn detect(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_iia"))
        .arg("detect")
        .arg(press_line())
        .args(arguments)
        .output()
        .unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

/// Runs with rules of its own.
fn under(rules: &str, arguments: &[&str]) -> Output {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("own.rules");
    fs::write(&file, rules).unwrap();
    let own = ["--rules", file.to_str().unwrap()];
    detect(&[&own, arguments].concat())
}

const WRITES: &str = "rule writes\n technique T0836 Modify Parameter\n severity critical\n on modbus_tcp\n asked modbus.func_code 5 6 15 16\n";

#[test]
fn the_stranger_of_the_bundled_capture_asks_who_the_device_is() {
    let output = detect(&["--json"]);
    assert_eq!(output.status.code(), Some(1));
    let lines: Vec<Value> = text(&output.stdout)
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let told: Vec<[&str; 3]> = lines
        .iter()
        .map(|line| ["technique", "client", "server"].map(|key| line[key].as_str().unwrap()))
        .collect();
    assert_eq!(told, [["T0888", "10.20.0.66", "10.20.0.21"]]);
    let output = under("# none\n", &[]);
    assert_eq!(output.status.code(), Some(0));
    assert!(text(&output.stdout).contains("nothing that a rule speaks of"));
}

#[test]
fn rules_of_ones_own_are_told_in_a_table_and_as_json() {
    let table = under(WRITES, &[]);
    assert_eq!(table.status.code(), Some(1));
    let said = text(&table.stdout);
    assert!(
        said.contains("T0836") && said.contains("critical"),
        "{said}"
    );
    let json = under(WRITES, &["--json"]);
    let lines: Vec<Value> = text(&json.stdout)
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    // As many as `iia inspect` counts: writes of the capture, by whom.
    let rows = Command::new(env!("CARGO_BIN_EXE_iia"))
        .args(["inspect", "--json"])
        .arg(press_line())
        .output()
        .unwrap();
    let writes = text(&rows.stdout)
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .filter(|row| [5, 6, 15, 16].iter().any(|func| row["func"] == *func))
        .count();
    let told: u64 = lines
        .iter()
        .map(|line| line["times"].as_u64().unwrap())
        .sum();
    assert!(writes > 0);
    assert_eq!(told, writes as u64);
    assert!(
        lines
            .iter()
            .all(|line| line["technique"] == "T0836" && line["rule"] == "writes")
    );
}

#[test]
fn wrong_rules_are_one_line_with_a_code() {
    let output = under("rule a\n  on modbus", &[]);
    assert_eq!(output.status.code(), Some(2));
    let said = text(&output.stderr);
    assert!(
        said.starts_with("iia: ") && said.lines().count() == 1,
        "{said}"
    );
    assert!(
        said.contains("IIA-CAP-0035: line 2: a protocol that is not known"),
        "{said}"
    );
    let output = detect(&["--rules", "/nowhere/own.rules"]);
    assert_eq!(output.status.code(), Some(2));
}

/// A client of MQTT that publishes this.
fn published(payload: &[u8]) -> Vec<u8> {
    let connect = b"\x10\x0e\x00\x04MQTT\x04\x02\x00\x3c\x00\x02id".to_vec();
    let length = u8::try_from(payload.len() + 3).unwrap();
    let publish = [&[0x30, length, 0, 1, b't'][..], payload].concat();
    let ends = [[10, 0, 0, 1], [10, 0, 0, 2]];
    let (mut sequences, mut file) = ([1u32, 1], Vec::new());
    file.extend(
        [0xa1b2_c3d4u32, 0x0004_0002, 0, 0, 65_535, 1]
            .map(u32::to_le_bytes)
            .concat(),
    );
    for (at, (side, said)) in
        (0u32..).zip([(0, connect), (1, b"\x20\x02\0\0".to_vec()), (0, publish)])
    {
        let ports = [(40_000, 1883), (1883, 40_000)][side];
        let numbers = (sequences[side], sequences[1 - side]);
        let packet =
            iia_capture::generate::frame((ends[side], ends[1 - side]), ports, numbers, &said);
        sequences[side] += u32::try_from(said.len()).unwrap();
        let length = u32::try_from(packet.len()).unwrap();
        file.extend(
            [1_800_000_000, at, length, length]
                .map(u32::to_le_bytes)
                .concat(),
        );
        file.extend(packet);
    }
    file
}

#[test]
fn rules_of_yara_look_at_what_is_published() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).display().to_string();
    let rule = "rule program { meta: technique = \"T0867\" title = \"Lateral Tool Transfer\" severity = \"critical\" \
                strings: $a = { 4d 5a 90 } condition: $a at 0 }";
    fs::write(at("rules"), rule).unwrap();
    for (payload, exit) in [(&b"MZ\x90\0\x03"[..], 1), (b"21.5", 0)] {
        fs::write(at("pcap"), published(payload)).unwrap();
        let output = Command::new(env!("CARGO_BIN_EXE_iia"))
            .args(["detect", "--json", "--yara", &at("rules"), &at("pcap")])
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(exit), "{output:?}");
        let lines = text(&output.stdout).lines();
        let lines: Vec<Value> = lines
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        let told = lines.iter().map(|line| {
            ["rule", "technique", "severity", "client"].map(|key| line[key].as_str().unwrap())
        });
        let want = (exit == 1).then_some(["program", "T0867", "critical", "10.0.0.1"]);
        assert_eq!(told.collect::<Vec<_>>(), Vec::from_iter(want));
    }
    fs::write(at("rules"), "rule a { condition: other }").unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_iia"))
        .args(["detect", "--yara", &at("rules"), &at("pcap")])
        .output()
        .unwrap();
    assert!(
        text(&output.stderr).contains("IIA-CAP-0038: line 1: not a rule of YARA"),
        "{output:?}"
    );
}

/// Who may sign rules, who may sign something else, and who may sign nothing.
fn person(seed: u8) -> SoftwareKey {
    SoftwareKey::from_seed(&[seed; 32].into())
}

const IVY: u8 = 1;
const ANN: u8 = 2;
const MALLORY: u8 = 3;

fn trust() -> String {
    let entry = |name: &str, seed, class: &str| {
        let public = key_text(&person(seed).public_key());
        format!("\nkey {name} {{\n  operator {name}\n  public {public}\n  class {class}\n}}\n")
    };
    let entries = [entry("ann", ANN, "config"), entry("ivy", IVY, "ruleset")].concat();
    format!("iia-config 1\n{entries}")
}

/// A set of rules that names this text for an engine, signed by somebody.
fn artifact((engine, rules): (&str, &str), expires: &str, by: u8) -> Vec<u8> {
    let digest = Digest::of(Context::File, rules.as_bytes());
    let text = format!(
        "iia-config 1\n\nartifact seg01.rules 1.0.0 {{\n  revision 1\n  issued 2026-11-24T06:00:00Z\n  target seg01\n}}\n\n\
         ruleset own {{\n  kind enrichment\n  engine {engine}\n  \
         observer spiffe://iia.local/zone/collect/workload/one\n  digest {digest}\n  expires {expires}\n}}\n"
    );
    seal(Class::Ruleset, text.as_bytes(), &[&person(by)]).unwrap()
}

const LATER: &str = "2099-11-24T06:00:00Z";
const EARLIER: &str = "2026-11-25T06:00:00Z";

#[test]
fn r_zon_14_rules_that_nobody_signed_or_that_have_ended_are_refused_with_a_code() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).display().to_string();
    let yaras = "rule program { strings: $a = \"MZ\" condition: $a at 0 }";
    fs::write(at("own"), WRITES).unwrap();
    fs::write(at("yara"), yaras).unwrap();
    fs::write(at("trust"), trust()).unwrap();
    let own = ("iia_detect", WRITES);
    // The signatures of one text over another.
    let good = artifact(own, EARLIER, IVY);
    let later = artifact(own, LATER, IVY);
    let forged = Armour {
        body: Armour::parse(&later).unwrap().body,
        ..Armour::parse(&good).unwrap()
    };
    for (signed, want) in [
        (artifact(own, LATER, IVY), None),
        (artifact(own, EARLIER, IVY), Some("IIA-CFG-0350")),
        (WRITES.as_bytes().to_vec(), Some("IIA-CFG-0001")),
        (artifact(own, LATER, MALLORY), Some("IIA-CFG-0105")),
        (artifact(own, LATER, ANN), Some("IIA-CFG-0106")),
        (forged.to_bytes(), Some("IIA-CFG-0101")),
        (
            artifact(("iia_detect", "# others"), LATER, IVY),
            Some("IIA-CFG-0231"),
        ),
        (
            artifact(("suricata", WRITES), LATER, IVY),
            Some("IIA-CFG-0230"),
        ),
    ] {
        fs::write(at("signed"), signed).unwrap();
        let place = [
            "--signed",
            &at("signed"),
            "--trust",
            &at("trust"),
            "--box",
            "seg01",
        ];
        let output = detect(&[&["--rules", &at("own")], &place[..]].concat());
        let said = text(&output.stderr);
        match want {
            None => assert_eq!(output.status.code(), Some(1), "{said}"),
            Some(code) => {
                assert_eq!(output.status.code(), Some(2), "{said}");
                assert!(
                    said.contains(code) && output.stdout.is_empty(),
                    "{code}: {said}"
                );
            }
        }
    }
    // Rules of YARA go the same way, and those for one engine are none for another.
    fs::write(at("pcap"), published(b"21.5")).unwrap();
    for (engine, want) in [("iia_yara", Some(0)), ("iia_detect", Some(2))] {
        fs::write(at("signed"), artifact((engine, yaras), LATER, IVY)).unwrap();
        let output = Command::new(env!("CARGO_BIN_EXE_iia"))
            .args(["detect", "--yara", &at("yara"), "--signed", &at("signed")])
            .args(["--trust", &at("trust"), "--box", "seg01", &at("pcap")])
            .output()
            .unwrap();
        assert_eq!(output.status.code(), want, "{output:?}");
    }
    let other = [
        "--signed",
        &at("signed"),
        "--trust",
        &at("trust"),
        "--box",
        "seg02",
    ];
    let output = detect(&[&["--rules", &at("own")], &other[..]].concat());
    assert!(text(&output.stderr).contains("IIA-CFG-0032"), "{output:?}");
}
