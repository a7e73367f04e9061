//! A log of records whose bodies have 300 bytes.

use std::path::Path;

use iia_audit::log::{Log, Submission};
use iia_audit::note::{Purpose, VerifierKey};
use iia_audit::policy::Policy;
use iia_core::Timestamp;
use iia_core::event::{Event, EventKind};
use iia_core::sign::{Signer as _, SoftwareKey};
use iia_core::time::{Clock as _, ManualClock, Reading};

/// Bytes of a record as its peers store it: what the body of ours has.
pub const RECORD_LEN: usize = 300;

/// The name of the mirror.
pub const MIRROR: &str = "site.example/mirror";

pub fn key(seed: u8) -> SoftwareKey {
    SoftwareKey::from_seed(&[seed; 32].into())
}

pub fn now() -> Reading {
    ManualClock::new(Timestamp::from_secs(1_800_000_000)).read()
}

pub fn create(dir: &Path) -> Log {
    let named = |name: &str, purpose, seed| VerifierKey {
        name: name.into(),
        purpose,
        key: key(seed).public_key(),
    };
    let policy = Policy {
        log: named("box.example/audit", Purpose::Log, 1),
        witnesses: vec![named("site.example/witness", Purpose::Cosignature, 2)],
        quorum: 1,
        mirrors: vec![named(MIRROR, Purpose::Cosignature, 3)],
    };
    Log::create(&dir.join("audit"), &policy, &key(1), now()).expect("a log")
}

/// An event whose record has a body of [`RECORD_LEN`] bytes.
pub fn event() -> Submission {
    const FIXED: usize = 77;
    let text = "x".repeat(RECORD_LEN - FIXED);
    Submission {
        source: "spiffe://iia.local/zone/a/workload/b"
            .parse()
            .expect("an identity"),
        event: Event::new(EventKind::Finding, Timestamp::from_secs(5)).with("reason", text),
    }
}
