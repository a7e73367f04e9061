//! Absence is flagged at the window's end, never before; and once.
#![expect(clippy::unwrap_used, reason = "tests")]

use iia_attest::correlator::Correlator as _;
use iia_attest::network::{Network, Seen, TALKERS_MAX};
use iia_contract::Catalog;
use iia_contract::raw::{Entry, Field, Kind, Number, Span, Unit, Value, Version};
use iia_core::Timestamp;
use iia_core::finding::{Conclusion, Severity};
use iia_core::time::SECOND_NS;

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
    let ten = Kind::Number(Number {
        micros: 10_000_000,
        unit: Unit::S,
        per: None,
    });
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
            field("silence", value("10s", ten)),
        ],
        blocks: vec![],
        span: Span::default(),
    };
    Catalog::check(&[entry]).unwrap().0
}

fn seen(client: [u8; 4]) -> Seen {
    Seen {
        client: client.into(),
        server: [10, 0, 0, 2].into(),
        port: 502,
        count: 1,
        until: Timestamp::default(),
    }
}

fn run(until: i64) -> Seen {
    Seen {
        until: at(until),
        ..seen(PRESS)
    }
}

const PRESS: [u8; 4] = [10, 0, 0, 1];

fn at(ns: i64) -> Timestamp {
    Timestamp::from_ns(ns)
}

#[test]
fn silence_is_flagged_at_the_windows_end_and_once() {
    let mut observer = Network::new(&catalog());
    observer.handle_observation(at(0), seen(PRESS));
    let end = 10 * SECOND_NS;
    assert_eq!(observer.poll_timeout(), Some(at(end)));
    observer.handle_timeout(at(end - 1));
    assert_eq!(observer.poll_finding(), None);
    observer.handle_timeout(at(end));
    let finding = observer.poll_finding().unwrap();
    assert_eq!(
        (finding.conclusion, finding.ts_ns, finding.severity),
        (Conclusion::Missing, end, Severity::High)
    );
    assert_eq!(finding.contract, "iia.contract.device.press");
    observer.handle_timeout(at(end * 9));
    assert_eq!(
        (observer.poll_finding(), observer.poll_timeout()),
        (None, None)
    );
    observer.handle_observation(at(end * 10), seen(PRESS));
    assert_eq!(
        observer.poll_finding().unwrap().conclusion,
        Conclusion::Converge
    );
    assert_eq!(observer.poll_timeout(), Some(at(end * 11)));
}

#[test]
fn a_contract_never_seen_counts_from_the_start() {
    let mut observer = Network::new(&catalog());
    observer.handle_timeout(at(5));
    observer.handle_timeout(at(5 + 10 * SECOND_NS - 1));
    assert_eq!(observer.poll_finding(), None);
    observer.handle_timeout(at(5 + 10 * SECOND_NS));
    assert_eq!(
        observer.poll_finding().unwrap().conclusion,
        Conclusion::Missing
    );
}

#[test]
fn a_clean_day_is_silent() {
    let mut observer = Network::new(&catalog());
    for second in 0..86_400 {
        observer.handle_observation(at(second * SECOND_NS), seen(PRESS));
        observer.handle_timeout(at(second * SECOND_NS));
    }
    assert_eq!(observer.poll_finding(), None);
}

#[test]
fn a_silence_between_two_late_reports_is_still_seen() {
    let mut observer = Network::new(&catalog());
    observer.handle_observation(at(0), seen(PRESS));
    observer.handle_observation(at(25 * SECOND_NS), seen(PRESS));
    let kinds: Vec<Conclusion> = std::iter::from_fn(|| observer.poll_finding())
        .map(|f| f.conclusion)
        .collect();
    assert_eq!(kinds, [Conclusion::Missing, Conclusion::Converge]);
}

#[test]
fn a_run_counts_from_its_last_exchange() {
    let mut observer = Network::new(&catalog());
    observer.handle_observation(at(0), run(60 * SECOND_NS));
    observer.handle_timeout(at(69 * SECOND_NS));
    assert_eq!(observer.poll_finding(), None);
    assert_eq!(observer.poll_timeout(), Some(at(70 * SECOND_NS)));
}

#[test]
fn a_report_that_comes_twice_ends_no_silence() {
    let mut observer = Network::new(&catalog());
    observer.handle_observation(at(0), run(5 * SECOND_NS));
    observer.handle_timeout(at(20 * SECOND_NS));
    assert_eq!(
        observer.poll_finding().unwrap().conclusion,
        Conclusion::Missing
    );
    observer.handle_observation(at(0), run(5 * SECOND_NS));
    assert_eq!(observer.poll_finding(), None);
}

#[test]
fn unknown_talkers_are_told_once_and_bounded() {
    let mut observer = Network::new(&catalog());
    for round in 0..2 {
        for number in 0..u32::try_from(TALKERS_MAX).unwrap() + 7 {
            let [a, b, c, d] = number.to_be_bytes();
            observer.handle_observation(at(round), seen([a | 11, b, c, d]));
        }
    }
    let found = std::iter::from_fn(|| observer.poll_finding()).count();
    // One more says that the rest is not told apart.
    assert_eq!((found, observer.others()), (TALKERS_MAX + 1, 14));
}
