//! What the console sees: a subscriber of the bus like any other, with an SVID and a contract of its own.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;
use std::time::{Duration, Instant};

use iia_core::Timestamp;
use iia_core::finding::{Conclusion, Finding};

use crate::screen::Tone;
use crate::shown::{Show, Shown};
use crate::wire::{self, Announce, SUBSCRIBE};
use crate::workload::Workload;

/// Lines that wait for the screen at most; beyond it the oldest go.
const LINES_MAX: usize = 1000;

#[derive(Default)]
struct State {
    lines: VecDeque<(Tone, String)>,
    packets: u64,
    exchanges: u64,
    violations: u64,
    covered: u64,
    lost: u64,
    north: String,
    head: String,
    first_ns: Option<i64>,
    last_ns: i64,
    shown: Option<Shown>,
    rate: Option<(Instant, u64, f64)>,
    /// Words of a finding that somebody waits for.
    awaited: Option<String>,
    stopped: bool,
}

/// A view of the bus that the demo looks at now and then.
#[derive(Clone, Default)]
pub(crate) struct Live {
    state: Rc<RefCell<State>>,
}

impl Live {
    /// Follows the bus from now on.
    pub(crate) fn follow(&self, console: Workload) {
        let live = self.clone();
        tokio::task::spawn_local(async move {
            while !live.state.borrow().stopped {
                let _comes_back = live.listen(&console).await;
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        });
    }

    async fn listen(&self, console: &Workload) -> anyhow::Result<()> {
        let mut feed = console
            .connect("bus", "iia.contract.internal.console_to_bus", SUBSCRIBE)
            .await?;
        while let Some(message) = feed.recv().await? {
            self.state
                .borrow_mut()
                .take(wire::decode(&message.payload)?);
        }
        Ok(())
    }

    /// Stops following.
    pub(crate) fn stop(&self) {
        self.state.borrow_mut().stopped = true;
    }

    /// From now on looks for a finding with these words, whether it gets a line or not.
    pub(crate) fn await_finding(&self, words: &str) {
        self.state.borrow_mut().awaited = Some(words.into());
    }

    /// Whether a finding with the words that were waited for last was heard.
    pub(crate) fn has_come(&self) -> bool {
        self.state.borrow().awaited.is_none()
    }

    /// Lines that arrived since the last call.
    pub(crate) fn take(&self) -> Vec<(Tone, String)> {
        self.state.borrow_mut().lines.drain(..).collect()
    }

    /// Exchanges so far.
    pub(crate) fn exchanges(&self) -> u64 {
        self.state.borrow().exchanges
    }

    /// Packets, exchanges and violations so far.
    pub(crate) fn counts(&self) -> (u64, u64, u64) {
        let state = self.state.borrow();
        (state.packets, state.exchanges, state.violations)
    }

    /// The capture time of the exchanges seen, from the first to just after the last, in nanoseconds.
    pub(crate) fn span(&self) -> (i64, i64) {
        let state = self.state.borrow();
        (
            state.first_ns.unwrap_or(0),
            state.last_ns.saturating_add(1_000),
        )
    }

    /// What the next box up holds, in words.
    pub(crate) fn north(&self) -> String {
        let state = self.state.borrow();
        [state.north.as_str(), state.head.as_str()].join("; ")
    }

    /// One line that says where things are.
    pub(crate) fn status(&self) -> String {
        let state = self.state.borrow();
        let rate = state.rate.map_or(0.0, |(_, _, rate)| rate);
        let mut parts = vec![
            format!("{} packets", state.packets),
            format!("{} records ({rate:.0}/s)", state.exchanges),
            format!("{} covered", state.covered),
            format!("{} violations", state.violations),
        ];
        if state.lost > 0 {
            parts.push(format!("{} announcements lost", state.lost));
        }
        let words = [&state.north, &state.head];
        parts.extend(words.into_iter().filter(|words| !words.is_empty()).cloned());
        parts.join(" \u{b7} ")
    }
}

impl State {
    fn take(&mut self, announce: Announce) {
        self.lost += announce.lost;
        if announce.source == "collect" {
            self.count(&announce);
        }
        for finding in &announce.findings {
            self.finding(finding);
        }
        let newer = |old: &mut String, new: String| {
            if !new.is_empty() {
                *old = new;
            }
        };
        newer(&mut self.north, announce.north);
        newer(&mut self.head, announce.head);
    }

    fn finding(&mut self, finding: &Finding) {
        self.awaited
            .take_if(|words| finding.reason.contains(words.as_str()));
        let now = Instant::now();
        let shown = self.shown.get_or_insert_with(|| Shown::new(now));
        match shown.take(finding, now) {
            Show::Line => {}
            Show::Full => {
                let words = "more findings follow: all are in the lake and the report";
                return self.say(Tone::Note, words.into());
            }
            Show::Nothing => return,
        }
        let at = Timestamp::from_ns(finding.ts_ns).to_string();
        let at = at.get(11..23).unwrap_or_default();
        let tone = match finding.conclusion {
            Conclusion::Converge => Tone::Note,
            _ => Tone::Bad,
        };
        self.say(tone, format!("{at} {} {}", finding.stream, finding.reason));
    }

    /// A collector that fell counts from the start again until it has caught up.
    fn count(&mut self, announce: &Announce) {
        self.packets = self.packets.max(announce.packets);
        self.covered = self.covered.max(announce.covered);
        self.violations = self.violations.max(announce.violations);
        for seen in &announce.seen {
            let first = self.first_ns.get_or_insert(seen.first_ns);
            *first = (*first).min(seen.first_ns);
            self.last_ns = self.last_ns.max(seen.last_ns);
        }
        let now = Instant::now();
        let (since, before, rate) = self.rate.unwrap_or((now, announce.exchanges, 0.0));
        let seconds = now.duration_since(since).as_secs_f64();
        self.rate = Some(if seconds >= 0.5 {
            (
                now,
                announce.exchanges,
                announce.exchanges.saturating_sub(before) as f64 / seconds,
            )
        } else {
            (since, before, rate)
        });
        self.exchanges = self.exchanges.max(announce.exchanges);
    }

    fn say(&mut self, tone: Tone, text: String) {
        if self.lines.len() >= LINES_MAX {
            self.lines.pop_front();
        }
        self.lines.push_back((tone, text));
    }
}
