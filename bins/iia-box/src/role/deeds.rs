//! What a role does under contracts, told to the accounts in the DMZ.

use std::collections::VecDeque;

use iia_core::Timestamp;
use iia_core::time::SECOND_NS;
use iia_link::failure::{Outage, Verdict};

use crate::client::Link;
use crate::deed::{Deed, What};
use crate::wire::{self, REPORT_DEEDS};
use crate::workload::Workload;

/// Deeds that wait for a bus that is away where the contract has them tried again; beyond it the newest are counted as
/// lost.
const WAITING_MAX: usize = 4096;
/// From when on credentials that end are warned of: ten minutes, where an SVID lives an hour at most. Of those that end
/// sooner it is in the last sixth of what was left of them when they were first seen.
const WARNING_NS: i64 = 600 * SECOND_NS;
const WARNING_PART: i64 = 6;

/// The deeds of one role, in order. While the bus is away they do what the contract with it says.
pub(super) struct Deeds {
    workload: Workload,
    contract: String,
    bus: Link,
    outage: Outage<Deed>,
    waiting: VecDeque<Deed>,
    lost: u64,
}

/// The contract with the bus asks that nothing is done of which it does not hear, and the bus is away.
#[derive(Debug, thiserror::Error)]
#[error("the accounts are away, and their contract fails closed")]
pub(super) struct FailsClosed;

impl Deeds {
    /// Tells over `contract`.
    pub(super) fn new(workload: &Workload, contract: &str) -> Self {
        Self {
            workload: workload.clone(),
            contract: contract.into(),
            bus: Link::new(workload, "bus", contract, REPORT_DEEDS),
            outage: workload.outage(contract),
            waiting: VecDeque::new(),
            lost: 0,
        }
    }

    /// Something was done just now.
    pub(super) fn add(&mut self, contract: &str, what: What) {
        self.add_at(self.workload.now(), contract, what);
    }

    /// Something was done at that time.
    pub(super) fn add_at(&mut self, at: Timestamp, contract: &str, what: What) {
        self.wait_for_bus(Deed {
            ts_ns: at.as_ns(),
            contract: contract.into(),
            what,
        });
    }

    fn wait_for_bus(&mut self, deed: Deed) {
        match self.waiting.len() >= WAITING_MAX {
            true => self.lost += 1,
            false => self.waiting.push_back(deed),
        }
    }

    /// Tells what waits; what the bus does not take waits on, is kept, or goes, by the word of the contract.
    ///
    /// # Errors
    /// [`FailsClosed`] when the word is that nothing goes on.
    pub(super) async fn report(&mut self) -> Result<(), FailsClosed> {
        if self.waiting.is_empty() && self.outage.kept() == 0 {
            return Ok(());
        }
        let done = match self.bus.reach().await {
            Ok(()) => {
                self.outage.handle_there();
                self.send_all().await
            }
            Err(_) => self.put_aside(),
        };
        while let Some(alarm) = self.outage.poll_alarm() {
            self.workload.alarm(&self.contract, &alarm);
        }
        if self.lost > 0 {
            tracing::warn!(lost = self.lost, "deeds.lost");
            self.lost = 0;
        }
        done
    }

    /// What was kept goes first, the oldest first.
    async fn send_all(&mut self) -> Result<(), FailsClosed> {
        let now_ns = self.now_ns();
        let mut going = Vec::new();
        while let Some(kept) = self.outage.poll_kept(now_ns).cloned() {
            going.push(kept);
            self.outage.handle_sent();
        }
        going.extend(self.waiting.drain(..));
        match self.bus.call(&wire::encode(&going)).await {
            Ok(_) => Ok(()),
            Err(error) => {
                tracing::debug!(error = format!("{error:#}"), "deeds.report");
                self.waiting.extend(going);
                self.put_aside()
            }
        }
    }

    /// The bus is away.
    fn put_aside(&mut self) -> Result<(), FailsClosed> {
        let (now_ns, mut closed) = (self.now_ns(), Ok(()));
        self.outage.handle_away(now_ns);
        for deed in std::mem::take(&mut self.waiting) {
            match self.outage.handle_message(now_ns, deed) {
                Verdict::Refused(deed) => {
                    closed = Err(FailsClosed);
                    self.wait_for_bus(deed);
                }
                Verdict::Hold(deed) | Verdict::Send(deed) => self.wait_for_bus(deed),
                Verdict::Kept | Verdict::Dropped => {}
            }
        }
        closed
    }

    fn now_ns(&self) -> u64 {
        self.workload.reading().monotonic_ns
    }
}

/// When somebody's credentials end, as it was last seen, and since when they are seen.
#[derive(Default)]
pub(super) struct Credentials(Option<(Timestamp, Timestamp)>);

impl Credentials {
    /// Looks at them; tells what there is to tell of the box's own, or of the other side's.
    pub(super) fn look(&mut self, now: Timestamp, ends: Timestamp, theirs: bool) -> Option<What> {
        let before = self.0.filter(|(before, _)| *before == ends);
        let Some((_, since)) = before else {
            let first = self.0.replace((ends, now)).is_none();
            return (!first).then_some(What::Rotated(theirs));
        };
        let warning_ns = WARNING_NS.min(ends.since_ns(since) / WARNING_PART);
        (ends.since_ns(now) < warning_ns).then(|| What::Expires(theirs, ends.as_ns()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn new_credentials_are_told_and_old_ones_are_warned_of() {
        let at = |secs| Timestamp::from_secs(secs);
        let mut seen = Credentials::default();
        assert!(seen.look(at(0), at(3600), true).is_none());
        assert!(seen.look(at(3000), at(3600), true).is_none());
        let warned = seen.look(at(3001), at(3600), true);
        assert!(matches!(
            warned,
            Some(What::Expires(true, 3_600_000_000_000))
        ));
        let rotated = seen.look(at(3002), at(7200), true);
        assert!(matches!(rotated, Some(What::Rotated(true))));
        assert!(seen.look(at(3003), at(7200), true).is_none());
        // Such as live for a minute are warned of in its last sixth.
        let rotated = seen.look(at(7000), at(7060), false);
        assert!(matches!(rotated, Some(What::Rotated(false))));
        assert!(seen.look(at(7050), at(7060), false).is_none());
        assert!(matches!(
            seen.look(at(7051), at(7060), false),
            Some(What::Expires(false, _))
        ));
    }
}
