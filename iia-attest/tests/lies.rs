//! Observations that lie: times of the future and of the past, duplicates, floods. The observer stays within its limits
//! and says what it no longer sees.
#![expect(clippy::panic, reason = "tests")]

mod agreed;

use agreed::{CELL, at, catalog, drain};
use iia_attest::correlator::Correlator as _;
use iia_attest::network::{
    AHEAD_MAX_NS, BACK_MAX_NS, Deed, KINDS_MAX, Network, OVER_EVERY_NS, Seen, TALKERS_MAX,
    WAITING_MAX, Wire,
};
use iia_core::Timestamp;
use iia_core::finding::{Conclusion, Finding};
use iia_core::observe::{Flow, Protocol, Transport};

const POLLED: &str = "
contract iia.contract.device.press 1.0.0 {
  scope device
  protocol modbus_tcp
  client 10.0.0.1
  server tcp/10.0.0.2:502
  read coil 0 9
  silence 10s
}
";

fn press(until: Timestamp) -> Seen {
    Seen {
        client: [10, 0, 0, 1].into(),
        server: [10, 0, 0, 2].into(),
        port: 502,
        count: 1,
        until,
    }
}

fn clauses(found: &[Finding]) -> Vec<&str> {
    found.iter().map(|one| one.clause.as_str()).collect()
}

/// One time of the far future, however it is told, does not make the observer blind: it is told, and silence is found.
#[test]
fn a_time_of_the_future_is_told_and_does_not_hide_silence() {
    for future in [i64::MAX, 400 * 86_400 * 1_000_000_000] {
        let future = Timestamp::from_ns(future);
        let mut observer = Network::new(&catalog(POLLED));
        observer.handle_observation(at(0), press(at(0)));
        // What was seen cannot be later than now.
        observer.handle_observation(at(1000), press(future));
        observer.handle_timeout(at(1000));
        let found = drain(&mut observer);
        assert_eq!(clauses(&found), ["time"], "{found:#?}");
        observer.handle_timeout(at(11_000) - 1);
        assert_eq!(drain(&mut observer), []);
        observer.handle_timeout(at(11_000));
        assert_eq!(drain(&mut observer)[0].conclusion, Conclusion::Missing);
        // As late as is tolerated, it is believed.
        let mut observer = Network::new(&catalog(POLLED));
        observer.handle_observation(at(0), press(at(0) + AHEAD_MAX_NS));
        observer.handle_timeout(at(0));
        assert_eq!(drain(&mut observer), []);
    }
}

#[test]
fn now_in_the_future_ends_windows_loudly_and_is_left_again() {
    let mut observer = Network::new(&catalog(POLLED));
    observer.handle_observation(at(0), press(at(0)));
    observer.handle_timeout(Timestamp::from_ns(i64::MAX));
    assert_eq!(clauses(&drain(&mut observer)), ["silence"]);
    for second in 1..=16 {
        observer.handle_observation(at(second * 1000), press(at(second * 1000)));
    }
    let found = drain(&mut observer);
    assert_eq!(
        clauses(&found),
        ["time", "time", "time", "time", "time", "silence"],
        "{found:#?}"
    );
    assert!(found[4].reason.contains("every window begins anew"));
    observer.handle_timeout(at(26_000));
    assert_eq!(
        clauses(&drain(&mut observer)),
        ["silence"],
        "it sees silence again"
    );
}

#[test]
fn time_that_goes_back_a_little_is_none_and_far_is_told() {
    let late = BACK_MAX_NS;
    for (back_ns, want) in [(late, 0), (late + 1, 1)] {
        let mut wire = Wire::new(&catalog(POLLED));
        wire.handle_timeout(Timestamp::from_secs(10_000));
        drain(&mut wire);
        wire.handle_timeout(Timestamp::from_secs(10_000) - back_ns);
        assert_eq!(drain(&mut wire).len(), want);
    }
}

/// The same report a thousand times is one.
#[test]
fn duplicates_say_nothing_new() {
    let mut observer = Network::new(&catalog(POLLED));
    for _ in 0..1000 {
        observer.handle_observation(at(0), press(at(500)));
    }
    observer.handle_timeout(at(10_500) - 1);
    assert_eq!(drain(&mut observer), []);
    observer.handle_timeout(at(10_500));
    for _ in 0..1000 {
        observer.handle_observation(at(0), press(at(500)));
    }
    assert_eq!(clauses(&drain(&mut observer)), ["silence"]);
}

fn stranger(number: u32) -> [u8; 4] {
    let [_, b, c, d] = number.to_be_bytes();
    [11, b, c, d]
}

/// A million strangers: the first are named, the rest is counted and that is said, now and then.
#[test]
fn a_million_distinct_talkers_are_bounded_and_told() {
    let million = 1_000_000;
    let mut observer = Network::new(&catalog(POLLED));
    let mut wire = Wire::new(&catalog(CELL));
    let (mut of_network, mut of_wire) = (Vec::new(), Vec::new());
    for number in 0..million {
        let now = at(i64::from(number) / 10);
        let client = stranger(number).into();
        observer.handle_observation(
            now,
            Seen {
                client,
                ..press(now)
            },
        );
        let flow = Flow {
            orig_h: client,
            orig_p: 1,
            resp_h: [10, 0, 0, 2].into(),
            resp_p: 502,
            transport: Transport::Tcp,
            vlan: 0,
        };
        let deed = Deed::Flow {
            flow,
            protocol: Protocol::Unknown,
            carried: false,
            answered: false,
        };
        wire.handle_observation(now, deed);
        if number % 1000 == 0 {
            of_network.extend(drain(&mut observer));
            of_wire.extend(drain(&mut wire));
        }
    }
    let end = at(i64::from(million) / 10) + OVER_EVERY_NS;
    observer.handle_timeout(end);
    wire.handle_timeout(end);
    of_network.extend(drain(&mut observer));
    of_wire.extend(drain(&mut wire));
    for (found, max, others) in [
        (of_network, TALKERS_MAX, observer.others()),
        (of_wire, KINDS_MAX, wire.others()),
    ] {
        let of = |clause: &str| found.iter().filter(|one| one.clause == clause).count();
        assert_eq!(of("parties"), max);
        assert_eq!(others, u64::from(million) - max as u64);
        // 100 s and the end: the first at once, and then each minute.
        assert_eq!(of("sight"), 3, "{:#?}", found.last());
        let counted: u64 = found
            .iter()
            .filter(|one| one.clause == "sight")
            .filter_map(|one| {
                one.reason
                    .split(": ")
                    .nth(1)?
                    .split(' ')
                    .next()?
                    .parse::<u64>()
                    .ok()
            })
            .sum();
        assert_eq!(counted, others, "every one of them is accounted for");
    }
    // Whoever is named by a contract is still heard, and whoever was told before is not told again.
    observer.handle_observation(end, press(end));
    let found = drain(&mut observer);
    assert!(
        found
            .iter()
            .all(|one| one.conclusion == Conclusion::Converge),
        "{found:#?}"
    );
}

/// Findings that nobody takes are bounded, and how many were lost is the last thing said.
#[test]
fn what_nobody_takes_is_lost_and_said() {
    let silent = |number: u32| {
        let [_, _, high, low] = number.to_be_bytes();
        POLLED
            .replace("press", &format!("d{number}"))
            .replace("10.0.0.2", &format!("10.1.{high}.{low}"))
    };
    let more = 9;
    let count = u32::try_from(WAITING_MAX).unwrap() + more;
    let text: String = (0..count).map(silent).collect();
    let mut observer = Network::new(&catalog(&text));
    observer.handle_timeout(at(0));
    observer.handle_timeout(at(10_000));
    assert_eq!(observer.lost(), u64::from(more));
    let found = drain(&mut observer);
    assert_eq!(found.len(), WAITING_MAX + 1);
    assert_eq!(
        found[WAITING_MAX].reason,
        format!("{more} findings of this observer found no room and are lost")
    );
    assert_eq!(drain(&mut observer), []);
}

/// Any order of any times: never a panic, and never more findings than there are things to tell.
#[test]
fn times_at_random_do_no_harm() {
    let mut state = 7u64;
    let mut next = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (state >> 11).cast_signed()
    };
    let mut observer = Network::new(&catalog(POLLED));
    let mut wire = Wire::new(&catalog(CELL));
    let mut told = 0;
    for round in 0..200_000 {
        let now = match round % 5 {
            0 => Timestamp::from_ns(next().wrapping_mul(4096)),
            1 => Timestamp::from_ns(i64::MAX),
            2 => Timestamp::from_ns(i64::MIN),
            _ => at(round),
        };
        let until = Timestamp::from_ns(next().wrapping_mul(4096));
        observer.handle_observation(now, press(until));
        observer.handle_timeout(now);
        wire.handle_timeout(now);
        told += drain(&mut observer).len() + drain(&mut wire).len();
    }
    // Of each observation at most: a silence and its end, a time, a time of the future.
    assert!(told < 2 * 200_000, "{told}");
}
