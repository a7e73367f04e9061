//! Who held up which side, on running boxes: what stays away is told at its window's end and not before, and the
//! statement of what was sent counts what the next box up really has.

use std::path::Path;
use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};

use iia::lake_report::{time, word};
use iia::sla::{Account, Kept, STREAMS};
use iia_config::parse::parse;
use iia_config::{limits, validate};
use iia_core::stream::Stream;

use crate::demo::{Demo, Finished, OBSERVED, arrived, count};

const SECOND_NS: i64 = 1_000_000_000;
/// What the query consumer of the example agrees to: to check the chain head so often. It never does.
const WINDOW_NS: i64 = 10 * SECOND_NS;
/// How late the absence may be shown: the accounts run a second behind, and the machine may be busy.
const LATE_MAX_NS: i64 = 8 * SECOND_NS;
pub(crate) const CONSUMER: &str = "iia.contract.boundary.engineering.query";
pub(crate) const NORTH: &str = "iia.contract.boundary.site.telemetry";

/// The configuration of the example.
pub(crate) const BOX: &str = include_str!("../../../../examples/box-pi/box.icl");

pub(crate) fn now_ns() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    i64::try_from(now.as_nanos()).unwrap()
}

/// What the lake of a box says of the contracts of a configuration.
pub(crate) fn kept((run, name): (&Finished, &str), config: &str) -> Kept {
    let document = parse(config.as_bytes(), limits::DOCUMENT_LEN_MAX).unwrap();
    let catalog = validate::catalog(&document).unwrap();
    Kept::read(&run.evidence(name).join("lake"), &catalog).unwrap()
}

pub(crate) fn account<'a>(kept: &'a Kept, id: &str) -> &'a Account {
    let mut accounts = kept.accounts.iter();
    accounts.find(|account| account.contract == id).unwrap()
}

/// When the bus opened its accounts, and when the absence was shown on the screen, by this test's own clock.
struct Watched {
    before: i64,
    serves: i64,
    shown: i64,
}

#[test]
fn absence_is_told_at_the_windows_end_and_the_statement_counts_what_arrived() {
    let before = now_ns();
    let mut demo = Demo::start(&["--speed", "8"]);
    demo.until("Roles of seg01");
    demo.until("bus serves");
    let serves = now_ns();
    demo.until("the consumer checked no chain head within 10s");
    let shown = now_ns();
    let run = demo.finish();
    let watched = Watched {
        before,
        serves,
        shown,
    };
    absence(&run, &watched);
    statement(&run);
    streams(&run);
    answers(&run);
}

fn absence(run: &Finished, watched: &Watched) {
    let kept = kept((run, "seg01"), BOX);
    let faults = account(&kept, CONSUMER).faults.iter();
    let faults: Vec<_> = faults
        .filter(|fault| fault.stream == Stream::AUDIT_VERIFY)
        .collect();
    let [fault] = &faults[..] else {
        panic!("one absence is told once: {faults:#?}");
    };
    assert_eq!(fault.clause, "upstream audit verify_every");
    let (from, until) = (fault.from.unwrap().as_ns(), fault.until.as_ns());
    assert_eq!(until - from, WINDOW_NS);
    assert!(watched.before < from && from <= watched.serves);
    assert!(watched.shown >= until, "told before the window's end");
    assert!(watched.shown - until <= LATE_MAX_NS, "told late");
    // The record that the report names is the one in the lake.
    let batches = run.rows("seg01", &Stream::AUDIT_VERIFY);
    let missing = batches.iter().flat_map(|batch| {
        let rows =
            (0..batch.num_rows()).filter(|row| word(batch, "conclusion", *row) == Some("missing"));
        rows.map(|row| time(batch, row).as_ns())
    });
    assert_eq!(missing.collect::<Vec<_>>(), [until / 1000 * 1000]);
}

fn statement(run: &Finished) {
    let kept = kept((run, "seg01"), BOX);
    let sent = account(&kept, NORTH).statement.as_ref().unwrap();
    let streams = OBSERVED.iter().chain(&STREAMS);
    let reached: usize = streams
        .map(|stream| arrived(run, stream, ("seg01", "site")))
        .sum();
    assert_eq!(sent.sent, reached as u64);
    assert_eq!(sent.acked, sent.sent);
    assert_eq!((sent.waiting, sent.rejected, sent.left_out), (0, 0, 0));
    let words = format!("We sent {reached} records on profile telemetry");
    assert!(run.said.contains(&words), "{words}\n{}", run.said);
}

/// What the site has of these streams is what the box has, but for rows about the last messages.
fn streams(run: &Finished) {
    for stream in [
        Stream::VIOLATION,
        Stream::CONNECTIVITY,
        Stream::DELIVERY,
        Stream::AUDIT_VERIFY,
    ] {
        let here = count(&run.rows("seg01", &stream));
        let there = arrived(run, &stream, ("seg01", "site"));
        assert!(there > 0, "{stream}");
        assert!(there <= here, "{stream}");
        if stream == Stream::VIOLATION {
            assert_eq!(there, here, "{stream}");
        }
    }
}

/// What anybody can ask of the evidence, where `iia` is built: the report's counts are those of the lake at the site,
/// the history has the change that was confirmed and not the one that went back, the watermark is the newest number.
fn answers(run: &Finished) {
    let iia = Path::new(env!("CARGO_BIN_EXE_iia-box")).with_file_name("iia");
    if !iia.exists() {
        let needed = std::env::var_os("IIA_REQUIRE_ALL").is_some();
        assert!(!needed, "iia is not built beside iia-box");
        eprintln!("SKIPPED: answers: iia");
        return;
    }
    let evidence = run.evidence("seg01");
    let ask = |arguments: &[&str]| {
        let output = Command::new(&iia).args(arguments).arg(&evidence).output();
        String::from_utf8(output.unwrap().stdout).unwrap()
    };
    let catalog = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/box-pi/box.icl");
    let report = ask(&["report", "sla", "--catalog", catalog, "--json"]);
    let sent = kept((run, "site"), BOX).streams;
    for (stream, rows) in &sent {
        if *stream == Stream::VIOLATION {
            assert!(report.contains(&format!("\"{stream}\":{rows}")), "{report}");
        }
    }
    let watermark = ask(&["ask", &format!("contract/{NORTH}/watermark"), "--evidence"]);
    let newest = count(&run.rows("seg01", &Stream::MODBUS)).to_string();
    let line = watermark
        .lines()
        .find(|line| line.starts_with("ot.acs.modbus"));
    let mut cells = line.unwrap().split_whitespace();
    assert_eq!(cells.nth(3), Some(newest.as_str()), "{watermark}");
    assert!(!watermark.contains("ot.security"), "{watermark}");
    if run.said.contains("left out: iia-apply") {
        return;
    }
    let device = "contract/iia.contract.device.historian_press_b/history";
    let history = ask(&["ask", device, "--evidence"]);
    let versions = history.lines().skip(1);
    let versions: Vec<&str> = versions.filter_map(|line| line.split(' ').next()).collect();
    assert_eq!(versions, ["1.0.0", "1.1.0"], "{history}");
}
