//! What evidence shows of the system requirements that a box claims.
#![expect(clippy::unwrap_used, reason = "tests")]

mod chain;
mod judge;

use std::fs;
use std::path::Path;

use chain::{Chain, START, segment};
use iia::evidence::{Evidence, Keys};
use iia::iec62443::{CLAIMS, Report, html, text};
use iia_audit::bundle::Show;
use iia_core::Timestamp;
use iia_core::digest::{Context, Digest};
use iia_core::event::{Event, EventKind};

fn event(kind: EventKind, fields: &[(&str, &str)]) -> Event {
    let event = Event::new(kind, Timestamp::from_secs(START));
    fields
        .iter()
        .fold(event, |event, (key, value)| event.with(key, *value))
}

/// Events, one a second from second 1 on, and how often each requirement is shown by them.
fn story() -> Vec<(Event, Vec<&'static str>)> {
    let image = [("class", "image")];
    vec![
        (event(EventKind::SvidIssued, &[]), vec!["SR 1.2"]),
        (
            event(EventKind::ArtifactVerified, &image),
            vec!["SR 2.4", "SR 2.12", "SR 3.4"],
        ),
        (
            event(EventKind::ArtifactVerified, &[("class", "config")]),
            vec!["SR 2.12", "SR 3.4"],
        ),
        (
            event(
                EventKind::ArtifactApplied,
                &[
                    ("class", "config"),
                    ("artifact", "b3:a"),
                    ("operators", "ann approved by bob"),
                ],
            ),
            vec!["SR 2.1 RE 4", "SR 7.6"],
        ),
        (
            event(
                EventKind::ArtifactApplied,
                &[
                    ("class", "config"),
                    ("artifact", "b3:b"),
                    ("operators", "ann approved by ann"),
                ],
            ),
            vec!["SR 7.6"],
        ),
        (
            event(
                EventKind::ArtifactConfirmed,
                &[("class", "config"), ("artifact", "b3:b")],
            ),
            vec!["SR 3.4", "SR 7.6"],
        ),
        (
            event(EventKind::GatedCall, &[("call", "firewall")]),
            vec!["SR 2.8", "SR 5.1"],
        ),
        (
            event(EventKind::GatedCall, &[("call", "catalog")]),
            vec!["SR 2.8"],
        ),
        (
            event(EventKind::Authorisation, &[("code", "IIA-EDG-0402")]),
            vec!["SR 2.1", "SR 7.1"],
        ),
        (
            event(EventKind::Finding, &[("stream", "ot.attestation.config")]),
            vec!["SR 3.4", "SR 6.2"],
        ),
        (
            event(EventKind::Finding, &[("stream", "ot.attestation.network")]),
            vec!["SR 6.2"],
        ),
        (
            event(EventKind::HeadWitnessed, &[]),
            vec!["SR 3.9", "SR 6.1"],
        ),
    ]
}

fn evidence(dir: &Path) -> Chain {
    let mut chain = Chain::create(dir);
    for (event, _) in story() {
        chain.pass(1);
        chain.tell(event);
    }
    chain.witness();
    chain
}

fn read(path: &Path, since: Option<i64>, until: Option<i64>) -> Report {
    let evidence = Evidence::open(path, &Keys::default()).unwrap();
    let at = |secs: i64| Timestamp::from_secs(START + secs);
    Report::read(&evidence, (since.map(at), until.map(at))).unwrap()
}

/// Each requirement is shown by just the records that the story says, with the first and the last of them.
fn counts_are_those_of(report: &Report, seqs: impl Iterator<Item = usize> + Clone) {
    let story = story();
    for shown in &report.shown {
        let is_shown = |seq: &usize| story.get(*seq).unwrap().1.contains(&shown.claim.sr);
        let want: Vec<u64> = seqs
            .clone()
            .filter(is_shown)
            .map(|seq| seq as u64)
            .collect();
        assert_eq!(shown.count(), want.len() as u64, "{}", shown.claim.sr);
        let ends = shown.counts.iter().filter_map(|count| count.ends.as_ref());
        let first = ends.clone().map(|(first, _)| first.link.seq).min();
        let last = ends.map(|(_, last)| last.link.seq).max();
        assert_eq!(
            (first, last),
            (want.first().copied(), want.last().copied()),
            "{}",
            shown.claim.sr
        );
    }
}

#[test]
fn each_requirement_is_shown_by_its_records_and_no_other() {
    let dir = tempfile::tempdir().unwrap();
    drop(evidence(dir.path()));
    let all = story().len();
    counts_are_those_of(&read(dir.path(), None, None), 0..all);
    // Record n is written in second n + 1.
    counts_are_those_of(&read(dir.path(), Some(4), Some(9)), 3..9);
    let none = read(dir.path(), Some(1000), None);
    assert_eq!((none.records, none.with_evidence()), (0, 0));
    assert_eq!(
        text(&none).matches("no evidence in this period").count(),
        CLAIMS.len()
    );
    let report = read(dir.path(), None, None);
    let said = text(&report);
    assert!(
        said.contains("SR 2.1 RE 4  Dual approval [design: SR 2.4, two-person integrity]"),
        "{said}"
    );
    assert!(said.contains("in force: config b3:b as record 4"), "{said}");
    assert!(
        said.contains("confirmed by an observer") && !said.contains("NOT CONFIRMED"),
        "{said}"
    );
}

#[test]
fn nothing_counts_from_the_first_bad_record_on() {
    let dir = tempfile::tempdir().unwrap();
    drop(evidence(dir.path()));
    let good = fs::read(segment(dir.path())).unwrap();
    for seq in 0..story().len() {
        let mut bent = good.clone();
        *bent
            .get_mut(chain::offset(dir.path(), seq as u64) + 130)
            .unwrap() ^= 1;
        fs::write(segment(dir.path()), &bent).unwrap();
        let report = read(dir.path(), None, None);
        fs::write(segment(dir.path()), &good).unwrap();
        counts_are_those_of(&report, 0..seq);
        assert!(text(&report).contains(&format!("FAILED: record {seq}")));
        let audit = report
            .shown
            .iter()
            .find(|one| one.claim.sr == "SR 3.9")
            .unwrap();
        assert!(!report.has_evidence(audit));
    }
}

#[test]
fn a_redacted_record_counts_by_its_kind_and_not_where_a_field_matters() {
    let dir = tempfile::tempdir().unwrap();
    drop(evidence(dir.path()));
    let bundle = dir.path().join("b.tar");
    let made = iia_audit::bundle::make(dir.path(), &[], |_| Show::Bare).unwrap();
    fs::write(&bundle, made.bytes).unwrap();
    let report = read(&bundle, None, None);
    assert_eq!((report.records, report.redacted), (12, 12));
    let count = |sr| {
        report
            .shown
            .iter()
            .find(|one| one.claim.sr == sr)
            .unwrap()
            .count()
    };
    assert_eq!(
        [count("SR 2.8"), count("SR 5.1"), count("SR 2.1 RE 4")],
        [2, 0, 0]
    );
    assert!(report.in_force.is_empty());
}

/// The configuration of the reference box, with other words about its level.
fn aiming(level: &str, topology: &str, zone: &str) -> String {
    let text = include_str!("../../../examples/reference/reference.icl");
    let policy = "  sl_target 3\n  topology single_box\n";
    let side = "  role ot.acs.netservices\n  side inbound\n";
    assert!(text.contains(policy) && text.contains(side));
    let text = text.replace(policy, &format!("{level}  topology {topology}\n"));
    text.replace(side, &format!("{side}{zone}"))
}

#[test]
fn a_report_says_what_is_aimed_at_and_never_level_4_of_software() {
    let dir = tempfile::tempdir().unwrap();
    let (log, file) = (dir.path().join("log"), dir.path().join("box.icl"));
    fs::create_dir(&log).unwrap();
    let said = |text: &str, code| {
        fs::write(&file, text).unwrap();
        let [file, log] = [&file, &log].map(|path| path.to_str().unwrap());
        judge::said(code, &["report", "62443", "--config", file, log])
    };
    let three = aiming("  sl_target 3\n", "single_box", "  sl_target 2\n");
    let digest = Digest::of(Context::Artifact, three.as_bytes()).to_string();
    let mut chain = Chain::create(&log);
    let applied = [("class", "config"), ("artifact", digest.as_str())];
    chain.tell(event(EventKind::ArtifactApplied, &applied));
    drop(chain);
    let report = said(&three, 0);
    let aimed = format!(
        "security level 3 (SL-T), by configuration {digest}, which was in force at the end"
    );
    assert!(report.contains(&aimed), "{report}");
    assert!(
        report.contains("zones that aim at another: netservices SL-T 2"),
        "{report}"
    );
    let other = said(&aiming("", "single_box", ""), 0);
    assert!(
        other.contains("aimed at: no level") && other.contains("WHICH WAS NOT IN FORCE"),
        "{other}"
    );
    for text in [
        aiming("  sl_target 4\n", "single_box", ""),
        aiming("  sl_target 3\n", "single_box", "  sl_target 4\n"),
    ] {
        assert_eq!(said(&text, 2), "", "no report, and no word of level 4");
    }
    let pair = said(&aiming("  sl_target 4\n", "two_box_diode", ""), 0);
    assert!(
        pair.contains("no record of one box shows the diode"),
        "{pair}"
    );
}

#[test]
fn what_strangers_wrote_stays_text() {
    let evil = "<script>x</script>\u{1b}[2J\u{202e}\"'&";
    let dir = tempfile::tempdir().unwrap();
    let mut chain = Chain::create(dir.path());
    chain.tell(event(
        EventKind::ArtifactApplied,
        &[("class", evil), ("artifact", evil)],
    ));
    let report = read(dir.path(), None, None);
    let is_bad = |one: char| one.is_control() && one != '\n' || one == '\u{202e}';
    let (page, said) = (html(&report), text(&report));
    assert!(!said.contains(is_bad) && !page.contains(is_bad));
    assert!(!page.contains("<script") && !page.contains("src=") && !page.contains("href="));
    assert!(page.contains("&lt;script&gt;x&lt;/script&gt;"));
}

#[test]
fn the_report_in_json_keeps_to_its_schema() {
    let Some(python) = judge::judge("the_report_in_json_keeps_to_its_schema", "json") else {
        return;
    };
    let dir = tempfile::tempdir().unwrap();
    drop(evidence(dir.path()));
    let folder = dir.path().to_str().unwrap();
    let mut documents = judge::said(0, &["report", "62443", "--json", folder]);
    documents += &judge::said(
        0,
        &[
            "report",
            "62443",
            "--json",
            "--since",
            "2100-01-01T00:00:00Z",
            folder,
        ],
    );
    fs::write(dir.path().join("stray"), "").unwrap();
    documents += &judge::said(1, &["report", "62443", "--json", folder]);
    let config = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../examples/reference/reference.icl"
    );
    documents += &judge::said(
        1,
        &["report", "62443", "--json", "--config", config, folder],
    );
    documents += &documents
        .lines()
        .next()
        .unwrap()
        .replace("SR 3.9", "SR 8.1");
    let schema = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../docs/iec62443.schema.json"
    );
    let said = judge::against(&python, schema, &documents);
    assert!(
        matches!(said.as_slice(), [good @ .., bad] if good == ["[]"; 4] && bad != "[]"),
        "{said:#?}"
    );
    let page = dir.path().join("r.html");
    judge::said(
        1,
        &["report", "62443", folder, "--html", page.to_str().unwrap()],
    );
    assert!(fs::read_to_string(page).unwrap().ends_with("</html>\n"));
}
