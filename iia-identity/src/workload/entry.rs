//! Registration entries: selectors, all of which must be seen of a process, and the identity that it then has.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use iia_core::SpiffeId;
use iia_core::id::TrustDomain;

use super::WorkloadError;

/// Entries of one issuer at most.
pub const ENTRIES_MAX: usize = 4096;
/// Selectors of one entry at most.
pub const SELECTORS_MAX: usize = 16;
/// Longest selector in bytes.
const SELECTOR_LEN_MAX: usize = 1024;

/// Something that can be seen of a process, such as `unix:uid:2001`: who sees it, what it is, and its value.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Selector(String);

impl Selector {
    /// The user that a process runs as.
    pub fn uid(uid: u32) -> Self {
        Self(format!("unix:uid:{uid}"))
    }

    /// The group that a process runs as.
    pub fn gid(gid: u32) -> Self {
        Self(format!("unix:gid:{gid}"))
    }

    /// The control group that a process is in, as the kernel writes it: `/system.slice/lake.service`.
    pub fn cgroup(path: &str) -> Self {
        Self(format!("unix:cgroup:{path}"))
    }

    /// The digest of the program that a process runs, in hexadecimal digits.
    pub fn sha256(hex: &str) -> Self {
        Self(format!("unix:sha256:{hex}"))
    }
}

impl FromStr for Selector {
    type Err = WorkloadError;

    fn from_str(text: &str) -> Result<Self, WorkloadError> {
        let mut parts = text.splitn(3, ':');
        let whole = (0..3).all(|_| parts.next().is_some_and(|part| !part.is_empty()));
        if text.len() > SELECTOR_LEN_MAX || !whole || text.chars().any(char::is_control) {
            return Err(WorkloadError::BadSelector);
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An entry: who gets which identity.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Entry {
    /// The identity.
    pub id: SpiffeId,
    /// What must be seen of the process, all of it.
    pub selectors: BTreeSet<Selector>,
    /// Trust domains of others whose bundles it gets.
    pub federates_with: BTreeSet<TrustDomain>,
}

/// The entries of an issuer.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Entries(Vec<Entry>);

impl Entries {
    /// Takes entries over; one without selectors would be everybody's and is refused.
    ///
    /// # Errors
    /// [`WorkloadError::BadSelector`], [`WorkloadError::OverLimit`].
    pub fn new(entries: Vec<Entry>) -> Result<Self, WorkloadError> {
        if entries.len() > ENTRIES_MAX {
            return Err(WorkloadError::OverLimit {
                what: "registration entries",
                max: ENTRIES_MAX,
            });
        }
        for entry in &entries {
            if entry.selectors.is_empty() {
                return Err(WorkloadError::BadSelector);
            }
            if entry.selectors.len() > SELECTORS_MAX {
                return Err(WorkloadError::OverLimit {
                    what: "selectors of one entry",
                    max: SELECTORS_MAX,
                });
            }
        }
        Ok(Self(entries))
    }

    /// The entries whose selectors were all seen.
    pub fn matching<'a>(
        &'a self,
        seen: &'a BTreeSet<Selector>,
    ) -> impl Iterator<Item = &'a Entry> + use<'a> {
        let fits = move |entry: &&Entry| entry.selectors.is_subset(seen);
        self.0.iter().filter(fits)
    }

    /// The entry that lacks least, and what it lacks; `None` where none shares a selector with what was seen.
    pub fn nearest<'a>(
        &'a self,
        seen: &BTreeSet<Selector>,
    ) -> Option<(&'a Entry, Vec<&'a Selector>)> {
        let lacks = |entry: &'_ Entry| -> usize { entry.selectors.difference(seen).count() };
        let near = self
            .0
            .iter()
            .filter(|entry| !entry.selectors.is_disjoint(seen));
        let nearest = near.min_by_key(|entry| lacks(entry))?;
        let lacks = nearest.selectors.iter();
        Some((nearest, lacks.filter(|one| !seen.contains(*one)).collect()))
    }
}
