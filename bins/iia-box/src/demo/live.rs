//! What the console sees: a subscriber of the bus like any other, with an SVID and a contract of its own.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;
use std::time::{Duration, Instant};

use iia_core::Timestamp;

use super::screen::Tone;
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
    now_ns: i64,
    rate: Option<(Instant, u64, f64)>,
    stopped: bool,
}

/// A view of the bus that the demo looks at now and then.
#[derive(Clone, Default)]
pub(super) struct Live {
    state: Rc<RefCell<State>>,
}

impl Live {
    /// Follows the bus from now on.
    pub(super) fn follow(&self, console: Workload) {
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
    pub(super) fn stop(&self) {
        self.state.borrow_mut().stopped = true;
    }

    /// Lines that arrived since the last call.
    pub(super) fn take(&self) -> Vec<(Tone, String)> {
        self.state.borrow_mut().lines.drain(..).collect()
    }

    /// Exchanges so far.
    pub(super) fn exchanges(&self) -> u64 {
        self.state.borrow().exchanges
    }

    /// Packets, exchanges and violations so far.
    pub(super) fn counts(&self) -> (u64, u64, u64) {
        let state = self.state.borrow();
        (state.packets, state.exchanges, state.violations)
    }

    /// The capture time seen, from the first exchange to a second after the last, in nanoseconds.
    pub(super) fn span(&self) -> (i64, i64) {
        let state = self.state.borrow();
        (
            state.first_ns.unwrap_or(0),
            state
                .now_ns
                .max(state.first_ns.unwrap_or(0))
                .saturating_add(1_000_000_000),
        )
    }

    /// One line that says where things are.
    pub(super) fn status(&self) -> String {
        let state = self.state.borrow();
        let rate = state.rate.map_or(0.0, |(_, _, rate)| rate);
        format!(
            "{} packets  {} records ({rate:.0}/s)  {} covered  {} violations  {}  {}",
            state.packets,
            state.exchanges,
            state.covered,
            state.violations,
            state.north,
            state.head
        )
    }
}

impl State {
    fn take(&mut self, announce: Announce) {
        self.lost += announce.lost;
        if announce.source == "collect" {
            self.count(&announce);
        }
        for finding in &announce.findings {
            let at = Timestamp::from_ns(finding.ts_ns).to_string();
            let at = at.get(11..23).unwrap_or_default();
            let tone = if finding.conclusion == iia_core::finding::Conclusion::Converge {
                Tone::Note
            } else {
                Tone::Bad
            };
            self.say(tone, format!("{at} {} {}", finding.stream, finding.reason));
        }
        if !announce.said.is_empty() {
            if announce.said.starts_with("head") {
                self.head = announce.said
            } else {
                self.north = announce.said
            }
        }
    }

    fn count(&mut self, announce: &Announce) {
        (self.packets, self.violations) = (announce.packets, announce.violations);
        self.covered += announce.seen.iter().map(|seen| seen.covered).sum::<u64>();
        if announce.packets > 0 {
            self.first_ns
                .get_or_insert(announce.now_ns.saturating_sub(60_000_000_000));
        }
        self.now_ns = self.now_ns.max(announce.now_ns);
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
        self.exchanges = announce.exchanges;
    }

    fn say(&mut self, tone: Tone, text: String) {
        if self.lines.len() >= LINES_MAX {
            self.lines.pop_front();
        }
        self.lines.push_back((tone, text));
    }
}
