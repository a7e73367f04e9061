//! Forensics on a real chain: random changes are reconstructed exactly, and evidence that was touched proves nothing.
#![cfg(feature = "forensics")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "tests"
)]

mod common;

use std::path::Path;

use common::{BOX, Leave, Memory, answer, clock, config_text, key, trust_text};
use iia_audit::log::{Log, Submission};
use iia_audit::note::{Purpose, VerifierKey};
use iia_audit::policy::Policy;
use iia_config::desk::{Desk, Site};
use iia_config::envelope::seal;
use iia_config::history::{History, Key, Proof, blame, history};
use iia_config::stage::Store;
use iia_config::trust::Class;
use iia_core::digest::{Context, Digest};
use iia_core::event::{Event, EventKind};
use iia_core::sign::{Signer as _, SoftwareKey};
use iia_core::time::{Clock as _, ManualClock, SECOND_NS};

const DESK: &str = "spiffe://iia.local/zone/cfg/workload/desk";
const TRIAL: u64 = 600 * SECOND_NS as u64;

/// A box with its desk, its log, and what we did to it, kept by hand.
struct Plant {
    dir: tempfile::TempDir,
    desk: Desk,
    log: Log,
    log_key: SoftwareKey,
    calls: Memory,
    clock: ManualClock,
    /// What came in force, in order: text and who approved; no approver when the box went back by itself.
    did: Vec<(Option<String>, Option<&'static str>)>,
    highest: u64,
}

fn log_name(key: &SoftwareKey) -> VerifierKey {
    VerifierKey {
        name: "seg01/audit".into(),
        purpose: Purpose::Log,
        key: key.public_key(),
    }
}

impl Plant {
    fn new() -> Self {
        let (dir, clock) = (tempfile::tempdir().unwrap(), clock());
        let log_key = key("log");
        let policy = Policy {
            log: log_name(&log_key),
            witnesses: vec![VerifierKey {
                name: "site/witness".into(),
                purpose: Purpose::Cosignature,
                key: key("witness").public_key(),
            }],
            quorum: 1,
            mirrors: Vec::new(),
        };
        let log = Log::create(
            &dir.path().join("evidence/audit"),
            &policy,
            &log_key,
            clock.read(),
        )
        .unwrap();
        let site = Site {
            box_name: BOX.into(),
            trial_ns: TRIAL,
        };
        let store = Store::at(dir.path());
        let desk = Desk::begin(store, site, trust_text("").as_bytes(), clock.read()).unwrap();
        let mut plant = Self {
            dir,
            desk,
            log,
            log_key,
            calls: Memory::default(),
            clock,
            did: Vec::new(),
            highest: 0,
        };
        plant.deliver();
        plant
    }

    fn deliver(&mut self) {
        let source: iia_core::SpiffeId = DESK.parse().unwrap();
        let events = self.desk.outbox().to_vec();
        let submissions: Vec<Submission> = events
            .iter()
            .map(|event| Submission {
                source: source.clone(),
                event: event.clone(),
            })
            .collect();
        self.log.append(&submissions, self.clock.read()).unwrap();
        self.desk.acknowledge(u64::MAX).unwrap();
    }

    fn applied_text(&self) -> Option<String> {
        self.did.last().and_then(|(text, _)| text.clone())
    }

    fn release(&mut self, artifact: Digest, purpose: &'static str, by: &'static str) {
        let mut leave = Leave::of(artifact);
        (leave.name, leave.purpose) = (format!("leave-{}", self.did.len()), purpose);
        let now = self.clock.read();
        self.desk
            .release(&leave.seal(&[&key(by)]), &mut self.calls, now)
            .unwrap();
    }

    /// A new revision; the example's silence of one device is set to so many seconds.
    fn forward(&mut self, silence: usize, by: &'static str, is_confirmed: bool) {
        self.highest += 1;
        let previous = self.desk.state().applied().map(|kept| kept.digest());
        let text = config_text(self.highest, previous);
        let contract = text
            .find("contract iia.contract.device.historian_press_b 1.0.0")
            .unwrap();
        let mut text = text;
        let changed = text[contract..].replacen("silence 10s", &format!("silence {silence}s"), 1);
        // Whatever changes, a new major version says enough.
        let version = format!("historian_press_b {}.0.0", self.highest + 1);
        let changed = changed.replacen("historian_press_b 1.0.0", &version, 1);
        text.replace_range(contract.., &changed);
        let signed = seal(Class::Config, text.as_bytes(), &[&key("ann")]).unwrap();
        let artifact = self.desk.submit(signed, self.clock.read());
        let artifact = artifact.map_err(|error| format!("{error:?}")).unwrap();
        self.release(artifact, "apply", by);
        let before = self.applied_text();
        self.did.push((Some(text), Some(by)));
        self.end(artifact, before, is_confirmed);
    }

    /// Leave to go back to what was in force at some time.
    fn back(&mut self, text: String, by: &'static str) {
        let artifact = Digest::of(Context::Artifact, text.as_bytes());
        self.release(artifact, "revert", by);
        let before = self.applied_text();
        self.did.push((Some(text), Some(by)));
        self.end(artifact, before, true);
    }

    fn end(&mut self, artifact: Digest, before: Option<String>, is_confirmed: bool) {
        if is_confirmed {
            let now = self.clock.read();
            self.desk.confirm(&answer(artifact, now.wall), now).unwrap();
        } else {
            // Not so long that the example's approvals expire.
            self.clock.advance(TRIAL + 1);
            self.desk
                .settle(&mut self.calls, self.clock.read())
                .unwrap();
            self.clock
                .set_wall(self.clock.read().wall - TRIAL as i64 - 1);
            self.did.push((before, None));
        }
        self.deliver();
    }

    fn history(&self) -> History {
        history(
            &self.dir.path().join("evidence"),
            Some(&log_name(&self.log_key)),
        )
        .unwrap()
    }
}

/// Twenty-four changes of every kind, in an order drawn from a seed.
fn busy(seed: u64) -> Plant {
    let mut plant = Plant::new();
    let mut state = seed;
    let mut below = |n: u64| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 16) % n
    };
    while plant.did.len() < 24 {
        let by = ["bob", "cem"][below(2) as usize];
        let texts: Vec<String> = plant
            .did
            .iter()
            .filter_map(|(text, _)| text.clone())
            .collect();
        match below(4) {
            0 if !texts.is_empty() => {
                let text = texts[below(texts.len() as u64) as usize].clone();
                plant.back(text, by);
            }
            1 => plant.forward(1 + below(9) as usize, by, false),
            _ => plant.forward(1 + below(9) as usize, by, true),
        }
    }
    plant
}

fn digest_of(text: Option<&String>) -> Option<Digest> {
    text.map(|text| Digest::of(Context::Artifact, text.as_bytes()))
}

#[test]
fn r_cfg_22_random_changes_are_reconstructed_exactly() {
    for seed in [3, 0xBEEF] {
        let plant = busy(seed);
        let found = plant.history();
        assert_eq!(found.evidence.broken, None);
        assert!(found.evidence.pinned);
        let told: Vec<_> = found
            .changes
            .iter()
            .map(|change| {
                let leave = change.leave.as_ref();
                (
                    change.artifact.as_ref().map(|artifact| artifact.digest),
                    leave.map(|leave| leave.operators.join(" ")),
                )
            })
            .collect();
        let did: Vec<_> = plant
            .did
            .iter()
            .map(|(text, by)| (digest_of(text.as_ref()), by.map(str::to_owned)))
            .collect();
        assert_eq!(told, did);
        for change in &found.changes {
            let artifact = change.artifact.as_ref();
            assert!(artifact.is_none_or(
                |artifact| artifact.proof == Proof::Holds && artifact.authors == ["ann"]
            ));
            assert!(
                change
                    .leave
                    .as_ref()
                    .is_none_or(|leave| leave.proof == Proof::Holds)
            );
            assert_eq!(change.leave.is_none(), !change.went_back.is_empty());
        }
    }
}

#[test]
fn blame_names_the_change_that_made_a_line_what_it_is() {
    let plant = busy(7);
    let found = plant.history();
    let key = Key::parse("contract iia.contract.device.historian_press_b silence").unwrap();
    let blamed = blame(&found, &key);
    // By hand: walk what we did and note where the line changes.
    let line = |text: Option<&String>| -> Vec<String> {
        let Some(text) = text else { return Vec::new() };
        let contract = text
            .find("contract iia.contract.device.historian_press_b")
            .unwrap();
        let line = text[contract..]
            .lines()
            .find(|line| line.contains("silence"))
            .unwrap();
        vec![line.trim().to_owned()]
    };
    let mut before = Vec::new();
    let mut want = Vec::new();
    for (at, (text, _)) in plant.did.iter().enumerate() {
        let after = line(text.as_ref());
        if after != before {
            want.push((found.changes[at].seq, before.clone(), after.clone()));
            before = after;
        }
    }
    want.reverse();
    let told: Vec<_> = blamed
        .into_iter()
        .map(|one| (one.change.seq, one.before, one.after))
        .collect();
    assert_eq!(told, want);
    assert!(want.len() > 5, "{}", want.len());
    let none = Key::parse("contract iia.contract.device.nobody").unwrap();
    assert!(blame(&found, &none).is_empty());
}

#[track_caller]
fn touched(plant: &Plant, path: &Path) {
    let good = std::fs::read(path).unwrap();
    let mut bent = good.clone();
    let middle = bent.len() / 2;
    bent[middle] ^= 1;
    std::fs::write(path, bent).unwrap();
    assert!(
        plant.history().evidence.broken.is_some(),
        "{}",
        path.display()
    );
    std::fs::write(path, good).unwrap();
    assert_eq!(plant.history().evidence.broken, None);
}

#[test]
fn touched_evidence_proves_nothing() {
    let mut plant = Plant::new();
    plant.forward(5, "bob", true);
    for folder in ["config", "audit/seg"] {
        for entry in std::fs::read_dir(plant.dir.path().join("evidence").join(folder)).unwrap() {
            touched(&plant, &entry.unwrap().path());
        }
    }
}

#[test]
fn an_approval_of_nobody_known_does_not_hold_although_the_chain_says_so() {
    // A box that was taken over writes what it likes into its own chain; the signatures tell.
    let mut plant = Plant::new();
    plant.forward(5, "bob", true);
    let forged = Leave::of(Digest::ZERO).seal(&[&key("mallory")]);
    let file = Digest::of(Context::File, &forged);
    let path = format!("config/{}.sig", iia_core::digest::hex(file.as_bytes()));
    std::fs::write(plant.dir.path().join("evidence").join(&path), &forged).unwrap();
    let artifact = plant.desk.state().applied().unwrap().digest().to_string();
    let now = plant.clock.read();
    let event = |kind| Event::new(kind, now.wall).with("artifact", artifact.clone());
    let text = Leave::of(Digest::ZERO).text();
    let approval = Digest::of(Context::Artifact, text.as_bytes());
    let lies = [
        event(EventKind::ArtifactAuthorised)
            .with("approval", approval.to_string())
            .with("operators", "bob")
            .with("path", path)
            .with("digest", file.to_string()),
        event(EventKind::ArtifactApplied),
    ];
    let source: iia_core::SpiffeId = DESK.parse().unwrap();
    for event in lies.clone() {
        let source = source.clone();
        plant
            .log
            .append(&[Submission { source, event }], now)
            .unwrap();
    }
    let found = plant.history();
    let leave = found.changes.last().unwrap().leave.as_ref().unwrap();
    assert!(matches!(leave.proof, Proof::Fails(_)), "{leave:?}");
    assert!(
        found
            .changes
            .last()
            .unwrap()
            .to_string()
            .contains("DOES NOT HOLD")
    );
    // Another workload that says the same is not believed at all.
    let source: iia_core::SpiffeId = "spiffe://iia.local/zone/api/workload/query_server"
        .parse()
        .unwrap();
    let changes = found.changes.len();
    for event in lies {
        let source = source.clone();
        plant
            .log
            .append(&[Submission { source, event }], now)
            .unwrap();
    }
    let found = plant.history();
    assert_eq!((found.changes.len(), found.foreign.len()), (changes, 2));
}
