//! Windows of time. UTC throughout: no daylight saving, so no hour is missing or comes twice.

use iia_core::Timestamp;
use iia_core::time::{Reading, SECOND_NS, TimeState};

const DAY_NS: i64 = 86_400 * SECOND_NS;

/// A maintenance window that comes back every day or every week.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Maintenance {
    anchor_ns: i64,
    period_ns: i64,
    length_ns: i64,
}

impl Maintenance {
    /// From `start_ns` after midnight UTC of a day of the week (or `daily`), for `length_ns`, which may cross midnight.
    /// `None` when the start is not within the day, or the length is nothing or longer than until it comes back.
    pub fn new(day: &str, start_ns: i64, length_ns: i64) -> Option<Self> {
        // 1970-01-01 was a Thursday.
        const WEEK: [&str; 7] = [
            "thursday",
            "friday",
            "saturday",
            "sunday",
            "monday",
            "tuesday",
            "wednesday",
        ];
        let (days, period_ns) = match day {
            "daily" => (0, DAY_NS),
            day => (WEEK.iter().position(|name| *name == day)?, 7 * DAY_NS),
        };
        let sound = (0..DAY_NS).contains(&start_ns) && (1..=period_ns).contains(&length_ns);
        let anchor_ns = i64::try_from(days).ok()? * DAY_NS + start_ns;
        sound.then_some(Self {
            anchor_ns,
            period_ns,
            length_ns,
        })
    }

    /// Which occurrence `at` lies in; the end is outside.
    fn occurrence(self, at: Timestamp) -> Option<i64> {
        let since = at.as_ns().checked_sub(self.anchor_ns)?;
        let inside = since.rem_euclid(self.period_ns) < self.length_ns;
        inside.then_some(since.div_euclid(self.period_ns))
    }

    /// Whether all of `span` lies in one occurrence.
    pub(crate) fn holds(self, span: Certain) -> bool {
        let first = self.occurrence(span.earliest);
        first.is_some() && first == self.occurrence(span.latest)
    }
}

/// The moments that it may be now: a clock with an error names a span, not a point.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Certain {
    pub(crate) earliest: Timestamp,
    pub(crate) latest: Timestamp,
}

impl Certain {
    /// The span of a reading; `None` when nothing is known.
    pub(crate) fn of(now: Reading) -> Option<Self> {
        let error_ns = match now.state {
            TimeState::Unknown => return None,
            TimeState::Holdover { error_ns } | TimeState::Synchronised { error_ns } => error_ns,
        };
        let error_ns = i64::try_from(error_ns).unwrap_or(i64::MAX);
        Some(Self {
            earliest: now.wall - error_ns,
            latest: now.wall + error_ns,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use iia_core::time::parse_utc;

    const HOUR_NS: i64 = 3600 * SECOND_NS;

    #[track_caller]
    fn check(window: (&str, i64, i64), at: &str, want: bool) {
        let window = Maintenance::new(window.0, window.1 * HOUR_NS, window.2 * HOUR_NS).unwrap();
        let at = parse_utc(at).unwrap();
        let span = Certain {
            earliest: at,
            latest: at,
        };
        assert_eq!(window.holds(span), want, "{at}");
    }

    #[test]
    fn a_window_crosses_midnight_and_the_week() {
        check(("daily", 22, 4), "2026-11-24T21:59:59Z", false);
        check(("daily", 22, 4), "2026-11-24T22:00:00Z", true);
        check(("daily", 22, 4), "2026-11-25T01:59:59Z", true);
        check(("daily", 22, 4), "2026-11-25T02:00:00Z", false);
        // 2026-11-29 is a Sunday.
        check(("sunday", 23, 3), "2026-11-29T22:59:59Z", false);
        check(("sunday", 23, 3), "2026-11-30T01:59:59Z", true);
        check(("sunday", 23, 3), "2026-11-30T02:00:00Z", false);
        check(("sunday", 23, 3), "2026-12-01T00:30:00Z", false);
        check(("wednesday", 23, 3), "2026-12-03T00:30:00Z", true);
        check(("thursday", 0, 24), "1969-12-25T12:00:00Z", true);
    }

    #[test]
    fn clocks_that_change_to_summer_time_change_nothing() {
        // Europe and North America change on these nights; the window is the same two hours of UTC.
        for night in ["2026-03-29", "2026-10-25", "2026-03-08", "2026-11-01"] {
            for (hour, want) in [("00", false), ("01", true), ("02", true), ("03", false)] {
                check(("sunday", 1, 2), &format!("{night}T{hour}:30:00Z"), want);
            }
        }
    }

    #[test]
    fn a_clock_whose_error_reaches_outside_is_outside() {
        let window = Maintenance::new("daily", 0, 2 * HOUR_NS).unwrap();
        let at = |earliest: &str, latest: &str| {
            window.holds(Certain {
                earliest: parse_utc(earliest).unwrap(),
                latest: parse_utc(latest).unwrap(),
            })
        };
        assert!(at("2026-11-24T00:00:00Z", "2026-11-24T01:59:59Z"));
        assert!(!at("2026-11-24T01:00:00Z", "2026-11-24T02:00:01Z"));
        // Both ends inside, but of two nights: between them lies a whole day outside.
        assert!(!at("2026-11-24T01:00:00Z", "2026-11-25T01:00:00Z"));
    }

    #[test]
    fn senseless_windows_are_none() {
        assert_eq!(Maintenance::new("someday", 0, HOUR_NS), None);
        assert_eq!(Maintenance::new("daily", 24 * HOUR_NS, HOUR_NS), None);
        assert_eq!(Maintenance::new("daily", -1, HOUR_NS), None);
        assert_eq!(Maintenance::new("daily", 0, 0), None);
        assert_eq!(Maintenance::new("daily", 0, 24 * HOUR_NS + 1), None);
        assert!(Maintenance::new("monday", 0, 7 * 24 * HOUR_NS).is_some());
    }
}
