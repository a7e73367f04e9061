//! The electrical signal itself: what a converter of the IO master samples, and what that is in the point's unit.
//!
//! [`Source`] is whatever samples. Here are two that need no hardware: [`Synthetic`], a converter of so many bits with
//! noise over a signal that is given, and [`Recorded`], a trace that was written down. A converter on a bus is a third,
//! outside this crate.

mod its90;
mod recorded;
pub mod rtd;
mod signal;
mod synthetic;
mod thermocouple;

use iia_core::Timestamp;

pub use recorded::{Recorded, TraceError};
pub use signal::{Converter, Signal, Sound, loop_current};
pub use synthetic::Synthetic;
pub use thermocouple::Thermocouple;

use super::reading::{Observation, PointId, Reading, Station};
use super::wire::Way;

/// One conversion.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Sample {
    /// When.
    pub at: Timestamp,
    /// What the converter gave.
    pub counts: i32,
}

/// Whatever samples a signal.
pub trait Source {
    /// The next sample up to `now`, if there is one.
    fn poll_sample(&mut self, now: Timestamp) -> Option<Sample>;
}

/// An input of the IO master: which point is sampled, and how counts become its value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Input {
    /// The point.
    pub point: PointId,
    /// How counts become an electrical value.
    pub converter: Converter,
    /// How that becomes the point's.
    pub signal: Signal,
}

impl Input {
    /// What the observer is told of a sample; nothing where the signal is saturated and so says nothing exact.
    pub fn observe(&self, sample: Sample) -> Option<Observation> {
        let electrical = self.converter.electrical(sample.counts);
        match self.signal.sound(electrical) {
            Sound::Value(micros) => Some(Observation::Reading(Reading {
                point: self.point,
                micros,
                at: sample.at,
                station: Station::Wire,
                way: Way::Said,
                took_ns: None,
            })),
            Sound::Saturated => None,
            Sound::Fault(fault) => Some(Observation::Unsound {
                point: self.point,
                at: sample.at,
                fault,
                micros: super::reading::micros(electrical).unwrap_or_default(),
            }),
        }
    }
}
