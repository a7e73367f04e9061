//! When what is due by article 23(4) of Directive (EU) 2022/2555 (NIS2).

use iia_core::Timestamp;
use iia_core::time::{SECOND_NS, parse_utc};

/// An hour in nanoseconds.
const HOUR_NS: i64 = 3600 * SECOND_NS;

/// What is due when, at the latest.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Deadlines {
    /// Early warning: 24 hours after awareness, 23(4)(a).
    pub early_warning: Timestamp,
    /// Incident notification: 72 hours after awareness, 23(4)(b).
    pub notification: Timestamp,
    /// Final report: one month after the notification is handed in, 23(4)(d); here as if that was at its deadline.
    pub final_report: Timestamp,
}

impl Deadlines {
    /// From the moment of awareness, in whole seconds that never come later than the law's.
    pub fn from(aware: Timestamp) -> Self {
        let aware = Timestamp::from_secs(aware.as_secs());
        let notification = aware + 72 * HOUR_NS;
        Self {
            early_warning: aware + 24 * HOUR_NS,
            notification,
            final_report: month_after(notification),
        }
    }
}

/// The same day and time of the next month, or its last day where it has no such day. The law lets the period run to
/// the end of that day (Regulation (EEC, Euratom) No 1182/71, article 3).
fn month_after(at: Timestamp) -> Timestamp {
    let text = at.to_string();
    let number = |from: usize, to: usize| text.get(from..to)?.parse::<u32>().ok();
    let next = || {
        let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
        let (year, month) = if month == 12 {
            (year + 1, 1)
        } else {
            (year, month + 1)
        };
        let time = text.get(11..19)?;
        let mut days = (28..=day.max(28)).rev().map(|last| day.min(last));
        days.find_map(|day| parse_utc(&format!("{year:04}-{month:02}-{day:02}T{time}Z")))
    };
    next().unwrap_or(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deadlines_are_those_of_the_calendar() {
        for (aware, early, notified, last) in [
            (
                "2026-11-29T03:12:07Z",
                "2026-11-30T03:12:07Z",
                "2026-12-02T03:12:07Z",
                "2027-01-02T03:12:07Z",
            ),
            // January has 31 days and February 28, or 29.
            (
                "2027-01-28T23:59:59Z",
                "2027-01-29T23:59:59Z",
                "2027-01-31T23:59:59Z",
                "2027-02-28T23:59:59Z",
            ),
            (
                "2028-01-27T00:00:00Z",
                "2028-01-28T00:00:00Z",
                "2028-01-30T00:00:00Z",
                "2028-02-29T00:00:00Z",
            ),
        ] {
            let time = |text| parse_utc(text).unwrap();
            let want = Deadlines {
                early_warning: time(early),
                notification: time(notified),
                final_report: time(last),
            };
            assert_eq!(Deadlines::from(time(aware) + 999_999_999), want, "{aware}");
        }
    }

    #[test]
    fn the_ends_of_time_give_deadlines_all_the_same() {
        for ns in [i64::MIN, i64::MAX, -1] {
            let aware = Timestamp::from_ns(ns);
            assert!(Deadlines::from(aware).final_report >= Deadlines::from(aware).early_warning);
        }
    }
}
