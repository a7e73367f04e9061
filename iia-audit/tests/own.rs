//! An IO master signs what it observed: whoever keeps the log and holds its key cannot speak for it, change its words or
//! leave them out.
#![expect(clippy::unwrap_used, reason = "tests")]

mod common;

use std::path::Path;

use common::{event, key, policy};
use iia_audit::AuditError;
use iia_audit::log::{Log, Submission};
use iia_audit::own::{FIELD, OwnKey, sign};
use iia_audit::verify::{Elsewhere, Report, verify_against};
use iia_core::SpiffeId;
use iia_core::event::Event;
use iia_core::sign::Signer as _;
use iia_core::time::Clock as _;

fn io_master() -> SpiffeId {
    "spiffe://iia.local/zone/io/workload/master"
        .parse()
        .unwrap()
}

fn observed(number: u64, value: &str) -> Event {
    let mut event = event(value, 0).event.with("address", "40010");
    event.source_seq = number;
    event
}

fn signed(number: u64, value: &str) -> Submission {
    let event = sign(&io_master(), observed(number, value), &key(7)).unwrap();
    Submission {
        source: io_master(),
        event,
    }
}

/// A log in which the primary's own records stand between those of the IO master.
fn log(dir: &Path, records: impl IntoIterator<Item = Submission>) -> Report {
    let mut log: Log = common::create(dir);
    for record in records {
        log.append(
            &[event("by the primary", 0), record],
            common::clock().read(),
        )
        .unwrap();
    }
    drop(log);
    let source = OwnKey {
        source: io_master(),
        key: key(7).public_key(),
    };
    let elsewhere = Elsewhere {
        log: Some(policy().log),
        sources: vec![source],
        ..Elsewhere::default()
    };
    verify_against(dir, &elsewhere)
}

#[test]
fn r_atn_12_what_the_io_master_signed_holds() {
    let dir = tempfile::tempdir().unwrap();
    let report = log(dir.path(), (1..=5).map(|number| signed(number, "open")));
    assert_eq!((report.bad, report.own), (None, 5));
}

#[test]
fn r_atn_12_the_primary_cannot_speak_for_it() {
    let bad_at = |records: Vec<Submission>| {
        let dir = tempfile::tempdir().unwrap();
        log(dir.path(), records).bad.map(|bad| bad.seq)
    };
    let by_primary = |number, value| Submission {
        source: io_master(),
        event: sign(&io_master(), observed(number, value), &key(1)).unwrap(),
    };
    let bare = |number| Submission {
        source: io_master(),
        event: observed(number, "open"),
    };
    let mut changed = signed(2, "open");
    changed.event.fields.first_mut().unwrap().value = "closed".into();
    let mut more = signed(2, "open");
    more.event = more.event.with("note", "added");
    let mut later = signed(2, "open");
    later.event.ts_ns += 1;
    let first = || signed(1, "open");
    // Signed by the log's key; not signed; another value; a field more; another time; one left out; the second said by another.
    assert_eq!(bad_at(vec![first(), by_primary(2, "closed")]), Some(3));
    assert_eq!(bad_at(vec![first(), bare(2)]), Some(3));
    assert_eq!(bad_at(vec![first(), changed]), Some(3));
    assert_eq!(bad_at(vec![first(), more]), Some(3));
    assert_eq!(bad_at(vec![first(), later]), Some(3));
    assert_eq!(bad_at(vec![first(), signed(3, "open")]), Some(3));
    let moved = Submission {
        source: "spiffe://iia.local/zone/io/workload/other".parse().unwrap(),
        event: signed(2, "open").event,
    };
    assert_eq!(bad_at(vec![first(), moved, signed(2, "open")]), None);
}

#[test]
fn an_event_is_signed_once_and_with_its_number() {
    let unnumbered = sign(&io_master(), observed(0, "open"), &key(7));
    assert!(matches!(unnumbered, Err(AuditError::Malformed { .. })));
    let twice = sign(&io_master(), signed(1, "open").event, &key(7));
    assert!(matches!(twice, Err(AuditError::Malformed { .. })));
    assert!(signed(1, "open").event.field(FIELD).is_some());
}
