//! What is expected and does not come: a device of many, a publisher that slows down, a contract that ends.
#![expect(clippy::panic, reason = "tests")]

mod agreed;

use agreed::{at, catalog, drain};
use iia_attest::correlator::Correlator as _;
use iia_attest::network::{Deed, Network, Seen, Wire};
use iia_core::Timestamp;
use iia_core::finding::Conclusion;

const MINUTE: i64 = 60_000;

/// The contract of the radio sensors as it is given: 24 of them, each 5 minutes, silent for 30 at most.
fn radio() -> Wire {
    let text = include_str!("../../examples/contracts/device_lorawan_field_env_sensors_zone_a.icl");
    Wire::new(&catalog(text.trim_start_matches("iia-config 1")))
}

fn said(sensor: usize) -> Deed {
    Deed::Published {
        topic: format!("application/field-env-zone-a/sensor-{sensor:02}/up").into(),
    }
}

#[test]
fn a_clean_day_of_24_sensors_is_silent() {
    let mut wire = radio();
    for minute in 0..24 * 60 {
        for sensor in (0..24).filter(|sensor| minute % 5 == *sensor as i64 % 5) {
            wire.handle_observation(at(minute * MINUTE + sensor as i64), said(sensor));
        }
        wire.handle_timeout(at(minute * MINUTE));
    }
    assert_eq!(drain(&mut wire), []);
}

#[test]
fn one_sensor_of_24_that_falls_silent_is_named_at_its_windows_end_and_told_when_it_is_back() {
    let mut wire = radio();
    for round in 0..40 {
        for sensor in 0..24 {
            if sensor != 13 || round < 2 {
                wire.handle_observation(at(round * 5 * MINUTE + sensor as i64), said(sensor));
            }
        }
        let now = round * 5 * MINUTE;
        // It was last heard in round 1; its window ends 30 minutes later.
        let end = 5 * MINUTE + 13 + 30 * MINUTE;
        let found = drain(&mut wire);
        match now {
            _ if now == 35 * MINUTE => {
                assert_eq!(found.len(), 1, "{found:#?}");
                assert_eq!(
                    (found[0].conclusion, found[0].ts_ns),
                    (Conclusion::Missing, at(end).as_ns())
                );
                assert_eq!(
                    found[0].reason,
                    "application/field-env-zone-a/sensor-13/up of contract \
                     iia.contract.device.lorawan.field_env_sensors.zone_a was not heard for 1800 s: 23 of 24 are"
                );
            }
            _ => assert_eq!(found, [], "{now}"),
        }
    }
    wire.handle_observation(at(200 * MINUTE), said(13));
    let found = drain(&mut wire);
    assert_eq!(found[0].conclusion, Conclusion::Converge, "{found:#?}");
    assert!(found[0].reason.ends_with("is heard again: 24 of 24 are"));
}

#[test]
fn sensors_that_were_never_heard_are_counted_at_the_first_windows_end_and_none_before() {
    let mut wire = radio();
    wire.handle_timeout(at(0));
    for round in 0..8 {
        for sensor in 0..20 {
            wire.handle_observation(at(round * 4 * MINUTE), said(sensor));
        }
    }
    assert_eq!(drain(&mut wire), []);
    let end = at(30 * MINUTE);
    let mut wire = radio();
    wire.handle_timeout(at(0));
    (0..20).for_each(|sensor| wire.handle_observation(at(MINUTE), said(sensor)));
    wire.handle_timeout(end - 1);
    assert_eq!(drain(&mut wire), []);
    wire.handle_timeout(end);
    let found = drain(&mut wire);
    assert_eq!(found.len(), 1, "{found:#?}");
    assert!(
        found[0]
            .reason
            .contains("expects 24 devices, and 20 were heard in 1800 s")
    );
    assert_eq!(found[0].ts_ns, end.as_ns());
    // When the last of them speaks, it is told once.
    (0..24).for_each(|sensor| wire.handle_observation(end + 1, said(sensor)));
    let found = drain(&mut wire);
    assert_eq!(found.len(), 1, "{found:#?}");
    assert_eq!(found[0].conclusion, Conclusion::Converge);
}

#[test]
fn a_sensor_that_was_replaced_is_not_missed_and_one_too_many_is_told() {
    let mut wire = radio();
    for round in 0..20 {
        // One of the 24 is another from the fourth round on.
        let sensors = (0..23).chain([if round < 4 { 23 } else { 77 }]);
        sensors.for_each(|sensor| wire.handle_observation(at(round * 5 * MINUTE), said(sensor)));
    }
    let found = drain(&mut wire);
    // For the length of one window both count.
    assert_eq!(found.len(), 1, "{found:#?}");
    assert!(
        found[0]
            .reason
            .contains("sensor-77/up speaks under contract"),
        "{found:#?}"
    );
    assert!(
        found[0]
            .reason
            .ends_with("as one too many: 24 devices are expected")
    );
}

const POLLED: &str = "
contract iia.contract.device.press 1.0.0 {
  scope device
  protocol modbus_tcp
  client 10.0.0.1
  server tcp/10.0.0.2:502
  read coil 0 9
  cadence 1s
  silence 10s
  rate 5/s
}
";

fn seen(count: u64, until: i64) -> Seen {
    Seen {
        client: [10, 0, 0, 1].into(),
        server: [10, 0, 0, 2].into(),
        port: 502,
        count,
        until: at(until),
    }
}

/// Polls each `every_ms` from one time until another.
fn poll(observer: &mut Network, every_ms: i64, (from, until): (i64, i64)) {
    let mut now = from;
    while now < until {
        observer.handle_observation(at(now), seen(1, now));
        observer.handle_timeout(at(now));
        now += every_ms;
    }
}

#[test]
fn a_publisher_that_slows_down_is_found_before_it_is_silent_and_told_when_it_is_as_agreed_again() {
    let mut observer = Network::new(&catalog(POLLED));
    poll(&mut observer, 1000, (0, 60_000));
    poll(&mut observer, 1900, (60_000, 120_000));
    assert_eq!(drain(&mut observer), [], "half of it is tolerated");
    poll(&mut observer, 4000, (120_000, 180_000));
    let found = drain(&mut observer);
    assert_eq!(found.len(), 1, "{found:#?}");
    assert_eq!(
        (found[0].conclusion, found[0].clause.as_str()),
        (Conclusion::Diverge, "cadence")
    );
    assert!(
        found[0]
            .reason
            .contains("agrees on one every 1 s, and in 10 s there were 4"),
        "{found:#?}"
    );
    poll(&mut observer, 1000, (180_000, 240_000));
    let found = drain(&mut observer);
    assert_eq!(found[0].conclusion, Conclusion::Converge, "{found:#?}");
}

#[test]
fn more_than_the_rate_is_found_once_and_as_much_as_the_rate_is_none() {
    let mut observer = Network::new(&catalog(POLLED));
    poll(&mut observer, 200, (0, 30_000));
    assert_eq!(drain(&mut observer), []);
    poll(&mut observer, 100, (30_000, 60_000));
    let found = drain(&mut observer);
    assert_eq!(found.len(), 1, "{found:#?}");
    assert_eq!(found[0].clause, "rate");
    poll(&mut observer, 200, (60_000, 90_000));
    let found = drain(&mut observer);
    assert_eq!(found.len(), 1, "{found:#?}");
    assert_eq!(found[0].conclusion, Conclusion::Converge);
}

#[test]
fn a_contract_that_has_ended_expects_nothing() {
    let text = POLLED.replace(
        "scope device",
        "scope device\n  deprecated 1970-01-01T00:01:00Z",
    );
    let mut observer = Network::new(&catalog(&text));
    poll(&mut observer, 1000, (0, 59_000));
    observer.handle_timeout(at(500_000));
    assert_eq!(drain(&mut observer), []);
}

/// Ten thousand contracts, each with its own window: each end is told at its time, whatever the others do.
#[test]
fn each_of_many_windows_ends_at_its_own_time() {
    let one = |number: u32| {
        let [_, _, high, low] = number.to_be_bytes();
        POLLED
            .replace("press", &format!("d{number}"))
            .replace("10.0.0.2", &format!("10.1.{high}.{low}"))
            .replace("  cadence 1s\n", "")
    };
    let text: String = (0..2000).map(one).collect();
    let mut observer = Network::new(&catalog(&text));
    let mut last = Vec::new();
    for number in 0..2000u32 {
        let [_, _, high, low] = number.to_be_bytes();
        let now = i64::from(number * 7919 % 2000) * 3;
        last.push((now, [10, 1, high, low]));
    }
    last.sort_unstable();
    for (now, server) in &last {
        let seen = Seen {
            server: (*server).into(),
            ..seen(1, *now)
        };
        observer.handle_observation(at(*now), seen);
    }
    let mut told = 0;
    while let Some(next) = observer.poll_timeout() {
        observer.handle_timeout(next);
        for finding in drain(&mut observer) {
            assert_eq!(finding.ts_ns, next.as_ns());
            assert_eq!(finding.ts_ns, (at(last[told].0) + 10_000_000_000).as_ns());
            told += 1;
        }
    }
    assert_eq!(told, 2000);
    assert!(last.last().unwrap().0 > 0 && observer.poll_timeout().is_none());
    let _: Timestamp = at(0);
}
