//! A second verifier of bundles, in Python and written from the format's page, says the same as ours.
#![expect(clippy::unwrap_used, reason = "tests")]

mod common;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use common::{WITNESS, event, key, policy, receipt, witness};
use iia_audit::bundle::{Known, Outcome, Show, make, verify};
use iia_audit::frame::Record;
use iia_audit::log::Submission;
use iia_audit::note::{Purpose, VerifierKey};
use iia_core::digest::{Context, Digest};
use iia_core::event::EventKind;
use iia_core::time::Clock as _;

const FLIPS: u64 = 400;

/// Twelve records: a receipt over 5, one over 9, a head over 11; record 3 names a file.
fn evidence(dir: &Path) {
    let mut log = common::create(dir);
    let mut witness = witness();
    fs::create_dir_all(dir.join("config")).unwrap();
    fs::write(dir.join("config/one.icl"), b"artifact").unwrap();
    for number in 0..12 {
        let Submission { source, mut event } = event(&format!("secret of {number}"), 0);
        if number == 3 {
            event.kind = EventKind::ArtifactStaged;
            let digest = Digest::of(Context::File, b"artifact").to_string();
            event = event.with("path", "config/one.icl").with("digest", digest);
        }
        log.append(&[Submission { source, event }], common::clock().read())
            .unwrap();
        match number {
            4 | 8 => {
                let note = receipt(&mut log, &mut witness, if number == 4 { 0 } else { 5 });
                log.keep_receipt(&note).unwrap();
            }
            10 => drop(log.publish_head(&key(1))),
            _ => {}
        }
    }
}

fn witness_key() -> VerifierKey {
    policy().witnesses.remove(0)
}

/// The words of the second verifier, of ours.
fn own_opinion(bytes: &[u8]) -> String {
    let known = Known {
        log: Some(policy().log),
        witnesses: vec![witness_key()],
    };
    let report = verify(bytes, &known);
    let (shown, size) = (report.shown.len(), report.size());
    match report.outcome() {
        Outcome::ProvenAndWitnessed => format!("witnessed {shown} {size}"),
        Outcome::ProvenNotWitnessed => format!("proven {shown} {size}"),
        _ => "failed".into(),
    }
}

fn agree(python: &Path, bundles: &[Vec<u8>]) -> usize {
    let dir = tempfile::tempdir().unwrap();
    let paths: Vec<PathBuf> = (0..bundles.len())
        .map(|number| dir.path().join(format!("{number}.tar")))
        .collect();
    for (path, bytes) in paths.iter().zip(bundles) {
        fs::write(path, bytes).unwrap();
    }
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/judges/verify_bundle.py");
    let done = Command::new(python)
        .arg(script)
        .args([policy().log.to_text(), witness_key().to_text()])
        .args(&paths)
        .output()
        .unwrap();
    let said = String::from_utf8(done.stdout).unwrap();
    let errors = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{errors}");
    assert_eq!(said.lines().count(), bundles.len());
    let mut failed = 0;
    for (number, (theirs, bytes)) in said.lines().zip(bundles).enumerate() {
        let ours = own_opinion(bytes);
        assert!(
            theirs == ours || ours == "failed" && theirs.starts_with("failed "),
            "{number}: ours {ours}, theirs {theirs}"
        );
        failed += usize::from(ours == "failed");
    }
    failed
}

fn choose(set: u64, bare: u64) -> impl FnMut(&Record) -> Show {
    move |record| match (set >> record.seq & 1, bare >> record.seq & 1) {
        (0, _) => Show::Nothing,
        (_, 0) => Show::Whole,
        _ => Show::Bare,
    }
}

#[test]
fn both_verifiers_say_the_same_of_every_choice_and_every_redaction() {
    let name = "both_verifiers_say_the_same_of_every_choice_and_every_redaction";
    let Some(python) = common::python(name) else {
        return;
    };
    assert_eq!(witness_key().name, WITNESS);
    assert_eq!(witness_key().purpose, Purpose::Cosignature);
    let dir = tempfile::tempdir().unwrap();
    evidence(dir.path());
    let bundles: Vec<Vec<u8>> = (1..1u64 << 11)
        .step_by(7)
        .map(|set| make(dir.path(), &[], choose(set, set * 37)).unwrap().bytes)
        .collect();
    assert_eq!(agree(&python, &bundles), 0);
}

#[test]
fn both_verifiers_refuse_every_changed_byte_and_every_cut() {
    let name = "both_verifiers_refuse_every_changed_byte_and_every_cut";
    let Some(python) = common::python(name) else {
        return;
    };
    let dir = tempfile::tempdir().unwrap();
    evidence(dir.path());
    let sound = make(dir.path(), &[], choose(0b110_0100_1010, 0b100_0000_0000));
    let sound = sound.unwrap().bytes;
    let mut bent = Vec::new();
    let mut seed = 20_261_129u64;
    for _ in 0..FLIPS {
        seed = seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let mut bytes = sound.clone();
        let at = (seed >> 33) as usize % bytes.len();
        bytes[at] ^= 1 << (seed >> 20 & 7);
        bent.push(bytes);
    }
    let cuts = (0..sound.len()).step_by(97);
    bent.extend(cuts.map(|len| sound[..len].to_vec()));
    assert_eq!(agree(&python, &bent), bent.len());
}
