//! One proof for many records under many heads of one log: the nodes of the RFC 6962 tree that are missing, each once.
//!
//! The tree of the largest head is walked from its root, left before right. A part without a shown record, in which no
//! smaller head ends, is one given hash; any other part is walked. The walk meets every subtree that a smaller head
//! is made of, so that one list proves every record in every head and all heads consistent. With one record and one
//! head the given hashes are those of its inclusion path.

use alloc::vec::Vec;

use crate::tree::{self, Hash};

/// A number with its leaf hash.
pub(crate) type Leaf = (u64, Hash);

/// The roots of heads of these sizes over `shown` leaves; `given` is asked for each missing part, in order.
///
/// `sizes` rise and `shown` rise and are below the last size; `None` when `given` gave nothing.
pub(crate) fn roots(
    sizes: &[u64],
    shown: &[Leaf],
    given: &mut dyn FnMut(u64, u64) -> Option<Hash>,
) -> Option<Vec<Hash>> {
    let (top, smaller) = sizes.split_last()?;
    let mut walk = Walk {
        peaks: smaller.iter().map(|size| (*size, Vec::new())).collect(),
        given,
    };
    let root = walk.part(0, *top, shown)?;
    let mut roots: Vec<Hash> = walk
        .peaks
        .iter()
        .map(|(_, peaks)| tree::root_of_peaks(peaks))
        .collect();
    roots.push(root);
    Some(roots)
}

struct Walk<'a> {
    /// Each smaller head with the subtrees found for it, the largest first.
    peaks: Vec<(u64, Vec<Hash>)>,
    given: &'a mut dyn FnMut(u64, u64) -> Option<Hash>,
}

impl Walk<'_> {
    fn part(&mut self, from: u64, to: u64, shown: &[Leaf]) -> Option<Hash> {
        let ends_here = |(size, _): &(u64, Vec<Hash>)| from < *size && *size < to;
        match shown {
            [(_, leaf)] if to - from == 1 => return Some(*leaf),
            [] if !self.peaks.iter().any(ends_here) => return (self.given)(from, to),
            _ => {}
        }
        let middle = from + split(to - from);
        let (left, right) = shown.split_at(shown.partition_point(|(seq, _)| *seq < middle));
        let left = self.part(from, middle, left)?;
        for (size, peaks) in &mut self.peaks {
            if middle <= *size && *size < to {
                peaks.push(left);
            }
        }
        let right = self.part(middle, to, right)?;
        Some(tree::node(&left, &right))
    }
}

/// The largest power of two below `len`, which is 2 at least.
const fn split(len: u64) -> u64 {
    1 << (u64::BITS - 1 - (len - 1).leading_zeros())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bit(set: u64, at: u64) -> bool {
        set >> at & 1 == 1
    }

    #[test]
    fn every_choice_of_records_and_heads_of_a_small_tree_is_proven() {
        let leaves: Vec<Hash> = (0..7).map(|n| tree::leaf(&[n; 32])).collect();
        for records in 1..128u64 {
            for heads in 1..128u64 {
                let sizes: Vec<u64> = (1..=7).filter(|size| bit(heads, size - 1)).collect();
                let top = *sizes.last().unwrap();
                let shown: Vec<Leaf> = (0..top)
                    .filter(|seq| bit(records, *seq))
                    .map(|seq| (seq, leaves[seq as usize]))
                    .collect();
                let mut list = Vec::new();
                let made = roots(&sizes, &shown, &mut |from, to| {
                    list.push(tree::root(&leaves[from as usize..to as usize]));
                    list.last().copied()
                });
                let want: Vec<Hash> = sizes
                    .iter()
                    .map(|size| tree::root(&leaves[..*size as usize]))
                    .collect();
                assert_eq!(made, Some(want), "{records:b} {heads:b}");
                assert!(list.len() < 7 || shown.is_empty());
            }
        }
    }

    #[test]
    fn one_record_under_one_head_needs_its_inclusion_path() {
        for size in 1..40usize {
            let leaves: Vec<Hash> = (0..size).map(|n| tree::leaf(&[n as u8; 32])).collect();
            for seq in 0..size {
                let mut list = Vec::new();
                let shown = [(seq as u64, leaves[seq])];
                roots(&[size as u64], &shown, &mut |from, to| {
                    list.push(tree::root(&leaves[from as usize..to as usize]));
                    list.last().copied()
                });
                let mut path = tree::inclusion(&leaves[..], seq as u64, size as u64).unwrap();
                list.sort();
                path.sort();
                assert_eq!(list, path);
            }
        }
    }
}
