//! What the observer of an audit log is told: heads, proofs, records and readings, honest ones and others.

use core::iter;

use iia_attest::audit_chain::{
    Agreed, AuditChain, Bad, Mark, Seen, Shown, Verified, WAITING_MAX, Wanted, stored_at,
};
use iia_attest::correlator::Correlator as _;
use iia_audit::checkpoint::Checkpoint;
use iia_audit::note::{Purpose, VerifierKey, cosign};
use iia_audit::policy::Policy;
use iia_audit::tree::{self, Frontier, Hash};
use iia_core::digest::{Context, Digest};
use iia_core::finding::{Conclusion, Finding};
use iia_core::sign::{Signer as _, SoftwareKey};
use iia_core::{Timestamp, time::SECOND_NS};

use crate::input::{Input, key};

const LOG: &str = "seg01/audit";
const WITNESS: &str = "site/witness";
/// Records of each history at most.
const RECORDS_MAX: u64 = 64;
/// Things that are told at most.
const STEPS_MAX: usize = 64;

/// Who tells the observer, and how much of each of two histories there is.
struct Plant {
    observer: AuditChain,
    keys: [SoftwareKey; 2],
    now: Timestamp,
    size: u64,
    /// Whether something was told that is not so.
    lied: bool,
    told: Vec<Finding>,
}

/// Any bytes as a course of things: whatever is told, the same is found again and within its limits; and as long as
/// nothing was told but what is so, nothing is called wrong.
pub fn audit_chain(data: &[u8]) {
    let told = run(data);
    assert_eq!(run(data), told);
}

fn run(data: &[u8]) -> Vec<Finding> {
    let _bytes_of_anybody = stored_at(data);
    let mut plant = Plant::new();
    let mut input = Input(data);
    for _ in 0..STEPS_MAX {
        if input.is_empty() {
            break;
        }
        plant.step(&mut input);
        let observer = &mut plant.observer;
        let told: Vec<Finding> = iter::from_fn(|| observer.poll_finding()).collect();
        assert!(told.len() <= WAITING_MAX + 1);
        plant.told.extend(told);
    }
    let wrong = |found: &&Finding| found.conclusion == Conclusion::Diverge;
    assert!(
        plant.lied || plant.told.iter().find(wrong).is_none(),
        "{:?}",
        plant.told
    );
    plant.told
}

fn named(name: &str, purpose: Purpose, key: &SoftwareKey) -> VerifierKey {
    let (name, key) = (name.into(), key.public_key());
    VerifierKey { name, purpose, key }
}

/// The mark of a record: the two histories part at a tenth of their length.
fn mark(history: u8, number: u64) -> Mark {
    let history = if number < RECORDS_MAX / 10 {
        0
    } else {
        history
    };
    let digest = |what: u8| {
        Digest::of(
            Context::File,
            &[&[history, what], &number.to_le_bytes()[..]].concat(),
        )
    };
    Mark {
        chain: digest(0),
        content: digest(1),
    }
}

fn leaves(history: u8, size: u64) -> Vec<Hash> {
    let leaf = |number| tree::leaf(mark(history, number).chain.as_bytes());
    (0..size).map(leaf).collect()
}

impl Plant {
    fn new() -> Self {
        let keys = [key(1), key(2)];
        let policy = Policy {
            log: named(LOG, Purpose::Log, &keys[0]),
            witnesses: vec![named(WITNESS, Purpose::Cosignature, &keys[1])],
            quorum: 1,
            mirrors: Vec::new(),
        };
        Self {
            observer: AuditChain::new(Agreed::of(policy)),
            keys,
            now: Timestamp::from_secs(1_800_000_000),
            size: 1,
            lied: false,
            told: Vec::new(),
        }
    }

    fn see(&mut self, seen: Seen) {
        self.observer.handle_observation(self.now, seen);
    }

    fn step(&mut self, input: &mut Input<'_>) {
        let what = input.byte();
        match what % 12 {
            0 => self.size = (self.size + u64::from(input.byte() % 8)).min(RECORDS_MAX),
            1 => self.pass(i64::from(input.byte()) * SECOND_NS),
            2 => self.shows(0, self.size),
            3 => self.holds(0, self.size, 0),
            4 => self.reads(0, self.size, Verified::default()),
            5 => self.see(Seen::Unreachable(WITNESS.into())),
            _ => self.lie(what, input),
        }
    }

    fn pass(&mut self, ns: i64) {
        self.now = self.now + ns;
        self.observer.handle_timeout(self.now);
    }

    fn lie(&mut self, what: u8, input: &mut Input<'_>) {
        self.lied = true;
        let size = input.u64() % (RECORDS_MAX + 1);
        match what % 12 {
            6 => self.shows(1, size),
            7 => self.holds(1, size, input.u64() as i64 % SECOND_NS),
            8 => {
                let bad = bad(size, input);
                self.reads(input.byte() & 1, size, Verified { bad });
            }
            9 => {
                let note = String::from_utf8_lossy(input.piece()).into_owned();
                let from = input.u64();
                let proof = iter::repeat_with(|| input.array()).take(4).collect();
                self.see(Seen::Shown(Shown { note, from, proof }));
            }
            10 => {
                let note = String::from_utf8_lossy(input.piece()).into_owned();
                let peer = String::from_utf8_lossy(input.piece()).into_owned();
                self.see(Seen::Held { peer, note });
            }
            _ => {
                let peaks = iter::repeat_with(|| input.array()).take(2).collect();
                let before = Frontier::of(input.u64(), peaks).unwrap_or_default();
                let place = String::from_utf8_lossy(input.piece()).into_owned();
                self.see(Seen::Reading(Some(place), before));
                self.now = self.now + input.u64() as i64 % (1 << 40);
            }
        }
    }

    fn note(&self, history: u8, size: u64) -> String {
        let head = Checkpoint {
            origin: LOG.into(),
            size,
            root: tree::root(&leaves(history, size)),
        };
        head.sign(&self.keys[0]).unwrap_or_default()
    }

    /// A head of the log with the proof that is wanted.
    fn shows(&mut self, history: u8, size: u64) {
        let from = match self.observer.wanted() {
            Some(Wanted::Proof(from)) => from,
            _ => self.observer.shown(),
        };
        let all = leaves(history, size);
        let proof = tree::consistency(all.as_slice(), from, size).unwrap_or_default();
        let note = self.note(history, size);
        self.see(Seen::Shown(Shown { note, from, proof }));
    }

    fn holds(&mut self, history: u8, size: u64, ahead_secs: i64) {
        let note = self.note(history, size);
        let text = note.split("\n\n").next().unwrap_or_default();
        let secs = self.now.as_secs().saturating_add(ahead_secs);
        let secs = u64::try_from(secs).unwrap_or_default();
        let line = cosign(&format!("{text}\n"), WITNESS, &self.keys[1], secs);
        let note = format!("{note}{}", line.unwrap_or_default());
        self.see(Seen::Held {
            peer: WITNESS.into(),
            note,
        });
    }

    fn reads(&mut self, history: u8, size: u64, verified: Verified) {
        self.see(Seen::Reading(None, Frontier::default()));
        for number in 0..size {
            self.see(Seen::Record(mark(history, number)));
        }
        self.see(Seen::Read(verified));
    }
}

fn bad(size: u64, input: &mut Input<'_>) -> Option<Bad> {
    let files = [
        "audit/seg/0000000000000000.iia",
        "audit/policy",
        "lake/a",
        "",
    ];
    let file = files[usize::from(input.byte()) % files.len()];
    Some(Bad {
        seq: if input.byte() & 1 == 0 {
            size
        } else {
            input.u64()
        },
        file: file.into(),
        why: String::from_utf8_lossy(input.piece()).into_owned(),
        stored: stored_at(input.take(160)),
        cut: input.byte() & 1 == 0,
    })
}
