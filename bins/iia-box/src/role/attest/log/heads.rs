//! Heads of the log: those that it has signed and those that its peers hold, from its directory and from what was seen before.

use std::fs;
use std::path::{Path, PathBuf};

use iia_attest::audit_chain::{Seen, Shown};
use iia_audit::policy::Policy;
use iia_audit::tree::{self, Frontier, Hash, Nodes};
use iia_audit::verify::{Follow, start};
use iia_core::canon;

use crate::boxdir::{BoxDir, write_durably};

/// What peers hold, as it was last seen.
const MEMORY: &str = "attest-heads";
/// Longest note that is read, and longest memory, in bytes.
const NOTE_LEN_MAX: u64 = 64 * 1024;
/// Records between two heads that are remembered to prove that one extends the other.
const LEAVES_MAX: usize = 262_144;
/// How often the records under a head may not be there yet when it is looked at.
const WAITS_MAX: u32 = 6;

/// The reader of heads.
pub(super) struct Heads {
    audit: PathBuf,
    memory: PathBuf,
    policy: Policy,
    chain: Option<Follow>,
    since: Since,
    /// The size of the newest head that was shown.
    shown: u64,
    /// How often the records under the newest were waited for.
    waited: u32,
    /// The notes that peers hold, by peer.
    held: Vec<(String, String)>,
    remembered: bool,
}

/// The tree at the head that was shown last, and the records since.
#[derive(Default)]
struct Since {
    edge: Frontier,
    leaves: Vec<Hash>,
}

impl Heads {
    pub(super) fn new(dir: &BoxDir, policy: Policy) -> Self {
        Self {
            audit: dir.audit(),
            memory: dir.state().join(MEMORY),
            policy,
            chain: None,
            since: Since::default(),
            shown: 0,
            waited: 0,
            held: Vec::new(),
            remembered: false,
        }
    }

    /// What is new.
    pub(super) fn look(&mut self) -> Vec<Seen> {
        let mut seen = Vec::new();
        if !std::mem::replace(&mut self.remembered, true) {
            self.held = recall(&self.memory);
            let held = self.held.iter().cloned();
            seen.extend(held.map(|(peer, note)| Seen::Held { peer, note }));
        }
        // The head comes first: whatever is under it can be read then.
        let head = newest(&self.audit.join("heads"));
        self.records();
        seen.extend(head.and_then(|head| self.shown(head)));
        seen.extend(self.held());
        seen
    }

    fn records(&mut self) {
        if self.chain.is_none() {
            self.chain = Follow::open(&self.audit).ok();
            self.since.edge = start(&self.audit).unwrap_or_default();
        }
        let Some(chain) = &mut self.chain else {
            return;
        };
        let leaves = &mut self.since.leaves;
        let read = chain.read(|record| {
            if leaves.len() < LEAVES_MAX {
                leaves.push(tree::leaf(record.hash.as_bytes()));
            }
        });
        if read.is_err() {
            chain.restart();
        }
    }

    /// The newest head of the log's own, with the proof that it extends the one before by the records that were read.
    fn shown(&mut self, (size, note): (u64, String)) -> Option<Seen> {
        let is_read = self.since.end() >= size;
        if size <= self.shown || !is_read && self.waited < WAITS_MAX {
            self.waited += u32::from(size > self.shown);
            return None;
        }
        self.waited = 0;
        let from = std::mem::replace(&mut self.shown, size);
        let proof = self.since.proof(from, size);
        let proof = proof.unwrap_or_default();
        Some(Seen::Shown(Shown { note, from, proof }))
    }

    /// What witnesses and mirrors have signed.
    fn held(&mut self) -> Vec<Seen> {
        let receipts = newest(&self.audit.join("receipts"));
        let mirrored = newest(&self.audit.join("mirrored"));
        let of_witnesses = self
            .policy
            .witnesses
            .iter()
            .map(|key| (&key.name, &receipts));
        let of_mirrors = self.policy.mirrors.iter().map(|key| (&key.name, &mirrored));
        let mut seen = Vec::new();
        for (peer, newest) in of_witnesses.chain(of_mirrors) {
            let Some((_, note)) = newest else { continue };
            let known = self.held.iter_mut().find(|(name, _)| name == peer);
            match known {
                Some((_, known)) if known == note => continue,
                Some((_, known)) => known.clone_from(note),
                None => self.held.push((peer.clone(), note.clone())),
            }
            seen.push(Seen::Held {
                peer: peer.clone(),
                note: note.clone(),
            });
        }
        if !seen.is_empty()
            && let Err(error) = write_durably(&self.memory, &canon::encode(&self.held))
        {
            tracing::warn!(%error, "attest.heads");
        }
        seen
    }
}

fn recall(path: &Path) -> Vec<(String, String)> {
    let bytes = small(path).unwrap_or_default();
    canon::decode(&bytes).unwrap_or_default()
}

fn small(path: &Path) -> Option<Vec<u8>> {
    let is_small = fs::metadata(path).ok()?.len() <= NOTE_LEN_MAX;
    is_small.then(|| fs::read(path).ok()).flatten()
}

/// The note of the greatest size in a folder, whose files are named after their sizes.
fn newest(folder: &Path) -> Option<(u64, String)> {
    let entries = fs::read_dir(folder).ok()?.flatten();
    let sized = entries.filter_map(|entry| {
        let size = u64::from_str_radix(entry.file_name().to_str()?, 16).ok()?;
        Some((size, entry.path()))
    });
    let (size, path) = sized.max()?;
    Some((size, String::from_utf8(small(&path)?).ok()?))
}

impl Since {
    fn end(&self) -> u64 {
        self.edge.size().saturating_add(self.leaves.len() as u64)
    }

    /// Proves that the head of `size` extends that of `from`, and goes on from there; nothing where the records are not at hand.
    fn proof(&mut self, from: u64, size: u64) -> Option<Vec<Hash>> {
        let base = self.edge.size();
        let count = usize::try_from(size.checked_sub(base)?).ok()?;
        let is_known = from == 0 || from == base;
        let proof = (is_known && count <= self.leaves.len())
            .then(|| tree::consistency(self, from, size))
            .flatten();
        for leaf in self.leaves.drain(..count.min(self.leaves.len())) {
            self.edge.push(leaf);
        }
        proof
    }
}

impl Nodes for Since {
    fn node(&self, level: u32, index: u64) -> Option<Hash> {
        let len = 1u64.checked_shl(level)?;
        let from = index.checked_mul(len)?;
        let base = self.edge.size();
        if let Some(from) = from.checked_sub(base) {
            let from = usize::try_from(from).ok()?;
            let until = from.checked_add(usize::try_from(len).ok()?)?;
            return Some(tree::root(self.leaves.get(from..until)?));
        }
        // A whole subtree of the old tree: its peaks stand in the order of their sizes.
        let mut begin = 0;
        let sizes = (0..u64::BITS).rev().map(|bit| base & (1 << bit));
        let mut peaks = self.edge.peaks().iter();
        for size in sizes.filter(|size| *size > 0) {
            let peak = peaks.next()?;
            if (begin, size) == (from, len) {
                return Some(*peak);
            }
            begin += size;
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hashes(count: u64) -> Vec<Hash> {
        (0..count)
            .map(|number| {
                let mut data = [0; 32];
                data[..8].copy_from_slice(&number.to_le_bytes());
                tree::leaf(&data)
            })
            .collect()
    }

    #[test]
    fn each_head_is_proven_to_extend_the_one_before() {
        let all = hashes(130);
        for (old, new) in (1..130).flat_map(|old| (old..=130).map(move |new| (old, new))) {
            let mut since = Since::default();
            let (at, to) = (usize::try_from(old).unwrap(), usize::try_from(new).unwrap());
            since.leaves.extend(&all[..at]);
            assert_eq!(since.proof(0, old), Some(Vec::new()));
            since.leaves.extend(&all[at..to]);
            let proof = since.proof(old, new).unwrap();
            let (old_root, new_root) = (tree::root(&all[..at]), tree::root(&all[..to]));
            assert!(tree::verify_consistency(
                (old, &old_root),
                (new, &new_root),
                &proof
            ));
            assert_eq!(since.edge.root(), new_root);
        }
    }

    #[test]
    fn what_was_not_read_is_not_proven() {
        let mut since = Since::default();
        since.leaves.extend(hashes(5));
        assert_eq!(since.proof(0, 9), None);
    }
}
