//! Who held up which side: each stream, with the clock of the test; absence at the window's end and not before.
#![expect(clippy::unwrap_used, reason = "tests")]

#[path = "made/text.rs"]
mod text;

use iia_contract::Catalog;
use iia_contract::adherence::message::{LOG_MAX, WAITING_MAX};
use iia_contract::adherence::{Adherence, Event, FINDINGS_MAX, PERIOD_NS, REPEATS_MAX, Side};
use iia_core::Timestamp;
use iia_core::finding::{Conclusion, Finding};

const ID: &str = "iia.contract.boundary.bi_lake.batch";
const BATCH: &str = include_str!("../../examples/contracts/boundary_bi_lake_batch.icl");
const MS: i64 = 1_000_000;
const SEC: i64 = 1000 * MS;

fn at(ns: i64) -> Timestamp {
    Timestamp::from_ns(ns)
}

/// The sample contract with further blocks.
fn catalog(more: &str) -> Catalog {
    let text = format!(
        "{}\n{more}\n}}\n",
        BATCH.trim_end().strip_suffix('}').unwrap()
    );
    let checked = Catalog::check(&text::entries(&text));
    checked.map_err(|found| format!("{found:#?}")).unwrap().0
}

fn sla(metric: &str, bound: &str, window: &str) -> String {
    let breach = "breach ot.contract.sla_breach";
    format!("sla one {{\nmetric {metric}\n{bound}\nwindow {window}\n{breach}\n}}")
}

fn drain(adherence: &mut Adherence) -> Vec<Finding> {
    core::iter::from_fn(|| adherence.poll_finding()).collect()
}

/// What is told on a stream, by clause and conclusion, with its time in nanoseconds.
fn on(findings: &[Finding], stream: &str) -> Vec<(i64, String, Conclusion)> {
    let stream = format!("ot.contract.{stream}");
    let mine = findings.iter().filter(|finding| finding.stream == stream);
    mine.map(|one| (one.ts_ns, one.clause.clone(), one.conclusion))
        .collect()
}

/// Feeds one event a second after another.
fn tell(events: &[Event<'_>]) -> Vec<Finding> {
    let mut adherence = Adherence::new(&catalog(""), at(0));
    for (second, event) in (1..).zip(events) {
        adherence.handle_event(at(second * SEC), ID, event);
    }
    drain(&mut adherence)
}

#[track_caller]
fn check(events: &[Event<'_>], stream: &str, want: &[(i64, &str, Conclusion)]) {
    let got = on(&tell(events), stream);
    let got: Vec<_> = got
        .iter()
        .map(|(ns, clause, how)| (ns / SEC, clause.as_str(), *how))
        .collect();
    assert_eq!(got, want, "{stream}");
}

#[test]
fn every_stream_tells_what_it_is_for() {
    use Conclusion::{Converge, Diverge};
    check(
        &[
            Event::Up,
            Event::Up,
            Event::Down,
            Event::Route("lte"),
            Event::Up,
        ],
        "connectivity",
        &[
            (1, "link", Converge),
            (3, "link", Diverge),
            (4, "route", Converge),
            (5, "link", Converge),
        ],
    );
    check(
        &[
            Event::Sent {
                ticket: 1,
                records: 5,
                len: 9,
            },
            Event::Rejected(1),
            Event::Rejected(1),
        ],
        "delivery",
        &[(2, "rejected", Diverge)],
    );
    check(
        &[
            Event::AuthFailed("10.0.0.9"),
            Event::Rotated(Side::Consumer),
            Event::Expires(Side::Box, at(9 * SEC)),
        ],
        "auth",
        &[
            (1, "identity", Diverge),
            (2, "rotation", Converge),
            (3, "expiry", Diverge),
        ],
    );
    check(
        &[
            Event::Pulled("2.0.0"),
            Event::Deprecated("1.0.0"),
            Event::Mismatch("column x"),
        ],
        "schema",
        &[
            (1, "version", Converge),
            (2, "version", Diverge),
            (3, "schema", Diverge),
        ],
    );
    check(
        &[
            Event::Gap(4, 7),
            Event::WatermarkAsked,
            Event::ReplayAsked(4, 7),
        ],
        "reconciliation",
        &[
            (1, "gap", Diverge),
            (2, "watermark", Converge),
            (3, "replay", Converge),
        ],
    );
    check(
        &[
            Event::HeadPublished(8),
            Event::HeadSound(8),
            Event::HeadUnsound(9),
        ],
        "audit_verify",
        &[(2, "head", Converge), (3, "head", Diverge)],
    );
}

#[test]
fn a_limit_is_crossed_by_the_first_that_is_too_much_and_told_once() {
    let mib = 1 << 20;
    let sent = |ticket, records, len| Event::Sent {
        ticket,
        records,
        len,
    };
    let most = 50_000_000;
    check(&[sent(1, most, 0), sent(2, 0, 256 * mib)], "quota", &[]);
    let crossing = (2, "quota rows", Conclusion::Diverge);
    check(
        &[sent(1, most, 0), sent(2, 1, 0), sent(3, 1, 0)],
        "quota",
        &[crossing],
    );
    let payload = (1, "quota payload_max", Conclusion::Diverge);
    check(&[sent(1, 1, 256 * mib + 1)], "quota", &[payload]);
}

#[test]
fn an_acknowledgement_is_missed_when_its_time_is_over_and_not_before() {
    let sent = Event::Sent {
        ticket: 7,
        records: 5,
        len: 9,
    };
    let acked = Event::Acked {
        ticket: 7,
        records: 5,
    };
    let late = |ack: i64, look: i64| {
        let mut adherence = Adherence::new(&catalog(""), at(0));
        adherence.handle_event(at(0), ID, &sent);
        adherence.handle_event(at(ack), ID, &acked);
        adherence.handle_timeout(at(look));
        on(&drain(&mut adherence), "delivery")
    };
    let missed = (
        30 * SEC,
        "upstream ack window_max".to_owned(),
        Conclusion::Missing,
    );
    assert_eq!(
        late(30 * SEC, 31 * SEC),
        [],
        "done at the last moment is done"
    );
    assert_eq!(late(30 * SEC + 1, 31 * SEC), std::slice::from_ref(&missed));

    let mut adherence = Adherence::new(&catalog(""), at(0));
    adherence.handle_event(at(0), ID, &sent);
    assert_eq!(adherence.poll_timeout(), Some(at(30 * SEC)));
    adherence.handle_timeout(at(30 * SEC - 1));
    assert_eq!(on(&drain(&mut adherence), "delivery"), []);
    adherence.handle_timeout(at(30 * SEC));
    assert_eq!(on(&drain(&mut adherence), "delivery"), [missed]);
    adherence.handle_timeout(at(59 * SEC));
    assert_eq!(on(&drain(&mut adherence), "delivery"), [], "and once");
}

#[test]
fn a_silent_consumer_is_told_once_and_again_after_it_came_back() {
    let mut adherence = Adherence::new(&catalog(""), at(0));
    let clause = "upstream audit verify_every";
    let consumers = |findings: &[Finding]| -> Vec<(i64, Conclusion)> {
        let mut all = on(findings, "audit_verify");
        all.retain(|(_, one, _)| one == clause);
        all.into_iter()
            .map(|(ns, _, how)| (ns / SEC, how))
            .collect()
    };
    adherence.handle_timeout(at(60 * SEC - 1));
    assert_eq!(consumers(&drain(&mut adherence)), []);
    adherence.handle_timeout(at(600 * SEC));
    assert_eq!(
        consumers(&drain(&mut adherence)),
        [(60, Conclusion::Missing)]
    );
    adherence.handle_event(at(601 * SEC), ID, &Event::HeadSound(3));
    adherence.handle_timeout(at(700 * SEC));
    let want = [(601, Conclusion::Converge), (661, Conclusion::Missing)];
    assert_eq!(consumers(&drain(&mut adherence)), want);
}

#[test]
fn an_uncontracted_attempt_is_one_event_a_cause() {
    let mut adherence = Adherence::new(&catalog(""), at(0));
    for _ in 0..5 {
        adherence.handle_violation(at(1), ["10.0.0.9", "10.0.0.1:502"], "write coil 3");
    }
    adherence.handle_violation(at(2), ["10.0.0.8", "10.0.0.1:502"], "write coil 3");
    adherence.handle_event(at(3), "iia.contract.boundary.nowhere.x", &Event::Up);
    let told = drain(&mut adherence);
    assert_eq!(on(&told, "violation").len(), 3);
    assert_eq!(
        (told[0].source.as_str(), told[0].destination.as_str()),
        ("10.0.0.9", "10.0.0.1:502")
    );
    assert_eq!(
        (told[0].operation.as_str(), told[0].ts_ns),
        ("write coil 3", 1)
    );
    adherence.handle_timeout(at(PERIOD_NS));
    let again = drain(&mut adherence);
    let again: Vec<_> = again
        .iter()
        .filter(|one| one.stream == "ot.contract.violation")
        .collect();
    assert_eq!(again.len(), 1);
    assert!(
        again[0].reason.starts_with("4 times more"),
        "{}",
        again[0].reason
    );
}

#[test]
fn figures_are_told_at_the_periods_end() {
    let mut adherence = Adherence::new(&catalog(""), at(0));
    let send = |adherence: &mut Adherence, ns, ticket| {
        adherence.handle_event(
            at(ns),
            ID,
            &Event::Sent {
                ticket,
                records: 10,
                len: 9,
            },
        );
    };
    adherence.handle_event(at(0), ID, &Event::Up);
    for ticket in 0..4 {
        send(&mut adherence, 0, ticket);
    }
    send(&mut adherence, 1, 3);
    for ticket in 0..3 {
        adherence.handle_event(
            at(500 * MS),
            ID,
            &Event::Acked {
                ticket,
                records: 10,
            },
        );
    }
    adherence.handle_event(at(15 * SEC), ID, &Event::Down);
    adherence.handle_timeout(at(PERIOD_NS - 1));
    let before = drain(&mut adherence);
    assert!(before.iter().all(|finding| finding.clause != "period"));
    adherence.handle_timeout(at(PERIOD_NS));
    let told = drain(&mut adherence);
    let reason = |stream: &str| {
        let mut found = told
            .iter()
            .filter(|one| one.stream == stream && one.clause == "period");
        found.next().unwrap().reason.clone()
    };
    assert_eq!(reason("ot.contract.connectivity"), "uptime 25%");
    assert_eq!(
        reason("ot.contract.delivery"),
        "4 messages with 40 records sent, 30 records acknowledged, 1 messages sent again, 0 records rejected, \
         0 dropped, 0 messages not timed, ack_latency_p50 500ms, ack_latency_p99 500ms"
    );
}

#[test]
fn the_receipt_says_what_was_sent_and_how_it_fared() {
    let more = sla("delivery.ack_latency_p99", "max 500ms", "1h");
    let mut adherence = Adherence::new(&catalog(&more), at(0));
    for ticket in 0..100 {
        let sent = Event::Sent {
            ticket,
            records: 10,
            len: 9,
        };
        adherence.handle_event(at(10 * SEC), ID, &sent);
    }
    for ticket in 0..98 {
        let acked = Event::Acked {
            ticket,
            records: 10,
        };
        adherence.handle_event(at(10 * SEC + 400 * MS), ID, &acked);
    }
    adherence.handle_event(
        at(14 * SEC + 200 * MS),
        ID,
        &Event::Acked {
            ticket: 98,
            records: 9,
        },
    );
    let statement = adherence.statement(ID, at(0), at(20 * SEC)).unwrap();
    assert_eq!(
        (statement.sent, statement.acked, statement.waiting),
        (1000, 989, 10)
    );
    assert_eq!((statement.rejected, statement.log.len()), (1, 100));
    assert_eq!(
        statement.to_string(),
        "We sent 1000 records on profile lake_batch at 50.000 a second between 1970-01-01T00:00:00.000000000Z and \
         1970-01-01T00:00:20.000000000Z, under iia.contract.boundary.bi_lake.batch 2.0.0.\n\
         spiffe://enterprise.example/iia/consumer/bi_ingest acknowledged 989: 11 fewer, of which 10 wait and 1 were \
         refused. 0 messages went out again, 0 records were given up before they were sent.\n\
         one: delivery.ack_latency_p99, 500ms at most; observed 4.2s: crossed.\n\
         The log has a line for each of 100 messages."
    );
    let earlier = adherence.statement(ID, at(0), at(10 * SEC)).unwrap();
    assert_eq!(
        (earlier.sent, earlier.log.len()),
        (0, 0),
        "the end is not included"
    );
    assert_eq!(
        adherence.statement("iia.contract.internal.x", at(0), at(1)),
        None
    );
}

#[test]
fn a_threshold_that_nobody_can_measure_is_refused() {
    let refused = |metric: &str, bound: &str| {
        let more = sla(metric, bound, "1h");
        let text = format!(
            "{}\n{more}\n}}\n",
            BATCH.trim_end().strip_suffix('}').unwrap()
        );
        let found = Catalog::check(&text::entries(&text))
            .err()
            .unwrap_or_default();
        found
            .iter()
            .map(|defect| (defect.rule, defect.message.clone()))
            .collect::<Vec<_>>()
    };
    let want = |message: &str| vec![("C064", message.to_owned())];
    assert_eq!(
        refused("delivery.colour", "max 500ms"),
        want("`delivery.colour` is measured by nobody")
    );
    assert_eq!(
        refused("delivery.ack_latency_p99", "max 5/s"),
        want("`5/s` is no measure of delivery.ack_latency_p99")
    );
    assert_eq!(refused("connectivity.uptime", "min 99.5%"), []);
}

#[test]
fn whatever_comes_memory_has_an_end() {
    let mut adherence = Adherence::new(&catalog(""), at(0));
    for number in 0..REPEATS_MAX + 5 {
        adherence.handle_violation(at(0), [&format!("a{number}"), "b"], "c");
    }
    assert_eq!(drain(&mut adherence).len(), REPEATS_MAX);
    adherence.handle_timeout(at(PERIOD_NS));
    let told = drain(&mut adherence);
    let counted = told
        .iter()
        .any(|one| one.reason == "5 faults of further kinds");
    assert!(counted, "{told:?}");

    let mut adherence = Adherence::new(&catalog(""), at(0));
    for ticket in 0..(WAITING_MAX + LOG_MAX + 3) as u64 {
        adherence.handle_event(
            at(0),
            ID,
            &Event::Sent {
                ticket,
                records: 1,
                len: 1,
            },
        );
    }
    let waiting = adherence.statement(ID, at(0), at(1)).unwrap();
    assert_eq!(
        (waiting.log.len(), waiting.left_out),
        (WAITING_MAX, LOG_MAX as u64 + 3)
    );
    for _ in 0..LOG_MAX + 3 {
        adherence.handle_event(at(0), ID, &Event::Dropped(1));
    }
    let full = adherence.statement(ID, at(0), at(1)).unwrap();
    assert_eq!(
        (full.log.len(), full.left_out),
        (WAITING_MAX + LOG_MAX, LOG_MAX as u64 + 6)
    );
    for number in 0..FINDINGS_MAX + 7 {
        adherence.handle_event(at(1), ID, &Event::Pulled(&number.to_string()));
    }
    assert_eq!(
        (drain(&mut adherence).len(), adherence.lost()),
        (FINDINGS_MAX, 7)
    );
}

#[test]
fn a_clock_that_leaps_or_goes_back_does_no_harm() {
    let more = sla("delivery.ack_latency_p99", "max 500ms", "1ms");
    let mut adherence = Adherence::new(&catalog(&more), at(0));
    adherence.handle_event(
        at(0),
        ID,
        &Event::Sent {
            ticket: 1,
            records: 1,
            len: 1,
        },
    );
    adherence.handle_timeout(at(i64::MAX));
    let told = drain(&mut adherence);
    assert!(
        told.iter()
            .any(|one| one.reason.contains("windows passed unwatched"))
    );
    assert!(told.len() < 2000, "{}", told.len());
    adherence.handle_event(
        at(i64::MIN),
        ID,
        &Event::Acked {
            ticket: 1,
            records: 1,
        },
    );
    adherence.handle_event(at(5), ID, &Event::Up);
    adherence.handle_timeout(at(i64::MAX));
}
