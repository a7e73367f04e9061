//! Seals: what was sealed cannot be written anew by whoever holds every key of today.
#![expect(clippy::unwrap_used, reason = "tests")]

mod common;

use std::fs;
use std::path::Path;

use iia_audit::AuditError;
use iia_audit::log::{Log, Ratchet};
use iia_audit::seal::{Seal, SealKey};
use iia_audit::segment::HEADER_ALIGN;
use iia_audit::verify::{Elsewhere, Outcome, Report, verify, verify_against};
use iia_core::time::Clock as _;

/// A log with records before, between and behind its seals; the key of epoch 0 is what is given away.
fn sealed(dir: &Path, epochs: usize) -> SealKey {
    let mut log = common::create(dir);
    let (mut ratchet, escrow) = Ratchet::begin(&dir.join("ratchet")).unwrap();
    for epoch in 0..epochs {
        // The second epoch is empty.
        common::fill(&mut log, if epoch == 1 { 0 } else { 2 });
        assert_eq!(log.seal(&mut ratchet).unwrap().epoch, epoch as u64);
    }
    common::fill(&mut log, 1);
    drop(log);
    fs::rename(dir.join("ratchet"), dir.with_extension("ratchet")).unwrap();
    escrow
}

fn checked(dir: &Path, escrow: &SealKey) -> Report {
    let elsewhere = Elsewhere {
        seal_key: Some(escrow.clone()),
        ..Elsewhere::default()
    };
    verify_against(dir, &elsewhere)
}

fn refused(dir: &Path, escrow: &SealKey) -> String {
    let report = checked(dir, escrow);
    assert_eq!(report.outcome(), Outcome::Failed);
    let bad = report.bad.unwrap();
    assert_eq!(bad.file, Path::new("audit/seals"), "{}", bad.why);
    bad.why
}

#[test]
fn seals_are_checked_with_the_key_that_was_given_away_and_counted_without() {
    let dir = tempfile::tempdir().unwrap();
    let escrow = sealed(dir.path(), 5);
    let report = checked(dir.path(), &escrow);
    assert_eq!(report.bad, None);
    assert_eq!(
        (report.seals, report.sealed, report.records),
        (5, Some(16), 18)
    );
    let report = verify(dir.path(), None);
    assert_eq!((report.bad, report.seals, report.sealed), (None, 5, None));
}

/// Root of today holds the log's signing key, the witness' receipts and the key of the open epoch.
#[test]
fn a_log_written_anew_with_all_keys_of_today_does_not_fit_its_seals() {
    let dir = tempfile::tempdir().unwrap();
    let escrow = sealed(dir.path(), 5);
    let today = fs::read_to_string(dir.path().with_extension("ratchet")).unwrap();
    let anew = tempfile::tempdir().unwrap();
    let mut log = common::create(anew.path());
    fs::write(anew.path().join("ratchet"), "").unwrap();
    let seals = fs::read_to_string(dir.path().join("audit/seals")).unwrap();
    // The same history, without what the attacker did in the third epoch.
    common::fill(&mut log, 8);
    drop(log);
    fs::remove_file(anew.path().join("ratchet")).unwrap();
    fs::write(anew.path().join("audit/seals"), &seals).unwrap();
    assert_eq!(
        refused(anew.path(), &escrow),
        "a seal is not of these records"
    );
    // With the key of today no seal of yesterday can be made.
    let key = SealKey::parse(&today).unwrap();
    let lines: Vec<Seal> = seals
        .lines()
        .map(|line| Seal::parse(line).unwrap())
        .collect();
    let log_id = Log::open(&anew.path().join("audit"))
        .unwrap()
        .0
        .genesis()
        .log_id();
    let chain = verify(anew.path(), None).chain_head.unwrap();
    for seal in &lines {
        let forged = Seal {
            epoch: seal.epoch,
            ..key.seal(&log_id, (seal.size, &chain))
        };
        assert_ne!(forged.tag, seal.tag);
    }
}

#[test]
fn seals_that_are_missing_changed_doubled_or_swapped_are_found() {
    let dir = tempfile::tempdir().unwrap();
    let escrow = sealed(dir.path(), 4);
    let path = dir.path().join("audit/seals");
    let good = fs::read_to_string(&path).unwrap();
    let lines: Vec<&str> = good.split_inclusive('\n').collect();
    for at in 0..good.len() {
        let mut bytes = good.clone().into_bytes();
        bytes[at] ^= 1;
        fs::write(&path, &bytes).unwrap();
        refused(dir.path(), &escrow);
    }
    for (texts, why) in [
        (vec![lines[0], lines[2], lines[3]], "an epoch is missing"),
        (vec![lines[1], lines[2]], "an epoch is missing"),
        (vec![lines[0], lines[0]], "an epoch is missing"),
        (vec![lines[0], "1 4 b3:0"], "a line is no seal"),
    ] {
        fs::write(&path, texts.concat()).unwrap();
        assert!(refused(dir.path(), &escrow).contains(why), "{why}");
    }
    fs::remove_file(&path).unwrap();
    assert!(refused(dir.path(), &escrow).contains("are missing"));
    assert_eq!(verify(dir.path(), None).bad, None);
}

#[test]
fn records_cut_off_behind_a_seal_are_missed() {
    let dir = tempfile::tempdir().unwrap();
    let escrow = sealed(dir.path(), 3);
    let segment = dir.path().join("audit/seg/0000000000000000.iia");
    let bytes = fs::read(&segment).unwrap();
    // Whole records go: the file ends where one did.
    let starts: Vec<usize> = (HEADER_ALIGN..bytes.len())
        .step_by(64)
        .filter(|at| bytes[*at..].starts_with(b"IAR1"))
        .collect();
    fs::write(&segment, &bytes[..starts[5]]).unwrap();
    assert!(refused(dir.path(), &escrow).contains("the end is missing"));
}

#[test]
fn a_crash_between_a_seal_and_its_new_key_is_made_good() {
    let dir = tempfile::tempdir().unwrap();
    let mut log = common::create(dir.path());
    let path = dir.path().join("ratchet");
    let (mut ratchet, escrow) = Ratchet::begin(&path).unwrap();
    common::fill(&mut log, 1);
    for round in 0..3 {
        let before = fs::read(&path).unwrap();
        log.seal(&mut ratchet).unwrap();
        // The seal is durable, the key is that of before; then half a seal behind it.
        fs::write(&path, &before).unwrap();
        drop(Ratchet::open(&path, &log).unwrap());
        let seals = dir.path().join("audit/seals");
        let whole = fs::read(&seals).unwrap();
        fs::write(&seals, [whole.as_slice(), b"9 2 b3:00"].concat()).unwrap();
        ratchet = Ratchet::open(&path, &log).unwrap_or_else(|error| panic!("{round}: {error}"));
        assert_eq!(fs::read(&seals).unwrap(), whole);
        common::fill(&mut log, 1);
    }
    log.seal(&mut ratchet).unwrap();
    drop((log, ratchet));
    fs::remove_file(&path).unwrap();
    let report = checked(dir.path(), &escrow);
    assert_eq!((report.bad, report.sealed), (None, Some(8)));
}

#[test]
fn a_key_that_does_not_join_its_seals_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let mut log = common::create(dir.path());
    let path = dir.path().join("ratchet");
    let (mut ratchet, escrow) = Ratchet::begin(&path).unwrap();
    log.append(&[common::event("a", 1)], common::clock().read())
        .unwrap();
    log.seal(&mut ratchet).unwrap();
    log.seal(&mut ratchet).unwrap();
    fs::write(&path, escrow.to_text().as_bytes()).unwrap();
    let got = Ratchet::open(&path, &log).unwrap_err();
    assert_eq!(got, AuditError::Unsealed { epoch: 0 });
}

#[test]
fn keys_and_seals_have_one_spelling() {
    for text in [
        "",
        "iia-seal-key 0 b3:00\n",
        "iia-seal-key 00 b3:0000000000000000000000000000000000000000000000000000000000000000\n",
        "iia-seal-key 0 b3:0000000000000000000000000000000000000000000000000000000000000000",
        "iia-seal-key 67108864 b3:0000000000000000000000000000000000000000000000000000000000000000\n",
    ] {
        assert!(SealKey::parse(text).is_err(), "{text}");
    }
    let tag = "b3:0000000000000000000000000000000000000000000000000000000000000000";
    assert!(Seal::parse(&format!("0 1 {tag}")).is_ok());
    for line in [
        String::new(),
        format!("0 01 {tag}"),
        format!("0 1 {tag} "),
        format!("0  1 {tag}"),
    ] {
        assert!(Seal::parse(&line).is_err(), "{line}");
    }
}
