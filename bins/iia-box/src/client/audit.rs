//! Events to the audit chain, in order, each exactly once as long as this process lives.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use iia_core::event::{Event, EventKind};
use iia_link::rt::Session;
use tokio::sync::Notify;

use super::{LOOK_EVERY, Young};
use crate::wire::{self, AuditAsk, SUBMIT_EVENT, Watermark};
use crate::workload::Workload;

/// Events that may wait for the audit role; beyond it the newest are counted as lost, and the loss is an event.
pub(crate) const WAITING_MAX: usize = 16_384;
const SUBMIT_MAX: usize = 128;

/// A handle to submit events with; clones share one queue.
#[derive(Clone)]
pub(crate) struct AuditClient {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    queue: Mutex<Queue>,
    filled: Notify,
    drained: Notify,
}

#[derive(Default)]
struct Queue {
    waiting: VecDeque<Event>,
    next: u64,
    lost: u64,
}

impl AuditClient {
    /// Starts the task that carries events over `contract` to the audit role.
    pub(crate) fn start(workload: &Workload, contract: &str) -> Self {
        let shared = Arc::new(Shared::default());
        let contract = contract.to_owned();
        tokio::task::spawn_local(carry(workload.clone(), contract, Arc::clone(&shared)));
        Self { shared }
    }

    /// Adds an event. It never waits: a control path is not held up by its log.
    pub(crate) fn submit(&self, event: Event) {
        let mut queue = lock(&self.shared.queue);
        if queue.waiting.len() >= WAITING_MAX {
            queue.lost += 1;
            return;
        }
        if queue.lost > 0 {
            let ts = iia_core::Timestamp::from_ns(event.ts_ns);
            let loss = Event::new(EventKind::RecordsLost, ts).with("count", queue.lost.to_string());
            queue.lost = 0;
            queue.waiting.push_back(loss);
        }
        queue.waiting.push_back(event);
        drop(queue);
        self.shared.filled.notify_one();
    }

    /// Waits until everything submitted so far is durable.
    pub(crate) async fn flush(&self) {
        loop {
            let drained = self.shared.drained.notified();
            if lock(&self.shared.queue).waiting.is_empty() {
                return;
            }
            drained.await;
        }
    }
}

/// Carries, and tries again as the contract says while the keeper of the chain is away.
async fn carry(workload: Workload, contract: String, shared: Arc<Shared>) {
    let mut outage = workload.outage::<()>(&contract);
    loop {
        let now_ns = || workload.reading().monotonic_ns;
        // The session that has become old goes when there is another.
        let mut old = None;
        while let Ok(mut session) = workload
            .connect("audit", &contract, SUBMIT_EVENT)
            .await
            .inspect_err(|error| tracing::debug!(%error, "audit.connect"))
        {
            outage.handle_there();
            drop(old.take());
            match converse(&mut session, (&workload, &shared)).await {
                Ok(()) => old = Some(session),
                Err(error) => {
                    tracing::debug!(%error, "audit.link");
                    break;
                }
            }
        }
        outage.handle_away(now_ns());
        let wait_ns = outage.next_try_ns().saturating_sub(now_ns());
        tokio::time::sleep(Duration::from_nanos(wait_ns)).await;
    }
}

/// Carries events until the session has become old.
async fn converse(
    session: &mut Session,
    (workload, shared): (&Workload, &Shared),
) -> anyhow::Result<()> {
    let young = Young::from_now(workload, session.peer_ends());
    let durable = ask(session, &AuditAsk::Watermark).await?;
    lock(&shared.queue).resume(durable);
    while !young.is_over(workload) {
        shared.drained.notify_waiters();
        let filled = shared.filled.notified();
        let events = lock(&shared.queue).take_numbered();
        if events.is_empty() {
            let _or_it_is_old = tokio::time::timeout(LOOK_EVERY, filled).await;
            continue;
        }
        let durable = ask(session, &AuditAsk::Submit(events)).await?;
        lock(&shared.queue).forget(durable);
    }
    Ok(())
}

async fn ask(session: &mut Session, ask: &AuditAsk) -> anyhow::Result<u64> {
    let answer = session.call(&wire::encode(ask)).await?;
    Ok(wire::decode::<Watermark>(&answer)?.durable)
}

impl Queue {
    /// After a new link: what the chain already holds is not sent again.
    fn resume(&mut self, durable: u64) {
        self.next = self.next.max(durable + 1);
        self.forget(durable);
    }

    fn forget(&mut self, durable: u64) {
        while self
            .waiting
            .front()
            .is_some_and(|event| event.source_seq != 0 && event.source_seq <= durable)
        {
            self.waiting.pop_front();
        }
    }

    /// The oldest events, each with its number; events that their source numbered keep theirs.
    fn take_numbered(&mut self) -> Vec<Event> {
        for event in self.waiting.iter_mut().take(SUBMIT_MAX) {
            if event.source_seq == 0 {
                event.source_seq = self.next;
                self.next += 1;
            }
        }
        self.waiting.iter().take(SUBMIT_MAX).cloned().collect()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use iia_core::Timestamp;

    #[test]
    fn a_lost_answer_does_not_store_twice() {
        let mut queue = Queue::default();
        for _ in 0..3 {
            queue
                .waiting
                .push_back(Event::new(EventKind::Finding, Timestamp::default()));
        }
        queue.resume(10);
        let sent: Vec<u64> = queue
            .take_numbered()
            .iter()
            .map(|event| event.source_seq)
            .collect();
        assert_eq!(sent, [11, 12, 13]);
        queue.resume(12);
        let again: Vec<u64> = queue
            .take_numbered()
            .iter()
            .map(|event| event.source_seq)
            .collect();
        assert_eq!(again, [13]);
    }
}
