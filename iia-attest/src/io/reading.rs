//! A value of one point, where and when it was read.

use iia_core::Timestamp;

use super::wire::Way;

/// A point by its place in the list that the observer was made with.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct PointId(pub u32);

/// Where on its way a value was read.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Station {
    /// What the sensor says of itself, over HART or IO-Link.
    Sensor,
    /// The electrical signal, by the IO master's own converter.
    Wire,
    /// The field protocol at the device's side: the IO master's own tap.
    Device,
    /// What the box says: its primary capture, or its collector.
    Box,
}

impl Station {
    /// Its name in findings.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sensor => "sensor",
            Self::Wire => "wire",
            Self::Device => "device side",
            Self::Box => "box",
        }
    }
}

/// One value of one point.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Reading {
    /// Of what.
    pub point: PointId,
    /// In millionths of the point's unit.
    pub micros: i64,
    /// When it was on the wire, by the clock of whoever read it.
    pub at: Timestamp,
    /// Where it was read.
    pub station: Station,
    /// Which way it went.
    pub way: Way,
    /// How long the answer took, by the same clock; nothing where nobody asked.
    pub took_ns: Option<i64>,
}

/// Why a signal is none.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Fault {
    /// Open: a wire is cut, or the sensor signals a failure downwards.
    Open,
    /// Above what a sensor drives: bridged, or the sensor signals a failure upwards.
    Over,
}

/// What the observer is told.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Observation {
    /// A value.
    Reading(Reading),
    /// The IO master's own converter sees a signal that is none, in millionths of the electrical unit (mA, mV, Ω).
    Unsound {
        /// Of what.
        point: PointId,
        /// When.
        at: Timestamp,
        /// In what manner.
        fault: Fault,
        /// How much was measured.
        micros: i64,
    },
    /// Whoever reads there lost so many packets: what was in them is not compared.
    Lost {
        /// Where.
        station: Station,
        /// How many.
        count: u64,
    },
}

/// A number in millionths, the nearest; nothing for what is no number or too large.
pub fn micros(value: f64) -> Option<i64> {
    let scaled = value * 1e6;
    let half = if scaled < 0.0 { -0.5 } else { 0.5 };
    // NaN is in no range.
    (-9.2e18..=9.2e18)
        .contains(&scaled)
        .then_some((scaled + half) as i64)
}
