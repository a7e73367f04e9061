//! A log with its keys and its clock, for tests.
#![allow(dead_code, reason = "every test file uses some of it")]
#![allow(clippy::unwrap_used, reason = "part of tests")]

pub(crate) mod story;

use std::path::{Path, PathBuf};

use iia_audit::log::{Log, Submission};
use iia_audit::note::{Purpose, VerifierKey};
use iia_audit::policy::Policy;
use iia_audit::verify::walk;
use iia_audit::witness::Witness;
use iia_core::Timestamp;
use iia_core::event::{Event, EventKind};
use iia_core::sign::{Signer as _, SoftwareKey};
use iia_core::time::{Clock as _, ManualClock, TimeState};

/// When every log here begins, in seconds since the epoch.
pub(crate) const START: i64 = 1_800_000_000;
/// Who speaks.
pub(crate) const SOURCE: &str = "spiffe://iia.local/zone/collect/workload/c";

/// A log under construction.
pub(crate) struct Chain {
    pub(crate) clock: ManualClock,
    pub(crate) log: Log,
    witness: Witness,
    known: u64,
}

fn key(seed: u8) -> SoftwareKey {
    SoftwareKey::from_seed(&[seed; 32].into())
}

/// The policy: one log, one witness.
pub(crate) fn policy() -> Policy {
    let named = |name: &str, purpose, seed| VerifierKey {
        name: name.into(),
        purpose,
        key: key(seed).public_key(),
    };
    Policy {
        log: named("seg01.example/audit", Purpose::Log, 1),
        witnesses: vec![named("site.example/witness", Purpose::Cosignature, 2)],
        quorum: 1,
        mirrors: Vec::new(),
    }
}

impl Chain {
    pub(crate) fn create(dir: &Path) -> Self {
        let clock = ManualClock::new(Timestamp::from_secs(START));
        clock.set_state(TimeState::Holdover {
            error_ns: 1_000_000_000,
        });
        let log = Log::create(&dir.join("audit"), &policy(), &key(1), clock.read()).unwrap();
        let mut witness = Witness::default();
        witness.follow(policy().log).unwrap();
        Self {
            clock,
            log,
            witness,
            known: 0,
        }
    }

    /// Opens a log again; its witness knows nothing of it.
    pub(crate) fn open(dir: &Path) -> Self {
        let (log, _) = Log::open(&dir.join("audit")).unwrap();
        let mut witness = Witness::default();
        witness.follow(policy().log).unwrap();
        Self {
            clock: ManualClock::new(Timestamp::from_secs(START + 90)),
            log,
            witness,
            known: 0,
        }
    }

    /// Lets seconds pass.
    pub(crate) fn pass(&self, secs: u64) {
        self.clock.advance(secs * 1_000_000_000);
    }

    pub(crate) fn tell(&mut self, event: Event) {
        self.tell_all(vec![event]);
    }

    pub(crate) fn tell_all(&mut self, events: Vec<Event>) {
        let source: iia_core::SpiffeId = SOURCE.parse().unwrap();
        let submission = |event| Submission {
            source: source.clone(),
            event,
        };
        let events: Vec<Submission> = events.into_iter().map(submission).collect();
        self.log.append(&events, self.clock.read()).unwrap();
    }

    /// What the log says each minute.
    pub(crate) fn beat(&mut self) {
        let event = Event::new(EventKind::TimeState, self.clock.read().wall);
        self.tell(event.with("state", "holdover").with("error_us", "1000000"));
    }

    /// Publishes a head and keeps the receipt of the witness.
    pub(crate) fn witness(&mut self) {
        let head = self.log.publish_head(&key(1)).unwrap();
        let proof = self.log.consistency(self.known).unwrap();
        let accepted = self.witness.accept(&head, self.known, &proof).unwrap();
        let at = u64::try_from(self.clock.read().wall.as_secs()).unwrap();
        let line = accepted
            .cosign("site.example/witness", &key(2), at)
            .unwrap();
        self.known = self.log.keep_receipt(&format!("{head}{line}")).unwrap();
    }
}

/// The first segment.
pub(crate) fn segment(dir: &Path) -> PathBuf {
    dir.join("audit/seg/0000000000000000.iia")
}

/// The byte of the first segment at which a record starts.
pub(crate) fn offset(dir: &Path, seq: u64) -> usize {
    let mut at = None;
    walk(&dir.join("audit"), |found| {
        if found.record.seq == seq {
            at = Some(usize::try_from(found.offset).unwrap());
        }
    })
    .unwrap();
    at.unwrap()
}
