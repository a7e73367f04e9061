//! The way of statements into the audit chain: numbered, signed with the key of this program, and kept until the chain has
//! them.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use anyhow::Context as _;
use iia_audit::own;
use iia_audit::submit::{AuditAsk, Watermark};
use iia_core::SpiffeId;
use iia_core::canon;
use iia_core::event::Event;
use iia_core::sign::SoftwareKey;
use iia_link::party::{Party, Target};
use iia_link::rt::blocking::{Line, Session};

/// Statements that wait for the keeper of the chain at most; what is read beyond them is counted as lost.
pub(crate) const WAITING_MAX: usize = 1024;
/// Statements that are handed over at once at most.
const SUBMIT_MAX: usize = 16;
/// How long after a link is lost another is tried.
const RETRY: Duration = Duration::from_millis(200);

/// What statements need on their way.
pub(crate) struct Way {
    pub(crate) party: Arc<Party>,
    pub(crate) key: SoftwareKey,
    pub(crate) keeper: (SocketAddr, Target),
}

/// The statements that wait.
#[derive(Clone, Default)]
pub(crate) struct Chain(Arc<Shared>);

#[derive(Default)]
struct Shared {
    queue: Mutex<Queue>,
    changed: Condvar,
}

#[derive(Default)]
struct Queue {
    waiting: VecDeque<Event>,
    closed: bool,
}

impl Chain {
    /// Starts the thread that carries statements.
    pub(crate) fn carry(&self, way: Way) -> JoinHandle<()> {
        let chain = self.clone();
        thread::spawn(move || {
            let mut numbers = Numbers::default();
            while !chain.is_done() {
                if let Err(error) = chain.converse(&way, &mut numbers) {
                    tracing::warn!(error = format!("{error:#}"), "io.chain");
                    thread::sleep(RETRY);
                }
            }
        })
    }

    /// Adds a statement; whether there is room for it.
    pub(crate) fn push(&self, statement: Event) -> bool {
        let mut queue = self.lock();
        let has_room = queue.waiting.len() < WAITING_MAX;
        if has_room {
            queue.waiting.push_back(statement);
            self.0.changed.notify_all();
        }
        has_room
    }

    /// Says that nothing comes any more, and waits as long as this for what is there.
    pub(crate) fn close(&self, wait: Duration) {
        let mut queue = self.lock();
        queue.closed = true;
        self.0.changed.notify_all();
        let all_gone = |queue: &mut Queue| !queue.waiting.is_empty();
        let _late = self.0.changed.wait_timeout_while(queue, wait, all_gone);
    }

    fn is_done(&self) -> bool {
        let queue = self.lock();
        queue.closed && queue.waiting.is_empty()
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        let queue = self.0.queue.lock();
        queue.unwrap_or_else(PoisonError::into_inner)
    }

    /// The oldest statements, as soon as there are any; none at the end.
    fn next(&self) -> Vec<Event> {
        let waits = |queue: &mut Queue| queue.waiting.is_empty() && !queue.closed;
        let queue = self.0.changed.wait_while(self.lock(), waits);
        let queue = queue.unwrap_or_else(PoisonError::into_inner);
        queue.waiting.iter().take(SUBMIT_MAX).cloned().collect()
    }

    fn forget(&self, count: usize) {
        let mut queue = self.lock();
        let count = count.min(queue.waiting.len());
        queue.waiting.drain(..count);
        self.0.changed.notify_all();
    }

    /// Hands over statements until the link ends.
    fn converse(&self, way: &Way, numbers: &mut Numbers) -> anyhow::Result<()> {
        let (addr, target) = &way.keeper;
        let line = Line::dial(&way.party, *addr, &target.peer);
        let mut line = line.with_context(|| addr.to_string())?;
        let session = line.open(&way.party, target)?;
        let mut link = Link {
            line,
            session,
            question: 0,
        };
        let durable = link.ask(&AuditAsk::Watermark)?;
        self.forget(numbers.resume(durable));
        loop {
            let statements = self.next();
            if statements.is_empty() {
                return Ok(());
            }
            let signed = numbers.sign(way.party.id(), statements, &way.key)?;
            let durable = link.ask(&AuditAsk::Submit(signed))?;
            self.forget(numbers.stored(durable));
        }
    }
}

/// The numbers of statements: those at the head of the queue have the next ones.
#[derive(Default)]
struct Numbers {
    /// The newest that the chain has.
    durable: u64,
    begun: bool,
}

impl Numbers {
    /// After a new link: how many of those that wait the chain has already.
    fn resume(&mut self, durable: u64) -> usize {
        if std::mem::replace(&mut self.begun, true) {
            return self.stored(durable);
        }
        self.durable = durable;
        0
    }

    fn stored(&mut self, durable: u64) -> usize {
        let count = durable.saturating_sub(self.durable);
        self.durable = self.durable.max(durable);
        usize::try_from(count).unwrap_or(usize::MAX)
    }

    fn sign(
        &self,
        id: &SpiffeId,
        statements: Vec<Event>,
        key: &SoftwareKey,
    ) -> anyhow::Result<Vec<Event>> {
        let numbered = (self.durable + 1..).zip(statements);
        let signed = numbered.map(|(number, mut event)| {
            event.source_seq = number;
            own::sign(id, event, key)
        });
        Ok(signed.collect::<Result<_, _>>()?)
    }
}

struct Link {
    line: Line,
    session: Session,
    question: u64,
}

impl Link {
    fn ask(&mut self, ask: &AuditAsk) -> anyhow::Result<u64> {
        self.question += 1;
        let answer = self
            .line
            .call(self.session, self.question, canon::encode(ask))?;
        Ok(canon::decode::<Watermark>(&answer)?.durable)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lost_answer_does_not_state_twice() {
        let mut numbers = Numbers::default();
        assert_eq!(numbers.resume(10), 0);
        assert_eq!(numbers.stored(12), 2);
        // Three were sent, the answer did not come, and the chain has two of them.
        assert_eq!(numbers.resume(14), 2);
        assert_eq!(numbers.resume(14), 0);
    }

    #[test]
    fn statements_are_kept_up_to_the_limit_and_no_further() {
        let chain = Chain::default();
        let event = || {
            Event::new(
                iia_core::event::EventKind::IoObserved,
                iia_core::Timestamp::default(),
            )
        };
        assert!((0..WAITING_MAX).all(|_| chain.push(event())));
        assert!(!chain.push(event()));
        chain.forget(1);
        assert!(chain.push(event()));
        assert_eq!(chain.next().len(), SUBMIT_MAX);
    }
}
