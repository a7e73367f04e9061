//! Credentials that live as long as a contract says and no longer: they change under traffic, the accounts tell each
//! change, and nothing stops for it.

use std::collections::BTreeMap;
use std::fs;

use iia::lake_report::{time, word};
use iia_audit::verify::records;
use iia_core::event::EventKind;
use iia_core::issuance::Issuance;
use iia_core::stream::Stream;

use crate::demo::{Demo, Finished, OBSERVED, arrived, count};
use crate::kept::{BOX, NORTH, account, kept};

const PUBLISHER: &str = "spiffe://iia.local/zone/publish/workload/edge_publisher";
const LIFE_SECS: i64 = 12;

/// The example, whose publisher has an SVID for so long under its contract with the north.
fn short() -> String {
    let (before, contract) = BOX.split_once(&format!("contract {NORTH} ")).unwrap();
    let life = format!("publisher_ttl {LIFE_SECS}s\n");
    let contract = contract.replacen("publisher_ttl 1h\n", &life, 1);
    format!("{before}contract {NORTH} {contract}")
}

/// What a stream says of the contract with the north: when, and clause, conclusion and reason of each row.
fn told(run: &Finished, stream: &Stream) -> Vec<(i64, [String; 3])> {
    let batches = run.rows("seg01", stream);
    let rows = batches.iter().flat_map(|batch| {
        let row = move |row| {
            let of = |column| word(batch, column, row).unwrap_or_default().to_owned();
            let words = ["clause", "conclusion", "reason"].map(of);
            (of("contract") == NORTH).then(|| (time(batch, row).as_ns(), words))
        };
        (0..batch.num_rows()).filter_map(row)
    });
    rows.collect()
}

/// R-BCA-09, R-TEL-04.
#[test]
fn credentials_change_under_traffic_as_often_as_is_agreed_and_nothing_is_lost() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("box.icl");
    fs::write(&path, short()).unwrap();
    let run = Demo::start(&[
        "--speed",
        "5",
        "--no-kill",
        "--config",
        path.to_str().unwrap(),
    ])
    .finish();

    let given = issued(&run);
    let [first, .., last] = &given[..] else {
        panic!("one SVID is not enough: {given:?}");
    };
    // One after another, each before the one before it ends.
    for (one, next) in given.iter().zip(&given[1..]) {
        assert!(
            one.ts_ns < next.ts_ns && next.ts_ns < one.not_after_ns,
            "{one:?} {next:?}"
        );
    }
    let lives = |one: &Issuance| (one.not_after_ns - one.not_before_ns) / 1_000_000_000;
    assert!(given.iter().all(|one| lives(one) == LIFE_SECS), "{given:?}");
    let seen_secs = (last.ts_ns - first.ts_ns) / 1_000_000_000;
    assert!(
        given.len() as i64 > seen_secs / LIFE_SECS,
        "{seen_secs} s: {given:?}"
    );

    let auth = told(&run, &Stream::AUTH);
    let changed = ["rotation", "converge", "the box changed its credentials"].map(str::to_owned);
    assert!(auth.iter().all(|(_, row)| *row == changed), "{auth:?}");
    // What goes north shows a change, so that two of which nothing was sent in between are told as one: whenever one is
    // told, another was given since the last.
    let known = |at: &i64| {
        given
            .iter()
            .filter(|one| one.ts_ns / 1000 <= at / 1000)
            .count()
    };
    let seen: Vec<usize> = auth.iter().map(|(at, _)| known(at)).collect();
    assert!(
        seen.len() > 1 && seen.windows(2).all(|two| two[0] < two[1]),
        "{seen:?} {auth:?}"
    );
    // Half of a life is before it is given: what was sent for longer than the other half went over several sessions.
    let kept = kept((&run, "seg01"), &short());
    let log = &account(&kept, NORTH).statement.as_ref().unwrap().log;
    let sent_ns = log[log.len() - 1].sent.since_ns(log[0].sent);
    assert!(sent_ns > LIFE_SECS * 1_000_000_000, "{sent_ns}");
    eprintln!(
        "{} SVIDs given, {} changes told, {} messages in {} s",
        given.len(),
        seen.len(),
        log.len(),
        sent_ns / 1_000_000_000
    );
    // Sessions end with the credentials that opened them, and the next message opens another.
    let away = told(&run, &Stream::CONNECTIVITY);
    assert!(
        away.iter()
            .all(|(_, [clause, conclusion, _])| clause != "link" || conclusion == "converge"),
        "{away:?}"
    );
    sessions_follow_each_other(&run, &given);
    for stream in OBSERVED {
        let here = count(&run.rows("seg01", &stream));
        assert_eq!(arrived(&run, &stream, ("seg01", "site")), here, "{stream}");
    }
}

/// Each session of the publisher that is held is opened anew with its next SVID, before the one before it ends: none breaks.
fn sessions_follow_each_other(run: &Finished, given: &[Issuance]) {
    let (mut open, mut followed) = (BTreeMap::<String, Vec<String>>::new(), 0);
    records(&run.evidence("seg01").join("audit"), |record| {
        let event = &record.body.event;
        if event.field("peer") != Some(PUBLISHER) {
            return;
        }
        let field = |key| event.field(key).unwrap_or_default();
        let way = format!("{} {}", record.source(), field("operation"));
        let serials = open.entry(way.clone()).or_default();
        match event.kind {
            EventKind::SessionOpened => {
                let number = |serial: &str| given.iter().position(|one| one.serial == serial);
                let before = serials.iter().filter_map(|serial| number(serial)).max();
                followed +=
                    usize::from(before.is_some_and(|at| number(field("serial")) > Some(at)));
                serials.push(field("serial").into());
            }
            EventKind::SessionClosed => {
                assert_eq!(field("outcome"), "closed", "{way}");
                let at = serials.iter().position(|one| one == field("serial"));
                serials.remove(at.unwrap());
            }
            _ => {}
        }
    })
    .unwrap();
    // As often as there was another SVID, while the session before it was still open.
    assert!(followed + 1 >= given.len(), "{followed} of {}", given.len());
}

/// What the issuer has given to the publisher; the chain says the same.
fn issued(run: &Finished) -> Vec<Issuance> {
    let log = "seg01/state/issuance/issuance-00000000000000000001.log";
    let bytes = fs::read(run.path().join(log)).unwrap();
    let (mut rest, mut given) = (bytes.as_slice(), Vec::new());
    while let Some((one, behind)) = Issuance::take(rest).unwrap() {
        given.push(one);
        rest = behind;
    }
    given.retain(|one| one.id == PUBLISHER);
    let mut serials = Vec::new();
    records(&run.evidence("seg01").join("audit"), |record| {
        let event = &record.body.event;
        if event.kind == EventKind::SvidIssued && event.field("id") == Some(PUBLISHER) {
            serials.push(event.field("serial").unwrap().to_owned());
        }
    })
    .unwrap();
    // The chain may be closed by the time that the last one is given.
    let own: Vec<String> = given.iter().map(|one| one.serial.clone()).collect();
    assert!(
        own.starts_with(&serials) && own.len() <= serials.len() + 1,
        "{own:?} {serials:?}"
    );
    given
}
