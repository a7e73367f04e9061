//! The timeline of an incident, from logs that are made here record by record.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

mod chain;
mod judge;

use std::fs;

use chain::Chain;
use chain::story::{incident, read, violation, written};
use iia::evidence::{Evidence, Keys, Outcome};
use iia::timeline::{Answer, ENTRIES_MAX, Options, Timeline, html, json, text};
use iia_audit::bundle::Show;
use iia_core::event::{Event, EventKind};
use iia_core::time::SECOND_NS;
use iia_core::time::TimeState;
use serde_json::Value;

#[test]
fn an_incident_is_told_from_its_first_act_to_what_is_due() {
    let dir = tempfile::tempdir().unwrap();
    drop(incident(dir.path()));
    let timeline = read(dir.path());
    assert_eq!(timeline.checked.outcome, Outcome::Verified);
    let (first, aware) = (
        timeline.first.clone().unwrap(),
        timeline.aware.clone().unwrap(),
    );
    assert_eq!(first.at, written(60) + SECOND_NS / 2);
    assert_eq!((aware.at, aware.link.seq), (written(61), 2));
    assert_eq!(first.link.seq, 2);
    // The clock's largest error is a second: what is due is counted from the second before.
    let due = timeline.deadlines.unwrap();
    assert_eq!(due.early_warning, written(60) + 24 * 3600 * SECOND_NS);
    assert_eq!(due.notification, written(60) + 72 * 3600 * SECOND_NS);
    assert_eq!(timeline.malicious, Answer::Yes);
    let reason = &timeline.reasons[0];
    assert_eq!((reason.seq, reason.count), (Some(3), 2));
    assert_eq!(timeline.affected["10.20.0.21:502"].count, 3);
    assert_eq!(
        timeline.affected["iia.contract.device.historian"].first_seq,
        5
    );
    let alarms: Vec<(u64, u64)> = timeline
        .entries
        .iter()
        .filter(|entry| entry.kind != "time_state")
        .map(|entry| (entry.link.seq, entry.count))
        .collect();
    assert_eq!(alarms, [(2, 1), (3, 2), (5, 1)]);
}

/// At the place that an entry names, its record begins, and its chain hash stands there.
fn places_hold(timeline: &Timeline, file: impl Fn(&str) -> Vec<u8>) {
    assert!(timeline.entries.len() > 2);
    for entry in &timeline.entries {
        let bytes = file(&entry.link.file);
        let at = usize::try_from(entry.link.offset).unwrap();
        assert_eq!(&bytes[at..at + 4], b"IAR1");
        assert_eq!(bytes[at + 8..at + 16], entry.link.seq.to_le_bytes());
        let hash = iia_core::digest::hex(&bytes[at + 96..at + 128]);
        assert_eq!(entry.link.hash, format!("b3:{hash}"));
    }
}

#[test]
fn every_entry_names_the_place_of_its_record_in_a_directory_and_in_a_bundle() {
    let dir = tempfile::tempdir().unwrap();
    drop(incident(dir.path()));
    places_hold(&read(dir.path()), |file| {
        fs::read(dir.path().join(file)).unwrap()
    });
    let choose = |seq| match seq {
        1 => Show::Bare,
        4 => Show::Nothing,
        _ => Show::Whole,
    };
    let made = iia_audit::bundle::make(dir.path(), &[], |record| choose(record.seq)).unwrap();
    let bundle = dir.path().join("incident.tar");
    fs::write(&bundle, &made.bytes).unwrap();
    let timeline = read(&bundle);
    places_hold(&timeline, |_| made.bytes.clone());
    assert_eq!(timeline.checked.hidden, [(4, 4)]);
    assert_eq!(
        (timeline.redacted, timeline.checked.outcome),
        (1, Outcome::Verified)
    );
    assert_eq!(timeline.aware.unwrap().at, written(61));
}

#[test]
fn a_clock_set_back_changes_no_order_and_no_deadline() {
    let dir = tempfile::tempdir().unwrap();
    let mut chain = Chain::create(dir.path());
    chain.beat();
    chain.pass(10);
    chain.clock.set_wall(written(-7200));
    let stated = written(-7199);
    chain.pass(1);
    chain.tell(violation("read coil 1", stated));
    chain.pass(9);
    chain.clock.set_wall(written(20));
    chain.tell(violation("write coil 1", written(20)));
    chain.witness();
    let timeline = read(dir.path());
    let aware = timeline.aware.clone().unwrap();
    assert_eq!(aware.stamp.by_counter, Some(aware.at));
    // The counter of a log makes batches of one moment differ by a nanosecond.
    assert!(aware.at.since_ns(written(11)).abs() < 1000, "{}", aware.at);
    // Its source has the same wrong clock; T+0 is put right with it.
    assert_eq!(timeline.first.as_ref().unwrap().at, aware.at);
    let steps: Vec<&str> = timeline.entries.iter().map(|one| one.kind).collect();
    assert_eq!(
        steps,
        [
            "time_state",
            "clock_step",
            "contract_violation",
            "clock_step",
            "contract_violation"
        ]
    );
    let said = text(&timeline);
    assert!(said.contains("the clock was set back by 2 h"), "{said}");
    assert!(
        timeline
            .reasons
            .iter()
            .any(|one| one.words == "the clock was set back")
    );
}

#[test]
fn an_untrusted_clock_makes_the_deadlines_doubtful() {
    let dir = tempfile::tempdir().unwrap();
    let mut chain = Chain::create(dir.path());
    chain.clock.set_state(TimeState::Unknown);
    chain.tell(violation("read coil 1", written(0)));
    let timeline = read(dir.path());
    assert!(text(&timeline).contains("the clock was not trusted at that moment"));
    assert_eq!(json(&timeline)["deadlines"]["reliable"], false);
}

#[test]
fn silence_is_told_of_a_log_that_beats_and_of_no_other() {
    for beats in [true, false] {
        let dir = tempfile::tempdir().unwrap();
        let mut chain = Chain::create(dir.path());
        for wait in [0, 60, 240] {
            chain.pass(wait);
            match beats {
                true => chain.beat(),
                false => chain.tell(Event::new(EventKind::SessionOpened, written(0))),
            }
        }
        let timeline = read(dir.path());
        let silent = timeline.entries.iter().filter(|one| one.kind == "silence");
        let silent: Vec<u64> = silent.map(|one| one.link.seq).collect();
        assert_eq!(silent, if beats { vec![2] } else { vec![] });
        assert_eq!(
            timeline.malicious,
            if beats { Answer::Unknown } else { Answer::No }
        );
        assert_eq!(timeline.aware.is_none(), timeline.deadlines.is_none());
    }
}

#[test]
fn a_part_is_said_to_be_a_part() {
    let dir = tempfile::tempdir().unwrap();
    drop(incident(dir.path()));
    let evidence = Evidence::open(dir.path(), &Keys::default()).unwrap();
    let part = |since: Option<i64>, until: Option<i64>| {
        let options = Options {
            since: since.map(written),
            until: until.map(written),
            ..Options::default()
        };
        Timeline::read(&evidence, options).unwrap()
    };
    for (since, until, aware) in [
        (None, Some(60), None),
        (None, Some(61), Some(2)),
        (Some(62), None, Some(3)),
        (Some(91), None, None),
    ] {
        let told = part(since, until);
        assert_eq!(told.aware.as_ref().map(|one| one.link.seq), aware);
        assert!(text(&told).contains("ONLY A PART is told"));
        assert!(html(&told).contains("ONLY A PART is told"));
        assert_eq!(
            text(&told).contains("no alarm is in what is told"),
            aware.is_none()
        );
    }
    assert!(!text(&part(None, None)).contains("ONLY A PART"));
}

#[test]
fn a_flood_of_different_alarms_stays_bounded_and_is_counted() {
    let dir = tempfile::tempdir().unwrap();
    let mut chain = Chain::create(dir.path());
    let all = ENTRIES_MAX + 50;
    let events = (0..all).map(|number| {
        let mut event = violation(&format!("read coil {number}"), written(0));
        event.fields[1].value = format!("10.0.{}.{}:502", number / 250, number % 250);
        event
    });
    chain.tell_all(events.collect());
    let timeline = read(dir.path());
    assert_eq!(
        (timeline.entries.len(), timeline.left_out),
        (ENTRIES_MAX, 50)
    );
    let affected = timeline.affected.values().map(|one| one.count).sum::<u64>();
    assert_eq!(affected + timeline.affected_more, all as u64);
    assert_eq!(timeline.reasons[0].count, all as u64);
}

#[test]
fn what_strangers_wrote_stays_text() {
    let evil = "<script>alert(1)</script>\"'&\u{1b}[2J\u{202e}\n\u{9b}2J https://x url(y)";
    let dir = tempfile::tempdir().unwrap();
    let mut chain = Chain::create(dir.path());
    let mut event = violation("read", written(0));
    event
        .fields
        .iter_mut()
        .for_each(|field| field.value = evil.into());
    chain.tell(event);
    let finding = Event::new(EventKind::Finding, written(0))
        .with("reason", evil)
        .with("contract", evil);
    chain.tell(finding);
    let timeline = read(dir.path());
    let said = text(&timeline);
    let is_bad = |one: char| one.is_control() && one != '\n' || one == '\u{202e}';
    assert!(!said.contains(is_bad), "{said:?}");
    let page = html(&timeline);
    assert!(!page.contains("<script") && !page.contains(is_bad));
    assert!(!page.contains("src=") && !page.contains("href=") && !page.contains("@import"));
    assert!(!include_str!("../src/timeline/style.css").contains("url("));
    assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39;&amp;"));
}

#[test]
fn the_json_form_keeps_to_its_schema() {
    let name = "the_json_form_keeps_to_its_schema";
    let Some(python) = judge::judge(name, "json") else {
        return;
    };
    let dir = tempfile::tempdir().unwrap();
    let mut chain = incident(dir.path());
    let folder = dir.path().to_str().unwrap();
    let mut documents = vec![
        judge::said(0, &["audit", "timeline", "--json", folder]),
        judge::said(
            0,
            &[
                "report",
                "nis2",
                "--json",
                "--cross-border",
                "no: one site",
                folder,
            ],
        ),
        judge::said(
            0,
            &[
                "report",
                "nis2",
                "--json",
                "--until",
                "2000-01-01T00:00:00Z",
                folder,
            ],
        ),
    ];
    chain.clock.set_wall(written(0));
    chain.tell(violation("write", written(1)));
    documents.push(judge::said(0, &["audit", "timeline", "--json", folder]));
    drop(chain);
    fs::write(dir.path().join("stray"), "").unwrap();
    documents.push(judge::said(1, &["audit", "timeline", "--json", folder]));
    let mut wrong: Value = serde_json::from_str(&documents[0]).unwrap();
    wrong["entries"][0]["link"]["offset"] = "12".into();
    let schema = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../docs/timeline.schema.json"
    );
    let said = judge::against(&python, schema, &(documents.concat() + &wrong.to_string()));
    let last = said.len() - 1;
    assert_eq!(last, documents.len());
    assert!(said[..last].iter().all(|one| one == "[]"), "{said:#?}");
    assert_ne!(said[last], "[]");
}

#[test]
fn what_cannot_be_asked_is_refused_in_one_line() {
    let dir = tempfile::tempdir().unwrap();
    drop(incident(dir.path()));
    let folder = dir.path().to_str().unwrap();
    let bundle = dir.path().join("words.tar");
    fs::write(&bundle, "these are words").unwrap();
    let bundle = bundle.to_str().unwrap();
    let absent = "/nowhere/at/all";
    for (exit, arguments, words) in [
        (2, vec![absent], "is not there"),
        (2, vec!["/etc"], "holds no audit directory"),
        (2, vec![folder, "--key", "none"], "IIA-AUD-0002"),
        (2, vec![folder, "--seal-key", bundle], "IIA-AUD-0002"),
        (2, vec![folder, "--seal-key", absent], "No such file"),
        (
            2,
            vec![folder, "--cross-border", "perhaps"],
            "say yes, no or unknown",
        ),
        (2, vec![folder, "--above", absent], "is not there"),
        (
            2,
            vec![folder, "--json", "--html", "x"],
            "cannot be used with",
        ),
        (2, vec![bundle, "--above", folder], "a file holds neither"),
        (2, vec![folder, "--html", "/nowhere/x.html"], "No such file"),
    ] {
        let mut line = vec!["audit", "timeline"];
        line.extend(arguments);
        let output = judge::iia(&line);
        let errors = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(exit), "{line:?}: {errors}");
        assert!(errors.contains(words), "{line:?}: {errors}");
    }
    // Another log's key: nothing in the evidence says anything.
    let mut other = chain::policy().log;
    other.key = chain::policy().witnesses.remove(0).key;
    let said = judge::said(1, &["audit", "timeline", folder, "--key", &other.to_text()]);
    assert!(
        said.contains("the log's key is not the one given"),
        "{said}"
    );
    assert!(
        said.contains("no witness cosigned") && !said.contains("alarm, record"),
        "{said}"
    );
    let said = judge::said(1, &["audit", "timeline", bundle]);
    assert!(said.contains("FAILED: record 0, container"), "{said}");
}
