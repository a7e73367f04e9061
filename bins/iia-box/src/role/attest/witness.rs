//! What whoever watches the control network has stated in the chain.

use std::collections::{BTreeSet, VecDeque};

use iia_attest::network::alarm::alarm;
use iia_core::Timestamp;
use iia_core::event::EventKind;
use iia_core::finding::Finding;
use iia_core::stream::Stream;

use super::senses::{Heard, Sense};
use crate::workload::Workload;

/// Findings that wait to be taken at most; beyond it they are counted, and the chain has the record of each.
const WAITING_MAX: usize = 4096;

/// The sense.
pub(super) struct Witness {
    ids: BTreeSet<String>,
    waiting: VecDeque<Finding>,
    unseen: u64,
}

impl Witness {
    pub(super) fn new(workload: &Workload) -> Self {
        let ids = workload.witnesses();
        Self {
            ids: ids.iter().map(ToString::to_string).collect(),
            waiting: VecDeque::new(),
            unseen: 0,
        }
    }
}

impl Sense for Witness {
    fn stream(&self) -> Stream {
        Stream::ATTEST_NETWORK
    }

    fn hear(&mut self, _: Timestamp, heard: &Heard) -> anyhow::Result<bool> {
        let Heard::Recorded(record) = heard else {
            return Ok(false);
        };
        let event = &record.body.event;
        if event.kind != EventKind::IntrusionAlert || !self.ids.contains(record.source()) {
            return Ok(false);
        }
        let Some(mut finding) = alarm(event) else {
            return Ok(false);
        };
        let stated = format!("{}#{}", record.source(), event.source_seq);
        finding.evidence.push(stated);
        match self.waiting.len() < WAITING_MAX {
            true => self.waiting.push_back(finding),
            false => self.unseen += 1,
        }
        Ok(true)
    }

    /// Its clock is the witness's.
    fn tick(&mut self, _: Timestamp) {}

    fn poll(&mut self) -> Option<Finding> {
        self.waiting.pop_front()
    }

    fn unseen(&self) -> u64 {
        self.unseen
    }
}
