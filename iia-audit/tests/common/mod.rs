//! A small log with its keys, for tests.
#![allow(dead_code, reason = "every test file uses some of it")]

use std::path::{Path, PathBuf};
use std::process::Command;

use iia_audit::log::{Log, Submission};
use iia_audit::note::{Purpose, VerifierKey};
use iia_audit::policy::Policy;
use iia_audit::witness::Witness;
use iia_core::Timestamp;
use iia_core::event::{Event, EventKind};
use iia_core::sign::{Signer as _, SoftwareKey};
use iia_core::time::{Clock as _, ManualClock};

pub(crate) const WITNESS: &str = "site.example/witness";

pub(crate) fn key(seed: u8) -> SoftwareKey {
    SoftwareKey::from_seed(&[seed; 32].into())
}

pub(crate) fn policy() -> Policy {
    let named = |name: &str, purpose, seed| VerifierKey {
        name: name.into(),
        purpose,
        key: key(seed).public_key(),
    };
    let log = named("seg01.example/audit", Purpose::Log, 1);
    Policy {
        log,
        witnesses: vec![named(WITNESS, Purpose::Cosignature, 2)],
        quorum: 1,
        mirrors: Vec::new(),
    }
}

/// The name of a mirror.
pub(crate) const MIRROR: &str = "site.example/mirror";

pub(crate) fn mirror_key() -> SoftwareKey {
    key(9)
}

/// A log whose policy names a mirror.
pub(crate) fn create_mirrored(dir: &Path) -> Log {
    let mut policy = policy();
    policy.mirrors.push(VerifierKey {
        name: MIRROR.into(),
        purpose: Purpose::Cosignature,
        key: mirror_key().public_key(),
    });
    Log::create(&dir.join("audit"), &policy, &key(1), clock().read()).unwrap()
}

pub(crate) fn clock() -> ManualClock {
    ManualClock::new(Timestamp::from_secs(1_800_000_000))
}

pub(crate) fn create(dir: &Path) -> Log {
    Log::create(&dir.join("audit"), &policy(), &key(1), clock().read()).unwrap()
}

pub(crate) fn event(text: &str, source_seq: u64) -> Submission {
    let mut event = Event::new(EventKind::Finding, Timestamp::from_secs(5)).with("reason", text);
    event.source_seq = source_seq;
    Submission {
        source: "spiffe://iia.local/zone/a/workload/b".parse().unwrap(),
        event,
    }
}

pub(crate) fn fill(log: &mut Log, count: usize) {
    for number in 0..count {
        let text = "x".repeat(number % 90);
        log.append(&[event(&text, 0), event("second", 0)], clock().read())
            .unwrap();
    }
}

/// Publishes a head and has it cosigned by a witness that knows `known`.
pub(crate) fn receipt(log: &mut Log, witness: &mut Witness, known: u64) -> String {
    let head = log.publish_head(&key(1)).unwrap();
    let accepted = witness
        .accept(&head, known, &log.consistency(known).unwrap())
        .unwrap();
    format!(
        "{head}{}",
        accepted.cosign(WITNESS, &key(2), 1_800_000_060).unwrap()
    )
}

pub(crate) fn witness() -> Witness {
    let mut witness = Witness::default();
    witness.follow(policy().log).unwrap();
    witness
}

/// A log of records with a receipt over all of them.
pub(crate) fn witnessed(dir: &Path, count: usize) {
    let mut log = create(dir);
    let mut witness = witness();
    fill(&mut log, count);
    let note = receipt(&mut log, &mut witness, 0);
    log.keep_receipt(&note).unwrap();
}

/// What a test says that cannot run here: aloud, and as a failure where everything is required.
pub(crate) fn skip(test: &str, missing: &str) {
    let line = format!("SKIPPED: {test}: {missing}");
    assert!(
        std::env::var_os("IIA_REQUIRE_ALL").is_none_or(|all| all != "1"),
        "{line}"
    );
    let _closed = std::io::Write::write_all(&mut std::io::stderr(), format!("{line}\n").as_bytes());
}

/// A Python that has what the verifier needs: `IIA_PYTHON`, or the tests' own environment.
pub(crate) fn python(test: &str) -> Option<PathBuf> {
    let own = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/venv/bin/python");
    let python = std::env::var_os("IIA_PYTHON").map_or_else(|| own.into(), PathBuf::from);
    let imports = Command::new(&python)
        .args(["-c", "import blake3, cryptography"])
        .output();
    if imports.is_ok_and(|done| done.status.success()) {
        return Some(python);
    }
    skip(
        test,
        "a Python with blake3 and cryptography (IIA_PYTHON or target/venv)",
    );
    None
}
