//! Findings on their way to the lake and, once they are durable there, to the bus. A lake that is away holds nobody up.

use std::sync::atomic::{AtomicU64, Ordering};

use iia_attest::aggregate::{How, Told};
use iia_core::Timestamp;
use iia_core::finding::Finding;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::TO_BUS;
use crate::client::{LakeClient, Link};
use crate::findings::Findings;
use crate::wire::{self, ANNOUNCE, Announce};
use crate::workload::Workload;

/// Findings that wait for the lake at most; beyond it the newest are counted as lost to it. The chain has them.
pub(super) const CARRY_MAX: usize = 4096;
/// Findings that are stored together at most.
const TOGETHER_MAX: usize = 256;

/// The way to the lake and the bus.
pub(super) struct Carrier {
    waiting: Option<mpsc::Sender<Finding>>,
    task: JoinHandle<()>,
    lost: AtomicU64,
}

impl Carrier {
    pub(super) fn start(workload: &Workload) -> Self {
        let (waiting, findings) = mpsc::channel(CARRY_MAX);
        let task = tokio::task::spawn_local(carry(workload.clone(), findings));
        Self {
            waiting: Some(waiting),
            task,
            lost: AtomicU64::new(0),
        }
    }

    /// Puts a finding on its way.
    ///
    /// # Errors
    /// How many were lost until now, with this one.
    pub(super) fn carry(&self, told: Told) -> Result<(), u64> {
        let waiting = self.waiting.as_ref();
        match waiting.is_some_and(|to| to.try_send(row(told)).is_ok()) {
            true => Ok(()),
            false => Err(self.lost.fetch_add(1, Ordering::Relaxed) + 1),
        }
    }

    /// Carries what waits, and ends.
    pub(super) async fn finish(&mut self) {
        self.waiting = None;
        let _ended = (&mut self.task).await;
    }
}

/// A repeat says how often.
fn row(told: Told) -> Finding {
    let mut finding = told.finding;
    if told.how == How::Again {
        let first = Timestamp::from_ns(told.first_ns);
        finding.reason = format!("{} ({} times since {first})", finding.reason, told.count);
    }
    finding
}

async fn carry(workload: Workload, mut waiting: mpsc::Receiver<Finding>) {
    let lake = LakeClient::new(&workload, "iia.contract.internal.attest_to_lake");
    let mut findings = Findings::new(&workload, lake);
    let mut bus = Link::new(&workload, "bus", TO_BUS, ANNOUNCE);
    let mut some = Vec::new();
    while waiting.recv_many(&mut some, TOGETHER_MAX).await > 0 {
        if let Err(error) = findings.store(&some).await {
            tracing::error!(error = format!("{error:#}"), "attest.store");
        }
        let announce = Announce {
            findings: std::mem::take(&mut some),
            ..Announce::default()
        };
        // The lake and the chain have them; nobody waits for the bus.
        let _transient = bus.push(wire::encode(&announce)).await;
    }
}
