//! `iia attest report`: what a box says of itself to whoever keeps many, from its chain.
#![expect(clippy::unwrap_used, reason = "tests")]

mod chain;

use std::fs;
use std::path::Path;
use std::process::Command;

use chain::{Chain, START};
use iia_attest::aggregate::{Aggregator, Answers, MEANINGS, Sink};
use iia_core::Timestamp;
use iia_core::event::{Event, EventKind};
use iia_core::finding::{Conclusion, Finding, Severity};
use iia_core::stream::Stream;
use serde_json::Value;

fn at(secs: i64) -> Timestamp {
    Timestamp::from_secs(START + secs)
}

/// The life of an artifact as the chain has it, and the word of the observer that it is in force.
fn life(chain: &mut Chain, artifact: &str, kinds: &[EventKind]) {
    for kind in kinds {
        let event = Event::new(*kind, at(1)).with("class", "config");
        chain.tell(event.with("artifact", artifact));
    }
}

fn says(dir: &Path) -> (Option<i32>, Value) {
    let done = Command::new(env!("CARGO_BIN_EXE_iia"))
        .args(["attest", "report"])
        .arg(dir)
        .output()
        .unwrap();
    (
        done.status.code(),
        serde_json::from_slice(&done.stdout).unwrap(),
    )
}

/// A chain with one artifact in force, whose observer found it so, or found what is given.
fn applied(dir: &Path, conclusion: Conclusion, reason: &str) -> Chain {
    let mut chain = Chain::create(&dir.join("evidence"));
    life(
        &mut chain,
        "b3:aa",
        &[EventKind::ArtifactStaged, EventKind::ArtifactApplied],
    );
    let call = Event::new(EventKind::GatedCall, at(1))
        .with("call", "firewall")
        .with("artifact", "b3:aa")
        .with("after", "b3:rules");
    chain.tell(call);
    let mut one = Aggregator::new(Answers::default(), &[Sink::Journal]).unwrap();
    let found = Finding {
        ts_ns: at(2).as_ns(),
        stream: Stream::ATTEST_CONFIG.as_str().into(),
        conclusion,
        severity: Severity::High,
        contract: String::new(),
        clause: "config".into(),
        source: "seg01".into(),
        destination: String::new(),
        operation: String::new(),
        reason: reason.into(),
        evidence: Vec::new(),
    };
    one.handle_finding(at(2), found);
    while let Some(told) = one.poll_told() {
        chain.tell(told.event());
    }
    chain
}

#[test]
fn r_flt_24_a_box_says_what_is_applied_and_how_it_stands() {
    let dir = tempfile::tempdir().unwrap();
    let mut chain = applied(dir.path(), Conclusion::Converge, "is in force");
    chain.witness();
    let (code, said) = says(dir.path());
    assert_eq!(
        (code, &said["outcome"]),
        (Some(0), &"convergent".into()),
        "{said}"
    );
    assert_eq!(said["configuration"], "b3:aa");
    assert_eq!(said["states"][0]["state"], "b3:rules");
    assert_eq!(
        said["attestation"].as_array().unwrap().len(),
        MEANINGS.len()
    );
    // Whoever has said it long ago has not said it.
    chain.pass(3600);
    chain.beat();
    chain.witness();
    assert_eq!(says(dir.path()).1["outcome"], "unknown");
    // Another one waits for leave.
    life(&mut chain, "b3:bb", &[EventKind::ArtifactStaged]);
    chain.witness();
    let (code, said) = says(dir.path());
    assert_eq!(
        (code, &said["outcome"]),
        (Some(1), &"pending".into()),
        "{said}"
    );
    assert_eq!(said["why"][0], "b3:bb waits for leave");
    life(&mut chain, "b3:bb", &[EventKind::ArtifactApplied]);
    chain.witness();
    assert_eq!(says(dir.path()).1["configuration"], "b3:bb");
}

#[test]
fn r_flt_27_what_differs_or_does_not_hold_is_divergent_and_silence_is_no_health() {
    let dir = tempfile::tempdir().unwrap();
    applied(dir.path(), Conclusion::Diverge, "file x: changed").witness();
    let (code, said) = says(dir.path());
    assert_eq!(
        (code, &said["outcome"]),
        (Some(1), &"divergent".into()),
        "{said}"
    );
    assert_eq!(said["why"][0], "config: file x: changed");
    let quiet = tempfile::tempdir().unwrap();
    let mut chain = Chain::create(&quiet.path().join("evidence"));
    life(&mut chain, "b3:aa", &[EventKind::ArtifactApplied]);
    chain.witness();
    assert_eq!(says(quiet.path()).1["outcome"], "unknown");
    let bent = tempfile::tempdir().unwrap();
    applied(bent.path(), Conclusion::Converge, "is in force").witness();
    let segment = chain::segment(&bent.path().join("evidence"));
    let mut bytes = fs::read(&segment).unwrap();
    let last = bytes.len() - 40;
    bytes[last] ^= 1;
    fs::write(&segment, bytes).unwrap();
    let (_, said) = says(bent.path());
    assert_eq!(said["outcome"], "divergent", "{said}");
    assert_eq!(said["why"][0], "the evidence does not hold");
}
