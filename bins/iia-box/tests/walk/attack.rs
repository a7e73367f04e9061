//! A staged attack, and the timeline that an auditor makes of what it left: a master that nobody contracted writes, the
//! firewall is flushed by hand and opened, the clock is set back, the log is cut.

use std::fs::{self, OpenOptions};
use std::path::{Path, PathBuf};
use std::process::Command;

use iia::evidence::{Evidence, Keys, Outcome};
use iia::timeline::{Answer, Entry, Options, Timeline, html, text};
use iia_audit::log::{Log, Submission};
use iia_config::parse::parse;
use iia_config::{limits, validate};
use iia_contract::compile::{Drift, Target as _, Topology, nft};
use iia_core::event::{Event, EventKind};
use iia_core::sign::SoftwareKey;
use iia_core::time::{Clock as _, Floor, Reading, SECOND_NS, SystemClock};

use crate::demo::{Demo, Finished};

const HOUR_NS: i64 = 3600 * SECOND_NS;
const OBSERVER: &str = "spiffe://iia.local/zone/attest/workload/observer";

/// Loads the box's policy into the kernel, in a network namespace of its own, and lists what is there: as loaded, after
/// a flush by hand, and with a door opened by hand.
const HANDS: &str = "set -e
nft -f \"$0\"; nft -j list ruleset; echo
nft flush ruleset; nft -j list ruleset; echo
nft add table inet quick
nft 'add chain inet quick in { type filter hook input priority 0 ; policy accept ; }'
nft add rule inet quick in tcp dport 502 accept
nft -j list ruleset; echo";

/// What the kernel's policy differs by from the contracts, at each of the three moments.
fn drifts(dir: &Path) -> Option<[Vec<Drift>; 3]> {
    let document = include_bytes!("../../../../examples/box-pi/box.icl");
    let document = parse(document, limits::DOCUMENT_LEN_MAX).unwrap();
    let catalog = validate::catalog(&document).unwrap();
    let (should, _) = nft::Ruleset::compile(&catalog, &Topology::read(document.tree()));
    let policy = dir.join("policy.nft");
    fs::write(&policy, should.write()).unwrap();
    let output = Command::new("unshare")
        .args(["--map-root-user", "--net", "sh", "-c", HANDS])
        .arg(&policy)
        .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
        .output()
        .ok()?;
    let listings = String::from_utf8(output.stdout).unwrap();
    if !output.status.success() {
        let errors = String::from_utf8_lossy(&output.stderr);
        let line = format!("SKIPPED: a_staged_attack_reads_right: no network namespace: {errors}");
        assert!(std::env::var_os("IIA_REQUIRE_ALL").is_none(), "{line}");
        eprintln!("{line}");
        return None;
    }
    let listings: Vec<&str> = listings.lines().filter(|line| !line.is_empty()).collect();
    let drift = |listing: &&str| should.drift(&nft::Ruleset::read(listing.as_bytes()).unwrap());
    let drifts: Vec<Vec<Drift>> = listings.iter().map(drift).collect();
    Some(drifts.try_into().unwrap())
}

/// The chain of the box after its roles have ended, opened as the next start would.
struct After {
    log: Log,
    clock: SystemClock,
    /// How far the wall clock is set back, in nanoseconds.
    back_ns: i64,
}

impl After {
    fn now(&self) -> Reading {
        let now = self.clock.read();
        let wall = now.wall - self.back_ns;
        Reading { wall, ..now }
    }

    fn tell(&mut self, event: Event) {
        let source = OBSERVER.parse().unwrap();
        let now = self.now();
        self.log
            .append(&[Submission { source, event }], now)
            .unwrap();
    }

    fn beat(&mut self) {
        let event = Event::new(EventKind::TimeState, self.now().wall);
        self.tell(event.with("state", "holdover").with("error_us", "1000000"));
    }

    /// What the observer of the policy concludes from a drift.
    fn drifted(&mut self, drift: &[Drift]) {
        let words: Vec<String> = drift.iter().map(ToString::to_string).collect();
        let event = Event::new(EventKind::Finding, self.now().wall)
            .with("stream", "ot.attestation.policy_drift")
            .with("conclusion", "diverge")
            .with("contract", "")
            .with("reason", words.join("; "));
        self.tell(event);
    }
}

/// The policy is flushed, the clock is set back, a door is opened; the box tells it all and signs a head.
fn stage(run: &Finished, [_, flushed, opened]: &[Vec<Drift>; 3]) {
    let (log, _) = Log::open(&run.evidence("seg01").join("audit")).unwrap();
    let mut after = After {
        log,
        clock: SystemClock::new(Floor::default(), 1_000_000_000),
        back_ns: 0,
    };
    after.beat();
    after.drifted(flushed);
    after.back_ns = 2 * HOUR_NS;
    after.beat();
    after.drifted(opened);
    let seed: [u8; 32] = fs::read(run.path().join("seg01/keys/audit-log"))
        .unwrap()
        .try_into()
        .unwrap();
    after
        .log
        .publish_head(&SoftwareKey::from_seed(&seed.into()))
        .unwrap();
}

fn timeline(run: &Finished, above: Option<PathBuf>) -> Timeline {
    let keys = Keys {
        above: above.map(|dir| (dir, None)),
        ..Keys::default()
    };
    let evidence = Evidence::open(&run.path().join("seg01"), &keys).unwrap();
    let timeline = Timeline::read(&evidence, Options::default()).unwrap();
    assert!(html(&timeline).ends_with("</html>\n"));
    timeline
}

/// The first entry with these words in it.
fn entry<'a>(timeline: &'a Timeline, words: &str) -> &'a Entry {
    let mut entries = timeline.entries.iter();
    let found = entries.find(|entry| entry.words.contains(words));
    found.unwrap_or_else(|| panic!("{words}:\n{}", text(timeline)))
}

#[test]
fn a_staged_attack_reads_right() {
    let dir = tempfile::tempdir().unwrap();
    let Some(drifts) = drifts(dir.path()) else {
        return;
    };
    assert_eq!(drifts[0], [], "what was just loaded does not drift");
    let run = Demo::start(&["--speed", "8", "--no-kill"]).finish();
    let before = timeline(&run, None);
    assert_eq!(before.checked.outcome, Outcome::Verified);
    stage(&run, &drifts);
    whole(&run, &before);
    let head = entry(&timeline(&run, None), "missing: table inet iia")
        .link
        .seq;
    cut(&run, head);
    cut_with_its_heads(&run);
}

/// Everything is on record: in its order, with the right first moments, and what the clock did.
fn whole(run: &Finished, before: &Timeline) {
    let told = timeline(run, None);
    assert_eq!(told.checked.outcome, Outcome::NotAllWitnessed);
    let order = [
        "read holding_register 0-49 by 10.20.0.66",
        "write holding_register 110 by 10.20.0.66",
        "expects traffic, and none was seen",
        "the log was opened again",
        "missing: table inet iia",
        "the clock was set back by 2 h",
        "not contracted:",
    ];
    let mut after = 0;
    for words in order {
        let known = told.entries.get(after..).unwrap();
        let at = known.iter().position(|entry| entry.words.contains(words));
        after += at.unwrap_or_else(|| panic!("{words} is not in its place:\n{}", text(&told)));
    }
    // T+0 is the first packet of the master that nobody contracted, by tshark as well; awareness is what the collector first said of it.
    let (first, aware) = (told.first.as_ref().unwrap(), told.aware.as_ref().unwrap());
    assert_eq!(first.at, before.first.as_ref().unwrap().at);
    assert_eq!(first.at.to_string(), "2026-11-24T15:49:12.885761000Z");
    assert!(
        aware.words.contains("by 10.20.0.66 at 10.20.0.21:502"),
        "{}",
        aware.words
    );
    assert_eq!((aware.at, aware.link.seq), {
        let known = before.aware.as_ref().unwrap();
        (known.at, known.link.seq)
    });
    assert_eq!(told.malicious, Answer::Yes);
    for why in [
        "a write that no contract allows",
        "what enforces or proves is not what was agreed",
    ] {
        assert!(
            told.reasons
                .iter()
                .any(|one| one.is_sure && one.words == why),
            "{why}"
        );
    }
    // After the clock was set back, times are by the counter: later than what came before.
    let (flushed, opened) = (
        entry(&told, "missing: table inet iia"),
        entry(&told, "not contracted:"),
    );
    assert!(opened.stamp.utc < flushed.stamp.utc - HOUR_NS);
    assert!(opened.stamp.best() >= flushed.stamp.best() && opened.at >= flushed.at);
    assert_eq!(
        (flushed.link.vouched, aware.link.vouched),
        ("log", "witness")
    );
    assert!(aware.link.existed_by.is_some() && flushed.link.existed_by.is_none());
}

fn truncate(run: &Finished, seq: u64) {
    let file = run.evidence("seg01").join("audit/seg/0000000000000000.iia");
    let mut place = None;
    iia_audit::verify::walk(&run.evidence("seg01").join("audit"), |found| {
        if found.record.seq == seq {
            place = Some(found.offset);
        }
    })
    .unwrap();
    let file = OpenOptions::new().write(true).open(file).unwrap();
    file.set_len(place.unwrap()).unwrap();
}

/// The end is cut off, from the drift on: what is left is told, and that four records are missing.
fn cut(run: &Finished, drift: u64) {
    truncate(run, drift);
    let told = timeline(run, None);
    assert_eq!(told.checked.outcome, Outcome::Failed);
    assert_eq!((told.checked.records, told.checked.missing), (drift, 3));
    assert!(told.entries.iter().all(|entry| entry.link.seq < drift));
    let why = "records are missing over which a head was signed";
    assert!(
        told.reasons
            .iter()
            .any(|one| one.is_sure && one.words == why)
    );
    let said = text(&told);
    assert!(!said.contains("missing: table"), "{said}");
    assert!(
        said.contains(
            "3 records behind it missing, over which a head was signed: the end was cut off"
        ),
        "{said}"
    );
}

/// The log is cut before the write, with every head, receipt, seal and file that would tell: the next box up tells.
fn cut_with_its_heads(run: &Finished) {
    let write = entry(&timeline(run, None), "write holding_register 110")
        .link
        .seq;
    truncate(run, write);
    let evidence = run.evidence("seg01");
    for folder in ["heads", "receipts", "mirrored"] {
        for file in fs::read_dir(evidence.join("audit").join(folder)).unwrap() {
            let path = file.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap();
            if u64::from_str_radix(name, 16).unwrap() > write {
                fs::remove_file(path).unwrap();
            }
        }
    }
    let seals = evidence.join("audit/seals");
    let kept = fs::read_to_string(&seals).unwrap();
    let kept = kept
        .lines()
        .filter(|line| line.split(' ').nth(1).unwrap().parse::<u64>().unwrap() <= write);
    let kept: String = kept.map(|line| format!("{line}\n")).collect();
    fs::write(seals, kept).unwrap();
    fs::remove_dir_all(evidence.join("lake")).unwrap();
    let mut told = std::collections::BTreeSet::new();
    iia_audit::verify::records(&evidence.join("audit"), |record| {
        told.extend(
            record
                .body
                .event
                .field("path")
                .map(|path| evidence.join(path)),
        );
    })
    .unwrap();
    for file in crate::demo::files(&evidence.join("config")) {
        if !told.contains(&file) {
            fs::remove_file(file).unwrap();
        }
    }
    let alone = timeline(run, None);
    assert_eq!(
        alone.checked.outcome,
        Outcome::NotAllWitnessed,
        "{:?}",
        alone.checked.bad
    );
    assert!(alone.reasons.iter().all(|one| !one.is_sure));
    assert_eq!(alone.malicious, Answer::Unknown);
    assert!(text(&alone).contains("under no cosigned head"));
    let above = timeline(run, Some(run.path().join("site")));
    assert_eq!(
        (above.checked.outcome, above.checked.records),
        (Outcome::Failed, write)
    );
    assert!(above.checked.missing > 50, "{}", above.checked.missing);
    assert_eq!(above.malicious, Answer::Yes);
}
