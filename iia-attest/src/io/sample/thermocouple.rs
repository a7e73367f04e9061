//! Thermocouples: from millivolts and the temperature of the cold junction to the temperature of the hot one.

use super::its90::{self, Piece};

/// Halvings of the range: enough for a millionth of a degree.
const STEPS: u32 = 40;

/// The letter of IEC 60584-1.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[allow(missing_docs, reason = "the letters of the standard")]
pub enum Thermocouple {
    B,
    E,
    J,
    K,
    N,
    R,
    S,
    T,
}

impl Thermocouple {
    const fn pieces(self) -> &'static [Piece] {
        match self {
            Self::B => its90::B,
            Self::E => its90::E,
            Self::J => its90::J,
            Self::K => its90::K,
            Self::N => its90::N,
            Self::R => its90::R,
            Self::S => its90::S,
            Self::T => its90::T,
        }
    }

    /// From where to where it is defined, in °C.
    pub fn range(self) -> Option<(f64, f64)> {
        let pieces = self.pieces();
        Some((pieces.first()?.low, pieces.last()?.high))
    }

    /// Its voltage in mV at `celsius` with the cold junction at 0 °C; nothing outside its range.
    pub fn millivolts(self, celsius: f64) -> Option<f64> {
        let (low, _) = self.range()?;
        let piece = self
            .pieces()
            .iter()
            .find(|piece| celsius >= low && celsius <= piece.high)?;
        Some(piece.at(celsius))
    }

    /// The temperature of the hot junction in °C; nothing for a voltage that it cannot have. Type B is read above
    /// 50 °C only: below, a voltage belongs to two temperatures.
    pub fn celsius(self, millivolts: f64, cold_celsius: f64) -> Option<f64> {
        let sum = millivolts + self.millivolts(cold_celsius)?;
        let (low, mut above) = self.range()?;
        let mut below = if self == Self::B { 50.0 } else { low };
        if !(self.millivolts(below)?..=self.millivolts(above)?).contains(&sum) {
            return None;
        }
        for _ in 0..STEPS {
            let middle = below.midpoint(above);
            if self.millivolts(middle)? < sum {
                below = middle;
            } else {
                above = middle;
            }
        }
        Some(below.midpoint(above))
    }
}

impl Piece {
    fn at(&self, celsius: f64) -> f64 {
        let horner = |sum, coefficient: &f64| sum * celsius + coefficient;
        let sum = self.coefficients.iter().rev().fold(0.0, horner);
        let bump = self.bump.map_or(0.0, |[size, steep, middle]| {
            let away = celsius - middle;
            size * exp_of_negative(steep * away * away)
        });
        sum + bump
    }
}

/// The exponential of a number that is not positive; there is none without a library of mathematics.
fn exp_of_negative(exponent: f64) -> f64 {
    if exponent < -40.0 {
        return 0.0;
    }
    // exp(x) = exp(x / 64) ^ 64, and the series is short near 0.
    let small = exponent / 64.0;
    let series = (1..=12)
        .rev()
        .fold(1.0, |sum, number| 1.0 + sum * small / f64::from(number));
    (0..6).fold(series, |power, _| power * power)
}
