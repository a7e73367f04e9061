//! Sessions that end or fail outside of what is tolerated, and silence about those within.
#![expect(clippy::panic, reason = "tests")]

mod agreed;

use agreed::{at, catalog, drain};
use iia_attest::correlator::Correlator as _;
use iia_attest::network::Sessions;
use iia_attest::network::sessions::{
    BREAKS_MAX, FAILURES_MAX, GRACE_NS, HANDSHAKE_MAX_NS, How, PAIRS_MAX, SESSIONS_MAX, SHORT_MAX,
    Seen, Session, WINDOW_NS,
};
use iia_contract::scope::Terms;
use iia_core::Timestamp;
use iia_core::finding::{Conclusion, Severity};

const COLLECT: &str = "spiffe://iia.local/zone/collect/workload/c";
const LAKE: &str = "spiffe://iia.local/zone/lake/workload/l";
const CONTRACT: &str = "iia.contract.internal.collect_to_lake";

const LINK: &str = "
contract iia.contract.internal.collect_to_lake 1.0.0 {
  scope internal
  source spiffe://iia.local/zone/collect/workload/c
  destination spiffe://iia.local/zone/lake/workload/l
  operation APPEND
  cardinality one_to_one
  transport {
    protocol iia_link
    security mtls
    port tls/7443
  }
  failure {
    on_unreachable retry
    backoff_max 5m
  }
}
";

fn session(number: u64) -> Session {
    Session {
        source: COLLECT.into(),
        destination: LAKE.into(),
        number,
    }
}

const HOUR: i64 = 3_600_000;

/// A session that lives so long and ends so.
fn live(observer: &mut Sessions, (from, ms): (i64, i64), number: u64, how: How) {
    let session = session(number);
    observer.handle_observation(at(from), Seen::Begun(session.clone()));
    let not_after = at(from + HOUR);
    let opened = Seen::Opened {
        session: session.clone(),
        not_after,
    };
    observer.handle_observation(at(from), opened);
    observer.handle_observation(at(from + ms), Seen::Ended { session, how });
}

#[test]
fn a_day_of_sessions_that_are_renewed_in_order_is_silent() {
    let mut observer = Sessions::new(&catalog(LINK));
    for number in 0..48 {
        live(
            &mut observer,
            (i64::from(number) * HOUR / 2, HOUR / 2),
            number as u64,
            How::Closed,
        );
        // Now and then a cable is pulled.
        if number % 12 == 0 {
            live(
                &mut observer,
                (i64::from(number) * HOUR / 2 + HOUR / 2, 5000),
                1000,
                How::Cut,
            );
        }
    }
    assert_eq!(drain(&mut observer), []);
}

/// Each way to end or to fail, and how much of it is tolerated.
#[test]
fn more_than_is_tolerated_is_a_finding_and_no_less_is() {
    for (how, ms, most, clause, words) in [
        (
            How::Reset,
            60_000,
            BREAKS_MAX,
            "session_breaks",
            "was reset, 3 broken sessions in 10 min, and 2 are tolerated",
        ),
        (
            How::Cut,
            60_000,
            BREAKS_MAX,
            "session_breaks",
            "was cut off in the middle",
        ),
        (
            How::Silent,
            60_000,
            BREAKS_MAX,
            "session_breaks",
            "was left half open",
        ),
        (
            How::Failed,
            10,
            FAILURES_MAX,
            "session_failures",
            "failed in its handshake, 3 failed handshakes",
        ),
        (
            How::Closed,
            10,
            SHORT_MAX,
            "session_life",
            "ended in less than 1 s, 21 sessions too short",
        ),
    ] {
        let mut observer = Sessions::new(&catalog(LINK));
        for number in 0..most {
            live(&mut observer, (number as i64, ms), number, how);
        }
        assert_eq!(drain(&mut observer), [], "{how:?}");
        live(&mut observer, (most as i64, ms), most, how);
        live(&mut observer, (most as i64 + 1, ms), most + 1, how);
        let found = drain(&mut observer);
        let [one] = found.as_slice() else {
            panic!("{how:?}: {found:#?}");
        };
        assert_eq!(
            (one.clause.as_str(), one.contract.as_str()),
            (clause, CONTRACT)
        );
        assert_eq!(
            (one.conclusion, one.severity),
            (Conclusion::Diverge, Severity::High)
        );
        assert!(one.reason.contains(words), "{}", one.reason);
        assert_eq!(
            (one.source.as_str(), one.destination.as_str()),
            (COLLECT, LAKE)
        );
        // After a calm window it is told that it holds again.
        let calm = observer.poll_timeout().unwrap();
        observer.handle_timeout(calm - 1);
        assert_eq!(drain(&mut observer), []);
        observer.handle_timeout(at(most as i64 + 1 + ms) + WINDOW_NS);
        assert_eq!(
            drain(&mut observer)[0].conclusion,
            Conclusion::Converge,
            "{how:?}"
        );
    }
}

#[test]
fn as_many_in_a_longer_time_are_none() {
    let mut observer = Sessions::new(&catalog(LINK));
    for number in 0..100 {
        live(
            &mut observer,
            (number as i64 * 301_000, 60_000),
            number,
            How::Reset,
        );
    }
    assert_eq!(drain(&mut observer), []);
}

#[test]
fn what_is_expired_or_revoked_is_never_tolerated() {
    for (how, words) in [
        (
            How::Expired,
            "was tried or held with a certificate that has expired",
        ),
        (
            How::Revoked,
            "was tried or held with an identity that is revoked",
        ),
    ] {
        let mut observer = Sessions::new(&catalog(LINK));
        let session = session(1);
        observer.handle_observation(at(1), Seen::Ended { session, how });
        let found = drain(&mut observer);
        assert_eq!(found.len(), 1, "{found:#?}");
        assert!(found[0].reason.ends_with(words), "{}", found[0].reason);
        assert_eq!(found[0].clause, "session");
    }
}

#[test]
fn a_session_that_is_kept_after_its_end_or_its_revocation_is_found_at_the_graces_end() {
    let open = |observer: &mut Sessions| {
        let opened = Seen::Opened {
            session: session(1),
            not_after: at(HOUR),
        };
        observer.handle_observation(at(0), opened);
    };
    let mut observer = Sessions::new(&catalog(LINK));
    open(&mut observer);
    let end = at(HOUR) + GRACE_NS;
    assert_eq!(observer.poll_timeout(), Some(end));
    observer.handle_timeout(end - 1);
    assert_eq!(drain(&mut observer), []);
    observer.handle_timeout(end);
    let found = drain(&mut observer);
    assert!(
        found[0]
            .reason
            .ends_with("is still open 10 s after its certificate has ended"),
        "{found:#?}"
    );
    let mut observer = Sessions::new(&catalog(LINK));
    open(&mut observer);
    observer.handle_observation(at(1000), Seen::Revoked { id: COLLECT.into() });
    let end = at(1000) + GRACE_NS;
    observer.handle_timeout(end - 1);
    assert_eq!(drain(&mut observer), []);
    observer.handle_timeout(end);
    let found = drain(&mut observer);
    assert!(
        found[0]
            .reason
            .ends_with("is still open 10 s after an identity of it was revoked"),
        "{found:#?}"
    );
    assert_eq!(found[0].ts_ns, end.as_ns());
    // One that ends in time is none.
    let mut observer = Sessions::new(&catalog(LINK));
    open(&mut observer);
    observer.handle_observation(at(1000), Seen::Revoked { id: LAKE.into() });
    let (session, how) = (session(1), How::Closed);
    observer.handle_observation(at(2000), Seen::Ended { session, how });
    observer.handle_timeout(at(2 * HOUR));
    assert_eq!(drain(&mut observer), []);
}

#[test]
fn handshakes_that_nobody_goes_on_with_count_as_failed() {
    let mut observer = Sessions::new(&catalog(LINK));
    for number in 0..=FAILURES_MAX {
        observer.handle_observation(at(number as i64), Seen::Begun(session(number)));
    }
    let end = at(FAILURES_MAX as i64) + HANDSHAKE_MAX_NS;
    observer.handle_timeout(end - 1);
    assert_eq!(drain(&mut observer), []);
    observer.handle_timeout(end);
    let found = drain(&mut observer);
    assert_eq!(found.len(), 1);
    assert!(found[0].reason.contains("was left half open"), "{found:#?}");
}

/// A contract that says how often a handshake may fail is believed, whichever side opens the link.
#[test]
fn the_contracts_own_threshold_counts() {
    let text = include_str!("../../examples/contracts/boundary_bi_lake_batch.icl");
    let text = text.trim_start_matches("iia-config 1").trim_end();
    let threshold = "\n  sla refused {\n    metric auth.failures\n    max 5/h\n    window 2h\n    breach ot.contract.sla_breach\n  }\n}\n";
    let text = text.strip_suffix('}').unwrap().to_owned() + threshold;
    let catalog = catalog(&text);
    let Terms::Boundary(terms) = &catalog.contracts()[0].terms else {
        panic!("a boundary contract");
    };
    let ends = [terms.consumer.as_str(), terms.publisher.as_str()];
    for (source, destination) in [(ends[0], ends[1]), (ends[1], ends[0])] {
        let mut observer = Sessions::new(&catalog);
        let mut fail = |number: u64| {
            let session = Session {
                source: source.into(),
                destination: destination.into(),
                number,
            };
            let how = How::Failed;
            let now = at(number as i64 * 1000);
            observer.handle_observation(now, Seen::Ended { session, how });
            drain(&mut observer).len()
        };
        // Ten in two hours.
        let told: Vec<u64> = (0..20).filter(|number| fail(*number) > 0).collect();
        assert_eq!(told, [10]);
    }
}

/// Whoever begins a million sessions, or fails from a million places, is not followed everywhere, and that is said.
#[test]
fn floods_stay_within_their_limits_and_are_told() {
    let mut observer = Sessions::new(&catalog(LINK));
    let over = 3;
    for number in 0..SESSIONS_MAX as u64 + over {
        observer.handle_observation(at(0), Seen::Begun(session(number)));
    }
    assert_eq!(observer.others(), over);
    let found = drain(&mut observer);
    assert_eq!(
        found.len(),
        2,
        "the first, and when it has doubled: {found:#?}"
    );
    assert_eq!(found[0].clause, "sight");
    let mut observer = Sessions::new(&catalog(LINK));
    for number in 0..100_000u64 {
        let session = Session {
            source: format!("10.{}.{}.{}", number >> 16, number >> 8 & 255, number & 255).into(),
            ..session(number)
        };
        observer.handle_observation(at(0), Seen::Begun(session.clone()));
        let how = How::Failed;
        observer.handle_observation(at(0), Seen::Ended { session, how });
    }
    let found = drain(&mut observer);
    assert!(
        found.iter().all(|one| one.clause == "sight"),
        "{:#?}",
        found[0]
    );
    let doubled = (100_000 - PAIRS_MAX).ilog2() as usize + 1;
    assert_eq!(found.len(), doubled);
    // Time that goes back does nothing.
    observer.handle_timeout(Timestamp::from_ns(i64::MIN));
    observer.handle_timeout(Timestamp::from_ns(i64::MAX));
}
