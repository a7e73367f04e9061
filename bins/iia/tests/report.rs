//! `iia attest report`: what a box says of itself to whoever keeps many, from its chain.
#![expect(clippy::unwrap_used, reason = "tests")]

mod chain;

use std::fs;
use std::path::Path;
use std::process::Command;

use chain::{Chain, START};
use iia_attest::aggregate::{Aggregator, Answers, MEANINGS, Sink};
use iia_attest::image::{Published, name_of};
use iia_attest::tpm::AttestationResult;
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

/// A quote of a real TPM, published by a box that names its image by this artifact.
fn attests(dir: &Path, artifact: &str) -> Option<Value> {
    let shared = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/vectors/tpm");
    let read = |name: &str| fs::read(shared.join(name)).ok();
    let (key, registers) = (read("ak_pub.tpmt")?, b"iia pcr policy 1\npcr 0 ".to_vec());
    let published = Published {
        machine: "seg01".into(),
        artifact: "b3:image".into(),
        named: name_of(&registers),
        registers,
        named_key: name_of(&key),
        key,
        nonce: read("nonce.bin")?,
        attest: read("attest.bin")?,
        signature: read("sig.tpmt")?,
        values: read("pcrs_0_4_10.bin")?,
        ..Published::default()
    };
    let mut chain = applied(dir, Conclusion::Converge, "is in force");
    let call = Event::new(EventKind::GatedCall, at(1))
        .with("call", "image")
        .with("artifact", artifact)
        .with("after", "b3:names");
    chain.tell(call);
    // Whatever the box says of it.
    let believed = AttestationResult {
        reasons: Vec::new(),
        quote: None,
        pcrs: None,
    };
    chain.tell(published.event(at(3), &believed));
    chain.witness();
    Some(says(dir).1)
}

#[test]
fn r_flt_29_evidence_of_an_image_is_judged_by_the_reader_whatever_the_box_says() {
    let dir = tempfile::tempdir().unwrap();
    let quiet = applied(dir.path(), Conclusion::Converge, "is in force");
    drop(quiet);
    let said = says(dir.path()).1;
    let none = said["image"]["evidence"].as_str().unwrap();
    assert!(none.starts_with("none: no TPM"), "{none}");
    // Its nonce is of no record here, and the values are cut.
    let dir = tempfile::tempdir().unwrap();
    let Some(said) = attests(dir.path(), "b3:image") else {
        assert!(std::env::var_os("IIA_REQUIRE_ALL").is_none(), "vectors");
        return;
    };
    assert_eq!(said["outcome"], "divergent", "{said}");
    assert_eq!(said["image"]["result"], "contraindicated");
    assert_eq!(said["image"]["nonce"]["bound"], false);
    let reasons = said["image"]["reasons"].as_array().unwrap();
    let codes: Vec<_> = reasons.iter().map(|one| one["code"].as_str()).collect();
    assert_eq!(codes, [Some("IIA-ATT-0103"), Some("IIA-ATT-0005")]);
    let why = said["why"][0].as_str().unwrap();
    assert!(why.starts_with("image, judged again: the nonce"), "{why}");
    let dir = tempfile::tempdir().unwrap();
    let said = attests(dir.path(), "b3:next").unwrap();
    let why = said["why"][0].as_str().unwrap();
    assert!(why.contains("another artifact"), "{why}");
}
