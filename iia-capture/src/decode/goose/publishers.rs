//! What each publisher said last, so that what is missing, late or said again can be told.

use hashbrown::HashMap;

use iia_core::Timestamp;
use iia_core::observe::{Between, Value};

use super::pdu::Head;
use crate::decode::Fields;

/// Publishers that are remembered at most; of more nothing is told that needs memory.
pub const PUBLISHERS_MAX: usize = 4096;

/// The last message of a publisher.
#[derive(Clone, Copy, Debug)]
struct Last {
    ts: Timestamp,
    state: u64,
    sequence: u64,
    live_ms: u64,
}

/// The last messages of all.
#[derive(Debug, Default)]
pub(super) struct Publishers {
    last: HashMap<u64, Last>,
}

impl Publishers {
    /// Tells how a message stands to the one before it.
    pub(super) fn follow(
        &mut self,
        fields: &mut Fields<'_>,
        (ts, between, appid): (Timestamp, Between, u16),
        head: &Head<'_>,
    ) {
        let key = key(between, appid, head.control_block);
        let now = Last {
            ts,
            state: head.state,
            sequence: head.sequence,
            live_ms: head.live_ms,
        };
        let full = self.last.len() >= PUBLISHERS_MAX;
        let before = match self.last.get_mut(&key) {
            Some(known) => core::mem::replace(known, now),
            None if full => return,
            None => {
                self.last.insert(key, now);
                return;
            }
        };
        compare(fields, &before, &now);
    }
}

/// A new state counts up and begins its sequence anew; a repetition counts the sequence up, and never begins with zero
/// again (IEC 61850-8-1, 18.1.2.5).
fn compare(fields: &mut Fields<'_>, before: &Last, now: &Last) {
    let silence_ns = now.ts.since_ns(before.ts);
    let late = u64::try_from(silence_ns).is_ok_and(|ns| ns / 1_000_000 > before.live_ms);
    if late {
        fields.add("iia.goose.late", Value::Bool(true));
    }
    let missed = match (now.state.cmp(&before.state), now.sequence) {
        (core::cmp::Ordering::Less, _) => {
            return fields.add("iia.goose.state_back", Value::Bool(true));
        }
        (core::cmp::Ordering::Greater, sequence) => {
            fields.add("iia.goose.new_state", Value::Bool(true));
            sequence.saturating_add(now.state - before.state - 1)
        }
        (_, sequence) if sequence == before.sequence => {
            return fields.add("iia.goose.repeated", Value::Bool(true));
        }
        (_, sequence) if sequence < before.sequence => {
            return fields.add("iia.goose.sequence_back", Value::Bool(true));
        }
        (_, sequence) => sequence - before.sequence - 1,
    };
    if missed > 0 {
        fields.uint("iia.goose.missed", missed);
    }
}

/// Publishers apart by address, VLAN, application and control block (FNV-1a).
fn key(between: Between, appid: u16, control_block: &[u8]) -> u64 {
    let mut key = 0xcbf2_9ce4_8422_2325u64;
    let mut add = |byte: &u8| key = (key ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    if let Between::Link(link) = between {
        link.source.0.iter().for_each(&mut add);
        link.vlan.to_be_bytes().iter().for_each(&mut add);
    }
    appid.to_be_bytes().iter().for_each(&mut add);
    control_block.iter().for_each(&mut add);
    key
}
