//! Issuance without an entry, SVIDs minted aside, broken logs and lost identities are told in words; a clean month is not.
#![expect(clippy::unwrap_used, reason = "tests")]

use iia_attest::correlator::Correlator as _;
use iia_attest::identity::{
    AUTHORITIES_MAX, CERTIFICATES_MAX, GRACE_NS, IDENTITIES_MAX, Identity, SESSIONS_MAX, Seen,
    WAITING_MAX,
};
use iia_contract::Catalog;
use iia_contract::raw::{Block, Entry, Field, Kind, Span, Value, Version};
use iia_core::digest::Context;
use iia_core::finding::{Conclusion, Finding, Severity};
use iia_core::issuance::Issuance;
use iia_core::time::SECOND_NS;
use iia_core::{Digest, Timestamp};

const START: i64 = 1_800_000_000;
const HOUR_NS: i64 = 3600 * SECOND_NS;
const LAKE: &str = "spiffe://iia.local/zone/lake/workload/lake_writer";
const COLLECT: &str = "spiffe://iia.local/zone/collect/workload/protocol_collector";
const STRANGER: &str = "spiffe://iia.local/zone/lake/workload/stranger";

fn at(ns: i64) -> Timestamp {
    Timestamp::from_secs(START) + ns
}

fn catalog() -> Catalog {
    let value = |text: &str, kind| Value {
        kind,
        text: text.into(),
        span: Span::default(),
    };
    let field = |key: &str, value| Field {
        key: key.into(),
        values: vec![value],
        span: Span::default(),
    };
    let entry = Entry {
        kind: "contract".into(),
        name: "iia.contract.device.press".into(),
        version: Some(Version {
            major: 1,
            minor: 0,
            patch: 0,
        }),
        fields: vec![
            field("scope", value("device", Kind::Atom)),
            field("protocol", value("modbus_tcp", Kind::Atom)),
            field("client", value("10.0.0.1", Kind::Net)),
            field("server", value("tcp/10.0.0.2:502", Kind::Port)),
            field("collector", value(COLLECT, Kind::Spiffe)),
        ],
        blocks: Vec::<Block>::new(),
        span: Span::default(),
    };
    let second = Entry {
        name: "iia.contract.device.lake".into(),
        fields: entry
            .fields
            .iter()
            .cloned()
            .map(|mut one| {
                if one.key == "collector" {
                    one.values = vec![value(LAKE, Kind::Spiffe)];
                }
                if one.key == "server" {
                    one.values = vec![value("tcp/10.0.0.3:502", Kind::Port)];
                }
                one
            })
            .collect(),
        ..entry.clone()
    };
    Catalog::check(&[second, entry]).unwrap().0
}

/// A log as an honest issuer writes it.
struct Log(u64, Digest);

impl Log {
    fn issue(&mut self, id: &str, now: i64) -> Issuance {
        self.bent(id, now, |_| {})
    }

    fn bent(&mut self, id: &str, now: i64, bend: impl Fn(&mut Issuance)) -> Issuance {
        let mut record = Issuance {
            seq: self.0 + 1,
            prev: self.1,
            ts_ns: at(now).as_ns(),
            id: id.into(),
            serial: format!("{:032x}", self.0 + 1),
            not_before_ns: (at(now) - 60 * SECOND_NS).as_ns(),
            not_after_ns: (at(now) + HOUR_NS - 60 * SECOND_NS).as_ns(),
            certificate: Digest::of(Context::File, &self.0.to_be_bytes()),
            authority: root(1),
            admitted: "sha256:aa".into(),
        };
        bend(&mut record);
        (self.0, self.1) = (record.seq, record.digest());
        record
    }
}

fn log() -> Log {
    Log(0, Digest::ZERO)
}

fn root(number: u8) -> Digest {
    Digest::of(Context::File, &[number])
}

fn session(record: &Issuance) -> Seen {
    Seen::Session {
        id: record.id.clone(),
        serial: record.serial.clone(),
        certificate: record.certificate,
    }
}

fn observer() -> Identity {
    let mut observer = Identity::new(&catalog());
    observer.handle_observation(at(0), Seen::Published(root(1)));
    observer
}

fn told(observer: &mut Identity) -> Vec<Finding> {
    core::iter::from_fn(|| observer.poll_finding()).collect()
}

/// The only finding, which has this clause and these words.
fn only(observer: &mut Identity, clause: &str, words: &str) -> Finding {
    let mut told = told(observer);
    assert_eq!(told.len(), 1, "{told:?}");
    let found = told.remove(0);
    assert_eq!(found.clause, clause);
    assert_eq!(found.stream, "ot.attestation.identity");
    assert!(found.severity >= Severity::High);
    assert!(found.reason.contains(words), "{}", found.reason);
    found
}

#[test]
fn a_clean_month_with_a_rotated_root_is_silent() {
    let (mut observer, mut log) = (observer(), log());
    for half_hour in 0..2 * 24 * 30 {
        let now = half_hour * HOUR_NS / 2;
        if half_hour == 700 {
            observer.handle_observation(at(now), Seen::Published(root(2)));
        }
        for id in [LAKE, COLLECT] {
            let record = log.bent(id, now, |record| {
                record.authority = root(if half_hour > 702 { 2 } else { 1 });
            });
            // The session may be seen before the record is read.
            observer.handle_observation(at(now), session(&record));
            observer.handle_observation(at(now + SECOND_NS), Seen::Issued(record));
        }
    }
    assert_eq!(told(&mut observer), []);
    observer.handle_observation(at(720 * HOUR_NS), Seen::Stopped(LAKE.into()));
    observer.handle_observation(at(720 * HOUR_NS), Seen::Stopped(COLLECT.into()));
    observer.handle_timeout(at(1000 * HOUR_NS));
    assert_eq!(
        (told(&mut observer), observer.poll_timeout()),
        (vec![], None)
    );
}

#[test]
fn issuance_without_an_entry_is_found() {
    let (mut observer, mut log) = (observer(), log());
    observer.handle_observation(at(0), Seen::Issued(log.issue(LAKE, 0)));
    observer.handle_observation(at(0), Seen::Issued(log.issue(STRANGER, 0)));
    let found = only(&mut observer, "contract", "issuance without an entry");
    assert_eq!(
        (found.source.as_str(), found.severity),
        (STRANGER, Severity::Critical)
    );
    assert_eq!(found.evidence, ["issuance#2"]);
}

#[test]
fn an_svid_minted_aside_is_found_when_its_record_does_not_come() {
    let (mut observer, mut log) = (observer(), log());
    let aside = log.issue(LAKE, 0);
    observer.handle_observation(at(0), session(&aside));
    assert_eq!(observer.poll_timeout(), Some(at(GRACE_NS)));
    observer.handle_timeout(at(GRACE_NS - 1));
    assert_eq!(told(&mut observer), []);
    observer.handle_timeout(at(GRACE_NS));
    let found = only(&mut observer, "session", "SVID minted aside");
    assert_eq!(
        (found.source.as_str(), found.ts_ns),
        (LAKE, at(GRACE_NS).as_ns())
    );
}

#[test]
fn a_certificate_with_the_number_of_another_is_found_whichever_comes_first() {
    for record_first in [true, false] {
        let (mut observer, mut log) = (observer(), log());
        let record = log.issue(COLLECT, 0);
        let stolen = Seen::Session {
            id: LAKE.into(),
            serial: record.serial.clone(),
            certificate: record.certificate,
        };
        let both = if record_first {
            [Seen::Issued(record), stolen]
        } else {
            [stolen, Seen::Issued(record)]
        };
        both.into_iter()
            .for_each(|seen| observer.handle_observation(at(0), seen));
        only(&mut observer, "session", "which the issuer's log has for");
    }
    let (mut observer, mut log) = (observer(), log());
    let record = log.issue(LAKE, 0);
    observer.handle_observation(at(0), Seen::Issued(record.clone()));
    let other = Seen::Session {
        id: LAKE.into(),
        serial: record.serial,
        certificate: root(9),
    };
    observer.handle_observation(at(0), other);
    only(&mut observer, "session", "with other contents");
}

#[test]
fn a_session_of_nobody_is_found() {
    let (mut observer, mut log) = (observer(), log());
    let record = log.issue(STRANGER, 0);
    observer.handle_observation(at(0), session(&record));
    only(&mut observer, "session", "which no contract names");
}

#[test]
fn a_log_with_a_hole_or_a_record_put_between_is_found() {
    let (mut observer, mut log) = (observer(), log());
    observer.handle_observation(at(0), Seen::Issued(log.issue(LAKE, 0)));
    let _left_out = log.issue(COLLECT, 0);
    observer.handle_observation(at(0), Seen::Issued(log.issue(LAKE, 0)));
    only(&mut observer, "log", "the issuance log was changed");
    let between = log.bent(LAKE, 0, |record| record.prev = Digest::ZERO);
    observer.handle_observation(at(0), Seen::Issued(between));
    let found = only(&mut observer, "log", "does not follow");
    assert_eq!(found.severity, Severity::Critical);
}

#[test]
fn certificates_that_live_too_long_or_of_an_unpublished_root_are_found() {
    let (mut observer, mut log) = (observer(), log());
    let long = log.bent(LAKE, 0, |record| record.not_after_ns += 61 * SECOND_NS);
    observer.handle_observation(at(0), Seen::Issued(long));
    only(&mut observer, "life", "one hour at most");
    let foreign = log.bent(LAKE, 0, |record| record.authority = root(2));
    observer.handle_observation(at(0), Seen::Issued(foreign));
    only(&mut observer, "authority", "the bundle did not have");
}

#[test]
fn an_identity_that_becomes_another_program_is_found() {
    let (mut observer, mut log) = (observer(), log());
    observer.handle_observation(at(0), Seen::Issued(log.issue(LAKE, 0)));
    let other = log.bent(LAKE, HOUR_NS / 2, |record| {
        record.admitted = "sha256:bb".into()
    });
    observer.handle_observation(at(HOUR_NS / 2), Seen::Issued(other));
    only(
        &mut observer,
        "continuity",
        "was sha256:aa and is sha256:bb now",
    );
}

#[test]
fn a_lost_identity_is_found_at_its_end_once_and_told_when_it_is_back() {
    let (mut observer, mut log) = (observer(), log());
    let record = log.issue(LAKE, 0);
    let end = Timestamp::from_ns(record.not_after_ns);
    observer.handle_observation(at(0), Seen::Issued(record));
    assert_eq!(observer.poll_timeout(), Some(end + 1));
    observer.handle_timeout(end);
    assert_eq!(told(&mut observer), []);
    observer.handle_timeout(end + 1);
    observer.handle_timeout(end + HOUR_NS);
    let found = only(&mut observer, "continuity", "has lost its identity");
    assert_eq!(
        (found.conclusion, found.ts_ns),
        (Conclusion::Missing, end.as_ns())
    );
    observer.handle_observation(end + HOUR_NS, Seen::Issued(log.issue(LAKE, 2 * HOUR_NS)));
    let found = only(&mut observer, "continuity", "has an identity again");
    assert_eq!(found.conclusion, Conclusion::Converge);
}

#[test]
fn floods_stay_within_their_limits_and_are_counted() {
    let (mut observer, mut log) = (observer(), log());
    for number in 0..=IDENTITIES_MAX {
        let id = format!("spiffe://iia.local/zone/x/workload/w{number}");
        observer.handle_observation(at(0), Seen::Issued(log.issue(&id, 0)));
        while observer.poll_finding().is_some() {}
    }
    assert_eq!(observer.others(), 1);
    for number in 0..=SESSIONS_MAX {
        let (serial, certificate) = (format!("f{number}"), root(3));
        observer.handle_observation(
            at(0),
            Seen::Session {
                id: LAKE.into(),
                serial,
                certificate,
            },
        );
    }
    assert_eq!(observer.others(), 2);
    for number in 0..=AUTHORITIES_MAX {
        let number = number.to_string();
        observer.handle_observation(
            at(0),
            Seen::Published(Digest::of(Context::File, number.as_bytes())),
        );
    }
    assert_eq!(observer.others(), 4, "one root was there already");
    observer.handle_timeout(at(HOUR_NS));
    assert_eq!(
        observer.lost(),
        u64::try_from(SESSIONS_MAX + IDENTITIES_MAX - WAITING_MAX).unwrap()
    );
    assert_eq!(told(&mut observer).len(), WAITING_MAX);
}

/// What was forgotten for want of room accuses nobody.
#[test]
fn a_certificate_that_was_forgotten_is_not_called_minted_aside() {
    let (mut observer, mut log) = (observer(), log());
    let first = log.issue(LAKE, 0);
    observer.handle_observation(at(0), Seen::Issued(first.clone()));
    for _ in 0..CERTIFICATES_MAX {
        observer.handle_observation(at(1), Seen::Issued(log.issue(LAKE, 1)));
    }
    observer.handle_observation(at(2), session(&first));
    observer.handle_timeout(at(2 + GRACE_NS));
    assert_eq!((told(&mut observer), observer.others()), (vec![], 1));
}
