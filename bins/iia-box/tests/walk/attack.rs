//! A staged attack on running boxes, and the timeline that an auditor makes of what it left: a master that nobody
//! contracted writes, the firewall is flushed by hand, the clock is set back, a door is opened in a firewall that looks
//! like the old one, the box is switched off, the log is cut. Nothing is written into the log but by the box itself.

use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use iia::evidence::{Evidence, Keys, Outcome};
use iia::timeline::{Answer, Entry, Options, Timeline, html, text};
use iia_audit::verify::records;
use iia_config::parse::parse;
use iia_config::{limits, validate};
use iia_contract::compile::{Target as _, nft};
use iia_contract::topology::Topology;
use iia_core::event::{Event, EventKind};
use iia_core::time::SECOND_NS;

use crate::demo::{Demo, Finished};
use crate::heads::often;

const TEST: &str = "a_staged_attack_reads_right";
const HOUR_NS: i64 = 3600 * SECOND_NS;
/// How long the box may take to write down what happens to it.
const PATIENCE: Duration = Duration::from_secs(30);
/// Where Debian keeps the library that stands between a program and its clock.
const FAKETIME: &str = "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1";

/// A clock that the attacker sets: every process of the boxes reads it, and none knows.
struct HandsOfTheClock(PathBuf);

impl HandsOfTheClock {
    fn new(dir: &Path) -> Self {
        let hands = Self(dir.join("clock"));
        hands.set("+0");
        hands
    }

    fn set(&self, offset: &str) {
        fs::write(&self.0, offset).unwrap();
    }

    fn environment(&self) -> [(&str, &str); 4] {
        [
            ("LD_PRELOAD", FAKETIME),
            ("FAKETIME_TIMESTAMP_FILE", self.0.to_str().unwrap()),
            ("FAKETIME_NO_CACHE", "1"),
            ("FAKETIME_DONT_FAKE_MONOTONIC", "1"),
        ]
    }
}

fn skip(missing: &str) {
    let line = format!("SKIPPED: {TEST}: {missing}");
    assert!(std::env::var_os("IIA_REQUIRE_ALL").is_none(), "{line}");
    eprintln!("{line}");
}

/// Runs nft where the boxes are.
fn nft(demo: &Demo, words: &str) {
    let mut child = demo
        .inside("nft")
        .args(["-f", "-"])
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(words.as_bytes())
        .unwrap();
    assert!(child.wait().unwrap().success(), "nft {words}");
}

/// The firewall of the box as its contracts want it.
fn policy() -> String {
    let document = include_bytes!("../../../../examples/box-pi/box.icl");
    let document = parse(document, limits::DOCUMENT_LEN_MAX).unwrap();
    let catalog = validate::catalog(&document).unwrap();
    let topology = Topology::read(document.tree());
    nft::Ruleset::compile(&catalog, &topology).0.write()
}

/// Waits until the box has written down an event; the one before it of the same kind is at hand.
pub(crate) fn written(audit: &Path, is: impl Fn(&Event, Option<&Event>) -> bool) {
    let started = Instant::now();
    loop {
        let (mut last, mut found) = (BTreeMap::new(), false);
        let read = records(audit, |record| {
            let event = record.body.event;
            found |= is(&event, last.get(&event.kind.name()));
            last.insert(event.kind.name(), event);
        });
        if read.is_ok() && found {
            return;
        }
        assert!(
            started.elapsed() < PATIENCE,
            "the box does not write it down"
        );
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// Waits until the next box up has signed for what the box has written so far.
pub(crate) fn seen_above(demo: &Demo, audit: &Path) {
    let mut size = 0;
    records(audit, |record| size = record.seq).unwrap();
    written(&demo.evidence("site").join("audit"), |event, _| {
        let head = event.field("head").unwrap_or_default();
        let mut words = head.split(' ');
        let is_child = words.next() == Some("seg01/audit");
        let covers = words.next().and_then(|seen| seen.parse().ok()) > Some(size);
        is_child && covers && event.field("outcome") == Some("cosigned")
    });
}

/// The attack, on boxes that run.
fn attack(dir: &Path) -> Option<Finished> {
    if !Path::new(FAKETIME).exists() {
        skip("libfaketime");
        return None;
    }
    let clock = HandsOfTheClock::new(dir);
    let config = often(dir);
    let config = config.to_str().unwrap();
    let arguments = ["--speed", "2", "--no-kill", "--config", config];
    let mut demo = Demo::start_in(&arguments, &clock.environment());
    demo.until("Roles of seg01");
    if !demo.next_contains("the kernel's firewall") {
        skip("a network namespace");
        return None;
    }
    demo.until("write holding_register 110");
    nft(&demo, "flush ruleset");
    demo.until("nothing filters what passes output");
    let audit = demo.evidence("seg01").join("audit");
    seen_above(&demo, &audit);
    clock.set("-2h");
    written(&audit, |event, before| {
        let before = before.filter(|_| event.kind == EventKind::TimeState);
        before.is_some_and(|before| event.ts_ns < before.ts_ns - HOUR_NS)
    });
    let door = format!(
        "{}insert rule inet iia forward tcp dport 502 accept\n",
        policy()
    );
    nft(&demo, &door);
    written(&audit, |event, _| {
        let reason = event.field("reason").unwrap_or_default();
        reason.contains("passes by rule 1 of chain forward")
    });
    Some(demo.pull_the_plug())
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
    let Some(run) = attack(dir.path()) else {
        return;
    };
    whole(&run);
    let drift = entry(&timeline(&run, None), "nothing filters what passes forward")
        .link
        .seq;
    cut(&run, drift);
    cut_with_its_heads(&run);
}

/// Everything is on record: in its order, with the right first moments, and what the clock did.
fn whole(run: &Finished) {
    let told = timeline(run, None);
    assert_eq!(
        told.checked.outcome,
        Outcome::NotAllWitnessed,
        "{:?}",
        told.checked.bad
    );
    let order = [
        "read holding_register 0-49 by 10.20.0.66",
        "write holding_register 110 by 10.20.0.66",
        "nothing filters what passes forward",
        "the clock was set back by 2 h",
        "passes by rule 1 of chain forward of inet iia",
    ];
    let mut after = 0;
    for words in order {
        let known = told.entries.get(after..).unwrap();
        let at = known.iter().position(|entry| entry.words.contains(words));
        after += at.unwrap_or_else(|| panic!("{words} is not in its place:\n{}", text(&told)));
    }
    // T+0 is the first question of the master that nobody contracted, by tshark as well: its connection was still open
    // when the plug was pulled. Awareness is what the collector first said of it.
    let (first, aware) = (told.first.as_ref().unwrap(), told.aware.as_ref().unwrap());
    assert_eq!(first.at.to_string(), "2026-11-24T15:49:12.987009000Z");
    assert!(
        aware.words.contains("by 10.20.0.66 at 10.20.0.21:502"),
        "{}",
        aware.words
    );
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
    // Whoever flushed the rules is named, as the kernel names them.
    let flushed = entry(&told, "nothing filters what passes forward");
    assert!(
        flushed.words.contains("; changed by process "),
        "{}",
        flushed.words
    );
    assert!(flushed.words.ends_with(" (nft)"), "{}", flushed.words);
    // After the clock was set back, times are by the counter: later than what came before.
    let opened = entry(&told, "passes by rule 1 of chain forward");
    assert!(opened.stamp.utc < flushed.stamp.utc - HOUR_NS);
    assert!(opened.stamp.best() >= flushed.stamp.best() && opened.at >= flushed.at);
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

/// The end is cut off, from the drift on: what is left is told, and that records are missing.
fn cut(run: &Finished, drift: u64) {
    truncate(run, drift);
    let told = timeline(run, None);
    assert_eq!(told.checked.outcome, Outcome::Failed);
    assert_eq!(told.checked.records, drift);
    assert!(told.checked.missing > 0);
    assert!(told.entries.iter().all(|entry| entry.link.seq < drift));
    let why = "records are missing over which a head was signed";
    assert!(
        told.reasons
            .iter()
            .any(|one| one.is_sure && one.words == why)
    );
    let said = text(&told);
    assert!(!said.contains("nothing filters"), "{said}");
    let words = "records behind it missing, over which a head was signed: the end was cut off";
    assert!(said.contains(words), "{said}");
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
    assert!(above.checked.missing > 3, "{}", above.checked.missing);
    assert_eq!(above.malicious, Answer::Yes);
}
