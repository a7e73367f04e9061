//! What somebody else has found already: each thing heard is one finding at most, which is handed on as it is.

use std::collections::VecDeque;

use iia_core::Timestamp;
use iia_core::finding::Finding;
use iia_core::stream::Stream;

use super::senses::{Heard, Sense};

/// Findings that wait to be taken at most; beyond it they are counted, and the chain has the record of each.
const WAITING_MAX: usize = 4096;

/// The sense, which reads a finding out of what it hears.
pub(super) struct Told<R> {
    stream: Stream,
    read: R,
    waiting: VecDeque<Finding>,
    unseen: u64,
}

impl<R: Fn(&Heard) -> Option<Finding> + 'static> Told<R> {
    pub(super) fn on(stream: Stream, read: R) -> Box<dyn Sense> {
        Box::new(Self {
            stream,
            read,
            waiting: VecDeque::new(),
            unseen: 0,
        })
    }
}

impl<R: Fn(&Heard) -> Option<Finding>> Sense for Told<R> {
    fn stream(&self) -> Stream {
        self.stream.clone()
    }

    fn hear(&mut self, _: Timestamp, heard: &Heard) -> anyhow::Result<bool> {
        let Some(finding) = (self.read)(heard) else {
            return Ok(false);
        };
        match self.waiting.len() < WAITING_MAX {
            true => self.waiting.push_back(finding),
            false => self.unseen += 1,
        }
        Ok(true)
    }

    /// Its clock is that of whoever found it.
    fn tick(&mut self, _: Timestamp) {}

    fn poll(&mut self) -> Option<Finding> {
        self.waiting.pop_front()
    }

    fn unseen(&self) -> u64 {
        self.unseen
    }
}
