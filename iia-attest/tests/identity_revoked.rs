//! An identity that was revoked is found wherever it is still used; one that ends in time is not.

use iia_attest::correlator::Correlator as _;
use iia_attest::identity::{GRACE_NS, IDENTITIES_MAX, Identity, REVOKED_MAX, Seen};
use iia_contract::Catalog;
use iia_core::Timestamp;
use iia_core::digest::{Context, Digest};
use iia_core::finding::{Conclusion, Severity};
use iia_core::issuance::Issuance;
use iia_core::time::SECOND_NS;

const GUEST: &str = "spiffe://site.example/zone/engineering/workload/notebook";
const OTHER: &str = "spiffe://site.example/zone/engineering/workload/laptop";

fn at(secs: i64) -> Timestamp {
    Timestamp::from_secs(1_800_000_000 + secs)
}

/// What is said about revocation: when, how, and in which words. The catalog names nobody, which is another matter.
fn said(observer: &mut Identity) -> Vec<(Timestamp, Conclusion, String)> {
    let all = std::iter::from_fn(|| observer.poll_finding());
    all.filter(|found| found.clause == "revoked")
        .map(|found| {
            assert!(found.severity >= Severity::High);
            assert!(found.source.starts_with("spiffe://"));
            (
                Timestamp::from_ns(found.ts_ns),
                found.conclusion,
                found.reason,
            )
        })
        .collect()
}

fn observer() -> Identity {
    Identity::new(&Catalog::default())
}

fn guest(id: &str) -> Seen {
    Seen::Guest(id.into())
}

fn ended(id: &str) -> Seen {
    Seen::Ended(id.into())
}

fn revoked(id: &str) -> Seen {
    Seen::Revoked(id.into())
}

#[test]
fn a_session_that_goes_on_after_its_revocation_is_found_once_and_its_end_too() {
    let mut one = observer();
    one.handle_observation(at(0), guest(GUEST));
    one.handle_observation(at(1), guest(GUEST));
    one.handle_observation(at(5), revoked(GUEST));
    let due = at(5) + GRACE_NS;
    assert_eq!(one.poll_timeout(), Some(due));
    one.handle_timeout(due + -1);
    assert!(said(&mut one).is_empty());
    one.handle_timeout(due);
    one.handle_timeout(at(1000));
    let words = format!("{GUEST} was revoked, and 2 sessions of it go on");
    assert_eq!(said(&mut one), [(due, Conclusion::Diverge, words)]);
    one.handle_observation(at(1001), ended(GUEST));
    assert!(said(&mut one).is_empty());
    one.handle_observation(at(1002), ended(GUEST));
    let words = format!("the last session of {GUEST}, which was revoked, has ended");
    assert_eq!(said(&mut one), [(at(1002), Conclusion::Converge, words)]);
}

#[test]
fn a_session_that_ends_in_time_is_no_finding() {
    let mut one = observer();
    one.handle_observation(at(0), guest(GUEST));
    one.handle_observation(at(5), revoked(GUEST));
    one.handle_observation(at(6), ended(GUEST));
    one.handle_timeout(at(1000));
    assert!(said(&mut one).is_empty());
    assert_eq!(one.poll_timeout(), None);
}

#[test]
fn a_session_that_began_before_and_is_told_later_has_the_same_grace() {
    let mut one = observer();
    one.handle_observation(at(5), revoked(GUEST));
    one.handle_observation(at(4), guest(GUEST));
    assert!(said(&mut one).is_empty());
    one.handle_timeout(at(5) + GRACE_NS);
    assert_eq!(said(&mut one).len(), 1);
}

#[test]
fn a_session_that_begins_after_its_revocation_is_found_at_once() {
    let mut one = observer();
    one.handle_observation(at(5), revoked(GUEST));
    one.handle_observation(at(6), guest(OTHER));
    assert!(said(&mut one).is_empty());
    one.handle_observation(at(6), guest(GUEST));
    let words = format!("a session of {GUEST}, which was revoked before it began");
    assert_eq!(said(&mut one), [(at(6), Conclusion::Diverge, words)]);
}

#[test]
fn a_certificate_for_a_revoked_identity_is_found() {
    let mut one = observer();
    one.handle_observation(at(5), revoked(GUEST));
    let record = Issuance {
        seq: 1,
        prev: Digest::ZERO,
        ts_ns: at(6).as_ns(),
        id: GUEST.into(),
        serial: "40".into(),
        not_before_ns: at(6).as_ns(),
        not_after_ns: (at(6) + 60 * SECOND_NS).as_ns(),
        certificate: Digest::of(Context::File, b"leaf"),
        authority: Digest::of(Context::File, b"root"),
        admitted: String::new(),
    };
    one.handle_observation(at(6), Seen::Issued(record));
    let words = format!("certificate 40 was given to {GUEST}, which was revoked");
    assert_eq!(said(&mut one), [(at(6), Conclusion::Diverge, words)]);
}

#[test]
fn floods_are_bounded_and_counted() {
    let mut one = observer();
    for number in 0..=REVOKED_MAX {
        one.handle_observation(at(0), revoked(&format!("spiffe://a/{number}")));
    }
    assert_eq!(one.others(), 1);
    for number in 0..=IDENTITIES_MAX {
        one.handle_observation(at(1), guest(&format!("spiffe://b/{number}")));
    }
    assert_eq!(one.others(), 2);
    // What was not counted open is not missed when it ends.
    one.handle_observation(at(2), ended(&format!("spiffe://b/{IDENTITIES_MAX}")));
    one.handle_observation(at(2), ended("spiffe://nobody/at/all"));
    assert!(said(&mut one).is_empty());
}
