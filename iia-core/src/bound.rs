//! Everything has an end: a budget for work, a queue that drops and counts.

use alloc::collections::VecDeque;

/// Units of work that an attacker can make us spend; when they are spent, we stop.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Budget(u64);

impl Budget {
    /// A budget of `units`.
    pub const fn new(units: u64) -> Self {
        Self(units)
    }

    /// Spends `units`; `false` when not enough is left, and then nothing is spent.
    #[must_use]
    pub const fn spend(&mut self, units: u64) -> bool {
        match self.0.checked_sub(units) {
            Some(left) => {
                self.0 = left;
                true
            }
            None => false,
        }
    }
}

/// A queue of at most `max` items for transient data: a full queue drops the oldest and counts it.
#[derive(Clone, Debug)]
pub struct DropQueue<T> {
    items: VecDeque<T>,
    max: usize,
    dropped: u64,
}

impl<T> DropQueue<T> {
    /// An empty queue of at most `max` items.
    pub const fn new(max: usize) -> Self {
        Self {
            items: VecDeque::new(),
            max,
            dropped: 0,
        }
    }

    /// Adds an item; when full the oldest goes and is counted.
    pub fn push(&mut self, item: T) {
        if self.items.len() >= self.max {
            self.dropped += 1;
            self.items.pop_front();
        }
        if self.max > 0 {
            self.items.push_back(item);
        }
    }

    /// Takes the oldest item.
    pub fn pop(&mut self) -> Option<T> {
        self.items.pop_front()
    }

    /// How many wait.
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Whether none waits.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// How many were dropped since the start.
    pub const fn dropped(&self) -> u64 {
        self.dropped
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_queue_drops_the_oldest_and_counts() {
        let mut queue = DropQueue::new(2);
        (1..=3).for_each(|item| queue.push(item));
        assert_eq!(
            (queue.pop(), queue.pop(), queue.pop(), queue.dropped()),
            (Some(2), Some(3), None, 1)
        );
    }

    #[test]
    fn a_budget_ends() {
        let mut budget = Budget::new(2);
        assert!(budget.spend(2));
        assert!(!budget.spend(1));
    }
}
