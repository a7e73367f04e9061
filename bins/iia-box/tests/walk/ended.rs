//! A contract that ends while its links are open: from that moment on nothing goes under it, what goes under others goes
//! on, and the statement says what was sent, what arrived and what waits.

use std::cell::Cell;
use std::fs;

use iia::lake_report::{time, word};
use iia_audit::verify::records;
use iia_contract::adherence::message::Fate;
use iia_core::Timestamp;
use iia_core::event::EventKind;
use iia_core::stream::Stream;

use crate::demo::{Demo, Finished, OBSERVED, arrived};
use crate::kept::{BOX, CONSUMER, NORTH, account, kept, now_ns};

const SECOND_NS: i64 = 1_000_000_000;
/// From the start of the boxes: the plant is seen by then, and is seen for a good while longer.
const ENDS_AFTER_NS: i64 = 20 * SECOND_NS;
/// An answer may be under way at the very moment, and the accounts have the time of the answer.
const LATE_NS: i64 = 2 * SECOND_NS;

/// Long after the boxes have gone.
const LATER_NS: i64 = 3600 * SECOND_NS;

/// A catalog in which a contract is in force until then.
fn deprecated(text: &str, (contract, operation): (&str, &str), ends: Timestamp) -> String {
    let ends = ends.to_string();
    let (whole, _) = ends.split_once('.').unwrap();
    let (before, rest) = text.split_once(&format!("contract {contract} ")).unwrap();
    let last = format!("  operation {operation}\n");
    let rest = rest.replacen(&last, &format!("{last}  deprecated {whole}Z\n"), 1);
    format!("{before}contract {contract} {rest}")
}

/// The example, whose contract with the north is in force until then, and that of a consumer for an hour longer.
fn until(ends: Timestamp) -> String {
    let text = deprecated(BOX, (NORTH, "PUBLISH_BATCH"), ends);
    let later = Timestamp::from_ns(ends.as_ns() + LATER_NS);
    deprecated(&text, (CONSUMER, "QUERY"), later)
}

#[test]
fn a_contract_that_ends_stops_what_goes_under_it_at_that_moment() {
    let dir = tempfile::tempdir().unwrap();
    let (path, ends) = (dir.path().join("box.icl"), Cell::new(Timestamp::default()));
    let prepare = || {
        let whole = (now_ns() + ENDS_AFTER_NS) / SECOND_NS * SECOND_NS;
        ends.set(Timestamp::from_ns(whole));
        fs::write(&path, until(ends.get())).unwrap();
    };
    let arguments = [
        "--speed",
        "2",
        "--no-kill",
        "--config",
        path.to_str().unwrap(),
    ];
    let run = Demo::start_prepared(prepare, &arguments, &[]).finish();
    let ends = ends.get();
    let kept = kept((&run, "seg01"), &until(ends));
    let north = account(&kept, NORTH);
    let sent = north.statement.as_ref().unwrap();
    eprintln!("ended at {ends}; {sent}");

    // What arrived is what was acknowledged, to the record; all of it in time, and the rest waits. One message may have
    // arrived whose answer came too late to be heard.
    let reached: usize = OBSERVED
        .iter()
        .chain(&iia::sla::STREAMS)
        .map(|stream| arrived(&run, stream, ("seg01", "site")))
        .sum();
    let unheard = reached as u64 - sent.acked;
    let mut waiting = sent.log.iter().filter(|message| message.fate.is_open());
    let under_way = waiting.any(|one| one.sent < ends && one.records == unheard);
    assert!(unheard == 0 || under_way, "{reached} arrived: {sent}");
    assert_eq!(
        (sent.sent, sent.rejected),
        (sent.acked + sent.waiting, 0),
        "{sent}"
    );
    assert!(sent.acked > 0 && sent.waiting > 0, "{sent}");
    for message in &sent.log {
        match message.fate {
            Fate::Acked(at, _) => assert!(at.since_ns(ends) < LATE_NS, "{message}"),
            _ => assert!(message.fate.is_open(), "{message}"),
        }
    }
    let words = format!(
        "acknowledged {}: {} fewer, of which {} wait",
        sent.acked, sent.waiting, sent.waiting
    );
    assert!(run.said.contains(&words), "{words}\n{}", run.said);

    // The dialling end refuses itself, and the chain says so, counted.
    let mut refused = 0;
    records(&run.evidence("seg01").join("audit"), |record| {
        let event = &record.body.event;
        let is = |key, text| event.field(key) == Some(text);
        if event.kind == EventKind::ConduitRejected && is("contract", NORTH) {
            assert!(
                is("side", "dialling") && is("code", "IIA-LNK-0303"),
                "{event:?}"
            );
            assert!(event.ts_ns >= ends.as_ns(), "{event:?}");
            refused += 1;
        }
    })
    .unwrap();
    assert!(refused > 0);

    // That the link is away is told once, then; and the heads of the chain, which have a contract of their own, go on.
    let told = away(&run);
    let [at] = told[..] else {
        panic!("{told:?}");
    };
    assert!(
        (-SECOND_NS..LATE_NS).contains(&at.since_ns(ends)),
        "{at} {ends}"
    );
    let heads = run.rows("site", &Stream::AUDIT_HEAD);
    let last = heads
        .iter()
        .flat_map(|batch| (0..batch.num_rows()).map(|row| time(batch, row)));
    assert!(last.max().unwrap().since_ns(ends) > 0);
    old_version(&run);
}

/// A consumer that goes by a version that will end is answered, and each time told of in the lake.
fn old_version(run: &Finished) {
    let batches = run.rows("seg01", &Stream::SCHEMA);
    let rows = batches.iter().flat_map(|batch| {
        let said = |column, row| word(batch, column, row).unwrap_or_default().to_owned();
        (0..batch.num_rows()).map(move |row| (said("contract", row), said("reason", row)))
    });
    let rows: Vec<(String, String)> = rows.collect();
    let words = "the consumer uses version 1.1.0, which is deprecated";
    let is_it =
        |(contract, reason): &(String, String)| contract == CONSUMER && reason.contains(words);
    assert!(!rows.is_empty() && rows.iter().all(is_it), "{rows:?}");
}

/// When the link with the north was told to be away.
fn away(run: &Finished) -> Vec<Timestamp> {
    let batches = run.rows("seg01", &Stream::CONNECTIVITY);
    let rows = batches.iter().flat_map(|batch| {
        let is = move |column, row, text| word(batch, column, row) == Some(text);
        let row = move |row| {
            (is("contract", row, NORTH) && is("conclusion", row, "diverge"))
                .then(|| time(batch, row))
        };
        (0..batch.num_rows()).filter_map(row)
    });
    rows.collect()
}
