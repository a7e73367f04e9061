//! A second verifier, in Python and with other libraries, says the same of a whole log as ours.
#![expect(clippy::unwrap_used, reason = "tests")]

mod common;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use iia_audit::log::{Ratchet, Submission};
use iia_audit::seal::SealKey;
use iia_audit::verify::{Elsewhere, Outcome, Report, verify_against};
use iia_core::digest::{Context, Digest, hex};
use iia_core::event::EventKind;
use iia_core::time::Clock as _;

const FLIPS: u64 = 200;

fn second_opinion(python: &Path, escrow: &Path, dirs: &[PathBuf]) -> Vec<String> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/judges/verify_log.py");
    let done = Command::new(python)
        .arg(script)
        .arg("--seal-key")
        .arg(escrow)
        .args(dirs)
        .output()
        .unwrap();
    assert!(
        done.status.success(),
        "{}",
        String::from_utf8_lossy(&done.stderr)
    );
    String::from_utf8(done.stdout)
        .unwrap()
        .lines()
        .map(str::to_owned)
        .collect()
}

/// The same words of our own verifier, up to the reason.
fn own_opinion(report: &Report) -> String {
    match &report.bad {
        Some(bad) => format!("bad {} {}", bad.seq, bad.file.display()),
        None => {
            let head = report.chain_head.map_or([0; 32], |head| *head.as_bytes());
            let sealed = report.sealed.unwrap_or_default();
            format!(
                "ok {} {} {} {sealed}",
                report.records,
                report.witnessed,
                hex(&head)
            )
        }
    }
}

/// A log of several heads, receipts and seals, with a lake file that a record refers to. The key of its first seal is
/// written to `escrow`.
fn evidence(dir: &Path, escrow: &Path) {
    let mut log = common::create(dir);
    let (mut ratchet, first) = Ratchet::begin(&escrow.with_extension("open")).unwrap();
    fs::write(escrow, first.to_text().as_bytes()).unwrap();
    let mut witness = common::witness();
    fs::create_dir_all(dir.join("lake/ot.acs.modbus")).unwrap();
    let (name, rows) = ("lake/ot.acs.modbus/0000000000000000.parquet", b"rows");
    fs::write(dir.join(name), rows).unwrap();
    for round in 0..3 {
        let known = if round == 0 { 0 } else { log.size() };
        common::fill(&mut log, 2 + round);
        let Submission { source, mut event } = common::event("sealed", 0);
        event.kind = EventKind::SegmentSealed;
        let digest = Digest::of(Context::LakeSegment, rows).to_string();
        let event = event.with("path", name).with("digest", digest);
        log.append(&[Submission { source, event }], common::clock().read())
            .unwrap();
        let note = common::receipt(&mut log, &mut witness, known);
        log.keep_receipt(&note).unwrap();
        log.seal(&mut ratchet).unwrap();
    }
    drop(log);
    // As on a box that runs: room was written ahead.
    let segment = dir.join("audit/seg/0000000000000000.iia");
    let mut bytes = fs::read(&segment).unwrap();
    bytes.resize(bytes.len() + 1_000, 0);
    fs::write(&segment, bytes).unwrap();
}

fn checked(dir: &Path, escrow: &Path) -> Report {
    let text = fs::read_to_string(escrow).unwrap();
    let elsewhere = Elsewhere {
        seal_key: Some(SealKey::parse(&text).unwrap()),
        ..Elsewhere::default()
    };
    verify_against(dir, &elsewhere)
}

#[test]
fn both_verifiers_say_the_same_of_a_good_log() {
    let Some(python) = common::python("both_verifiers_say_the_same_of_a_good_log") else {
        return;
    };
    let (dir, safe) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let escrow = safe.path().join("seal-key");
    evidence(dir.path(), &escrow);
    let report = checked(dir.path(), &escrow);
    assert_eq!(
        (report.outcome(), report.sealed),
        (Outcome::Verified, Some(report.records))
    );
    assert_eq!(
        second_opinion(&python, &escrow, &[dir.path().into()]),
        [own_opinion(&report)]
    );
}

#[test]
fn both_verifiers_name_the_same_first_bad_record() {
    let Some(python) = common::python("both_verifiers_name_the_same_first_bad_record") else {
        return;
    };
    let (good, bent) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let escrow = bent.path().join("seal-key");
    evidence(good.path(), &escrow);
    let names = names(good.path(), good.path());
    let mut seed = 20_261_128u64;
    let mut random = move || {
        seed = seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(seed >> 33).unwrap()
    };
    let (mut dirs, mut ours) = (Vec::new(), Vec::new());
    for flip in 0..FLIPS {
        let dir = bent.path().join(flip.to_string());
        copy(good.path(), &dir, &names);
        // Two flips in three hit a segment, where the records are.
        let segment = names
            .iter()
            .position(|name| name.ends_with(".iia"))
            .unwrap();
        let pick = if flip % 3 == 0 {
            random() % names.len()
        } else {
            segment
        };
        let path = dir.join(&names[pick]);
        let mut bytes = fs::read(&path).unwrap();
        if bytes.is_empty() {
            bytes.push(0);
        }
        let at = random() % bytes.len();
        bytes[at] ^= 1 << (random() % 8);
        fs::write(&path, bytes).unwrap();
        let report = checked(&dir, &escrow);
        assert_eq!(
            report.outcome(),
            Outcome::Failed,
            "{} byte {at}",
            names[pick]
        );
        ours.push((format!("{} byte {at}", names[pick]), own_opinion(&report)));
        dirs.push(dir);
    }
    let theirs = second_opinion(&python, &escrow, &dirs);
    assert_eq!(theirs.len(), ours.len());
    for ((place, ours), theirs) in ours.iter().zip(&theirs) {
        assert!(
            theirs.starts_with(&format!("{ours} ")),
            "{place}: ours {ours}, theirs {theirs}"
        );
    }
}

fn names(dir: &Path, base: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(names(&path, base));
        } else {
            found.push(path.strip_prefix(base).unwrap().display().to_string());
        }
    }
    found.sort();
    found
}

fn copy(from: &Path, to: &Path, names: &[String]) {
    for name in names {
        let path = to.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::copy(from.join(name), path).unwrap();
    }
}
