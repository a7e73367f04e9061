//! What a role does under contracts, told to the accounts in the DMZ.

use iia_core::Timestamp;
use iia_core::time::SECOND_NS;

use super::link::Link;
use crate::deed::{Deed, What};
use crate::wire::{self, REPORT_DEEDS};
use crate::workload::Workload;

/// Deeds that wait for a bus that is away; beyond it the newest are counted as lost.
const WAITING_MAX: usize = 4096;
/// From when on credentials that end are warned of: ten minutes, where an SVID lives an hour at most.
const WARNING_NS: i64 = 600 * SECOND_NS;

/// The deeds of one role, in order.
pub(super) struct Deeds {
    workload: Workload,
    bus: Link,
    waiting: Vec<Deed>,
    lost: u64,
}

impl Deeds {
    /// Tells over `contract`.
    pub(super) fn new(workload: &Workload, contract: &str) -> Self {
        Self {
            workload: workload.clone(),
            bus: Link::new(workload, "bus", contract, REPORT_DEEDS),
            waiting: Vec::new(),
            lost: 0,
        }
    }

    /// Something was done just now.
    pub(super) fn add(&mut self, contract: &str, what: What) {
        self.add_at(self.workload.now(), contract, what);
    }

    /// Something was done at that time.
    pub(super) fn add_at(&mut self, at: Timestamp, contract: &str, what: What) {
        if self.waiting.len() >= WAITING_MAX {
            self.lost += 1;
            return;
        }
        self.waiting.push(Deed {
            ts_ns: at.as_ns(),
            contract: contract.into(),
            what,
        });
    }

    /// Tells what waits; what the bus does not take waits on.
    pub(super) async fn report(&mut self) {
        if self.waiting.is_empty() {
            return;
        }
        match self.bus.call(&wire::encode(&self.waiting)).await {
            Ok(_) => self.waiting.clear(),
            Err(error) => tracing::debug!(error = format!("{error:#}"), "deeds.report"),
        }
        if self.lost > 0 {
            tracing::warn!(lost = self.lost, "deeds.lost");
            self.lost = 0;
        }
    }
}

/// When somebody's credentials end, as it was last seen.
#[derive(Default)]
pub(super) struct Credentials(Option<Timestamp>);

impl Credentials {
    /// Looks at them; tells what there is to tell of the box's own, or of the other side's.
    pub(super) fn look(&mut self, now: Timestamp, ends: Timestamp, theirs: bool) -> Option<What> {
        let before = self.0.replace(ends);
        if before.is_some_and(|before| before != ends) {
            return Some(What::Rotated(theirs));
        }
        (ends.since_ns(now) < WARNING_NS).then(|| What::Expires(theirs, ends.as_ns()))
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
    }
}
