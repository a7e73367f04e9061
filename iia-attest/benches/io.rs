//! Observations of IO a second with many points, and the floor beneath: finding a point and keeping its value.
#![expect(clippy::unwrap_used, reason = "a bench is its own page")]

use divan::counter::ItemsCount;
use iia_attest::correlator::Correlator as _;
use iia_attest::io::wire::Way;
use iia_attest::io::{Io, Observation, Point, PointId, Reading, Station, Tolerance};
use iia_core::Timestamp;

const POINTS: [u32; 3] = [100, 10_000, 100_000];

#[global_allocator]
static ALLOCATOR: divan::AllocProfiler = divan::AllocProfiler::system();

fn main() {
    divan::main();
}

fn points(count: u32) -> Vec<Point> {
    let point = |number: u32| Point {
        name: format!("pressure_{number}"),
        unit: "psi".into(),
        contract: format!("iia.contract.device.d{}", number / 100),
        tolerance: Tolerance {
            ppm: 5_000,
            whole_micros: Some(300_000_000),
            absolute_micros: 0,
            skew_ns: 1_000_000_000,
        },
        places: vec![],
    };
    (0..count).map(point).collect()
}

fn reading(number: u32, station: Station, ns: i64) -> Observation {
    Observation::Reading(Reading {
        point: PointId(number),
        micros: i64::from(number % 300) * 1_000_000,
        at: Timestamp::from_ns(ns),
        station,
        way: Way::Said,
        took_ns: Some(1_000_000),
    })
}

#[divan::bench(args = POINTS, sample_count = 40, sample_size = 20_000)]
fn floor_keep(bencher: divan::Bencher, count: u32) {
    let mut values = vec![0i64; count as usize];
    let mut number = 0;
    bencher.counter(ItemsCount::new(2u32)).bench_local(|| {
        number = (number + 7_919) % count;
        let value = values.get_mut(number as usize).unwrap();
        *value += 1;
        *value
    });
}

/// A frame at the device's side and the same at the box: two observations.
#[divan::bench(args = POINTS, sample_count = 40, sample_size = 20_000)]
fn both_ends_agree(bencher: divan::Bencher, count: u32) {
    let mut observer = Io::new(&points(count));
    let (mut number, mut ns) = (0, 0);
    bencher.counter(ItemsCount::new(2u32)).bench_local(|| {
        number = (number + 7_919) % count;
        ns += 1_000;
        for station in [Station::Device, Station::Box] {
            let now = Timestamp::from_ns(ns);
            observer.handle_observation(now, reading(number, station, ns));
        }
        observer.poll_finding()
    });
}

/// Every value is changed between the two ends, all day.
#[divan::bench(args = POINTS, sample_count = 40, sample_size = 20_000)]
fn all_differ(bencher: divan::Bencher, count: u32) {
    let mut observer = Io::new(&points(count));
    let (mut number, mut ns) = (0, 0);
    bencher.counter(ItemsCount::new(2u32)).bench_local(|| {
        number = (number + 7_919) % count;
        ns += 1_000_000;
        let now = Timestamp::from_ns(ns);
        observer.handle_observation(now, reading(number, Station::Device, ns));
        let mut other = reading(number, Station::Box, ns);
        if let Observation::Reading(reading) = &mut other {
            reading.micros += 50_000_000;
        }
        observer.handle_observation(now, other);
        core::iter::from_fn(|| observer.poll_finding()).count()
    });
}
