//! A box with a real log, the next box up with a real witness, a thief of its disk and key, and the observer of it.

use std::fs;
use std::path::{Path, PathBuf};

use iia_attest::audit_chain::{Agreed, AuditChain, Mark, Seen, Shown, Verified, Wanted};
use iia_attest::correlator::Correlator as _;
use iia_audit::log::{Log, Submission};
use iia_audit::note::{Purpose, VerifierKey};
use iia_audit::policy::Policy;
use iia_audit::verify::{Elsewhere, start, verify_log, walk};
use iia_audit::witness::Witness;
use iia_core::Timestamp;
use iia_core::event::{Event, EventKind};
use iia_core::finding::{Conclusion, Finding};
use iia_core::sign::{Signer as _, SoftwareKey};
use iia_core::time::{Clock as _, ManualClock};

pub(crate) const WITNESS: &str = "site.example/witness";
pub(crate) const MIRROR: &str = "site.example/mirror";
pub(crate) const START: i64 = 1_800_000_000;

pub(crate) fn key(seed: u8) -> SoftwareKey {
    SoftwareKey::from_seed(&[seed; 32].into())
}

pub(crate) fn policy() -> Policy {
    let named = |name: &str, purpose, seed| VerifierKey {
        name: name.into(),
        purpose,
        key: key(seed).public_key(),
    };
    Policy {
        log: named("seg01.example/audit", Purpose::Log, 1),
        witnesses: vec![named(WITNESS, Purpose::Cosignature, 2)],
        quorum: 1,
        mirrors: vec![named(MIRROR, Purpose::Cosignature, 3)],
    }
}

/// Policy with the witness alone.
pub(crate) fn witnessed() -> Policy {
    Policy {
        mirrors: Vec::new(),
        ..policy()
    }
}

pub(crate) fn event(text: &str) -> Submission {
    let event = Event::new(EventKind::Finding, Timestamp::from_secs(START)).with("reason", text);
    Submission {
        source: "spiffe://iia.local/zone/a/workload/b".parse().unwrap(),
        event,
    }
}

/// The box, the next box up, and the observer.
pub(crate) struct Plant {
    pub(crate) dir: tempfile::TempDir,
    pub(crate) observer: AuditChain,
    witness: Witness,
    known: u64,
    pub(crate) clock: ManualClock,
    /// The cosigned head that the peer holds.
    pub(crate) held: String,
    pub(crate) numbers: u64,
    /// The log, while it is open.
    open: Option<Log>,
}

impl Plant {
    /// A log with so many records, cosigned, and an observer that has seen all of it.
    pub(crate) fn new(count: u64) -> Self {
        // Days of syncs are in memory, where there is a file system in it.
        let dir = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir());
        let dir = dir.unwrap();
        let clock = ManualClock::new(Timestamp::from_secs(START));
        let path = dir.path().join("audit");
        drop(Log::create(&path, &witnessed(), &key(1), clock.read()).unwrap());
        let mut witness = Witness::default();
        witness.follow(policy().log).unwrap();
        let mut plant = Self {
            dir,
            observer: AuditChain::new(Agreed::of(witnessed())),
            witness,
            known: 0,
            clock,
            held: String::new(),
            numbers: 0,
            open: None,
        };
        plant.write(count);
        plant.publish();
        plant.look();
        assert_eq!(plant.findings(), []);
        plant
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.read().wall
    }

    /// The log, which stays open until somebody else is to have it.
    pub(crate) fn log(&mut self) -> Log {
        let open = self.open.take();
        open.unwrap_or_else(|| Log::open(&self.dir.path().join("audit")).unwrap().0)
    }

    pub(crate) fn write(&mut self, count: u64) {
        let mut log = self.log();
        for _ in 0..count {
            self.numbers += 1;
            let text = format!(
                "event {} {}",
                self.numbers,
                "x".repeat((self.numbers % 90) as usize)
            );
            let event = event(&text);
            log.append(&[event], self.clock.read()).unwrap();
        }
        self.open = Some(log);
    }

    /// The log signs a head, and the witness cosigns it when it extends what it knows.
    pub(crate) fn publish(&mut self) {
        let mut log = self.log();
        let head = log.publish_head(&key(1)).unwrap();
        let proof = log.consistency(self.known).unwrap_or_default();
        if let Ok(accepted) = self.witness.accept(&head, self.known, &proof) {
            let time = self.now().as_secs().try_into().unwrap();
            let line = accepted.cosign(WITNESS, &key(2), time).unwrap();
            self.known = log.size();
            self.held = format!("{head}{line}");
            log.keep_receipt(&self.held).unwrap();
        }
        self.open = Some(log);
    }

    pub(crate) fn see(&mut self, seen: Seen) {
        let now = self.now();
        self.observer.handle_observation(now, seen);
    }

    /// The log is asked for its newest head and a proof.
    pub(crate) fn ask(&mut self) {
        let from = match self.observer.wanted() {
            Some(Wanted::Proof(from)) => from,
            _ => self.observer.shown(),
        };
        let log = self.log();
        self.see(Seen::Shown(Shown {
            note: log.head().sign(&key(1)).unwrap(),
            from,
            proof: log.consistency(from).unwrap_or_default(),
        }));
        self.open = Some(log);
    }

    pub(crate) fn hear(&mut self) {
        let note = self.held.clone();
        let peer = WITNESS.into();
        self.see(Seen::Held { peer, note });
    }

    pub(crate) fn read(&mut self) {
        let dir = self.dir.path().to_path_buf();
        self.read_at(None, &dir);
    }

    /// Reads the records of a directory as whoever drives the observer does.
    pub(crate) fn read_at(&mut self, place: Option<&str>, dir: &Path) {
        let audit = dir.join("audit");
        let before = start(&audit).unwrap_or_default();
        self.see(Seen::Reading(place.map(Into::into), before));
        let now = self.now();
        let observer = &mut self.observer;
        let _bad = walk(&audit, |found| {
            observer.handle_observation(now, Seen::Record(Mark::of(&found.record)));
        });
        let report = verify_log(dir, &Elsewhere::default());
        let bytes = report.bad.as_ref().map_or(Vec::new(), |bad| {
            let bytes = fs::read(dir.join(&bad.file)).unwrap_or_default();
            let from = usize::try_from(bad.offset).unwrap().min(bytes.len());
            bytes[from..].iter().take(128).copied().collect()
        });
        self.see(Seen::Read(Verified::of(&report, &bytes)));
    }

    /// Everything once: what peers hold, what the log shows, what is on the disk. The log is closed then.
    pub(crate) fn look(&mut self) {
        self.hear();
        self.ask();
        self.read();
        self.open = None;
    }

    pub(crate) fn wait(&mut self, secs: i64) {
        self.clock
            .advance(u64::try_from(secs).unwrap() * 1_000_000_000);
        let now = self.now();
        self.observer.handle_timeout(now);
    }

    pub(crate) fn findings(&mut self) -> Vec<Finding> {
        std::iter::from_fn(|| self.observer.poll_finding()).collect()
    }

    /// Findings but for the word on a cadence that all is well.
    pub(crate) fn wrong(&mut self) -> Vec<Finding> {
        let mut findings = self.findings();
        findings.retain(|finding| finding.conclusion != Conclusion::Converge);
        findings
    }

    /// The one finding there must be.
    #[track_caller]
    pub(crate) fn one(&mut self, clause: &str, evidence: &str) -> Finding {
        let findings = self.wrong();
        let [finding] = &findings[..] else {
            panic!("{clause}: {findings:#?}")
        };
        assert_eq!(finding.clause, clause, "{finding:#?}");
        assert!(
            finding
                .evidence
                .iter()
                .any(|proof| proof.contains(evidence)),
            "{evidence}: {finding:#?}"
        );
        finding.clone()
    }
}

/// Where each record of a log lies in its one segment.
pub(crate) fn places(dir: &Path) -> Vec<(usize, usize)> {
    let mut places = Vec::new();
    walk(&dir.join("audit"), |found| {
        places.push((usize::try_from(found.offset).unwrap(), found.frame.len()));
    })
    .unwrap();
    places
}

pub(crate) fn segment(dir: &Path) -> PathBuf {
    dir.join("audit/seg/0000000000000000.iia")
}

/// Puts the records in the order given, which may leave some out or take some twice.
pub(crate) fn arrange(dir: &Path, order: &[usize]) {
    let (places, path) = (places(dir), segment(dir));
    let bytes = fs::read(&path).unwrap();
    let mut arranged = bytes[..places[0].0].to_vec();
    for at in order {
        let (from, len) = places[*at];
        arranged.extend_from_slice(&bytes[from..from + len]);
    }
    fs::write(path, arranged).unwrap();
}

/// The thief: takes the log back to `count` records, with every head and receipt beyond, as if they had never been.
pub(crate) fn take_back(dir: &Path, count: usize) {
    let order: Vec<usize> = (0..count).collect();
    arrange(dir, &order);
    for folder in ["heads", "receipts", "mirrored"] {
        let Ok(entries) = fs::read_dir(dir.join("audit").join(folder)) else {
            continue;
        };
        for entry in entries.map(Result::unwrap) {
            let name = entry.file_name().into_string().unwrap();
            if usize::from_str_radix(&name, 16).unwrap() > count {
                fs::remove_file(entry.path()).unwrap();
            }
        }
    }
}

pub(crate) fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        match entry.file_type().unwrap().is_dir() {
            true => copy(&entry.path(), &target),
            false => drop(fs::copy(entry.path(), target).unwrap()),
        }
    }
}
