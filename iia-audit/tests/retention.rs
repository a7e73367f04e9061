//! Nothing goes before it is old enough and stored elsewhere; what went is still under every head.
#![expect(clippy::unwrap_used, reason = "tests")]

mod common;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use common::{MIRROR, create_mirrored, event, key, mirror_key, policy, receipt, witness};
use iia_audit::AuditError;
use iia_audit::bundle::{self, Known, Show, make};
use iia_audit::coverage::Heads;
use iia_audit::log::{Held, Log, Mirror, Ratchet, Retention, Retired, Submission};
use iia_audit::seal::SealKey;
use iia_audit::table;
use iia_audit::verify::{
    Elsewhere, Outcome, Report, records, start, verify_against, verify_log, walk,
};
use iia_core::Timestamp;
use iia_core::digest::{Context, Digest};
use iia_core::event::EventKind;
use iia_core::time::{Clock as _, ManualClock, Reading, TimeState};

const DAY_NS: i64 = 86_400_000_000_000;

/// A log that is written day by day, and its mirror.
struct Plant {
    dir: tempfile::TempDir,
    log: Log,
    mirror: Mirror,
    ratchet: Ratchet,
    escrow: SealKey,
    day: i64,
}

impl Plant {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let log = create_mirrored(&dir.path().join("box"));
        let log = log
            .with_segment_len(16 * 1024)
            .with_keeper(event("", 0).source);
        let text =
            |name: &str| fs::read_to_string(dir.path().join("box/audit").join(name)).unwrap();
        let texts = (text("genesis"), text("policy"));
        let site = dir.path().join("site/audit");
        let mirror = Mirror::create(&site, (&texts.0, &texts.1), &policy().log).unwrap();
        let (ratchet, escrow) = Ratchet::begin(&dir.path().join("ratchet")).unwrap();
        Self {
            dir,
            log,
            mirror,
            ratchet,
            escrow,
            day: 0,
        }
    }

    fn evidence(&self) -> PathBuf {
        self.dir.path().join("box")
    }

    fn now(&self) -> Reading {
        let at = Timestamp::from_secs(1_800_000_000) + self.day * DAY_NS;
        ManualClock::new(at).read()
    }

    /// Records of a day, sealed; one names a file.
    fn day(&mut self, count: usize) {
        let name = format!("config/{}.icl", self.day);
        fs::create_dir_all(self.evidence().join("config")).unwrap();
        fs::write(self.evidence().join(&name), &name).unwrap();
        let Submission {
            source,
            event: mut named,
        } = event("staged", 0);
        named.kind = EventKind::ArtifactStaged;
        let digest = Digest::of(Context::File, name.as_bytes()).to_string();
        let named = named.with("path", name).with("digest", digest);
        let mut day = vec![Submission {
            source,
            event: named,
        }];
        day.extend((0..count).map(|number| event(&"x".repeat(number % 300), 0)));
        for part in day.chunks(20) {
            self.log.append(part, self.now()).unwrap();
        }
        self.log.seal(&mut self.ratchet).unwrap();
        self.day += 1;
    }

    /// Everything that the mirror lacks goes there, and its signature comes back.
    fn replicate(&mut self) -> u64 {
        while let Some(chunk) = self.log.chunk(self.mirror.position()).unwrap() {
            self.mirror.take(&chunk).unwrap();
        }
        let head = self.log.publish_head(&key(1)).unwrap();
        let line = self
            .mirror
            .sign(&head, (MIRROR, &mirror_key()), 1_800_000_000)
            .unwrap();
        self.log.keep_mirrored(&format!("{head}{line}")).unwrap()
    }

    fn retire(&mut self) -> Retired {
        let now = self.now();
        self.log
            .retire(&Retention::days(30).unwrap(), &[], now)
            .unwrap()
    }

    fn verified(&self) -> Report {
        let elsewhere = Elsewhere {
            log: Some(policy().log),
            seal_key: Some(self.escrow.clone()),
            ..Elsewhere::default()
        };
        verify_against(&self.evidence(), &elsewhere)
    }
}

fn segments(evidence: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(evidence.join("audit/seg")).unwrap();
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

#[test]
fn nothing_goes_before_everything_that_is_demanded_is_so() {
    assert!(matches!(
        Retention::days(29),
        Err(AuditError::Malformed { .. })
    ));
    let mut plant = Plant::new();
    plant.day(100);
    plant.day(100);
    let before = segments(&plant.evidence());
    assert!(before.len() > 3);
    // Old enough for certain, but nobody else has it.
    plant.day = 400;
    assert!(matches!(
        plant.retire(),
        Retired::Held(Held::NotMirrored { mirrored: 0, .. })
    ));
    plant.replicate();
    // Stored elsewhere, but young.
    plant.day = 2;
    assert!(matches!(plant.retire(), Retired::Held(Held::Young(_))));
    // The clock may be anything.
    plant.day = 400;
    let unknown = Reading {
        state: TimeState::Unknown,
        ..plant.now()
    };
    let retention = Retention::days(30).unwrap();
    let held = plant.log.retire(&retention, &[], unknown).unwrap();
    assert_eq!(held, Retired::Held(Held::TimeUnknown));
    let now = plant.now();
    let held = plant.log.retire(&retention.and_vault(), &[], now).unwrap();
    assert_eq!(held, Retired::Held(Held::NotVaulted));
    assert_eq!(segments(&plant.evidence()), before);
    // At last.
    assert!(matches!(plant.retire(), Retired::Gone(0, _)));
    assert_eq!(segments(&plant.evidence()), before[1..]);
}

#[test]
fn what_went_is_under_every_head_and_seal_and_what_it_vouched_for_is_vouched_for_anew() {
    let mut plant = Plant::new();
    let mut known = 0;
    let mut witness = witness();
    for _ in 0..8 {
        plant.day(150);
        plant.replicate();
        let note = receipt(&mut plant.log, &mut witness, known);
        known = plant.log.keep_receipt(&note).unwrap();
    }
    plant.day = 35;
    let mut gone = 0;
    while let Retired::Gone(first, end) = plant.retire() {
        assert_eq!(first, gone);
        gone = end;
        let report = plant.verified();
        assert_eq!(
            report.outcome(),
            Outcome::TailNotWitnessed,
            "{:?}",
            report.bad
        );
        assert_eq!((report.retired, report.witnessed), (gone, known));
        assert_eq!(report.files, 8);
    }
    assert!(gone > 600, "{gone}");
    let report = plant.verified();
    assert!(report.sealed > Some(gone));
    // A proof of a record that is left goes through what went; the whole of it opens again.
    let known_keys = Known {
        log: Some(policy().log),
        witnesses: policy().witnesses,
    };
    let made = make(&plant.evidence(), &[], |record| {
        match record.seq == known - 1 {
            true => Show::Whole,
            false => Show::Nothing,
        }
    });
    let shown = bundle::verify(&made.unwrap().bytes, &known_keys);
    assert_eq!(shown.outcome(), bundle::Outcome::ProvenAndWitnessed);
    // The mirror has everything, and says so alone.
    plant.replicate();
    let mirror = verify_log(&plant.dir.path().join("site"), &Elsewhere::default());
    assert_eq!((mirror.retired, mirror.records), (0, plant.log.size()));
    assert_ne!(mirror.outcome(), Outcome::Failed, "{:?}", mirror.bad);
    let evidence = plant.evidence();
    let size = plant.log.size();
    drop(plant.log);
    let (log, recovery) = Log::open(&evidence.join("audit")).unwrap();
    assert_eq!((log.size(), recovery.quarantined), (size, 0));
    second_opinion(&evidence, &report);
}

/// The verifier in Python says the same of a log whose beginning went.
fn second_opinion(evidence: &Path, report: &Report) {
    let Some(python) = common::python("what_went_is_under_every_head") else {
        return;
    };
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/judges/verify_log.py");
    let told = Command::new(python)
        .arg(script)
        .arg(evidence)
        .output()
        .unwrap();
    let told = String::from_utf8(told.stdout).unwrap();
    let said = format!("ok {} {} ", report.records, report.witnessed);
    assert!(told.starts_with(&said), "{told} instead of {said}");
}

#[test]
fn a_beginning_that_went_without_a_record_is_found() {
    let mut plant = Plant::new();
    plant.day(200);
    plant.replicate();
    let first = segments(&plant.evidence()).swap_remove(0);
    let kept = fs::read(&first).unwrap();
    fs::remove_file(&first).unwrap();
    let bad = plant.verified().bad.unwrap();
    assert!(
        bad.why.contains("no record says that they were retired"),
        "{bad:?}"
    );
    // With its tiles gone too, nothing at all is known of it.
    fs::remove_dir_all(plant.evidence().join("audit/tile")).unwrap();
    let bad = plant.verified().bad.unwrap();
    assert!(bad.why.contains("so are their hashes"), "{bad:?}");
    fs::write(&first, kept).unwrap();
    assert_ne!(plant.verified().outcome(), Outcome::Failed);
    // Tiles follow from records: they are made again.
    drop(plant.log);
    let (_, recovery) = Log::open(&plant.dir.path().join("box/audit")).unwrap();
    assert!(recovery.tiles_made);
}

#[test]
fn a_fall_between_the_record_and_the_deletion_leaves_a_sound_log() {
    let mut plant = Plant::new();
    plant.day(200);
    plant.day = 40;
    plant.replicate();
    let first = segments(&plant.evidence()).swap_remove(0);
    let kept = fs::read(&first).unwrap();
    let Retired::Gone(_, end) = plant.retire() else {
        unreachable!("it was held");
    };
    fs::write(&first, kept).unwrap();
    let report = plant.verified();
    assert_eq!(
        (report.retired, report.outcome()),
        (0, Outcome::TailNotWitnessed)
    );
    assert_eq!(plant.retire(), Retired::Gone(0, end));
    assert_eq!(plant.verified().retired, end);
    let mut told = 0;
    records(&plant.evidence().join("audit"), |record| {
        told += usize::from(record.body.event.kind == EventKind::SegmentRetired);
    })
    .unwrap();
    assert_eq!(told, 2);
}

#[test]
fn what_is_left_is_read_by_everybody_who_reads_a_log() {
    let mut plant = Plant::new();
    plant.day(100);
    plant.day(100);
    plant.replicate();
    plant.day = 400;
    let Retired::Gone(0, first) = plant.retire() else {
        panic!("the oldest segment stays");
    };
    let head = plant.log.publish_head(&key(1)).unwrap();
    let dir = plant.evidence();
    assert_eq!(start(&dir.join("audit")).unwrap().size(), first);
    let mut seen = Vec::new();
    let coverage = Heads::newest(&dir)
        .unwrap()
        .read(|record| seen.push(record.seq))
        .unwrap();
    assert_eq!(seen.first(), Some(&first));
    assert_eq!(head.lines().nth(1).unwrap(), coverage.records.to_string());
    let mut places = Vec::new();
    walk(&dir.join("audit"), |found| places.push(found.record.seq)).unwrap();
    assert_eq!(places, seen);
    let refused = table::make(&dir, |_| Show::Whole, |_| {}).unwrap_err();
    assert!(
        refused
            .to_string()
            .contains("its first records were retired"),
        "{refused}"
    );
}

#[test]
fn a_month_of_receipts_stays_small_and_says_the_same() {
    let dir = tempfile::tempdir().unwrap();
    let mut log = common::create(dir.path());
    let (mut witness, mut known) = (witness(), 0);
    for second in (0..600).step_by(5) {
        log.append(&[event("x", 0)], common::clock().read())
            .unwrap();
        let head = log.publish_head(&key(1)).unwrap();
        let proof = log.consistency(known).unwrap();
        let accepted = witness.accept(&head, known, &proof).unwrap();
        let line = accepted
            .cosign(common::WITNESS, &key(2), 1_800_000_000 + second)
            .unwrap();
        known = log.keep_receipt(&format!("{head}{line}")).unwrap();
        if second % 60 == 0 {
            log.thin().unwrap();
        }
    }
    // Behind the last receipt a head stays that nobody has signed for.
    log.append(&[event("x", 0)], common::clock().read())
        .unwrap();
    log.publish_head(&key(1)).unwrap();
    assert!(log.thin().unwrap() > 0);
    assert_eq!(log.thin().unwrap(), 0);
    let report = verify_against(dir.path(), &Elsewhere::default());
    assert_eq!(report.bad, None);
    // Ten minutes, one receipt each, and the newest.
    assert_eq!((report.receipts, report.heads), (11, 1));
    assert_eq!((report.witnessed, report.records), (120, 121));
    assert_eq!(report.witnessed_at, 1_800_000_595);
}
