//! Who is expected to have a new head on a cadence: the log here, and each peer that the log's policy names.

use alloc::string::String;
use alloc::vec::Vec;

use iia_audit::note::VerifierKey;
use iia_audit::policy::Policy;
use iia_core::Timestamp;

/// Someone who holds heads of the log.
#[derive(Clone, Debug)]
pub(super) struct Source {
    /// What a person calls it; the log's name for the log itself.
    pub(super) name: String,
    /// What it cosigns with; nothing for the log itself.
    pub(super) key: Option<VerifierKey>,
    /// The last note it gave, so that one that comes twice costs nothing.
    pub(super) note: String,
    /// The greatest size that it stated.
    pub(super) newest: u64,
    /// Until when a greater one must come.
    pub(super) due: Timestamp,
    /// Whether it was told that none came.
    pub(super) late: bool,
    /// Whether it was told that it cannot be asked.
    pub(super) unreachable: bool,
    /// Whether it was told that what it gave is not signed as it should be.
    pub(super) unsigned: bool,
    /// Whether it was told that its clock is ahead.
    pub(super) ahead: bool,
}

/// The log here is the first source.
pub(super) const HERE: usize = 0;

pub(super) fn of(policy: &Policy) -> Vec<Source> {
    let source = |key: &VerifierKey, cosigns: bool| Source {
        name: key.name.clone(),
        key: cosigns.then(|| key.clone()),
        note: String::new(),
        newest: 0,
        due: Timestamp::from_ns(i64::MAX),
        late: false,
        unreachable: false,
        unsigned: false,
        ahead: false,
    };
    let peers = policy.witnesses.iter().chain(&policy.mirrors);
    core::iter::once(source(&policy.log, false))
        .chain(peers.map(|key| source(key, true)))
        .collect()
}

impl Source {
    /// Whether all is well with it.
    pub(super) const fn is_well(&self) -> bool {
        !self.late && !self.unreachable && !self.unsigned && !self.ahead
    }

    /// Takes up that it states `size`; whether that ends what was told of it.
    pub(super) fn states(&mut self, size: u64, until: Timestamp) -> bool {
        if size <= self.newest {
            return false;
        }
        self.newest = size;
        self.due = until;
        core::mem::take(&mut self.late)
    }
}
