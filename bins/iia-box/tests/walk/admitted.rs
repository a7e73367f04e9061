//! A box whose configuration pins what runs: what is signed and pinned runs, anything else is never started.

use std::fs;
use std::path::Path;
use std::process::Command;

use iia_attest::correlator::Correlator as _;
use iia_attest::identity::{Identity, Seen};
use iia_audit::verify::{Elsewhere, records, verify_log};
use iia_config::parse::parse;
use iia_config::validate::{Facts, validate};
use iia_core::Timestamp;
use iia_core::event::{Event, EventKind};
use iia_identity::admission::Sha256;
use iia_identity::journal::read_all;

use crate::demo::Demo;

const TEXT: &str = include_str!("../../../../examples/box-pi/box.icl");

fn program() -> String {
    Sha256::of(&fs::read(env!("CARGO_BIN_EXE_iia-box")).unwrap()).to_string()
}

/// The example box with a digest for every workload.
fn pinned(digest: impl Fn(&str) -> String) -> String {
    let line = |line: &str| match line
        .strip_prefix("  workload ")
        .and_then(|rest| rest.split_once(' '))
    {
        Some((name, address)) if address.parse::<std::net::IpAddr>().is_ok() => {
            format!("{line}\n  image {name} {}\n", digest(name))
        }
        _ => format!("{line}\n"),
    };
    TEXT.lines().map(line).collect()
}

fn events(evidence: &Path) -> Vec<Event> {
    let mut events = Vec::new();
    records(&evidence.join("audit"), |record| {
        events.push(record.body.event.clone())
    })
    .unwrap();
    events
}

#[test]
fn what_is_pinned_and_signed_runs_and_the_log_of_issuance_says_the_same_as_the_chain() {
    let place = tempfile::tempdir().unwrap();
    let (config, digest) = (place.path().join("box.icl"), program());
    let text = pinned(|_| digest.clone());
    fs::write(&config, &text).unwrap();
    let run = Demo::start(&[
        "--speed",
        "0",
        "--no-kill",
        "--config",
        config.to_str().unwrap(),
    ])
    .finish();
    let told = events(&run.evidence("seg01"));
    let issued: Vec<&Event> = told
        .iter()
        .filter(|event| event.kind == EventKind::SvidIssued)
        .collect();
    assert!(
        issued
            .iter()
            .all(|event| event.field("admitted") == Some(digest.as_str()))
    );
    // Whom no contract names, nothing pins, and so it is not even started.
    let failed: Vec<&Event> = told
        .iter()
        .filter(|event| {
            event.kind == EventKind::SignatureFailed && event.field("step") == Some("admission")
        })
        .collect();
    assert_eq!(failed.len(), 1, "{failed:?}");
    assert_eq!(failed[0].field("code"), Some("IIA-IDN-0120"));
    assert!(failed[0].field("id").unwrap().ends_with("/visitor"));

    let document = parse(text.as_bytes(), iia_config::limits::DOCUMENT_LEN_MAX).unwrap();
    let checked = validate(&document, &Facts::of_box("seg01")).unwrap();
    let mut observer = Identity::new(&checked.catalog);
    let mut log = Vec::new();
    read_all(&run.path().join("seg01/state/issuance"), &mut |record| {
        log.push(record)
    })
    .unwrap();
    for record in &log {
        let now = Timestamp::from_ns(record.ts_ns);
        observer.handle_observation(now, Seen::Published(record.authority));
        observer.handle_observation(now, Seen::Issued(record.clone()));
    }
    assert_eq!(observer.poll_finding(), None);
    let serials = |all: &mut dyn Iterator<Item = String>| {
        let mut all: Vec<String> = all.collect();
        all.sort();
        all
    };
    let of_chain = serials(
        &mut issued
            .iter()
            .map(|event| event.field("serial").unwrap().to_owned()),
    );
    assert_eq!(
        of_chain,
        serials(&mut log.iter().map(|record| record.serial.clone()))
    );
    assert!(log.len() > 8, "{}", log.len());
}

/// R-IMG-05: refused before anything is started, audited, an event about the integrity of an asset.
#[test]
fn a_program_that_is_not_the_one_pinned_is_never_started_and_the_chain_says_why() {
    let place = tempfile::tempdir().unwrap();
    let (config, digest) = (place.path().join("box.icl"), program());
    let other = Sha256::of(b"another program").to_string();
    let text = pinned(|name| match name {
        "query_server" => other.clone(),
        _ => digest.clone(),
    });
    fs::write(&config, &text).unwrap();
    let one = Demo::claim();
    let base = place.path().join("run");
    let done = Command::new(env!("CARGO_BIN_EXE_iia-box"))
        .args([
            "demo",
            "--speed",
            "0",
            "--no-kill",
            "--config",
            config.to_str().unwrap(),
            "--dir",
            base.to_str().unwrap(),
        ])
        .output()
        .unwrap();
    drop(one);
    assert!(!done.status.success());
    let said =
        String::from_utf8_lossy(&done.stderr).into_owned() + &String::from_utf8_lossy(&done.stdout);
    assert!(
        said.contains("no contract pins") && said.contains(&digest),
        "{said}"
    );
    // Not one byte of it ran: it has neither a process on record nor a log.
    let evidence = base.join("seg01/evidence");
    assert_eq!(verify_log(&evidence, &Elsewhere::default()).bad, None);
    let told = events(&evidence);
    let of = |kind: EventKind, key: &str, value: &str| {
        told.iter()
            .filter(|event| event.kind == kind && event.field(key) == Some(value))
            .count()
    };
    assert_eq!(of(EventKind::SignatureFailed, "code", "IIA-IDN-0120"), 1);
    assert_eq!(of(EventKind::SignatureFailed, "asset", "executable"), 1);
    assert_eq!(of(EventKind::WorkloadStarted, "role", "api"), 0);
    assert_eq!(of(EventKind::WorkloadStarted, "role", "audit"), 1);
    let log = fs::read(base.join("seg01/state/api.log")).unwrap_or_default();
    assert_eq!(String::from_utf8_lossy(&log), "");
}
