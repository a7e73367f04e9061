//! How far apart is still the same, to the millionth; and what floods, lies and losses do.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

mod plant;

use iia_attest::correlator::Correlator as _;
use iia_attest::io::compare::{PENDING_ALL_MAX, PERSISTS, WAITING_MAX, WINDOWS};
use iia_attest::io::wire::Way;
use iia_attest::io::{Fault, Io, Observation, Point, PointId, Reading, Station, Tolerance};
use iia_core::Timestamp;
use iia_core::finding::Conclusion;
use iia_core::time::SECOND_NS;
use plant::{Bench, START_NS, STEP_NS, TOLERANCE, at, classes, points, reading};
use proptest::prelude::*;

#[test]
fn packets_that_a_tap_lost_are_said_and_nobody_is_accused() {
    let mut bench = Bench::new();
    for step in 0..1_200 {
        let lost = (600..640).contains(&step);
        bench.step(step, &|step, reading| {
            (!lost).then_some((at(step), reading))
        });
        if lost {
            bench.tell(
                at(step),
                Observation::Lost {
                    station: Station::Box,
                    count: 2,
                },
            );
        }
    }
    assert_eq!(
        classes(&bench.told),
        [("unseen", Conclusion::Missing)],
        "{:#?}",
        bench.told
    );
    assert_eq!(bench.observer.counts().unseen, 80);
}

#[test]
fn floods_and_lies_are_bounded_and_said() {
    let many: Vec<Point> = (0..50_000).map(|_| points()[0].clone()).collect();
    let mut observer = Io::new(&many);
    let mut told = 0;
    for round in 0..6 {
        for point in 0..50_000u32 {
            // Times of any year, duplicates, points that are not there.
            let ns = [i64::MIN, -1, i64::MAX, START_NS][point as usize % 4];
            let number = if point % 1_000 == 999 {
                u32::MAX - point
            } else {
                point
            };
            let now = Timestamp::from_ns(START_NS + round);
            let one = reading(number, Station::Device, (ns, i64::from(point) * round));
            observer.handle_observation(now, Observation::Reading(one));
        }
        told += core::iter::from_fn(|| observer.poll_finding()).count();
    }
    let counts = observer.counts();
    assert_eq!(counts.unknown, 6 * 50);
    assert_eq!(
        usize::try_from(counts.unseen).unwrap(),
        6 * 49_950 - PENDING_ALL_MAX
    );
    assert_eq!(told, 1, "it says once that it does not see all");
    // A clock that goes back, and one that jumps to the end of time, end nothing but what waits.
    observer.handle_timeout(Timestamp::from_ns(0));
    observer.handle_timeout(Timestamp::from_ns(i64::MAX));
    let rest = core::iter::from_fn(|| observer.poll_finding()).count();
    assert!(rest <= WAITING_MAX, "{rest}");
}

fn differs(tolerance: Tolerance, one: i64, other: i64) -> bool {
    let mut list = points();
    list[0].tolerance = tolerance;
    let mut observer = Io::new(&list);
    // Both ends are known for a while.
    for station in [Station::Device, Station::Box] {
        let one = Observation::Reading(reading(0, station, (at(-60), 0)));
        observer.handle_observation(Timestamp::from_ns(at(-60)), one);
    }
    for step in 0..i64::from(PERSISTS) + 1 {
        for (station, micros) in [(Station::Device, one), (Station::Box, other)] {
            let one = Observation::Reading(reading(0, station, (at(step), micros)));
            observer.handle_observation(Timestamp::from_ns(at(step)), one);
        }
    }
    observer.handle_timeout(Timestamp::from_ns(at(100_000)));
    assert_eq!(
        observer.counts().agreed > 1,
        observer.counts().differed == 0
    );
    observer.poll_finding().is_some()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Half a per cent of a range of 300: exactly the tolerance is the same, a millionth more is not.
    #[test]
    fn a_share_of_the_range_holds_to_the_millionth(
        base in -1_000_000_000_000i64..1_000_000_000_000,
        ppm in 1i64..=1_000_000,
        range in 1i64..1_000_000,
        up: bool,
    ) {
        let tolerance = Tolerance { ppm, whole_micros: Some(range * 1_000_000), ..TOLERANCE };
        let edge = range * ppm;
        let sign = if up { 1 } else { -1 };
        prop_assert!(tolerance.holds(base, base + sign * edge));
        prop_assert!(!tolerance.holds(base, base + sign * (edge + 1)));
        prop_assert_eq!(tolerance.around(base), edge);
    }

    /// Without a range the larger of the two is the whole.
    #[test]
    fn a_share_of_the_value_holds_to_the_millionth(larger in 1_000_000i64..1_000_000_000_000, ppm in 1i64..1_000_000) {
        let tolerance = Tolerance { ppm, whole_micros: None, ..TOLERANCE };
        let edge = i64::try_from(i128::from(larger) * i128::from(ppm) / 1_000_000).unwrap();
        for sign in [1, -1] {
            prop_assert!(tolerance.holds(sign * larger, sign * (larger - edge)));
            prop_assert!(tolerance.holds(sign * (larger - edge), sign * larger));
            prop_assert!(!tolerance.holds(sign * larger, sign * (larger - edge - 1)));
        }
    }

    #[test]
    fn an_absolute_distance_holds_to_the_millionth(base in any::<i32>(), absolute in 0i64..1_000_000_000) {
        let tolerance = Tolerance { ppm: 0, whole_micros: None, absolute_micros: absolute, skew_ns: 0 };
        let base = i64::from(base);
        prop_assert!(tolerance.holds(base, base + absolute));
        prop_assert!(!tolerance.holds(base, base + absolute + 1));
        prop_assert!(!tolerance.holds(base, base - absolute - 1));
    }

    /// The same through the whole observer.
    #[test]
    fn the_observer_tells_beyond_the_tolerance_and_never_within(base in -300_000_000i64..300_000_000) {
        prop_assert!(!differs(TOLERANCE, base, base + 1_500_000));
        prop_assert!(differs(TOLERANCE, base, base + 1_500_001));
        prop_assert!(!differs(TOLERANCE, base, base - 1_500_000));
        prop_assert!(differs(TOLERANCE, base, base - 1_500_001));
    }

    /// Any readings in any order: it ends, it is bounded, and the same again tells the same.
    #[test]
    fn any_readings_tell_the_same_twice(all in proptest::collection::vec((0u32..4, 0u8..4, any::<bool>(), -9i64..9, 0i64..40, 0i64..40), 0..200)) {
        let run = || {
            let mut bench = Bench::new();
            for (point, station, told, value, ns, now) in &all {
                let station = [Station::Sensor, Station::Wire, Station::Device, Station::Box][usize::from(*station)];
                let mut one = reading(*point, station, (START_NS + ns * STEP_NS * 10, value * 1_000_000));
                one.way = if *told { Way::Told } else { Way::Said };
                bench.give(START_NS + now * STEP_NS * 10, one);
            }
            bench.pass(START_NS + 1_000 * SECOND_NS);
            bench.told
        };
        prop_assert_eq!(run(), run());
    }
}

#[test]
fn the_end_of_time_of_the_skew_is_exact() {
    for (apart, want) in [
        (SECOND_NS, 0),
        (SECOND_NS + 1, 1),
        (-SECOND_NS, 0),
        (-SECOND_NS - 1, 1),
    ] {
        let mut bench = Bench::new();
        for station in [Station::Device, Station::Box] {
            bench.give(at(-60), reading(0, station, (at(-60), 150_000_000)));
        }
        let sent = reading(0, Station::Device, (at(0), 150_000_000));
        bench.give(at(0), sent);
        let heard = Reading {
            station: Station::Box,
            at: sent.at + apart,
            ..sent
        };
        bench.give(at(0), heard);
        assert_eq!(bench.told.len(), 0, "{apart}");
        // It is told when no value has differed for a while; that it is over later still.
        let due = at(0) + WINDOWS * bench.observer.window_ns();
        bench.pass(due - 1);
        assert_eq!(bench.told.len(), 0, "{apart}");
        bench.pass(due);
        assert_eq!(bench.told.len(), want, "{apart}");
    }
}

#[test]
fn unsound_signals_of_points_that_are_not_there_are_counted() {
    let mut bench = Bench::new();
    let unsound = |point| Observation::Unsound {
        point: PointId(point),
        at: Timestamp::from_ns(1),
        fault: Fault::Open,
        micros: 0,
    };
    bench.tell(1, unsound(99));
    bench.tell(1, unsound(0));
    assert_eq!(bench.told, []);
    bench.tell(1, unsound(0));
    assert_eq!(
        classes(&bench.told),
        [("tampered_wire", Conclusion::Diverge)]
    );
    assert_eq!(bench.observer.counts().unknown, 1);
}

#[test]
fn what_was_kept_for_the_observer_before_the_other_end_was_heard_is_nobodys_doing() {
    let mut bench = Bench::new();
    // The box is first heard at step 20; the frames that the IO master had until then come right after that.
    bench.give(at(20), reading(0, Station::Box, (at(20), 150_000_000)));
    for step in 0..=20 {
        bench.give(at(20), reading(0, Station::Device, (at(step), 150_000_000)));
    }
    for step in 21..400 {
        for station in [Station::Device, Station::Box] {
            bench.give(at(step), reading(0, station, (at(step), 150_000_000)));
        }
    }
    assert_eq!(bench.told, []);
}

#[test]
fn a_frame_that_one_end_has_more_at_the_start_moves_no_other() {
    // The box is a little ahead of the IO master's reports, and values hardly move: each frame has its own partner.
    let mut bench = Bench::new();
    bench.give(at(0), reading(0, Station::Device, (at(0), 150_000_000)));
    for step in 1..2_000 {
        let micros = 150_000_000 + step * 1_000;
        bench.give(
            at(step),
            reading(0, Station::Box, (at(step) + 100_000, micros)),
        );
        bench.give(
            at(step) + 5,
            reading(0, Station::Device, (at(step), micros)),
        );
    }
    assert_eq!(bench.told, []);
}
