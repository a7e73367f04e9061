//! One question, one answer, as an operator asks it.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::path::{Path, PathBuf};
use std::process::Command;

fn sample(name: &str) -> PathBuf {
    let contracts = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/contracts");
    contracts.join(name)
}

#[track_caller]
fn asked(catalog: &Path, flow: &str, exit: i32, words: &[&str]) {
    let output = Command::new(env!("CARGO_BIN_EXE_iia"))
        .args(["allows", "--catalog", catalog.to_str().unwrap(), flow])
        .output()
        .unwrap();
    let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    assert_eq!(output.status.code(), Some(exit), "{flow}: {said}");
    for word in words {
        assert!(said.contains(word), "{flow}: {word}: {said}");
    }
}

#[test]
fn a_question_is_answered_with_contract_clause_and_line() {
    let dir = tempfile::tempdir().unwrap();
    let catalog = dir.path().join("press.icl");
    let text = "iia-config 1\n\ncontract iia.contract.device.press 1.0.0 {\n  scope device\n  protocol modbus_tcp\n  client 10.0.0.7\n  server tcp/10.20.0.5:502\n  read holding_register 0 99\n}\n";
    std::fs::write(&catalog, text).unwrap();
    let flow = "10.0.0.7 > tcp/10.20.0.5:502 modbus_tcp";
    asked(
        &catalog,
        &format!("{flow} read holding_register 5 9"),
        0,
        &[
            "allowed by contract iia.contract.device.press",
            "press.icl:8: read holding_register 0 99",
        ],
    );
    asked(
        &catalog,
        &format!("{flow} write holding_register 110"),
        1,
        &[
            "allows only reads of holding_register 0-99",
            "clause  read_only",
            "press.icl:8",
        ],
    );
    asked(
        &catalog,
        "10.0.0.8 > tcp/10.20.0.5:502",
        1,
        &["press.icl:6: client 10.0.0.7"],
    );
    asked(
        &catalog,
        "10.0.0.7 > udp/10.20.0.5:502",
        1,
        &["no contract names this server and port"],
    );
}

#[test]
fn workloads_and_topics_are_asked_about_alike() {
    let internal = sample("internal_collect_to_lake.icl");
    let (source, destination) = (
        "spiffe://iia.local/zone/collect/workload/protocol_collector",
        "spiffe://iia.local/zone/lake/workload/lake_writer",
    );
    asked(
        &internal,
        &format!("{source} > {destination} WRITE_BATCH"),
        0,
        &["operation WRITE_BATCH"],
    );
    asked(
        &internal,
        &format!("{source} > {destination} DROP"),
        1,
        &["allows only WRITE_BATCH, WRITE_STREAM"],
    );
    let radio = sample("device_lorawan_field_env_sensors_zone_a.icl");
    let collector = "spiffe://iia.local/zone/collect/workload/lorawan_subscriber";
    let topic = "application/field-env-zone-a/7/up";
    asked(
        &radio,
        &format!("{collector} subscribe {topic}"),
        0,
        &["topic \"application/field-env-zone-a/+/up\""],
    );
    asked(
        &radio,
        &format!("{collector} publish {topic}"),
        1,
        &["lets it subscribe only"],
    );
}

#[test]
fn what_is_no_question_gets_one_line() {
    let catalog = sample("internal_collect_to_lake.icl");
    for (flow, words) in [
        ("10.0.0.7", "`>`, `publish` or `subscribe` is missing"),
        ("10.0.0.7 > 10.20.0.5:502", "is not like tcp/10.20.0.5:502"),
        ("host > tcp/10.20.0.5:502", "is no address and no SPIFFE ID"),
        (
            "10.0.0.7 > tcp/10.20.0.5:502 modbus_tcp write holding_register 9 1",
            "1 comes before 9",
        ),
        (
            "10.0.0.7 > tcp/10.20.0.5:502 modbus_tcp read coil 70000",
            "is no address that can be",
        ),
        ("10.0.0.7 > tcp/10.20.0.5:502 vlan", "VLAN is missing"),
        (
            "02:00:00:00:00:01 > 01:0e:cf:00:00:00 modbus_tcp",
            "no protocol of frames",
        ),
    ] {
        asked(&catalog, flow, 2, &[words]);
    }
}
