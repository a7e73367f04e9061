//! Identities that were revoked, and the sessions that are open.

use alloc::collections::BTreeMap;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

use iia_core::Timestamp;

use super::{GRACE_NS, IDENTITIES_MAX};

/// Revocations that are remembered at most; those beyond it are counted.
pub const REVOKED_MAX: usize = 4096;

/// A revocation.
#[derive(Clone, Debug)]
struct One {
    since: Timestamp,
    /// Until when what was open may go on.
    due: Option<Timestamp>,
    /// Whether it is told that something goes on.
    told: bool,
}

/// Who is revoked, and how many sessions each identity has open.
#[derive(Clone, Debug, Default)]
pub(super) struct Revoked {
    revoked: BTreeMap<String, One>,
    open: BTreeMap<String, u64>,
    others: u64,
}

impl Revoked {
    /// A session begins; whether its identity had been revoked before.
    pub(super) fn opened(&mut self, now: Timestamp, id: &str) -> bool {
        let has_room = self.open.len() < IDENTITIES_MAX || self.open.contains_key(id);
        let open = match has_room {
            true => {
                let open = self.open.entry(id.to_string()).or_insert(0);
                *open += 1;
                *open
            }
            false => {
                self.others += 1;
                0
            }
        };
        let Some(one) = self.revoked.get_mut(id) else {
            return false;
        };
        if now > one.since {
            return true;
        }
        // It began before, and is only now known.
        if open > 0 {
            one.due.get_or_insert(one.since + GRACE_NS);
        }
        false
    }

    /// A session ends; whether it was the last of an identity of which it was told that its sessions go on.
    pub(super) fn closed(&mut self, id: &str) -> bool {
        let Some(open) = self.open.get_mut(id) else {
            return false;
        };
        *open = open.saturating_sub(1);
        if *open > 0 {
            return false;
        }
        self.open.remove(id);
        let Some(one) = self.revoked.get_mut(id) else {
            return false;
        };
        one.due = None;
        core::mem::take(&mut one.told)
    }

    /// An identity is revoked.
    pub(super) fn revoke(&mut self, now: Timestamp, id: &str) {
        if self.revoked.contains_key(id) {
            return;
        }
        if self.revoked.len() >= REVOKED_MAX {
            self.others += 1;
            return;
        }
        let has_open = self.open.contains_key(id);
        let one = One {
            since: now,
            due: has_open.then(|| now + GRACE_NS),
            told: false,
        };
        self.revoked.insert(id.to_string(), one);
    }

    pub(super) fn is_revoked(&self, id: &str) -> bool {
        self.revoked.contains_key(id)
    }

    /// Sessions that go on although they should have ended: since when, whose, how many.
    pub(super) fn due(&mut self, now: Timestamp) -> Vec<(Timestamp, String, u64)> {
        let mut all = Vec::new();
        for (id, one) in &mut self.revoked {
            let Some(due) = one.due.filter(|due| *due <= now) else {
                continue;
            };
            (one.due, one.told) = (None, true);
            all.push((due, id.clone(), self.open.get(id).copied().unwrap_or(1)));
        }
        all
    }

    pub(super) fn next_due(&self) -> Option<Timestamp> {
        self.revoked.values().filter_map(|one| one.due).min()
    }

    /// What found no room.
    pub(super) const fn others(&self) -> u64 {
        self.others
    }
}
