//! Resistance thermometers of platinum: from ohms to a temperature, by IEC 60751 (Callendar and van Dusen).

const A: f64 = 3.9083e-3;
const B: f64 = -5.775e-7;
const C: f64 = -4.183e-12;

/// Halvings of the range: enough for a millionth of a degree.
const STEPS: u32 = 40;
/// From where to where the standard goes, in °C.
pub const RANGE: (f64, f64) = (-200.0, 850.0);

/// Its resistance at `celsius` when it has `zero_ohms` at 0 °C (100 for a Pt100); nothing outside its range.
pub fn ohms(zero_ohms: f64, celsius: f64) -> Option<f64> {
    let (low, high) = RANGE;
    (low..=high)
        .contains(&celsius)
        .then(|| zero_ohms * ratio(celsius))
}

fn ratio(t: f64) -> f64 {
    let cold = if t < 0.0 {
        C * (t - 100.0) * t * t * t
    } else {
        0.0
    };
    1.0 + A * t + B * t * t + cold
}

/// Its temperature in °C; nothing for a resistance that it cannot have.
pub fn celsius(zero_ohms: f64, ohms: f64) -> Option<f64> {
    let (mut below, mut above) = RANGE;
    let want = ohms / zero_ohms;
    if !(ratio(below)..=ratio(above)).contains(&want) {
        return None;
    }
    for _ in 0..STEPS {
        let middle = below.midpoint(above);
        if ratio(middle) < want {
            below = middle;
        } else {
            above = middle;
        }
    }
    Some(below.midpoint(above))
}
