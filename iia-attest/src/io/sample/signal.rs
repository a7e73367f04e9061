//! From counts to an electrical value, and from that to the point's, or to what is wrong with the wire.

use super::super::reading::{Fault, micros};
use super::rtd;
use super::thermocouple::Thermocouple;

/// The limits of a loop of 4 to 20 mA (NAMUR NE 43), in mA.
pub mod loop_current {
    /// At and below it the sensor signals a failure, or the loop is open.
    pub const FAILURE_LOW: f64 = 3.6;
    /// From here on it measures, a little below its range.
    pub const MEASURES_LOW: f64 = 3.8;
    /// Up to here it measures, a little above its range.
    pub const MEASURES_HIGH: f64 = 20.5;
    /// At and above it the sensor signals a failure, or the loop is bridged.
    pub const FAILURE_HIGH: f64 = 21.0;
}

/// A converter: its counts lie on a straight line.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Converter {
    /// What it gives at `low`.
    pub low_counts: i32,
    /// What it gives at `high`.
    pub high_counts: i32,
    /// In mA, mV, V or Ω.
    pub low: f64,
    /// In the same.
    pub high: f64,
}

impl Converter {
    /// The electrical value of so many counts.
    pub fn electrical(&self, counts: i32) -> f64 {
        let span = f64::from(self.high_counts) - f64::from(self.low_counts);
        let above = f64::from(counts) - f64::from(self.low_counts);
        self.low + (self.high - self.low) * above / span
    }

    /// The counts of an electrical value, the nearest within its range.
    pub fn counts(&self, electrical: f64) -> i32 {
        let span = f64::from(self.high_counts) - f64::from(self.low_counts);
        let exact =
            f64::from(self.low_counts) + (electrical - self.low) / (self.high - self.low) * span;
        let half = if exact < 0.0 { -0.5 } else { 0.5 };
        let (least, most) = (
            self.low_counts.min(self.high_counts),
            self.low_counts.max(self.high_counts),
        );
        ((exact + half) as i32).clamp(least, most)
    }
}

/// What the electrical value means.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Signal {
    /// A loop of 4 to 20 mA over a range of the point's unit.
    Loop {
        /// The value at 4 mA.
        low: f64,
        /// The value at 20 mA.
        high: f64,
    },
    /// A voltage over a range, with no live zero: a cut wire looks like 0.
    Voltage {
        /// The voltage at `low`.
        low_volts: f64,
        /// The voltage at `high`.
        high_volts: f64,
        /// The value there.
        low: f64,
        /// The value there.
        high: f64,
    },
    /// A thermocouple in mV, with the temperature of its cold junction; in °C.
    Thermocouple(Thermocouple, f64),
    /// A resistance thermometer of platinum with so many ohms at 0 °C; in °C.
    Platinum(f64),
    /// On or off, by a threshold with a band in which it is neither.
    Digital {
        /// At and below it is off.
        off: f64,
        /// At and above it is on.
        on: f64,
    },
}

/// What a sample says.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Sound {
    /// A value, in millionths of the point's unit.
    Value(i64),
    /// Near the end of its range, between measuring and failing: no value, no failure.
    Saturated,
    /// No signal.
    Fault(Fault),
}

impl Signal {
    /// What an electrical value says.
    pub fn sound(&self, electrical: f64) -> Sound {
        let value = match *self {
            Self::Loop { low, high } => return current(electrical, low, high),
            Self::Voltage {
                low_volts,
                high_volts,
                low,
                high,
            } => {
                let share = (electrical - low_volts) / (high_volts - low_volts);
                Some(low + (high - low) * share)
            }
            Self::Thermocouple(kind, cold) => kind.celsius(electrical, cold),
            Self::Platinum(zero) => rtd::celsius(zero, electrical),
            Self::Digital { off, on } if electrical > off && electrical < on => {
                return Sound::Saturated;
            }
            Self::Digital { on, .. } => Some(if electrical >= on { 1.0 } else { 0.0 }),
        };
        match value.and_then(micros) {
            Some(micros) => Sound::Value(micros),
            None => Sound::Fault(self.broken(electrical)),
        }
    }

    /// What a value outside a sensor's range means: a converter pulls an open thermocouple upwards, and an open
    /// thermometer has no end to its resistance.
    fn broken(&self, electrical: f64) -> Fault {
        match self {
            Self::Platinum(zero) if electrical < *zero => Fault::Over,
            Self::Thermocouple(..) if electrical < 0.0 => Fault::Over,
            _ => Fault::Open,
        }
    }
}

fn current(milliamps: f64, low: f64, high: f64) -> Sound {
    use loop_current::{FAILURE_HIGH, FAILURE_LOW, MEASURES_HIGH, MEASURES_LOW};
    if milliamps <= FAILURE_LOW || milliamps.is_nan() {
        return Sound::Fault(Fault::Open);
    }
    if milliamps >= FAILURE_HIGH {
        return Sound::Fault(Fault::Over);
    }
    if !(MEASURES_LOW..=MEASURES_HIGH).contains(&milliamps) {
        return Sound::Saturated;
    }
    let value = low + (high - low) * (milliamps - 4.0) / 16.0;
    micros(value).map_or(Sound::Saturated, Sound::Value)
}
