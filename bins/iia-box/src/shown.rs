//! Which findings get a line of their own on the console. A box runs for months: nothing is said twice, a confirmation is
//! said when there was something to confirm, and of a flood the beginning is shown. All of it is in the lake.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::{Duration, Instant};

use iia_core::finding::{Conclusion, Finding};
use iia_core::stream::Stream;

/// Findings that are remembered as shown, so that a role that fell and catches up does not repeat itself. The oldest goes.
const SHOWN_MAX: usize = 4096;
/// Lines in one [`WINDOW`].
const LINES_MAX: u64 = 24;
const WINDOW: Duration = Duration::from_secs(60);
/// Streams whose confirmations are told apart: there are some thirty.
const STREAMS_MAX: usize = 256;

type Key = (i64, String);

/// What was shown.
pub(crate) struct Shown {
    keys: BTreeSet<Key>,
    order: VecDeque<Key>,
    /// For each stream that said something: what it said and did not confirm again since.
    open: BTreeMap<String, u64>,
    window: Instant,
    lines: u64,
}

/// What becomes of a finding on the console.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Show {
    /// It gets a line.
    Line,
    /// It gets none, and is the first for which there was no room.
    Full,
    /// It gets none.
    Nothing,
}

impl Shown {
    pub(crate) fn new(now: Instant) -> Self {
        Self {
            keys: BTreeSet::new(),
            order: VecDeque::new(),
            open: BTreeMap::new(),
            window: now,
            lines: 0,
        }
    }

    /// Whether it gets a line. What is said of the firewall and of the machine's image always does.
    pub(crate) fn take(&mut self, finding: &Finding, now: Instant) -> Show {
        if !self.is_new(finding) || !self.is_news(finding) {
            return Show::Nothing;
        }
        if now.saturating_duration_since(self.window) >= WINDOW {
            (self.window, self.lines) = (now, 0);
        }
        let always = [Stream::ATTEST_POLICY_DRIFT, Stream::ATTEST_IMAGE];
        if always.iter().any(|stream| finding.is_on(stream)) {
            return Show::Line;
        }
        self.lines += 1;
        match self.lines {
            ..=LINES_MAX => Show::Line,
            lines if lines == LINES_MAX + 1 => Show::Full,
            _ => Show::Nothing,
        }
    }

    fn is_new(&mut self, finding: &Finding) -> bool {
        let key = (finding.ts_ns, finding.reason.clone());
        if !self.keys.insert(key.clone()) {
            return false;
        }
        self.order.push_back(key);
        if self.order.len() > SHOWN_MAX
            && let Some(oldest) = self.order.pop_front()
        {
            self.keys.remove(&oldest);
        }
        true
    }

    /// A confirmation is news once, and after each finding that it may take back.
    fn is_news(&mut self, finding: &Finding) -> bool {
        let confirms = finding.conclusion == Conclusion::Converge;
        match self.open.get_mut(&finding.stream) {
            Some(0) if confirms => false,
            Some(open) if confirms => {
                *open -= 1;
                true
            }
            Some(open) => {
                *open += 1;
                true
            }
            None => {
                if self.open.len() < STREAMS_MAX {
                    let stream = finding.stream.clone();
                    self.open.insert(stream, u64::from(!confirms));
                }
                true
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use iia_core::finding::Severity;

    fn finding(ts_ns: i64, stream: &Stream, conclusion: Conclusion) -> Finding {
        Finding {
            ts_ns,
            stream: stream.as_str().into(),
            conclusion,
            severity: Severity::High,
            contract: String::new(),
            clause: String::new(),
            source: String::new(),
            destination: String::new(),
            operation: String::new(),
            reason: "said".into(),
            evidence: Vec::new(),
        }
    }

    #[test]
    fn a_confirmation_is_news_once_and_after_what_it_takes_back() {
        let now = Instant::now();
        let mut shown = Shown::new(now);
        let (converge, diverge) = (Conclusion::Converge, Conclusion::Diverge);
        let said = [
            (converge, true),
            (converge, false),
            (diverge, true),
            (diverge, true),
            (converge, true),
            (converge, true),
            (converge, false),
        ];
        for (at, (conclusion, shows)) in (0..).zip(said) {
            let got = shown.take(&finding(at, &Stream::ATTEST_CONFIG, conclusion), now);
            assert_eq!(got == Show::Line, shows, "{at}");
        }
        let other = |at| finding(at, &Stream::ATTEST_IMAGE, converge);
        assert_eq!(shown.take(&other(0), now), Show::Nothing, "said already");
        assert_eq!(shown.take(&other(9), now), Show::Line, "another stream");
    }

    #[test]
    fn of_a_flood_the_beginning_is_shown_and_the_next_minute_is_heard_again() {
        let now = Instant::now();
        let mut shown = Shown::new(now);
        let flood = 2 * i64::try_from(SHOWN_MAX).unwrap();
        let (mut lines, mut full) = (0, 0);
        for at in 0..flood {
            match shown.take(&finding(at, &Stream::VIOLATION, Conclusion::Diverge), now) {
                Show::Line => lines += 1,
                Show::Full => full += 1,
                Show::Nothing => {}
            }
        }
        assert_eq!((lines, full), (LINES_MAX, 1));
        assert_eq!(
            (shown.keys.len(), shown.order.len()),
            (SHOWN_MAX, SHOWN_MAX)
        );
        let drift = finding(flood, &Stream::ATTEST_POLICY_DRIFT, Conclusion::Diverge);
        assert_eq!(shown.take(&drift, now), Show::Line);
        let next = finding(flood + 1, &Stream::VIOLATION, Conclusion::Diverge);
        assert_eq!(shown.take(&next, now + WINDOW), Show::Line);
    }
}
