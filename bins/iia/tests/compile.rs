//! Compiling, drift and the surface as an operator meets them.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::path::Path;
use std::process::{Command, Output};

/// Targets whose loaded form is the text that is compiled.
const TARGETS: [&str; 9] = [
    "mqtt",
    "nats",
    "zenoh",
    "spiffe",
    "admission",
    "k8s",
    "cilium",
    "suricata",
    "surface",
];

fn model() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../iia-config/tests/data/model.icl");
    path.to_str().unwrap().to_owned()
}

fn iia(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_iia"))
        .args(arguments)
        .output()
        .unwrap()
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

fn exit(output: &Output) -> i32 {
    output.status.code().unwrap()
}

#[test]
fn what_is_compiled_and_loaded_does_not_drift() {
    let dir = tempfile::tempdir().unwrap();
    let loaded = dir.path().join("loaded");
    let loaded = loaded.to_str().unwrap();
    for target in TARGETS {
        let compiled = iia(&["compile", target, &model()]);
        assert_eq!(exit(&compiled), 0, "{target}: {}", err(&compiled));
        std::fs::write(loaded, out(&compiled)).unwrap();
        let same = iia(&["drift", target, &model(), loaded]);
        assert_eq!((exit(&same), out(&same)), (0, String::new()), "{target}");
    }
}

#[test]
fn every_element_names_its_contract() {
    for target in TARGETS.into_iter().chain(["nft", "ovn"]) {
        let text = out(&iia(&["compile", target, &model()]));
        assert!(text.contains("iia.contract."), "{target}: {text}");
    }
}

/// Targets that are lists of topics and of workloads: what is in none of them has no topic, or no workload of this box.
const LISTS: [&str; 5] = ["mqtt", "nats", "zenoh", "spiffe", "admission"];

/// The samples, and the targets in which each opens something on the box of the model: its batches are dialled to nobody
/// whom it knows, and what devices say is watched.
const SAMPLES: [(&str, &[&str]); 6] = [
    ("boundary_bi_lake_batch", &["spiffe", "admission"]),
    ("boundary_mcp_server_i3x_query", &["spiffe", "admission"]),
    ("device_lorawan_field_env_sensors_zone_a", &LISTS),
    (
        "device_plc_compressor_unit_3_opcua",
        &["spiffe", "admission", "suricata"],
    ),
    (
        "inbound_configuration_pull",
        &["spiffe", "admission", "surface"],
    ),
    (
        "internal_collect_to_lake",
        &[
            "spiffe",
            "admission",
            "k8s",
            "cilium",
            "suricata",
            "surface",
            "nft",
            "ovn",
        ],
    ),
];

/// The box of the model with the contract of a sample instead of its own.
fn boxed(sample: &str) -> String {
    let model = std::fs::read_to_string(model()).unwrap();
    let head = |entry: &str| {
        let line = entry.lines().find(|line| line.ends_with(" {"));
        line.unwrap_or_default().to_owned()
    };
    let own: Vec<String> = sample.split("\n}\n").map(head).collect();
    let keeps = |entry: &&str| !head(entry).starts_with("contract ") && !own.contains(&head(entry));
    let kept: Vec<&str> = model.split("\n}\n").filter(keeps).collect();
    let sample = sample.trim_start_matches("iia-config 1\n");
    // The box calls it otherwise.
    let sample = sample.replace("workload/i3x_query_server", "workload/query_server");
    format!("{}\n}}\n{sample}", kept.join("\n}\n").trim_end())
}

#[test]
fn each_sample_compiles_to_every_target_or_says_why_it_opens_nothing_there() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("box.icl");
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/contracts");
    for (sample, opens) in SAMPLES {
        let text = std::fs::read_to_string(samples.join(sample).with_extension("icl")).unwrap();
        std::fs::write(&file, boxed(&text)).unwrap();
        let (_, id) = text.split_once("\ncontract ").unwrap();
        let id = id.split(' ').next().unwrap();
        for target in TARGETS.into_iter().chain(["nft", "ovn"]) {
            let compiled = iia(&["compile", target, file.to_str().unwrap()]);
            let said = (exit(&compiled), out(&compiled).contains(id));
            assert_eq!(
                said,
                (0, opens.contains(&target)),
                "{sample} {target}: {}",
                err(&compiled)
            );
            let is_flow = !LISTS.contains(&target);
            let is_told = err(&compiled).contains(id);
            assert!(
                !is_flow || said.1 || is_told,
                "{sample} {target} says nothing"
            );
        }
    }
}

#[test]
fn drift_is_told_line_by_line() {
    let dir = tempfile::tempdir().unwrap();
    let acl = dir.path().join("acl");
    std::fs::write(&acl, "user eve\ntopic read application/x\n").unwrap();
    let told = iia(&["drift", "mqtt", &model(), acl.to_str().unwrap()]);
    assert_eq!(exit(&told), 1);
    assert_eq!(
        out(&told),
        "not contracted: eve may subscribe to application/x (no contract)\n\
         missing: spiffe://iia.local/zone/collect/workload/lorawan_subscriber may subscribe to \
         application/field-env-zone-a/+/up (iia.contract.device.lorawan.field_env_sensors.zone_a)\n"
    );
}

#[test]
fn what_cannot_be_read_is_told_with_a_code() {
    for target in [
        "nft",
        "nats",
        "zenoh",
        "spiffe",
        "admission",
        "k8s",
        "cilium",
        "ovn",
        "surface",
    ] {
        let told = iia(&["drift", target, &model(), "/etc/passwd"]);
        assert_eq!(exit(&told), 2, "{target}");
        assert!(
            err(&told).starts_with("iia: /etc/passwd: IIA-CON-002"),
            "{target}: {}",
            err(&told)
        );
    }
    let missing = iia(&["drift", "mqtt", &model(), "/nowhere"]);
    assert_eq!(exit(&missing), 2);
    assert!(
        err(&missing).starts_with("iia: /nowhere: cannot be read"),
        "{}",
        err(&missing)
    );
    let unknown = iia(&["compile", "tables", &model()]);
    assert_eq!(exit(&unknown), 2);
    assert!(
        err(&unknown).contains("possible values: nft, mqtt"),
        "{}",
        err(&unknown)
    );
}

#[test]
fn whoever_opens_nothing_is_told_with_the_reason() {
    let compiled = iia(&["compile", "suricata", &model()]);
    assert!(err(&compiled).contains(
        "iia.contract.boundary.bi_lake.batch opens nothing: neither side says where it answers"
    ));
}

#[test]
fn the_surface_says_who_listens_and_why() {
    let listed = out(&iia(&["surface", &model()]));
    let line = |place: &str, who: &str| {
        let mut lines = listed.lines();
        lines
            .find(|line| line.contains(place) && line.contains(who))
            .unwrap_or_default()
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ")
    };
    assert_eq!(
        line("tcp/10.90.2.2:7443", "attest/workload"),
        "listen tcp/10.90.2.2:7443 - dmz attest spiffe://iia.local/zone/attest/workload/observer - \
         iia.contract.internal.io_to_attest iia.contract.internal.witness_to_attest"
    );
    assert_eq!(
        line("tcp/192.0.2.2:443", "console"),
        "listen tcp/192.0.2.2:443 mgmt0 management ui spiffe://iia.local/zone/ui/workload/console 192.0.2.8/29 \
         endpoint local_ui, no contract"
    );
    assert!(
        line("203.0.113.30:7449", "config_puller")
            .ends_with("iia.contract.inbound.configuration_pull")
    );
}

/// IIA 2: a socket that waits on this machine and is in no list is told.
#[test]
fn i2_a_listener_that_nobody_agreed_to_is_told() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let told = iia(&["surface", &model(), "--live"]);
    assert_eq!(exit(&told), 1, "{}", err(&told));
    let line = format!("not contracted: a listener on tcp/127.0.0.1:{port}");
    assert!(out(&told).lines().any(|one| one == line), "{}", out(&told));
}
