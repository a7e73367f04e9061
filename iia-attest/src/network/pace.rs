//! How fast a contract is spoken: slower than its cadence, or faster than its rate.

use alloc::format;

use iia_contract::raw::Unit;
use iia_contract::scope::{Device, Text};
use iia_core::Timestamp;
use iia_core::finding::Conclusion;
use iia_core::time::SECOND_NS;

use super::outbox::{Outbox, finding};
use super::presence::Heard;

/// Cadences in one window.
pub const PERIODS: i64 = 10;
/// A window with less than one in so many of what was agreed is slow: a retry and a late packet are not.
pub const SLOW_DIVISOR: u64 = 2;

/// What is agreed on pace, and the windows that count.
#[derive(Clone, Debug)]
pub(super) struct Pace {
    cadence_ns: Option<i64>,
    /// So many in so many nanoseconds at most.
    most: Option<(u64, i64)>,
    slow: Window,
    fast: Window,
}

#[derive(Clone, Copy, Debug, Default)]
struct Window {
    began: Option<Timestamp>,
    count: u64,
    told: bool,
}

impl Pace {
    pub(super) fn of(device: &Device) -> Option<Self> {
        let cadence_ns = device.cadence_ns.filter(|one| *one > 0);
        let rate = device.observed.as_ref().and_then(|one| one.rate);
        let most = rate
            .filter(|rate| rate.unit == Unit::None)
            .and_then(|rate| {
                let count = u64::try_from(rate.micros / 1_000_000).ok()?;
                let seconds = rate.per.map_or(1, |per| per.secs());
                (count > 0).then_some((count, seconds.saturating_mul(SECOND_NS)))
            });
        (cadence_ns.is_some() || most.is_some()).then_some(Self {
            cadence_ns,
            most,
            slow: Window::default(),
            fast: Window::default(),
        })
    }

    /// Windows begin anew.
    pub(super) const fn begin(&mut self) {
        (self.slow.began, self.slow.count) = (None, 0);
        (self.fast.began, self.fast.count) = (None, 0);
    }

    /// Counts; gives the end of a window that begins.
    pub(super) fn heard(
        &mut self,
        contract: &Text,
        heard: &Heard,
        out: &mut Outbox,
    ) -> Option<Timestamp> {
        if let Some(most) = self.most {
            self.fast.surge(contract, most, heard, out);
        }
        self.cadence_ns?;
        self.slow.count = self.slow.count.saturating_add(heard.count);
        if self.slow.began.is_some() {
            return None;
        }
        self.slow.began = Some(heard.from);
        self.end()
    }

    /// When the window ends.
    pub(super) fn end(&self) -> Option<Timestamp> {
        let cadence_ns = self.cadence_ns?;
        Some(self.slow.began? + cadence_ns.saturating_mul(PERIODS))
    }

    /// A window has ended: tells whether too little was said in it. The next one begins when something is said again, so
    /// that silence is told as silence.
    pub(super) fn pass(
        &mut self,
        contract: &Text,
        (last, now): (Timestamp, Timestamp),
        out: &mut Outbox,
    ) -> Option<Timestamp> {
        let (cadence_ns, began, end) = (self.cadence_ns?, self.slow.began?, self.end()?);
        // What was reported as one lasts longer than the window.
        let end = end.max(last);
        if end > now {
            return Some(end);
        }
        let length_ns = end.since_ns(began);
        let agreed = u64::try_from(length_ns / cadence_ns).unwrap_or_default();
        let count = self.slow.count;
        (self.slow.began, self.slow.count) = (None, 0);
        let is_slow = count.saturating_mul(SLOW_DIVISOR) < agreed;
        if is_slow != core::mem::replace(&mut self.slow.told, is_slow) {
            let (cadence, length) = (cadence_ns as f64 / 1e9, length_ns as f64 / 1e9);
            let (conclusion, reason) = match is_slow {
                true => (
                    Conclusion::Diverge,
                    format!(
                        "contract {contract} agrees on one every {cadence} s, and in {length} s there were {count}"
                    ),
                ),
                false => (
                    Conclusion::Converge,
                    format!("contract {contract} is spoken as often as agreed again"),
                ),
            };
            out.say(finding(end, conclusion, (contract, "cadence"), reason));
        }
        None
    }
}

impl Window {
    fn surge(&mut self, contract: &Text, most: (u64, i64), heard: &Heard, out: &mut Outbox) {
        let (count, period_ns) = most;
        let began = *self.began.get_or_insert(heard.from);
        if heard.from.since_ns(began) >= period_ns {
            if self.told && self.count <= count {
                self.told = false;
                let reason =
                    format!("contract {contract} is spoken no more often than agreed again");
                let about = (contract.as_str(), "rate");
                out.say(finding(heard.from, Conclusion::Converge, about, reason));
            }
            (self.began, self.count) = (Some(heard.from), 0);
        }
        self.count = self.count.saturating_add(heard.count);
        let began = self.began.unwrap_or(heard.from);
        let periods = 1 + heard.until.since_ns(began).max(0) / period_ns;
        let agreed = count.saturating_mul(u64::try_from(periods).unwrap_or(1));
        if self.count > agreed && !core::mem::replace(&mut self.told, true) {
            let seconds = period_ns as f64 / 1e9;
            let reason = format!(
                "contract {contract} allows {count} every {seconds} s, and there are more: {} so far",
                self.count
            );
            let about = (contract.as_str(), "rate");
            out.say(finding(heard.until, Conclusion::Diverge, about, reason));
        }
    }
}
