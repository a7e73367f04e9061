//! Time comes in as a value and has a state: the only place of the workspace that reads a clock.

use core::fmt;
use core::ops::{Add, Sub};

/// Nanoseconds since 1970-01-01T00:00:00Z; negative before. Holds 1677-09-21 to 2262-04-11; arithmetic stops at the
/// ends and never wraps.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Timestamp(i64);

/// Nanoseconds in a second.
pub const SECOND_NS: i64 = 1_000_000_000;

impl Timestamp {
    /// The first moment that there is.
    pub const MIN: Self = Self(i64::MIN);
    /// The last one.
    pub const MAX: Self = Self(i64::MAX);

    /// From nanoseconds since the epoch.
    pub const fn from_ns(ns: i64) -> Self {
        Self(ns)
    }

    /// From whole seconds since the epoch; saturates.
    pub const fn from_secs(secs: i64) -> Self {
        Self(secs.saturating_mul(SECOND_NS))
    }

    /// Nanoseconds since the epoch.
    pub const fn as_ns(self) -> i64 {
        self.0
    }

    /// Whole seconds since the epoch, rounded down.
    pub const fn as_secs(self) -> i64 {
        self.0.div_euclid(SECOND_NS)
    }

    /// Nanoseconds from `earlier` to here; negative when `earlier` is later. Saturates.
    pub const fn since_ns(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }
}

impl Add<i64> for Timestamp {
    type Output = Self;
    fn add(self, ns: i64) -> Self {
        Self(self.0.saturating_add(ns))
    }
}

impl Sub<i64> for Timestamp {
    type Output = Self;
    fn sub(self, ns: i64) -> Self {
        Self(self.0.saturating_sub(ns))
    }
}

impl fmt::Display for Timestamp {
    /// RFC 3339 in UTC with nanoseconds, such as `2026-11-24T09:30:00.000000001Z`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (days, rest) = (
            self.as_secs().div_euclid(86_400),
            self.as_secs().rem_euclid(86_400),
        );
        let (year, month, day) = civil(days);
        let (hour, minute, second) = (rest / 3600, rest / 60 % 60, rest % 60);
        let ns = self.0.rem_euclid(SECOND_NS);
        write!(
            f,
            "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{ns:09}Z"
        )
    }
}

/// Year, month and day of a day number since the epoch (proleptic Gregorian calendar).
fn civil(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_index = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_index + 2) / 5 + 1;
    let month = if month_index < 10 {
        month_index + 3
    } else {
        month_index - 9
    };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

/// Parses `YYYY-MM-DDTHH:MM:SSZ`, the only time form of the configuration language; `None` for anything else, for a
/// leap second, and for a time that [`Timestamp`] cannot hold: a window must not end earlier than it says.
pub fn parse_utc(text: &str) -> Option<Timestamp> {
    let bytes: &[u8; 20] = text.as_bytes().try_into().ok()?;
    let [
        y1,
        y2,
        y3,
        y4,
        b'-',
        m1,
        m2,
        b'-',
        d1,
        d2,
        b'T',
        h1,
        h2,
        b':',
        n1,
        n2,
        b':',
        s1,
        s2,
        b'Z',
    ] = *bytes
    else {
        return None;
    };
    let number = |digits: &[u8]| {
        digits.iter().try_fold(0i64, |sum, d| {
            d.is_ascii_digit().then(|| sum * 10 + i64::from(d - b'0'))
        })
    };
    let (year, month, day) = (
        number(&[y1, y2, y3, y4])?,
        number(&[m1, m2])?,
        number(&[d1, d2])?,
    );
    let (hour, minute, second) = (number(&[h1, h2])?, number(&[n1, n2])?, number(&[s1, s2])?);
    let days = days_from_civil(year, month, day)?;
    let secs = days * 86_400 + hour * 3600 + minute * 60 + second;
    let ns = secs.checked_mul(SECOND_NS)?;
    (hour < 24 && minute < 60 && second < 60).then_some(Timestamp(ns))
}

fn days_from_civil(year: i64, month: i64, day: i64) -> Option<i64> {
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    let year_shifted = if month <= 2 { year - 1 } else { year };
    let (era, year_of_era) = (year_shifted.div_euclid(400), year_shifted.rem_euclid(400));
    let month_index = (month + 9) % 12;
    let day_of_year = (153 * month_index + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    let days = era * 146_097 + day_of_era - 719_468;
    (civil(days) == (year, month, day)).then_some(days)
}

/// How far the clock can be believed (decision D13).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum TimeState {
    /// Nothing is known: whatever depends on time is refused.
    Unknown,
    /// Once set, now free running; the error grows.
    Holdover {
        /// The largest error, in nanoseconds.
        error_ns: u64,
    },
    /// Disciplined by an authenticated source.
    Synchronised {
        /// The largest error, in nanoseconds.
        error_ns: u64,
    },
}

impl TimeState {
    /// Whether time-dependent decisions may be taken.
    pub const fn is_trusted(self) -> bool {
        !matches!(self, Self::Unknown)
    }

    /// The state in records and rows.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Holdover { .. } => "holdover",
            Self::Synchronised { .. } => "synchronised",
        }
    }

    /// The largest error in microseconds; `None` when nothing is known.
    pub const fn error_us(self) -> Option<u64> {
        match self {
            Self::Unknown => None,
            Self::Holdover { error_ns } | Self::Synchronised { error_ns } => Some(error_ns / 1_000),
        }
    }
}

/// One reading of a clock, with what is known about it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Reading {
    /// Wall time.
    pub wall: Timestamp,
    /// Nanoseconds since boot or any other fixed start; never goes back.
    pub monotonic_ns: u64,
    /// How far `wall` can be believed.
    pub state: TimeState,
}

/// A source of time. Libraries take one or take `now`; only this module reads the machine's.
pub trait Clock {
    /// Reads the clock.
    fn read(&self) -> Reading;
}

/// The time floor of decision D13: never earlier than the newest signed thing seen.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Floor(Timestamp);

impl Floor {
    /// Starts at what was persisted.
    pub const fn new(persisted: Timestamp) -> Self {
        Self(persisted)
    }

    /// Raises the floor to the time of something signed; never lowers it.
    pub fn raise(&mut self, signed_at: Timestamp) {
        self.0 = self.0.max(signed_at);
    }

    /// The floor, to persist.
    pub const fn at(self) -> Timestamp {
        self.0
    }

    /// A reading is `Unknown` when it lies below the floor: somebody set the clock back.
    pub fn judge(self, reading: Reading) -> Reading {
        if reading.wall < self.0 {
            Reading {
                state: TimeState::Unknown,
                ..reading
            }
        } else {
            reading
        }
    }
}

/// A clock that tests set by hand.
#[derive(Debug)]
pub struct ManualClock(core::cell::Cell<Reading>);

impl ManualClock {
    /// Starts synchronised at `wall`.
    pub const fn new(wall: Timestamp) -> Self {
        let state = TimeState::Synchronised { error_ns: 0 };
        Self(core::cell::Cell::new(Reading {
            wall,
            monotonic_ns: 0,
            state,
        }))
    }

    /// Moves both clocks forward.
    pub fn advance(&self, ns: u64) {
        let old = self.0.get();
        let wall = old.wall + i64::try_from(ns).unwrap_or(i64::MAX);
        self.0.set(Reading {
            wall,
            monotonic_ns: old.monotonic_ns.saturating_add(ns),
            ..old
        });
    }

    /// Sets the state.
    pub fn set_state(&self, state: TimeState) {
        self.0.set(Reading {
            state,
            ..self.0.get()
        });
    }

    /// Sets the wall clock, as an attacker or a dead battery would.
    pub fn set_wall(&self, wall: Timestamp) {
        self.0.set(Reading {
            wall,
            ..self.0.get()
        });
    }
}

impl Clock for ManualClock {
    fn read(&self) -> Reading {
        self.0.get()
    }
}

/// The machine's clock. Without a time service that says more, its state is `Holdover` with a stated error,
/// and `Unknown` below the floor.
#[cfg(feature = "std")]
#[derive(Clone, Copy, Debug)]
pub struct SystemClock {
    start: std::time::Instant,
    floor: Floor,
    error_ns: u64,
}

#[cfg(feature = "std")]
impl SystemClock {
    /// A clock whose readings below `floor` are not believed and whose error is at most `error_ns`.
    pub fn new(floor: Floor, error_ns: u64) -> Self {
        Self {
            start: std::time::Instant::now(),
            floor,
            error_ns,
        }
    }
}

#[cfg(feature = "std")]
impl Clock for SystemClock {
    fn read(&self) -> Reading {
        let since_epoch = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        let wall = since_epoch.map_or(i64::MIN, |age| {
            i64::try_from(age.as_nanos()).unwrap_or(i64::MAX)
        });
        let monotonic_ns = u64::try_from(self.start.elapsed().as_nanos()).unwrap_or(u64::MAX);
        let state = TimeState::Holdover {
            error_ns: self.error_ns,
        };
        self.floor.judge(Reading {
            wall: Timestamp(wall),
            monotonic_ns,
            state,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn times_print_as_rfc_3339() {
        assert_eq!(
            Timestamp::from_ns(1).to_string(),
            "1970-01-01T00:00:00.000000001Z"
        );
        assert_eq!(
            Timestamp::from_secs(951_782_400).to_string(),
            "2000-02-29T00:00:00.000000000Z"
        );
        assert_eq!(
            Timestamp::from_ns(-1).to_string(),
            "1969-12-31T23:59:59.999999999Z"
        );
    }

    #[test]
    fn utc_texts_parse_back() {
        for secs in [0, 951_782_400, 1_795_000_000, 4_102_444_799] {
            let text = Timestamp::from_secs(secs)
                .to_string()
                .replace(".000000000", "");
            assert_eq!(parse_utc(&text), Some(Timestamp::from_secs(secs)), "{text}");
        }
        for text in [
            "2026-02-30T00:00:00Z",
            "2026-13-01T00:00:00Z",
            "2026-01-01T24:00:00Z",
            "2026-1-1T00:00:00Z",
            "",
        ] {
            assert_eq!(parse_utc(text), None, "{text}");
        }
    }

    #[test]
    fn a_clock_set_back_is_not_believed() {
        let mut floor = Floor::default();
        floor.raise(Timestamp::from_secs(100));
        floor.raise(Timestamp::from_secs(50));
        let clock = ManualClock::new(Timestamp::from_secs(99));
        assert_eq!(floor.judge(clock.read()).state, TimeState::Unknown);
        clock.advance(2_000_000_000);
        assert!(floor.judge(clock.read()).state.is_trusted());
    }
}
