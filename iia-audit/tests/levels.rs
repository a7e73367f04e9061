//! Three levels: a box, the site above it, the enterprise above that. Each signs what it saw of the one below into its own
//! log, so that the top head commits to all of them (001:393).
#![expect(clippy::unwrap_used, reason = "tests")]

mod common;

use std::fs;
use std::path::{Path, PathBuf};

use common::{event, key};
use iia_audit::log::{Log, Submission};
use iia_audit::note::{self, Purpose, VerifierKey};
use iia_audit::policy::Policy;
use iia_audit::verify::{Elsewhere, Outcome, Report, seen_above, verify_against};
use iia_audit::witness::Witness;
use iia_core::event::EventKind;
use iia_core::sign::Signer as _;
use iia_core::time::Clock as _;

/// A level of the hierarchy: its log, and the witness that it is for the level below.
struct Level {
    dir: PathBuf,
    seed: u8,
    log: Log,
    witness: Witness,
    known: u64,
}

fn log_key(seed: u8) -> VerifierKey {
    VerifierKey {
        name: format!("level{seed}/audit"),
        purpose: Purpose::Log,
        key: key(seed).public_key(),
    }
}

fn witness_key(seed: u8) -> VerifierKey {
    VerifierKey {
        name: format!("level{seed}/witness"),
        purpose: Purpose::Cosignature,
        key: key(100 + seed).public_key(),
    }
}

impl Level {
    fn new(base: &Path, seed: u8) -> Self {
        let dir = base.join(seed.to_string());
        // At the top nobody is above: it signs for itself, and whoever it is published to remembers.
        let above = (seed + 1).min(3);
        let policy = Policy {
            log: log_key(seed),
            witnesses: vec![witness_key(above)],
            quorum: 1,
            mirrors: Vec::new(),
        };
        let log = Log::create(
            &dir.join("audit"),
            &policy,
            &key(seed),
            common::clock().read(),
        );
        let mut witness = Witness::default();
        witness.follow(log_key(seed - 1)).unwrap();
        Self {
            dir,
            seed,
            log: log.unwrap(),
            witness,
            known: 0,
        }
    }

    fn tell(&mut self, text: &str) {
        self.log
            .append(&[event(text, 0)], common::clock().read())
            .unwrap();
    }

    /// Signs the head of the level below, which is a record of this one, and gives it back.
    fn sign_for(&mut self, below: &mut Self) {
        let head = below.log.publish_head(&key(below.seed)).unwrap();
        let proof = below.log.consistency(below.known).unwrap();
        let accepted = self.witness.accept(&head, below.known, &proof).unwrap();
        let line = accepted.cosign(
            &witness_key(self.seed).name,
            &key(100 + self.seed),
            1_800_000_060,
        );
        let text: Vec<&str> = head.lines().take(3).collect();
        let Submission { source, mut event } = event("", 0);
        event.kind = EventKind::HeadWitnessed;
        event.fields.clear();
        let event = event
            .with("head", text.join(" "))
            .with("outcome", "cosigned");
        self.log
            .append(&[Submission { source, event }], common::clock().read())
            .unwrap();
        below.known = below
            .log
            .keep_receipt(&format!("{head}{}", line.unwrap()))
            .unwrap();
    }

    /// The top closes its own books.
    fn close(&mut self) {
        let head = self.log.publish_head(&key(self.seed)).unwrap();
        let text = head.split("\n\n").next().unwrap().to_owned() + "\n";
        let line = note::cosign(&text, &witness_key(3).name, &key(103), 1_800_000_060).unwrap();
        self.log.keep_receipt(&format!("{head}{line}")).unwrap();
    }
}

fn written(base: &Path, what: &str) -> Vec<PathBuf> {
    let [mut below, mut middle, mut top] = [1, 2, 3].map(|seed| Level::new(base, seed));
    for round in 0..4 {
        below.tell(&format!("{what} {round}"));
        middle.sign_for(&mut below);
        top.sign_for(&mut middle);
    }
    top.close();
    [below.dir, middle.dir, top.dir].into()
}

/// The box against what the middle saw, which is verified against what the top saw.
fn verified(dirs: &[PathBuf]) -> Result<Report, Box<Report>> {
    let [below, middle, top] = dirs else {
        unreachable!("three levels")
    };
    let above = seen_above(top, Some(&log_key(3)), "level2/audit")?;
    let known = |seed, heads| Elsewhere {
        log: Some(log_key(seed)),
        heads,
        ..Elsewhere::default()
    };
    let report = verify_against(middle, &known(2, above));
    if report.outcome() == Outcome::Failed {
        return Err(Box::new(report));
    }
    let seen = seen_above(middle, Some(&log_key(2)), "level1/audit")?;
    assert_eq!(seen.len(), 4);
    Ok(verify_against(below, &known(1, seen)))
}

#[test]
fn the_top_head_commits_to_every_level() {
    let base = tempfile::tempdir().unwrap();
    let dirs = written(base.path(), "as it was");
    let report = verified(&dirs).unwrap();
    assert_eq!(report.outcome(), Outcome::Verified, "{:?}", report.bad);
    assert_eq!(report.records, 4);
}

#[test]
fn whoever_owns_two_levels_and_all_their_keys_is_found_by_the_third() {
    let base = tempfile::tempdir().unwrap();
    let dirs = written(&base.path().join("real"), "as it was");
    // Everything anew, consistent in itself, with the right keys of the two lower levels.
    let forged = written(&base.path().join("forged"), "as they want it");
    assert_eq!(verified(&forged).unwrap().outcome(), Outcome::Verified);
    for level in [0, 1] {
        fs::remove_dir_all(&dirs[level]).unwrap();
        fs::rename(&forged[level], &dirs[level]).unwrap();
    }
    let found = verified(&dirs).unwrap_err();
    let bad = found.bad.unwrap();
    assert_eq!(bad.file, Path::new("the head seen by the next box up"));
    assert_eq!(bad.seq, 1);
}
