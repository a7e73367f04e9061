//! Heads of audit chains as rows of `ot.security.audit.head` (001:393): the box's own, each with the proof that its
//! newest record is the end of the chain, and those of its children, each with the signature of the box's witness.

use std::collections::BTreeMap;

use iia_audit::log::Log;
use iia_audit::proof::Proof;
use iia_contract::Catalog;
use iia_contract::scope::Terms;
use iia_core::record::{Sequence, ServiceId};
use iia_core::store::Batch;
use iia_core::time::Reading;
use iia_edge::wire::HeadOffer;
use iia_lake::batch::{AuditHead, AuditHeadBuilder};

/// How often the head of the box is published: as often as the strictest boundary contract says, and nothing where
/// none says it.
pub(crate) fn period_ns(catalog: &Catalog) -> Option<u64> {
    let periods = catalog.contracts().iter().filter_map(|contract| {
        let Terms::Boundary(boundary) = &contract.terms else {
            return None;
        };
        let period_ns = boundary.obligations.audit.head_period_ns?;
        u64::try_from(period_ns).ok()
    });
    periods.min()
}

/// A head that is to become a row.
#[derive(Clone, Debug)]
pub(crate) struct Published {
    now: Reading,
    note: String,
    chain: Option<String>,
    proof: Option<String>,
}

impl Published {
    /// The head that a log has just signed.
    pub(crate) fn own(log: &Log, note: String, now: Reading) -> anyhow::Result<Self> {
        let index = log.size().saturating_sub(1);
        let proof = Proof {
            index,
            path: log.inclusion(index)?,
            checkpoint: note.clone(),
            // Whoever has the chain hash has the leaf; the record itself stays here.
            extra: Vec::new(),
        };
        Ok(Self {
            now,
            note,
            chain: Some(log.chain_head().to_string()),
            proof: Some(proof.to_text()),
        })
    }

    /// A child's head that this box has cosigned.
    pub(crate) fn cosigned(offer: &HeadOffer, line: &str, now: Reading) -> Self {
        Self {
            now,
            note: format!("{}{line}", offer.checkpoint),
            chain: None,
            proof: None,
        }
    }

    /// The log whose head it is.
    pub(crate) fn origin(&self) -> &str {
        self.line(0)
    }

    /// A checkpoint is origin, size, root, a line each.
    fn line(&self, at: usize) -> &str {
        self.note.lines().nth(at).unwrap_or_default()
    }

    /// The head as a row of a service.
    pub(crate) fn batch(&self, service: ServiceId, number: Sequence) -> anyhow::Result<Batch> {
        let mut row = AuditHeadBuilder::new(service);
        row.append(&AuditHead {
            now: self.now,
            origin: self.origin(),
            size: self.line(1).parse()?,
            root: self.line(2),
            chain: self.chain.as_deref(),
            note: &self.note,
            proof: self.proof.as_deref(),
        });
        Ok(row.finish(number)?)
    }
}

/// The heads of children, of which each is published again at most once in a period: they come more often.
#[derive(Debug)]
pub(crate) struct Children {
    period_ns: u64,
    /// By the name of the log, of which there are as many as the witness follows: when the next is due, and the newest
    /// that came before.
    logs: BTreeMap<String, (u64, Option<Published>)>,
}

impl Children {
    /// Nothing was published yet.
    pub(crate) const fn new(period_ns: u64) -> Self {
        Self {
            period_ns,
            logs: BTreeMap::new(),
        }
    }

    /// Takes a cosigned head; gives it back when it is time to publish it.
    pub(crate) fn take(&mut self, head: Published) -> Option<Published> {
        let now_ns = head.now.monotonic_ns;
        let (due_ns, newest) = self.logs.entry(head.origin().to_owned()).or_default();
        if now_ns < *due_ns {
            *newest = Some(head);
            return None;
        }
        *due_ns = now_ns.saturating_add(self.period_ns);
        *newest = None;
        Some(head)
    }

    /// At the end: the newest heads that were not published.
    pub(crate) fn close(&mut self) -> Vec<Published> {
        let logs = std::mem::take(&mut self.logs);
        logs.into_values()
            .filter_map(|(_, newest)| newest)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workload::clock;
    use iia_core::time::Clock as _;

    fn head(log: &str, size: u64, monotonic_ns: u64) -> Published {
        let offer = HeadOffer {
            checkpoint: format!("{log}\n{size}\nroot\n\n"),
            old_size: 0,
            proof: Vec::new(),
        };
        let now = Reading {
            monotonic_ns,
            ..clock().read()
        };
        Published::cosigned(&offer, "signature\n", now)
    }

    fn sizes(heads: impl IntoIterator<Item = Published>) -> Vec<String> {
        let sizes = heads.into_iter().map(|head| head.line(1).to_owned());
        sizes.collect()
    }

    #[test]
    fn a_child_is_published_once_a_period_and_its_last_head_at_the_end() {
        let mut children = Children::new(60);
        let came = [(1, 5), (2, 10), (3, 64), (4, 65), (5, 66), (6, 67)];
        let told = came.map(|(size, at)| children.take(head("a", size, at)));
        assert_eq!(sizes(told.into_iter().flatten()), ["1", "4"]);
        assert_eq!(sizes(children.take(head("b", 9, 67))), ["9"]);
        assert_eq!(sizes(children.close()), ["6"]);
        assert!(children.close().is_empty());
    }
}
