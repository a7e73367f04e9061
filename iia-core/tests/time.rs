//! Calendar, ends of time, states of the clock.

use iia_core::Timestamp;
use iia_core::time::{Clock as _, Floor, ManualClock, SystemClock, TimeState, parse_utc};

#[track_caller]
fn check(text: &str, secs: Option<i64>) {
    let want = secs.map(Timestamp::from_secs);
    assert_eq!(parse_utc(text), want, "{text}");
    if let Some(want) = want {
        assert_eq!(want.to_string().replace(".000000000Z", "Z"), text);
    }
}

/// Seconds as `date -u -d TEXT +%s` of GNU coreutils gives them.
#[test]
fn calendar_rows() {
    check("1970-01-01T00:00:00Z", Some(0));
    check("1969-12-31T23:59:59Z", Some(-1));
    check("2000-02-29T12:00:00Z", Some(951_825_600));
    check("2024-02-29T23:59:59Z", Some(1_709_251_199));
    check("2023-02-29T00:00:00Z", None);
    check("1900-02-29T00:00:00Z", None);
    check("1900-03-01T00:00:00Z", Some(-2_203_891_200));
    check("2100-02-28T23:59:59Z", Some(4_107_542_399));
    check("2100-02-29T00:00:00Z", None);
    check("2038-01-19T03:14:08Z", Some(2_147_483_648));
    check("2261-12-31T23:59:59Z", Some(9_214_646_399));
    check("1678-01-01T00:00:00Z", Some(-9_214_560_000));
}

#[test]
fn times_that_cannot_be_held_are_refused_and_not_moved() {
    check("2262-04-11T23:47:16Z", Some(9_223_372_036));
    check("1677-09-21T00:12:44Z", Some(-9_223_372_036));
    for text in [
        "2262-04-11T23:47:17Z",
        "1677-09-21T00:12:43Z",
        "9999-12-31T23:59:59Z",
        "0000-01-01T00:00:00Z",
        "0001-01-01T00:00:00Z",
    ] {
        check(text, None);
    }
}

#[test]
fn one_form_and_no_other() {
    for text in [
        "2016-12-31T23:59:60Z",
        "2026-01-01T00:00:00+00:00",
        "2026-01-01T00:00:00.0Z",
        "2026-01-01 00:00:00Z",
        "2026-01-01t00:00:00z",
        "2026-00-01T00:00:00Z",
        "2026-01-00T00:00:00Z",
        "2026-04-31T00:00:00Z",
        "2026-01-01T00:60:00Z",
        "+026-01-01T00:00:00Z",
        "2026-01-01T0 :00:00Z",
        "２０２６-01-01Z",
        " 2026-01-01T00:00:0Z",
    ] {
        check(text, None);
    }
}

#[test]
fn every_day_of_600_years_prints_and_parses_back() {
    let first = parse_utc("1678-01-01T00:00:00Z").unwrap().as_secs() / 86_400;
    let mut before = String::new();
    for day in first..first + 584 * 365 {
        let time = Timestamp::from_secs(day * 86_400);
        let text = time.to_string().replace(".000000000Z", "Z");
        assert_eq!(parse_utc(&text), Some(time), "{text}");
        assert!(text > before, "{before} {text}");
        before = text;
    }
}

#[test]
fn arithmetic_stops_at_the_ends() {
    let (first, last) = (Timestamp::from_ns(i64::MIN), Timestamp::from_ns(i64::MAX));
    assert_eq!(last + 1, last);
    assert_eq!(first - 1, first);
    assert_eq!(first + i64::MIN, first);
    assert_eq!(last - i64::MIN, last);
    assert_eq!(
        (last.since_ns(first), first.since_ns(last)),
        (i64::MAX, i64::MIN)
    );
    assert_eq!(Timestamp::from_secs(i64::MAX), last);
    assert_eq!(Timestamp::from_secs(i64::MIN), first);
    assert_eq!(first.to_string(), "1677-09-21T00:12:43.145224192Z");
    assert_eq!(last.to_string(), "2262-04-11T23:47:16.854775807Z");
    assert_eq!(
        (first.as_secs(), last.as_secs()),
        (-9_223_372_037, 9_223_372_036)
    );
}

#[test]
fn the_floor_only_rises_and_what_lies_below_it_is_unknown() {
    let mut floor = Floor::new(Timestamp::from_secs(100));
    for (raise, want) in [(50, 100), (100, 100), (150, 150), (-1, 150)] {
        floor.raise(Timestamp::from_secs(raise));
        assert_eq!(floor.at(), Timestamp::from_secs(want));
    }
    let clock = ManualClock::new(Timestamp::from_secs(150));
    assert!(floor.judge(clock.read()).state.is_trusted());
    clock.set_wall(Timestamp::from_ns(149_999_999_999));
    let judged = floor.judge(clock.read());
    assert_eq!(
        (judged.state, judged.wall),
        (TimeState::Unknown, clock.read().wall)
    );
    clock.set_wall(Timestamp::from_secs(200));
    clock.set_state(TimeState::Unknown);
    assert_eq!(floor.judge(clock.read()).state, TimeState::Unknown);
}

#[test]
fn the_machines_clock_never_claims_to_be_synchronised() {
    let clock = SystemClock::new(Floor::default(), 7);
    let (one, two) = (clock.read(), clock.read());
    assert_eq!(one.state, TimeState::Holdover { error_ns: 7 });
    assert!(two.monotonic_ns >= one.monotonic_ns);
    let ahead = SystemClock::new(Floor::new(one.wall + 3_600_000_000_000), 7);
    assert_eq!(ahead.read().state, TimeState::Unknown);
}

#[test]
fn a_manual_clock_moves_both_its_hands() {
    let clock = ManualClock::new(Timestamp::from_secs(1));
    clock.advance(5);
    clock.set_wall(Timestamp::from_secs(0));
    clock.advance(u64::MAX);
    let read = clock.read();
    assert_eq!(
        (read.wall, read.monotonic_ns),
        (Timestamp::from_ns(i64::MAX), u64::MAX)
    );
}
