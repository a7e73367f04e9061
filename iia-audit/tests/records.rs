//! What may stand in a record.

use iia_audit::AuditError;
use iia_audit::frame::{self, Body};
use iia_core::Timestamp;
use iia_core::digest::Digest;
use iia_core::event::{Event, EventKind, FIELDS_MAX};

fn encode(source: &str, event: Event) -> Result<Vec<u8>, AuditError> {
    let (mut bytes, source) = (Vec::new(), source.into());
    let body = Body { source, event };
    let chain = (&[1; 32], &Digest::ZERO);
    frame::encode(
        &mut bytes,
        chain,
        0,
        (frame::Written::default(), [0; 16]),
        &body,
    )?;
    Ok(bytes)
}

fn event() -> Event {
    Event::new(EventKind::Finding, Timestamp::from_secs(5))
}

const SOURCE: &str = "spiffe://iia.local/zone/a/workload/b";

#[test]
fn a_record_names_a_source_that_is_one() {
    assert!(encode(SOURCE, event()).is_ok());
    for source in ["", "x", "spiffe://a/b\nspiffe://a/c", "spiffe://a/"] {
        assert!(
            matches!(encode(source, event()), Err(AuditError::BadRecord { .. })),
            "{source:?}"
        );
    }
}

#[test]
fn an_event_outside_its_limits_is_not_stored() {
    let many = |count| (0..count).fold(event(), |event, _| event.with("k", "v"));
    assert!(encode(SOURCE, many(FIELDS_MAX)).is_ok());
    for event in [
        many(FIELDS_MAX + 1),
        event().with("two words", "v"),
        event().with("a\nb", "v"),
    ] {
        assert!(matches!(
            encode(SOURCE, event),
            Err(AuditError::BadRecord { .. })
        ));
    }
}

#[test]
fn a_record_is_one_line_whatever_its_values_hold() {
    let bytes = encode(SOURCE, event().with("reason", "one\ntwo\u{1b}[2J\u{202e}")).unwrap();
    let record = frame::decode(&bytes, (&[1; 32], &Digest::ZERO), 0).unwrap();
    let line = record.to_line();
    assert!(
        line.chars().all(|c| !c.is_control() && c != '\u{202e}'),
        "{line}"
    );
}
