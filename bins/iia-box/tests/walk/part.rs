//! A box above that takes no more in a second than it has agreed to: what is beyond waits below and comes again, and the
//! statement of the box below counts every record once.

use std::fs;

use iia::sla::STREAMS;
use iia_core::stream::Stream;

use crate::demo::{Demo, OBSERVED, arrived, count};
use crate::kept::{BOX, NORTH, account, kept};

const SITE: &str = include_str!("../../../../examples/site/site.icl");
/// What the box above takes in a second, so that most messages are more than that.
const ROWS_MAX: u64 = 60;

/// A configuration whose contract with the north says how much is taken.
fn narrow(text: &str) -> String {
    let (before, contract) = text.split_once(&format!("contract {NORTH} ")).unwrap();
    let capacity = "    sustained_rows 1000000/h\n";
    let narrow = format!("{capacity}    burst_rows {ROWS_MAX}/s\n");
    format!(
        "{before}contract {NORTH} {}",
        contract.replacen(capacity, &narrow, 1)
    )
}

#[test]
fn what_the_box_above_leaves_over_is_asked_for_again_and_counted_once() {
    let dir = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = dir.path().join(name);
        fs::write(&path, narrow(text)).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let (below, above) = (write("box.icl", BOX), write("site.icl", SITE));
    let files = ["--config", &below, "--config-above", &above];
    let run = Demo::start(&[&["--speed", "10", "--no-kill"], &files[..]].concat()).finish();

    // Nothing is lost and nothing is there twice.
    for stream in OBSERVED {
        let here = count(&run.rows("seg01", &stream));
        assert_eq!(arrived(&run, &stream, ("seg01", "site")), here, "{stream}");
    }
    let kept = kept((&run, "seg01"), &narrow(BOX));
    let north = account(&kept, NORTH);
    let sent = north.statement.as_ref().unwrap();
    let reached: usize = OBSERVED
        .iter()
        .chain(&STREAMS)
        .map(|stream| arrived(&run, stream, ("seg01", "site")))
        .sum();
    assert_eq!(
        (sent.sent, sent.acked),
        (reached as u64, reached as u64),
        "{sent}"
    );
    assert_eq!(
        (sent.waiting, sent.rejected, sent.left_out),
        (0, 0, 0),
        "{sent}"
    );
    let words = format!("We sent {reached} records on profile telemetry");
    assert!(run.said.contains(&words), "{words}\n{}", run.said);

    // Each part that was left over is a row: as many as messages went out again, and all from a box that was full.
    let again = run.rows("seg01", &Stream::RECONCILIATION);
    let reasons = again.iter().flat_map(|batch| {
        (0..batch.num_rows()).map(|row| {
            iia::lake_report::word(batch, "reason", row)
                .unwrap()
                .to_owned()
        })
    });
    let left: Vec<u64> = reasons.map(|reason| numbers(&reason)).collect();
    assert!(!left.is_empty(), "{}", run.said);
    assert_eq!(left.len() as u64, sent.resent, "{left:?} {sent}");
    eprintln!(
        "{} rows left over in {} parts; {sent}",
        left.iter().sum::<u64>(),
        left.len()
    );
    // Whose fault it is that acknowledgements come late is the account's to say: the consumer's side of the service level.
    let late = north
        .faults
        .iter()
        .filter(|fault| fault.stream == Stream::SLA_BREACH);
    assert!(
        late.clone().count() > 0 && late.clone().all(|fault| fault.clause == "acknowledged"),
        "{:?}",
        north.faults
    );
    let parts = sent.log.iter().filter(|message| message.tries > 1);
    for message in parts {
        assert!(
            u64::from(message.tries) > message.records.div_ceil(ROWS_MAX) - 1,
            "{message}"
        );
    }
    assert!(
        sent.log.iter().any(|message| message.records > ROWS_MAX),
        "{sent}"
    );
}

/// How many numbers are asked for again.
fn numbers(reason: &str) -> u64 {
    let range = reason
        .strip_prefix("the consumer asked again for numbers ")
        .unwrap();
    let (first, last) = range.split_once(" to ").unwrap();
    last.parse::<u64>().unwrap() + 1 - first.parse::<u64>().unwrap()
}
