//! What others build on the accounts: messages one by one for a log, and the list of promises.
#![expect(clippy::unwrap_used, reason = "tests")]

#[path = "made/text.rs"]
mod text;

use iia_contract::Catalog;
use iia_contract::adherence::promise::Promise;
use iia_contract::adherence::{Adherence, Event};
use iia_core::Timestamp;
use iia_core::finding::Finding;

const ID: &str = "iia.contract.boundary.bi_lake.batch";
const BATCH: &str = include_str!("../../examples/contracts/boundary_bi_lake_batch.icl");
const SEC: i64 = 1_000_000_000;
const SLA: &str = "sla one {
metric delivery.acked
min 99%
window 1h
breach ot.contract.sla_breach
}";

fn at(ns: i64) -> Timestamp {
    Timestamp::from_ns(ns)
}

/// The sample contract with a further block.
fn catalog(more: &str) -> Catalog {
    let before = BATCH.trim_end().strip_suffix('}').unwrap();
    let checked = Catalog::check(&text::entries(&format!("{before}\n{more}\n}}\n")));
    checked.map_err(|found| format!("{found:#?}")).unwrap().0
}

#[test]
fn each_message_is_given_once_when_its_fate_is_known_or_its_time_is_over() {
    let mut adherence = Adherence::new(&catalog(""), at(0));
    let sent = |ticket| Event::Sent {
        ticket,
        records: 5,
        len: 9,
    };
    for ticket in [1, 2] {
        adherence.handle_event(at(0), ID, &sent(ticket));
    }
    assert!(adherence.take_messages().is_empty());
    let acked = |ticket| Event::Acked { ticket, records: 5 };
    adherence.handle_event(at(SEC), ID, &acked(1));
    let lines = |adherence: &mut Adherence| {
        let all = adherence.take_messages().into_iter();
        all.map(|(id, message)| {
            assert_eq!(id, ID);
            message.to_string().split(": ").last().unwrap().to_owned()
        })
        .collect::<Vec<_>>()
    };
    let done = "acknowledged 5 at 1970-01-01T00:00:01.000000000Z";
    assert_eq!(lines(&mut adherence), [done]);
    // The contract gives 30 s for an acknowledgement.
    adherence.handle_timeout(at(30 * SEC - 1));
    assert!(lines(&mut adherence).is_empty());
    assert_eq!(adherence.waiting_messages().count(), 1);
    adherence.handle_timeout(at(30 * SEC));
    assert_eq!(lines(&mut adherence), ["no acknowledgement"]);
    adherence.handle_event(at(31 * SEC), ID, &acked(2));
    assert_eq!(
        lines(&mut adherence),
        ["acknowledged 5 at 1970-01-01T00:00:31.000000000Z"]
    );
    assert_eq!(adherence.waiting_messages().count(), 0);
}

#[test]
fn whoever_fails_to_prove_who_it_is_is_told_without_a_contract_too() {
    let mut adherence = Adherence::new(&catalog(""), at(0));
    adherence.handle_event(at(1), "", &Event::AuthFailed("10.0.0.9:4711"));
    let findings: Vec<Finding> = core::iter::from_fn(|| adherence.poll_finding()).collect();
    let [found] = &findings[..] else {
        panic!("{findings:?}");
    };
    assert_eq!(
        (found.stream.as_str(), found.clause.as_str()),
        ("ot.contract.auth", "identity")
    );
    assert_eq!(found.source, "10.0.0.9:4711");
}

#[test]
fn every_clause_that_can_be_broken_is_a_promise_of_the_list() {
    let catalog = catalog(SLA);
    let promises = Promise::of(catalog.by_id(ID).unwrap());
    let has = |clause: &str| {
        let found = promises.iter().filter(|one| one.clause == clause);
        assert_eq!(found.count(), 1, "{clause}: {promises:#?}");
    };
    for clause in [
        "one",
        "bandwidth_min",
        "latency_p99_max",
        "uptime_min",
        "upstream audit verify_every",
        "audit head_period",
        "upstream ack window_max",
        "upstream query query_response_max",
        "upstream incident response_max",
        "quota rows",
        "quota payload_max",
    ] {
        has(clause);
    }
    let one = promises.iter().find(|one| one.clause == "one").unwrap();
    assert_eq!(one.agreed, "delivery.acked 99% at least");
    assert_eq!(one.window_ns, 3600 * SEC);
}

const HOUR: i64 = 3600 * SEC;

/// The clauses of thresholds that were crossed when an hour is over.
fn crossed(events: &[(i64, Event<'_>)]) -> Vec<String> {
    let mut adherence = Adherence::new(&catalog(""), at(0));
    for (ns, event) in events {
        adherence.handle_event(at(*ns), ID, event);
    }
    adherence.handle_timeout(at(HOUR));
    let findings = core::iter::from_fn(|| adherence.poll_finding());
    let breaches = findings.filter(|one| one.stream == "ot.contract.sla_breach");
    breaches
        .map(|one| format!("{} at {} h", one.clause, one.ts_ns / HOUR))
        .collect()
}

/// The sample: 50,000,000 rows an hour are taken, acknowledged within 30 s; records are north within 90 minutes.
#[test]
fn capacity_and_freshness_are_measured() {
    let sent = |ticket, records| Event::Sent {
        ticket,
        records,
        len: 9,
    };
    let acked = |ticket, records| Event::Acked { ticket, records };
    let none: Vec<String> = Vec::new();
    let too_little = ["sustained_rows at 1 h"];
    // All that was offered was taken, however little.
    assert_eq!(crossed(&[(0, sent(1, 10)), (SEC, acked(1, 10))]), none);
    // Less was taken than was offered and than was agreed: refused, left out, or not acknowledged in time.
    assert_eq!(
        crossed(&[(0, sent(1, 10)), (SEC, Event::Rejected(1))]),
        too_little
    );
    assert_eq!(crossed(&[(0, sent(1, 10)), (SEC, acked(1, 9))]), too_little);
    assert_eq!(crossed(&[(0, sent(1, 10))]), too_little);
    // What is not due yet says nothing.
    assert_eq!(crossed(&[(HOUR - SEC, sent(1, 10))]), none);
    // More was offered than was agreed, and as much as was agreed was taken.
    let offered = sent(1, 60_000_000);
    assert_eq!(crossed(&[(0, offered), (SEC, acked(1, 50_000_000))]), none);
    assert_eq!(
        crossed(&[(0, offered), (SEC, acked(1, 49_999_999))]),
        too_little
    );
    assert_eq!(crossed(&[(0, Event::Lag(5400 * SEC))]), none);
    assert_eq!(
        crossed(&[(0, Event::Lag(5400 * SEC + 1))]),
        ["freshness lag_max at 1 h"]
    );
}

/// Whoever takes a part asks for the rest: one message, whose records are counted once, and of which nothing is refused.
#[test]
fn a_message_that_is_acknowledged_in_parts_is_one_message() {
    let mut adherence = Adherence::new(&catalog(""), at(0));
    let sent = |records| Event::Sent {
        ticket: 7,
        records,
        len: 900,
    };
    let part = |records| Event::AckedPart { ticket: 7, records };
    let says = |adherence: &Adherence| {
        let it = adherence.statement(ID, at(0), at(60 * SEC)).unwrap();
        [it.sent, it.acked, it.waiting, it.rejected, it.resent]
    };
    adherence.handle_event(at(SEC), ID, &sent(100));
    adherence.handle_event(at(2 * SEC), ID, &part(40));
    adherence.handle_event(at(2 * SEC), ID, &Event::ReplayAsked(41, 100));
    assert_eq!(says(&adherence), [100, 40, 60, 0, 0]);
    adherence.handle_event(at(3 * SEC), ID, &sent(60));
    adherence.handle_event(at(4 * SEC), ID, &part(70));
    adherence.handle_event(at(4 * SEC), ID, &Event::ReplayAsked(71, 100));
    assert_eq!(says(&adherence), [100, 70, 30, 0, 1]);
    // Nobody has more of a message than there is, and what nobody sent is not there.
    adherence.handle_event(at(5 * SEC), ID, &part(101));
    adherence.handle_event(
        at(5 * SEC),
        ID,
        &Event::AckedPart {
            ticket: 8,
            records: 1,
        },
    );
    assert_eq!(says(&adherence), [100, 100, 0, 0, 1]);
    assert_eq!(adherence.take_messages(), [], "it is still under way");
    adherence.handle_event(at(6 * SEC), ID, &sent(30));
    let whole = Event::Acked {
        ticket: 7,
        records: 100,
    };
    adherence.handle_event(at(7 * SEC), ID, &whole);
    assert_eq!(says(&adherence), [100, 100, 0, 0, 2]);
    let told = adherence.take_messages();
    let told: Vec<String> = told
        .iter()
        .map(|(_, message)| message.to_string())
        .collect();
    assert_eq!(
        told,
        [
            "message 7: 100 records, 900 bytes, tries 3, sent 1970-01-01T00:00:01.000000000Z: \
          acknowledged 100 at 1970-01-01T00:00:07.000000000Z"
        ]
    );
    let mut again = Vec::new();
    while let Some(finding) = adherence.poll_finding() {
        if finding.stream == "ot.contract.reconciliation" {
            again.push((finding.clause, finding.reason));
        }
    }
    let words = |numbers| {
        (
            "replay".to_owned(),
            format!("the consumer asked again for numbers {numbers}"),
        )
    };
    assert_eq!(again, [words("41 to 100"), words("71 to 100")]);
}
