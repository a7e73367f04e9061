//! `iia attest watch`, `explain` and `page`: what stands open, from a chain that an aggregator wrote.
#![expect(clippy::unwrap_used, reason = "tests")]

mod chain;

use std::fs;
use std::path::Path;
use std::process::Command;

use chain::{Chain, START};
use iia::standing::{AlertSink, Observer, SIGHTS_FILE, Sights};
use iia_attest::aggregate::{Aggregator, Answers, MEANINGS, Sink};
use iia_contract::answer::{Call, Named, Raci, Sides};
use iia_contract::raw::Version;
use iia_core::Timestamp;
use iia_core::finding::{Conclusion, Finding, Severity};
use iia_core::stream::Stream;
use serde_json::Value;

const EVIL: &str = "<script>alert(1)</script>\u{1b}[2J\u{202e}";

/// When the box last said something: long before any reader looks.
const LONG_AGO_NS: i64 = 1_700_000_000_000_000_000;

fn at(secs: i64) -> Timestamp {
    Timestamp::from_secs(START + secs)
}

fn finding(stream: &Stream, secs: i64, (clause, source): (&str, &str), reason: &str) -> Finding {
    Finding {
        ts_ns: at(secs).as_ns(),
        stream: stream.as_str().into(),
        conclusion: Conclusion::Diverge,
        severity: Severity::High,
        contract: String::new(),
        clause: clause.into(),
        source: source.into(),
        destination: String::new(),
        operation: String::new(),
        reason: reason.into(),
        evidence: vec!["issuance#7".into()],
    }
}

fn answers() -> Answers {
    let security = Named {
        role: "site-security-manager".into(),
        contact: "oncall://site/security-manager".into(),
    };
    Answers::new(vec![Raci {
        contract: "iia.contract.boundary.site.telemetry".into(),
        version: Version::NONE,
        organization: String::new(),
        event: "data_integrity".into(),
        accountable: Sides {
            acs: vec![security],
            upstream: Vec::new(),
        },
        responsible: Sides::default(),
        consulted: Vec::new(),
        informed: Vec::new(),
        not_applicable: String::new(),
        call: Call::default(),
    }])
}

/// A talker that speaks thrice, a firewall that is flushed and loaded again, an SVID made aside.
fn story() -> Vec<(i64, Finding)> {
    let talker = finding(
        &Stream::ATTEST_NETWORK,
        10,
        ("parties", "10.20.0.66"),
        "10.20.0.66 speaks to 10.20.0.21:502, and no contract joins them",
    );
    let flushed = Finding {
        severity: Severity::Critical,
        destination: "forward".into(),
        ..finding(
            &Stream::ATTEST_POLICY_DRIFT,
            20,
            ("default_deny", ""),
            "nothing filters what passes forward: no chain is there",
        )
    };
    let loaded = Finding {
        conclusion: Conclusion::Converge,
        ts_ns: at(25).as_ns(),
        reason: "as agreed again".into(),
        ..flushed.clone()
    };
    let aside = Finding {
        severity: Severity::Critical,
        ..finding(
            &Stream::ATTEST_IDENTITY,
            30,
            ("session", EVIL),
            &format!("SVID minted aside: a session of {EVIL}"),
        )
    };
    let again = |secs| {
        let ts_ns = at(secs).as_ns();
        (
            secs,
            Finding {
                ts_ns,
                ..talker.clone()
            },
        )
    };
    vec![
        again(10),
        again(11),
        again(12),
        (20, flushed),
        (25, loaded),
        (30, aside),
    ]
}

fn write(dir: &Path, story: Vec<(i64, Finding)>) {
    let mut chain = Chain::create(&dir.join("evidence"));
    let mut one = Aggregator::new(answers(), &[Sink::Journal]).unwrap();
    for (secs, finding) in story {
        one.handle_finding(at(secs), finding);
    }
    one.handle_timeout(at(300));
    while let Some(told) = one.poll_told() {
        chain.pass(1);
        chain.tell(told.event());
    }
    chain.witness();
}

fn sights(dir: &Path, lost: bool) {
    let observer = |stream: &Stream, unseen| Observer {
        stream: stream.as_str().into(),
        looked_ns: LONG_AGO_NS,
        looks: 1200,
        found: 2,
        unseen,
    };
    let sights = Sights {
        written_ns: LONG_AGO_NS,
        observers: vec![
            observer(&Stream::ATTEST_NETWORK, 7),
            observer(&Stream::ATTEST_IDENTITY, 0),
        ],
        sinks: vec![AlertSink {
            name: "journal".into(),
            lost_since_ns: if lost { at(290).as_ns() } else { 0 },
            why: if lost { EVIL.into() } else { String::new() },
            waiting: 3,
            delivered: 4,
            dropped: 0,
        }],
    };
    fs::create_dir_all(dir.join("state")).unwrap();
    fs::write(dir.join(SIGHTS_FILE), sights.encode()).unwrap();
}

fn iia(words: &[&str]) -> (Option<i32>, String, String) {
    let done = Command::new(env!("CARGO_BIN_EXE_iia"))
        .args(words)
        .output()
        .unwrap();
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (done.status.code(), text(&done.stdout), text(&done.stderr))
}

#[test]
fn what_stands_open_is_shown_gravest_first_with_whoever_answers() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), story());
    sights(dir.path(), false);
    let path = dir.path().to_str().unwrap();
    let (code, said, error) = iia(&["attest", "watch", path, "--once"]);
    assert_eq!((code, error.as_str()), (Some(1), ""), "{said}");
    let place = |words: &str| {
        said.find(words)
            .unwrap_or_else(|| panic!("{words}\n{said}"))
    };
    assert!(said.starts_with("seg01.example/audit  2 open: 1 critical, 1 high; 1 over\n"));
    assert!(place("CRITICAL") < place("HIGH"));
    for words in [
        "VERIFIED: 5 records, all witnessed",
        "10.20.0.66 speaks to 10.20.0.21:502",
        "3 times, last 2027-01-15T08:00:12.000Z, records 0 to 4",
        "site-security-manager (oncall://site/security-manager)",
        "find out who it is before anything else",
        "nothing filters what passes forward",
        "5.000 s, once; ended 2027-01-15T08:00:25.000Z",
        "1,200 looks, 2 findings; 7 NOT SEEN for want of room",
        "NOT OBSERVED on this box",
        "takes alerts: 4 delivered",
    ] {
        place(words);
    }
    let hostile = ['\u{1b}', '\u{202e}'];
    assert!(!said.contains(hostile), "{said}");
    // Long after the box fell silent, its own words are doubted.
    assert!(said.contains("they may not run"), "{said}");
}

#[test]
fn nothing_open_is_said_and_ends_well() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), Vec::new());
    let path = dir.path().to_str().unwrap();
    let (code, said, _) = iia(&["attest", "watch", path, "--once"]);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("nothing stands open; 0 over"), "{said}");
    assert!(said.contains("not known: the running box is not at hand"));
    // Without a terminal it ends by itself.
    assert_eq!(
        iia(&["attest", "watch", path]).1.lines().next(),
        said.lines().next()
    );
}

#[test]
fn the_same_as_one_object() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), story());
    sights(dir.path(), true);
    let (code, said, _) = iia(&["attest", "watch", dir.path().to_str().unwrap(), "--json"]);
    assert_eq!(code, Some(1));
    let value: Value = serde_json::from_str(&said).unwrap();
    assert_eq!(value["format"], "iia-standing 1");
    assert_eq!(value["open"].as_array().unwrap().len(), 2);
    assert_eq!(value["open"][0]["severity"], "critical");
    assert_eq!(value["open"][1]["count"], 3);
    assert_eq!(value["open"][1]["records"]["last"], 4);
    assert_eq!(value["open"][1]["event"], "data_integrity");
    assert_eq!(value["open"][0]["source"], EVIL);
    assert_eq!(value["over"][0]["ended_by"], "as agreed again");
    assert_eq!(value["evidence"]["outcome"], "verified");
    assert_eq!(value["observers"][0]["unseen"], 7);
    assert!(value["sinks"][0]["lost_since"].is_string());
}

#[test]
fn the_page_is_one_file_without_script_and_says_all_of_it() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), story());
    sights(dir.path(), true);
    let page = dir.path().join("page.html");
    let page = page.to_str().unwrap();
    let (code, said, _) = iia(&["attest", "page", dir.path().to_str().unwrap(), "-o", page]);
    assert_eq!((code, said), (Some(1), format!("written: {page}\n")));
    let html = fs::read_to_string(page).unwrap();
    for words in [
        "Prevention has failed",
        "10.20.0.66 speaks to 10.20.0.21:502",
        "site-security-manager (oncall://site/security-manager)",
        "Was, and is over",
        "Who watches",
        "NOT OBSERVED on this box",
        "Alert sink journal: LOST since",
        "What the evidence is worth",
        "&lt;script&gt;alert(1)",
    ] {
        assert!(html.contains(words), "{words}");
    }
    for meaning in MEANINGS {
        assert!(html.contains(meaning.title), "{}", meaning.title);
    }
    let hostile = [
        "<script", "http:", "https:", "url(", "src=", "\u{1b}", "\u{202e}",
    ];
    assert!(hostile.iter().all(|words| !html.contains(words)));
    assert!(html.ends_with("</html>\n"));
}

#[test]
fn a_finding_a_stream_and_a_code_are_explained() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), story());
    let path = dir.path().to_str().unwrap();
    let json = iia(&["attest", "watch", path, "--json"]).1;
    let value: Value = serde_json::from_str(&json).unwrap();
    let (open, over) = (&value["open"][1]["id"], &value["over"][0]["id"]);
    let (code, said, _) = iia(&["attest", "explain", open.as_str().unwrap(), path]);
    assert_eq!(code, Some(0));
    for words in [
        "stands open",
        "compared      who spoke to whom",
        "against       parties and silence of each device contract",
        "none: no contract covers it",
        "evidence      issuance#7",
        "records       records 0 to 4",
        "site-security-manager (oncall://site/security-manager), for data_integrity",
        "first do      find out who it is",
        "then          if it belongs there, write a contract",
    ] {
        assert!(said.contains(words), "{words}\n{said}");
    }
    let (_, said, _) = iia(&["attest", "explain", over.as_str().unwrap(), path]);
    assert!(said.contains("is over since 2027-01-15T08:00:25"), "{said}");
    for meaning in MEANINGS {
        let name = meaning.stream.as_str();
        let short = name.strip_prefix("ot.attestation.").unwrap();
        let (code, said, _) = iia(&["attest", "explain", short]);
        assert_eq!(code, Some(0));
        assert_eq!(said, iia(&["attest", "explain", name]).1);
        assert!(said.contains(meaning.blind), "{said}");
    }
    let (code, said, _) = iia(&["attest", "explain", "iia-att-0101"]);
    assert_eq!(code, Some(0));
    assert!(said.contains("TpmError::Forged"), "{said}");
}

/// Whether a stream is observed is said of the box that is asked about.
#[test]
fn a_stream_that_nothing_on_the_box_feeds_is_not_observed() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), Vec::new());
    sights(dir.path(), false);
    let path = dir.path().to_str().unwrap();
    let said = |stream| iia(&["attest", "explain", stream, path]).1;
    assert!(
        said("io").contains("on this box   NOT OBSERVED on this box"),
        "{}",
        said("io")
    );
    assert!(
        said("network").contains("on this box   looked "),
        "{}",
        said("network")
    );
}

#[test]
fn what_is_not_there_is_an_error() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), story());
    let path = dir.path().to_str().unwrap();
    for (words, want) in [
        (
            &["attest", "explain", "0badc0de", path][..],
            "no finding of this box",
        ),
        (
            &["attest", "explain", "0badc0de"],
            "no stream (network, io, ",
        ),
        (
            &["attest", "explain", "IIA-ATT-9999"],
            "no code of this version",
        ),
        (&["attest", "watch", "/nowhere"], "is not there"),
    ] {
        let (code, _, error) = iia(words);
        assert_eq!(code, Some(2));
        assert!(error.contains(want), "{error}");
    }
    fs::create_dir_all(dir.path().join("state")).unwrap();
    fs::write(dir.path().join(SIGHTS_FILE), b"nonsense").unwrap();
    let (code, _, error) = iia(&["attest", "watch", path, "--once"]);
    assert_eq!(code, Some(2), "{error}");
    assert!(error.contains("state/attest"), "{error}");
}
