//! Whether values that differ again and again lie on a straight line: then somebody scales them, by mistake or not.

use super::super::point::Tolerance;

/// What was said upstream, and what came downstream.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Pair {
    pub(super) from: i64,
    pub(super) to: i64,
}

/// A straight line, both in millionths.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Line {
    pub(super) gain_micros: i64,
    pub(super) offset_micros: i64,
}

/// What pairs lie on.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Fit {
    /// A power of ten, or a factor over a span that is wide enough to show the slope as well.
    Sure(Line),
    /// Some line; whatever moves slowly lies on one for a while.
    Maybe(Line),
    /// They tell too little: what came moves less than may be told apart, and what was said not much more.
    Unknown,
    /// None.
    Not,
}

impl Fit {
    pub(super) const fn line(self) -> Option<Line> {
        match self {
            Self::Sure(line) | Self::Maybe(line) => Some(line),
            Self::Unknown | Self::Not => None,
        }
    }
}

/// Tolerances between the least and the greatest value, at both ends, that make a factor sure: old values that rise beside the
/// present ones then show another slope.
pub(super) const WIDE: i64 = 16;
/// Tolerances that a value must be from nothing to be a tenth of another.
const SHOWS: u64 = 4;

/// The line on which all pairs lie within the tolerance: a power of ten, a factor where two values differ, any line
/// where three do.
pub(super) fn line(pairs: &[Pair], tolerance: &Tolerance) -> Fit {
    let least = pairs.iter().min_by_key(|pair| pair.from);
    let Some((low, high)) = least.zip(pairs.iter().max_by_key(|pair| pair.from)) else {
        return Fit::Unknown;
    };
    if let Some(line) = power_of_ten(pairs, tolerance) {
        return Fit::Sure(line);
    }
    let count = distinct(pairs, tolerance);
    let around = tolerance.around(high.to).unsigned_abs();
    let is_wide = |apart: u64| apart / WIDE.unsigned_abs() >= around;
    if count < 2 || high.to.abs_diff(low.to) <= around {
        // What stands still while the other moves far is no scaling.
        return match is_wide(high.from.abs_diff(low.from)) {
            true => Fit::Not,
            false => Fit::Unknown,
        };
    }
    let larger = match low.from.unsigned_abs() > high.from.unsigned_abs() {
        true => low,
        false => high,
    };
    if let Some(line) = factor(pairs, larger, tolerance) {
        let wide = is_wide(high.from.abs_diff(low.from)) && is_wide(high.to.abs_diff(low.to));
        return if wide {
            Fit::Sure(line)
        } else {
            Fit::Maybe(line)
        };
    }
    // A line that is not known to pass through nothing shows by both of its ends only.
    let rises = high.to.abs_diff(low.to) / (WIDE / 2).unsigned_abs() >= around;
    match (
        count > 2 && rises,
        pairs.iter().all(|pair| on(low, high, pair, tolerance)),
    ) {
        (_, false) => Fit::Not,
        (true, true) => Fit::Maybe(through(low, high)),
        (false, true) => Fit::Unknown,
    }
}

/// How many values upstream are told apart, as far as three.
fn distinct(pairs: &[Pair], tolerance: &Tolerance) -> usize {
    let mut seen = [None; 3];
    let mut count = 0;
    for pair in pairs {
        let known = seen
            .iter()
            .flatten()
            .any(|other| tolerance.holds(*other, pair.from));
        if !known && let Some(free) = seen.get_mut(count) {
            *free = Some(pair.from);
            count += 1;
        }
    }
    count
}

fn on(low: &Pair, high: &Pair, pair: &Pair, tolerance: &Tolerance) -> bool {
    let span = i128::from(high.from) - i128::from(low.from);
    let rise = i128::from(high.to) - i128::from(low.to);
    let along = i128::from(pair.from) - i128::from(low.from);
    let (Some(want), Some(have)) = (
        rise.checked_mul(along),
        (i128::from(pair.to) - i128::from(low.to)).checked_mul(span),
    ) else {
        return false;
    };
    // Each of the three may be off by the tolerance.
    let off = i128::from(tolerance.around(pair.to)).max(i128::from(tolerance.around(high.to)));
    let rounding = rise.abs() / 1_000_000;
    want.abs_diff(have) <= (off.saturating_mul(span) + rounding).unsigned_abs()
}

fn through(low: &Pair, high: &Pair) -> Line {
    let span = i128::from(high.from) - i128::from(low.from);
    let rise = i128::from(high.to) - i128::from(low.to);
    let gain = (rise * 1_000_000).checked_div(span).unwrap_or_default();
    let offset = i128::from(low.to) - gain.saturating_mul(i128::from(low.from)) / 1_000_000;
    Line {
        gain_micros: i64::try_from(gain).unwrap_or(i64::MAX),
        offset_micros: i64::try_from(offset).unwrap_or(i64::MAX),
    }
}

fn factor(pairs: &[Pair], by: &Pair, tolerance: &Tolerance) -> Option<Line> {
    let gain = (i128::from(by.to) * 1_000_000).checked_div(i128::from(by.from))?;
    let line = Line {
        gain_micros: i64::try_from(gain).ok().filter(|gain| *gain != 0)?,
        offset_micros: 0,
    };
    pairs
        .iter()
        .all(|pair| scales(pair, line.gain_micros, tolerance))
        .then_some(line)
}

fn power_of_ten(pairs: &[Pair], tolerance: &Tolerance) -> Option<Line> {
    let gains = [1, 10, 100, 1_000, 10_000, 100_000];
    let less = gains.into_iter();
    let more = gains.map(|gain| gain * 10_000_000).into_iter();
    let gain = less
        .chain(more)
        .find(|gain| pairs.iter().all(|pair| scales(pair, *gain, tolerance)))?;
    // Next to nothing is a thousandth of anything.
    let shows = |pair: &Pair| {
        let around = tolerance
            .around(pair.from)
            .max(tolerance.around(pair.to))
            .unsigned_abs();
        let least = pair.from.unsigned_abs().min(pair.to.unsigned_abs());
        least > 0 && least / SHOWS >= around
    };
    pairs.iter().any(shows).then_some(())?;
    Some(Line {
        gain_micros: gain,
        offset_micros: 0,
    })
}

fn scales(pair: &Pair, gain_micros: i64, tolerance: &Tolerance) -> bool {
    let scaled = i128::from(pair.from) * i128::from(gain_micros) / 1_000_000;
    i64::try_from(scaled).is_ok_and(|scaled| tolerance.holds(scaled, pair.to))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HALF_PERCENT: Tolerance = Tolerance {
        ppm: 5_000,
        whole_micros: None,
        absolute_micros: 0,
        skew_ns: 0,
    };

    #[track_caller]
    fn check(pairs: &[(i64, i64)], want: Option<(i64, i64)>) {
        let pair = |(from, to): &(i64, i64)| Pair {
            from: from * 1_000_000,
            to: to * 1_000_000,
        };
        let pairs: Vec<_> = pairs.iter().map(pair).collect();
        let line = line(&pairs, &HALF_PERCENT).line();
        let line = line.map(|line| (line.gain_micros, line.offset_micros));
        assert_eq!(line, want);
    }

    #[test]
    fn a_line_is_found_where_there_is_one() {
        // A factor, a shift, both; a negative one.
        check(&[(100, 200), (150, 300), (180, 360)], Some((2_000_000, 0)));
        check(
            &[(100, 110), (150, 160), (180, 190)],
            Some((1_000_000, 10_000_000)),
        );
        check(
            &[(0, 32), (50, 122), (100, 212)],
            Some((1_800_000, 32_000_000)),
        );
        check(&[(10, -10), (20, -20), (30, -30)], Some((-1_000_000, 0)));
        // Two values: a factor alone. One: a power of ten.
        check(&[(100, 250), (200, 500)], Some((2_500_000, 0)));
        check(&[(100, 110), (200, 210)], None);
        check(&[(100, 1000), (100, 1000)], Some((10_000_000, 0)));
        check(&[(100, 10), (100, 10)], Some((100_000, 0)));
        check(&[(100, 200), (100, 200)], None);
        // Nothing is no millionth of something.
        check(&[(100, 0), (150, 0)], None);
        // What stands still while the other moves, and what jumps, is no scaling.
        check(&[(100, 90), (150, 90), (180, 90)], None);
        check(&[(100, 90), (150, 300), (180, 10)], None);
        check(&[(0, 0), (0, 0)], None);
    }

    #[test]
    fn the_ends_of_numbers_do_no_harm() {
        let ends = [i64::MIN, -1, 0, 1, i64::MAX];
        for from in ends {
            for to in ends {
                for other in ends {
                    let pairs = [(from, to), (to, other), (other, from)];
                    let pairs = pairs.map(|(from, to)| Pair { from, to });
                    let _ = line(&pairs, &HALF_PERCENT);
                }
            }
        }
        assert_eq!(line(&[], &HALF_PERCENT), Fit::Unknown);
        let one = line(
            &[Pair {
                from: 1_000_000,
                to: 10_000_000,
            }],
            &HALF_PERCENT,
        );
        assert_eq!(one.line().unwrap().gain_micros, 10_000_000);
    }
}
