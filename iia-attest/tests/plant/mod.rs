//! A plant on paper: three values that move, an observer, and everything it told.
#![allow(dead_code, reason = "every test file uses some of it")]

use iia_attest::correlator::Correlator as _;
use iia_attest::io::wire::Way;
use iia_attest::io::{Io, Observation, Point, PointId, Reading, Station, Tolerance};
use iia_core::Timestamp;
use iia_core::finding::{Conclusion, Finding, Severity};
use iia_core::time::SECOND_NS;

pub(crate) const STEP_NS: i64 = SECOND_NS / 20;
/// A day begins.
pub(crate) const START_NS: i64 = 1_800_000_000 * SECOND_NS;

pub(crate) const TOLERANCE: Tolerance = Tolerance {
    ppm: 5_000,
    whole_micros: Some(300_000_000),
    absolute_micros: 0,
    skew_ns: SECOND_NS,
};

pub(crate) fn points() -> Vec<Point> {
    let names = ["discharge_pressure", "set_point", "suction_pressure"];
    names
        .map(|name| Point {
            name: name.into(),
            unit: "psi".into(),
            contract: "iia.contract.device.compressor".into(),
            tolerance: TOLERANCE,
            places: vec![],
        })
        .into()
}

pub(crate) fn at(step: i64) -> i64 {
    START_NS + step * STEP_NS
}

/// A process that moves: a triangle of a minute and a half between 100 and 250 psi.
pub(crate) fn process(step: i64) -> i64 {
    let phase = step.rem_euclid(1_800);
    let up = phase.min(1_800 - phase);
    100_000_000 + up * 150_000_000 / 900
}

pub(crate) fn reading(point: u32, station: Station, (ns, micros): (i64, i64)) -> Reading {
    Reading {
        point: PointId(point),
        micros,
        at: Timestamp::from_ns(ns),
        station,
        way: Way::Said,
        took_ns: Some(2_000_000),
    }
}

/// What the box makes of what the device sent in a step: when it comes, and what.
pub(crate) type Hears<'a> = dyn Fn(i64, Reading) -> Option<(i64, Reading)> + 'a;

/// An observer, and everything it told.
pub(crate) struct Bench {
    pub(crate) observer: Io,
    pub(crate) told: Vec<Finding>,
}

impl Bench {
    pub(crate) fn new() -> Self {
        Self {
            observer: Io::new(&points()),
            told: vec![],
        }
    }

    pub(crate) fn give(&mut self, now_ns: i64, reading: Reading) {
        self.tell(now_ns, Observation::Reading(reading));
    }

    pub(crate) fn tell(&mut self, now_ns: i64, observation: Observation) {
        self.observer
            .handle_observation(Timestamp::from_ns(now_ns), observation);
        self.told
            .extend(core::iter::from_fn(|| self.observer.poll_finding()));
    }

    pub(crate) fn pass(&mut self, now_ns: i64) {
        self.observer.handle_timeout(Timestamp::from_ns(now_ns));
        self.told
            .extend(core::iter::from_fn(|| self.observer.poll_finding()));
    }

    /// Both ends of a frame in one step; the box hears what `box_hears` makes of it.
    pub(crate) fn step(&mut self, step: i64, box_hears: &Hears<'_>) {
        for (point, shift) in [(0, 0), (2, 333)] {
            let sent = reading(point, Station::Device, (at(step), process(step + shift)));
            self.give(at(step), sent);
            let same = Reading {
                station: Station::Box,
                ..sent
            };
            if let Some((now, heard)) = box_hears(step, same) {
                self.give(now, heard);
            }
        }
    }

    /// Clean, then a fault for a while, then clean; the classes told, each with its conclusion, in order.
    pub(crate) fn run(fault: (i64, i64), box_hears: &Hears<'_>) -> Vec<Finding> {
        let mut bench = Self::new();
        for step in 0..fault.1 + 1_200 {
            let faulty = (fault.0..fault.1).contains(&step);
            let clean = |step: i64, reading: Reading| Some((at(step), reading));
            bench.step(step, if faulty { box_hears } else { &clean });
        }
        bench.told
    }
}

pub(crate) fn classes(told: &[Finding]) -> Vec<(&str, Conclusion)> {
    let mut all: Vec<_> = told
        .iter()
        .map(|one| (one.operation.as_str(), one.conclusion))
        .collect();
    all.dedup();
    all
}

#[track_caller]
pub(crate) fn check(told: &[Finding], class: &str, conclusion: Conclusion) {
    let wrong = told.iter().find(|one| one.operation != class);
    assert!(wrong.is_none(), "{wrong:#?}");
    let first = told.first().unwrap();
    assert_eq!(
        (first.operation.as_str(), first.conclusion),
        (class, conclusion),
        "{told:#?}"
    );
    assert_eq!(first.stream, "ot.attestation.io");
    assert!(first.severity >= Severity::High);
    assert_eq!(first.contract, "iia.contract.device.compressor");
    assert!(first.clause.starts_with("io_attestation"));
    assert!(!first.evidence.is_empty() && first.reason.len() > 40);
}
