//! Each fault on the way of a value is told as what it is, and a clean day is silent. Time is given, nothing waits.
#![expect(clippy::unwrap_used, reason = "tests")]

mod plant;

use iia_attest::io::sample::{Converter, Input, Signal, Source as _, Synthetic};
use iia_attest::io::wire::Way;
use iia_attest::io::{Observation, PointId, Reading, Station};
use iia_core::Timestamp;
use iia_core::finding::{Conclusion, Finding, Severity};
use iia_core::time::SECOND_NS;
use plant::{Bench, Hears, START_NS, STEP_NS, at, check, classes, process, reading};

#[test]
fn one_changed_frame_is_told_as_that_and_what_it_was() {
    let told = Bench::run((600, 601), &|step, mut reading| {
        reading.micros += 10_000_000;
        Some((at(step), reading))
    });
    check(&told, "changed_frame", Conclusion::Diverge);
    assert_eq!(told.len(), 2, "one a point: {told:#?}");
    let first = &told[0];
    assert_eq!(first.ts_ns, at(600));
    assert!(
        first
            .reason
            .contains("200 psi at the device side became 210 psi at the box"),
        "{}",
        first.reason
    );
    assert_eq!(first.evidence.len(), 3);
    assert_eq!(first.evidence[2], "tolerance: 1.5 psi");
}

#[test]
fn a_dropped_frame_is_missing_once_and_told_to_be_over() {
    let told = Bench::run((600, 603), &|_, _| None);
    check(&told, "dropped_frame", Conclusion::Missing);
    let [first, over] = told.as_slice() else {
        unreachable!("{told:#?}");
    };
    assert_eq!(first.ts_ns, at(600));
    assert_eq!(over.conclusion, Conclusion::Converge);
    assert!(over.reason.contains("6 reading(s)"), "{}", over.reason);
}

#[test]
fn a_frame_that_is_held_up_is_late() {
    // The client waits for its answer, so the next question is asked after it.
    let mut bench = Bench::new();
    let late = 3 * SECOND_NS;
    for step in 0..1_200 {
        if (601..660).contains(&step) {
            continue;
        }
        bench.step(step, &|step, mut reading| {
            let held_up = step == 600;
            if held_up {
                reading.at = reading.at + late;
                reading.took_ns = reading.took_ns.map(|took| took + late);
            }
            Some((at(step) + if held_up { late } else { 0 }, reading))
        });
    }
    check(&bench.told, "late_frame", Conclusion::Diverge);
    assert!(
        bench.told[0].reason.contains("3 s later"),
        "{}",
        bench.told[0].reason
    );
}

#[test]
fn a_clock_that_goes_wrong_is_told_as_that() {
    for shift in [-2, 2, 3] {
        let told = Bench::run((600, 1_000), &|step, mut reading| {
            reading.at = reading.at + shift * SECOND_NS;
            Some((at(step), reading))
        });
        check(&told, "clock_skew", Conclusion::Diverge);
        assert_eq!(told.len(), 2, "{shift}: {told:#?}");
    }
}

#[test]
fn values_on_a_straight_line_are_scaled() {
    for (gain, offset) in [(2, 0), (10, 0), (1, 32), (-1, 0)] {
        let told = Bench::run((600, 1_000), &|step, mut reading| {
            reading.micros = reading.micros * gain + offset * 1_000_000;
            Some((at(step), reading))
        });
        check(&told, "wrong_scaling", Conclusion::Diverge);
        assert_eq!(
            told.len(),
            4,
            "{gain} {offset}: begins and ends for two points: {told:#?}"
        );
        if offset == 0 {
            let words = format!("always {gain} times as much");
            assert!(told[0].reason.contains(&words), "{}", told[0].reason);
        }
    }
}

#[test]
fn values_that_somebody_makes_up_are_a_man_in_the_middle() {
    // A day's recording is played, an old value is held, noise is put upon it.
    let recorded = |step: i64, mut reading: Reading| {
        reading.micros = process(step - 777);
        Some((at(step), reading))
    };
    let held = |step: i64, mut reading: Reading| {
        reading.micros = 111_000_000;
        Some((at(step), reading))
    };
    let noise = |step: i64, mut reading: Reading| {
        reading.micros += (step * 7_919 % 97 - 48) * 1_000_000;
        Some((at(step), reading))
    };
    let forgeries: [&Hears<'_>; 3] = [&recorded, &held, &noise];
    for forgery in forgeries {
        let told = Bench::run((600, 1_000), forgery);
        // Forged values may be right for a moment, or lie on a line until they leave it.
        let others = ["changed_frame", "wrong_scaling", "man_in_the_middle"];
        let wrong = told
            .iter()
            .find(|one| !others.contains(&one.operation.as_str()));
        assert_eq!(wrong, None);
        let critical = told
            .iter()
            .find(|one| one.operation == "man_in_the_middle")
            .unwrap();
        assert_eq!(critical.severity, Severity::Critical);
        let late = critical.ts_ns - at(600);
        assert!(late <= SECOND_NS * 15, "{late}");
        assert!(
            told.iter()
                .any(|one| one.conclusion == Conclusion::Converge)
        );
    }
}

#[test]
fn a_frame_that_nobody_sent_and_a_frame_twice_are_a_man_in_the_middle() {
    let mut bench = Bench::new();
    let clean = |step: i64, reading: Reading| Some((at(step), reading));
    for step in 0..1_200 {
        bench.step(step, &clean);
        if step == 600 {
            bench.give(
                at(step),
                reading(0, Station::Box, (at(step) + 1, 42_000_000)),
            );
            bench.give(
                at(step),
                reading(2, Station::Box, (at(step) + 1, process(step + 333))),
            );
        }
    }
    let told = core::mem::take(&mut bench.told);
    check(&told, "man_in_the_middle", Conclusion::Diverge);
    assert!(
        told[0]
            .reason
            .contains("nothing like it ever was at the device side"),
        "{}",
        told[0].reason
    );
}

#[test]
fn a_command_that_the_box_did_not_send_is_a_man_in_the_middle_and_one_that_got_lost_is_dropped() {
    for (lonely, want) in [
        (Station::Device, "man_in_the_middle"),
        (Station::Box, "dropped_frame"),
    ] {
        let mut bench = Bench::new();
        for step in 0..600 {
            bench.step(step, &|step, reading| Some((at(step), reading)));
            for station in [Station::Box, Station::Device] {
                let mut told = reading(1, station, (at(step), 150_000_000));
                (told.way, told.took_ns) = (Way::Told, None);
                if step % 20 == 0 {
                    bench.give(at(step), told);
                }
                if step == 305 && station == lonely {
                    bench.give(
                        at(step),
                        Reading {
                            micros: 290_000_000,
                            ..told
                        },
                    );
                }
            }
        }
        let first = bench.told.first().unwrap();
        assert_eq!(first.operation, want, "{:#?}", bench.told);
        assert!(first.reason.contains("290 psi"), "{}", first.reason);
    }
}

#[test]
fn an_end_that_falls_silent_is_told_and_whose_it_is_depends_on_whether_it_hears_anything() {
    for (station, alive, want) in [
        (Station::Box, false, "silent"),
        (Station::Device, false, "silent"),
        (Station::Box, true, "dropped_frame"),
        (Station::Device, true, "man_in_the_middle"),
    ] {
        let mut bench = Bench::new();
        for step in 0..1_200 {
            for each in [Station::Device, Station::Box] {
                if step < 600 || each != station {
                    bench.give(at(step), reading(0, each, (at(step), process(step))));
                }
                if step % 20 == 0 && (alive || each != station) {
                    bench
                        .observer
                        .handle_alive(Timestamp::from_ns(at(step)), each);
                }
            }
        }
        let told = &bench.told;
        assert_eq!(told.len(), 1, "{station:?}: {told:#?}");
        assert_eq!(told[0].operation, want, "{station:?}");
    }
}

#[test]
fn slow_polls_are_no_silence_and_one_that_is_missing_is_dropped() {
    let mut bench = Bench::new();
    for minute in 0..200 {
        let ns = START_NS + minute * 60 * SECOND_NS;
        let sent = reading(0, Station::Device, (ns, process(minute)));
        bench.give(ns, sent);
        if minute != 100 {
            bench.give(
                ns + 1_000_000,
                Reading {
                    station: Station::Box,
                    ..sent
                },
            );
        }
    }
    let got = classes(&bench.told);
    assert_eq!(
        got,
        [
            ("dropped_frame", Conclusion::Missing),
            ("dropped_frame", Conclusion::Converge)
        ]
    );
}

/// The device reads its loop every fifth step, the IO master samples it at each; `fault` bends what it samples and
/// what the device and the sensor say.
type Bend = dyn Fn(i64, f64) -> (f64, f64, Option<f64>);

fn milliamps(units: f64) -> f64 {
    4.0 + units / 300.0 * 16.0
}

fn electrical(fault: &Bend) -> Vec<Finding> {
    let converter = Converter {
        low_counts: 0,
        high_counts: 65_535,
        low: 0.0,
        high: 24.0,
    };
    let input = Input {
        point: PointId(0),
        converter,
        signal: Signal::Loop {
            low: 0.0,
            high: 300.0,
        },
    };
    let step_of = |now: Timestamp| (now.as_ns() - START_NS) / STEP_NS;
    let truth = |step: i64| process(step) as f64 / 1e6;
    let bend = |step: i64| match (400..800).contains(&step) {
        true => fault(step, truth(step)),
        false => (
            4.0 + truth(step) / 300.0 * 16.0,
            truth(step),
            Some(truth(step)),
        ),
    };
    let start = Timestamp::from_ns(START_NS);
    let mut source = Synthetic::new(converter, (start, STEP_NS), (8, 7), |now| {
        bend(step_of(now)).0
    });
    let mut bench = Bench::new();
    for step in 0..1_400 {
        let now = at(step);
        while let Some(sample) = source.poll_sample(Timestamp::from_ns(now)) {
            if let Some(observation) = input.observe(sample) {
                bench.tell(now, observation);
            }
        }
        let (_, device, sensor) = bend(step);
        if step % 5 == 0 {
            let micros = (device * 1e6) as i64;
            for station in [Station::Device, Station::Box] {
                bench.give(now, reading(0, station, (now, micros)));
            }
            if let Some(sensor) = sensor {
                bench.give(
                    now,
                    reading(0, Station::Sensor, (now, (sensor * 1e6) as i64)),
                );
            }
        }
    }
    bench.told
}

#[test]
fn a_wire_that_is_cut_bridged_or_tapped_is_tampered_with() {
    let faults: [(&Bend, &str); 4] = [
        (
            &|_, truth| (0.0, truth, Some(truth)),
            "below what any sensor drives",
        ),
        (
            &|_, truth| (23.0, truth, None),
            "above what any sensor drives",
        ),
        // A resistor beside the loop: the device reads what the wire carries, the sensor drives something else.
        (
            &|_, truth| (milliamps(truth * 0.8), truth * 0.8, Some(truth)),
            "times as much",
        ),
        (
            &|_, truth| (milliamps(120.0), 120.0, Some(truth)),
            "somebody or something is on the wire",
        ),
    ];
    for (fault, words) in faults {
        let told = electrical(fault);
        let first = told.first().unwrap();
        assert!(first.reason.contains(words), "{words}: {told:#?}");
        let class = if words.contains("times") {
            "wrong_scaling"
        } else {
            "tampered_wire"
        };
        assert!(told.iter().all(|one| one.operation == class), "{told:#?}");
        assert_eq!(
            told.last().unwrap().conclusion,
            Conclusion::Converge,
            "{told:#?}"
        );
        assert_eq!(told.len(), 2, "{told:#?}");
    }
}

#[test]
fn a_device_that_does_not_say_what_its_wire_carries_misreports() {
    let faults: [(&Bend, &str); 2] = [
        (
            &|_, truth| (milliamps(truth), 140.0, Some(truth)),
            "misreporting_device",
        ),
        (
            &|_, truth| (milliamps(truth), truth * 1.2, Some(truth)),
            "wrong_scaling",
        ),
    ];
    for (fault, class) in faults {
        let told = electrical(fault);
        check(&told, class, Conclusion::Diverge);
        assert!(
            told[0]
                .reason
                .contains("the device side says other values than the wire"),
            "{told:#?}"
        );
        assert_eq!(told.last().unwrap().conclusion, Conclusion::Converge);
    }
}

#[test]
fn a_clean_day_is_silent() {
    let mut bench = Bench::new();
    let mut noise: u64 = 88_172_645_463_325_252;
    let mut draw = |most: u64| {
        noise ^= noise << 13;
        noise ^= noise >> 7;
        noise ^= noise << 17;
        i64::try_from(noise % most).unwrap()
    };
    for second in 0..86_400 {
        let ns = START_NS + second * SECOND_NS;
        bench.tell(
            ns,
            Observation::Reading(reading(2, Station::Wire, (ns, process(second * 20)))),
        );
        for point in [0, 2] {
            let sent = reading(point, Station::Device, (ns, process(second * 20)));
            // Latency, clocks that drift within what is agreed, values rounded, either end first to the observer.
            let mut heard = Reading {
                station: Station::Box,
                ..sent
            };
            heard.at = heard.at + draw(900_000_000) - 450_000_000;
            heard.micros += draw(1_000_000) - 500_000;
            let mut both = [
                (ns + draw(400_000_000), sent),
                (ns + draw(400_000_000), heard),
            ];
            both.sort_by_key(|one| one.0);
            both.into_iter()
                .for_each(|(now, reading)| bench.give(now, reading));
        }
    }
    bench.pass(START_NS + 86_401 * SECOND_NS);
    assert_eq!(bench.told, []);
    assert_eq!(bench.observer.counts().agreed, 2 * 86_400);
    assert!(electrical(&|_, truth| (4.0 + truth / 300.0 * 16.0, truth, Some(truth))).is_empty());
}
