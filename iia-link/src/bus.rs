//! The transient bus: who publishes and who subscribes follows from contracts; nobody waits, nothing is kept. No I/O.
//!
//! A subscriber that is slow loses the oldest and learns how many. Nothing is on disk: what must not be lost is in the
//! lake before it is here.

use std::collections::{BTreeMap, VecDeque};

use iia_contract::Catalog;
use iia_contract::scope::{Terms, TopicFilter};

use crate::LinkError;

/// Subscribers at most.
pub const SUBSCRIBERS_MAX: usize = 256;
/// Messages that wait for one subscriber at most; beyond it the oldest goes and is counted.
pub const BACKLOG_MAX: usize = 1024;
/// Topic filters of one subscriber or publisher at most.
pub const TOPICS_MAX: usize = 64;

/// The topics that a contract gives, to publish for its source and to subscribe for its destination; for the one that
/// dials, whichever it is, they bound what passes.
pub fn topics(catalog: &Catalog, contract: &str) -> Vec<TopicFilter> {
    let found = catalog.versions(contract).next();
    let topics = match found.map(|contract| &contract.terms) {
        Some(Terms::Internal(terms)) => terms.transport.topics.as_slice(),
        Some(Terms::Boundary(terms)) => terms.obligations.profile.topics.as_slice(),
        _ => &[],
    };
    topics.iter().take(TOPICS_MAX).cloned().collect()
}

/// Whether these filters cover a topic.
pub fn cover(filters: &[TopicFilter], topic: &str) -> bool {
    filters.iter().any(|filter| filter.covers(topic))
}

/// A message for a subscriber, and how many it lost before it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Delivery<T> {
    /// Messages that were dropped since the last delivery.
    pub lost: u64,
    /// The message.
    pub message: T,
}

/// A subscriber's number.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Subscriber(u64);

/// Topics, and who hears them.
#[derive(Debug)]
pub struct Bus<T> {
    next: u64,
    subscribers: BTreeMap<Subscriber, Queue<T>>,
    published: u64,
    dropped: u64,
}

#[derive(Debug)]
struct Queue<T> {
    topics: Vec<TopicFilter>,
    waiting: VecDeque<T>,
    lost: u64,
}

impl<T> Default for Bus<T> {
    fn default() -> Self {
        Self {
            next: 0,
            subscribers: BTreeMap::new(),
            published: 0,
            dropped: 0,
        }
    }
}

impl<T: Clone> Bus<T> {
    /// Adds a subscriber to the topics of its contract.
    ///
    /// # Errors
    /// [`LinkError::TooManySubscribers`].
    pub fn subscribe(&mut self, topics: Vec<TopicFilter>) -> Result<Subscriber, LinkError> {
        if self.subscribers.len() >= SUBSCRIBERS_MAX {
            let max = SUBSCRIBERS_MAX;
            return Err(LinkError::TooManySubscribers { max });
        }
        if topics.len() > TOPICS_MAX {
            return Err(LinkError::TooManySubscribers { max: TOPICS_MAX });
        }
        let number = Subscriber(self.next);
        self.next += 1;
        self.subscribers.insert(
            number,
            Queue {
                topics,
                waiting: VecDeque::new(),
                lost: 0,
            },
        );
        Ok(number)
    }

    /// Takes a subscriber away, and what waited for it.
    pub fn leave(&mut self, subscriber: Subscriber) {
        self.subscribers.remove(&subscriber);
    }

    /// Publishes a message on a topic; gives who hears it. Nobody is waited for.
    pub fn publish(&mut self, topic: &str, message: &T) -> Vec<Subscriber> {
        self.published += 1;
        let mut hear = Vec::new();
        for (number, queue) in &mut self.subscribers {
            if !cover(&queue.topics, topic) {
                continue;
            }
            if queue.waiting.len() >= BACKLOG_MAX {
                queue.waiting.pop_front();
                queue.lost += 1;
                self.dropped += 1;
            }
            queue.waiting.push_back(message.clone());
            hear.push(*number);
        }
        hear
    }

    /// The next message of a subscriber.
    pub fn poll(&mut self, subscriber: Subscriber) -> Option<Delivery<T>> {
        let queue = self.subscribers.get_mut(&subscriber)?;
        let message = queue.waiting.pop_front()?;
        let lost = std::mem::take(&mut queue.lost);
        Some(Delivery { lost, message })
    }

    /// How many messages were published, and how many dropped of those that somebody would have heard.
    pub const fn counts(&self) -> (u64, u64) {
        (self.published, self.dropped)
    }
}
