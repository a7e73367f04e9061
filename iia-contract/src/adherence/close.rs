//! What time brings about in an account: windows end, duties are missed.

use alloc::format;
use alloc::vec::Vec;

use iia_core::Timestamp;
use iia_core::stream::Stream;

use super::account::Account;
use super::duty::What;
use super::metric::{Measure, text};
use super::note::Note;
use super::period::{PERIOD_NS, Period};
use super::threshold::{Fact, Watch};

/// Windows of one threshold that are caught up with after a leap of the clock; further ones are skipped and told.
pub const CATCH_UP_MAX: i64 = 1440;

impl Account {
    /// The first moment at which something ends.
    pub(super) fn end(&self) -> Option<Timestamp> {
        let windows = self.watches.iter().map(Watch::end);
        let duties = self.duties.iter().filter_map(|duty| duty.end());
        let waits = self.waits.iter().filter_map(|waits| waits.end());
        let period = core::iter::once(self.period.end());
        windows.chain(duties).chain(waits).chain(period).min()
    }

    /// Ends the windows that are over at `now`.
    pub(super) fn close(&mut self, now: Timestamp, out: &mut Vec<Note>) {
        let mut watches = core::mem::take(&mut self.watches);
        for watch in &mut watches {
            out.extend(leap(watch, now));
            while now.since_ns(watch.start) >= watch.threshold.window_ns {
                let end = watch.end();
                watch.pass(end, self.link);
                self.outstanding(watch, end);
                out.extend(verdict(watch, end));
                watch.begin(end);
            }
        }
        self.watches = watches;
        self.close_period(now, out);
    }

    /// Messages that wait at the end of a window longer than is kept count in it.
    fn outstanding(&self, watch: &mut Watch, end: Timestamp) {
        let is = matches!(watch.threshold.metric.measure, Measure::AckLatency(_));
        let Some(max) = watch.threshold.bounds.max_ns().filter(|_| is) else {
            return;
        };
        let late = self.messages.ages(end).filter(|age| *age > max);
        late.for_each(|age| watch.feed(Fact::AckLatency(age)));
    }

    fn close_period(&mut self, now: Timestamp, out: &mut Vec<Note>) {
        if now < self.period.end() {
            return;
        }
        let (link, end) = (self.link, self.period.end());
        self.period
            .figures_mut()
            .for_each(|watch| watch.pass(end, link));
        out.extend(self.period.tell(end));
        // A period without events has nothing to tell, so that a leap skips none that had.
        let periods = now.since_ns(end) / PERIOD_NS;
        self.period = Period::new(end + periods.saturating_mul(PERIOD_NS));
    }

    /// Tells what was to be done before `now` and was not.
    pub(super) fn miss(&mut self, now: Timestamp, out: &mut Vec<Note>) {
        for duty in &mut self.duties {
            if let Some(end) = duty.end().filter(|end| *end < now) {
                duty.miss();
                let (stream, clause, failed) = duty.what.words();
                let within = text(super::metric::duration(duty.every_ns));
                out.push(Note::missing(
                    end,
                    stream,
                    clause,
                    format!("{failed} within {within}"),
                ));
            }
        }
        let mut overdue = 0;
        for waits in &mut self.waits {
            while let Some(end) = waits.end().filter(|end| *end < now) {
                let Some(ticket) = waits.miss() else {
                    break;
                };
                if waits.what == What::Acknowledge {
                    let records = self.messages.waits(ticket).map_or(0, |one| one.records);
                    self.messages.miss(ticket);
                    overdue += records;
                }
                let (stream, clause, failed) = waits.what.words();
                let within = text(super::metric::duration(waits.window_ns));
                let reason = format!("{failed} {ticket} within {within}");
                out.push(Note::missing(end, stream, clause, reason));
            }
        }
        if overdue > 0 {
            self.feed(Fact::Overdue(overdue));
        }
    }
}

/// Skips the windows that nobody can catch up with.
fn leap(watch: &mut Watch, now: Timestamp) -> Option<Note> {
    let window_ns = watch.threshold.window_ns;
    let windows = now.since_ns(watch.start).checked_div(window_ns)?;
    let skipped = windows - CATCH_UP_MAX;
    if skipped <= 0 {
        return None;
    }
    let start = watch.start + skipped.saturating_mul(window_ns);
    let reason = format!("{skipped} windows passed unwatched: the clock leapt to {now}");
    let note = Note::missing(
        watch.start,
        &Stream::SLA_BREACH,
        &watch.threshold.name,
        reason,
    );
    watch.begin(start);
    Some(note)
}

/// The threshold of a window that is over, when it was crossed.
fn verdict(watch: &Watch, end: Timestamp) -> Option<Note> {
    let Watch {
        threshold,
        gathered,
        ..
    } = watch;
    let measure = threshold.metric.measure;
    let crossed = gathered.crossed(measure, threshold.window_ns, &threshold.bounds)?;
    let value = gathered.value(measure, threshold.window_ns)?;
    let (name, bounds) = (threshold.metric.name, threshold.bounds);
    let window = text(super::metric::duration(threshold.window_ns));
    let reason = format!("{name} is {} in {window}, {bounds} is agreed", text(value));
    crossed.then(|| Note::bad(end, &Stream::SLA_BREACH, &threshold.name, reason).grave())
}
