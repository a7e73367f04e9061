//! The RFC 6962 tree over chain hashes (SHA-256): roots, inclusion and consistency proofs that public tools check.

use alloc::vec::Vec;

use sha2::block_api::compress256;
use sha2::{Digest as _, Sha256};

/// A node of the tree.
pub type Hash = [u8; 32];

/// RFC 6962 2.1: the hash of a leaf.
pub fn leaf(data: &[u8; 32]) -> Hash {
    let mut message = [0; 33];
    fill(&mut message, &[&[0], data]);
    sha256::<33, 64>(&message)
}

pub(crate) fn node(left: &Hash, right: &Hash) -> Hash {
    let mut message = [0; 65];
    fill(&mut message, &[&[1], left, right]);
    sha256::<65, 128>(&message)
}

fn fill(mut message: &mut [u8], parts: &[&[u8]]) {
    for part in parts {
        let Some((to, rest)) = message.split_at_mut_checked(part.len()) else {
            return;
        };
        to.copy_from_slice(part);
        message = rest;
    }
}

/// SHA-256 of `LEN` bytes, which with their padding are `PADDED`: without the buffer of a hasher that takes any length, a
/// third of whose cost that is.
fn sha256<const LEN: usize, const PADDED: usize>(message: &[u8; LEN]) -> Hash {
    let mut padded = [0; PADDED];
    let bits = (LEN as u64 * 8).to_be_bytes();
    fill(&mut padded, &[message, &[0x80]]);
    if let Some(length) = padded.last_chunk_mut() {
        *length = bits;
    }
    let mut state = INITIAL;
    compress256(&mut state, padded.as_chunks().0);
    let mut hash = [0; 32];
    let (words, _) = hash.as_chunks_mut::<4>();
    words
        .iter_mut()
        .zip(state)
        .for_each(|(to, word)| *to = word.to_be_bytes());
    hash
}

/// FIPS 180-4 5.3.3.
const INITIAL: [u32; 8] = [
    0x6a09_e667,
    0xbb67_ae85,
    0x3c6e_f372,
    0xa54f_f53a,
    0x510e_527f,
    0x9b05_688c,
    0x1f83_d9ab,
    0x5be0_cd19,
];

/// The root of nothing.
pub fn empty_root() -> Hash {
    Sha256::new().finalize().into()
}

/// The right edge of a growing tree: enough to add leaves and to give the root at any time.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Frontier {
    size: u64,
    peaks: Vec<Hash>,
}

impl Frontier {
    /// The edge of a tree of `size` leaves with these roots of its whole subtrees, the largest first; `None` for
    /// another number of them.
    pub fn of(size: u64, peaks: Vec<Hash>) -> Option<Self> {
        (peaks.len() == size.count_ones() as usize).then_some(Self { size, peaks })
    }

    /// Adds a leaf hash.
    pub fn push(&mut self, leaf: Hash) {
        self.push_each(leaf, |_, _| {});
    }

    /// Adds a leaf hash; `made` gets each whole subtree that this completes, the leaf (level 0) first.
    pub(crate) fn push_each(&mut self, leaf: Hash, mut made: impl FnMut(u32, &Hash)) {
        let mut carry = leaf;
        made(0, &carry);
        for level in 1..=self.size.trailing_ones() {
            if let Some(left) = self.peaks.pop() {
                carry = node(&left, &carry);
            }
            made(level, &carry);
        }
        self.peaks.push(carry);
        self.size += 1;
    }

    /// How many leaves.
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// The roots of the whole subtrees, the largest first.
    pub fn peaks(&self) -> &[Hash] {
        &self.peaks
    }

    /// The root.
    pub fn root(&self) -> Hash {
        root_of_peaks(&self.peaks)
    }
}

/// The root over whole subtrees, the largest first.
pub(crate) fn root_of_peaks(peaks: &[Hash]) -> Hash {
    let mut peaks = peaks.iter().rev();
    match peaks.next() {
        None => empty_root(),
        Some(last) => peaks.fold(*last, |right, left| node(left, &right)),
    }
}

/// Where the nodes of a tree come from.
pub trait Nodes {
    /// The root of the leaves from `index << level` to before `(index + 1) << level`; `None` when it is not known.
    fn node(&self, level: u32, index: u64) -> Option<Hash>;
}

impl Nodes for [Hash] {
    fn node(&self, level: u32, index: u64) -> Option<Hash> {
        let len = 1usize.checked_shl(level)?;
        let from = usize::try_from(index).ok()?.checked_mul(len)?;
        Some(root(self.get(from..from.checked_add(len)?)?))
    }
}

/// The root of a list of leaf hashes.
pub fn root(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => empty_root(),
        [one] => *one,
        _ => {
            let (left, right) = leaves.split_at(split(leaves.len() as u64) as usize);
            node(&root(left), &root(right))
        }
    }
}

/// The largest power of two below `len`, which is 2 at least.
const fn split(len: u64) -> u64 {
    1 << (u64::BITS - 1 - (len - 1).leading_zeros())
}

/// The root of the leaves `from` to before `to`, a part that RFC 6962 makes; `None` when a node is not known.
pub fn range<N: Nodes + ?Sized>(nodes: &N, (from, to): (u64, u64)) -> Option<Hash> {
    let len = to.checked_sub(from)?;
    if len == 0 {
        return Some(empty_root());
    }
    if len.is_power_of_two() && from % len == 0 {
        return nodes.node(len.trailing_zeros(), from / len);
    }
    let middle = from + split(len);
    Some(node(
        &range(nodes, (from, middle))?,
        &range(nodes, (middle, to))?,
    ))
}

/// RFC 6962 2.1.1: the path from leaf `index` to the root of the first `size` leaves; `None` when there is no such leaf
/// or a node is not known.
pub fn inclusion<N: Nodes + ?Sized>(nodes: &N, index: u64, size: u64) -> Option<Vec<Hash>> {
    if index >= size {
        return None;
    }
    let (mut from, mut to) = (0, size);
    let mut path = Vec::new();
    while to - from > 1 {
        let middle = from + split(to - from);
        let other = if index < middle {
            (middle, to)
        } else {
            (from, middle)
        };
        path.push(range(nodes, other)?);
        (from, to) = if index < middle {
            (from, middle)
        } else {
            (middle, to)
        };
    }
    path.reverse();
    Some(path)
}

/// RFC 6962 2.1.2: the proof that the first `old` leaves are a prefix of the first `size`; empty when `old` is 0 or
/// `size`. `None` when `old` is beyond `size` or a node is not known.
pub fn consistency<N: Nodes + ?Sized>(nodes: &N, old: u64, size: u64) -> Option<Vec<Hash>> {
    if old == 0 || old >= size {
        return (old <= size).then(Vec::new);
    }
    let (mut from, mut to) = (0, size);
    let mut proof = Vec::new();
    while to != old {
        let middle = from + split(to - from);
        let other = if old <= middle {
            (middle, to)
        } else {
            (from, middle)
        };
        proof.push(range(nodes, other)?);
        (from, to) = if old <= middle {
            (from, middle)
        } else {
            (middle, to)
        };
    }
    // A verifier that knows the old root needs no node for a part that is all of the old tree.
    if from != 0 {
        proof.push(range(nodes, (from, to))?);
    }
    proof.reverse();
    Some(proof)
}

/// RFC 9162 2.1.3.2: whether a leaf hash at `index` is in the tree of `size` with this root.
pub fn verify_inclusion(leaf: Hash, index: u64, size: u64, path: &[Hash], root: &Hash) -> bool {
    if index >= size {
        return false;
    }
    let (mut at, mut last, mut hash) = (index, size - 1, leaf);
    for other in path {
        if last == 0 {
            return false;
        }
        if at & 1 == 1 || at == last {
            hash = node(other, &hash);
            while at & 1 == 0 && at != 0 {
                (at, last) = (at >> 1, last >> 1);
            }
        } else {
            hash = node(&hash, other);
        }
        (at, last) = (at >> 1, last >> 1);
    }
    last == 0 && hash == *root
}

/// A size with its root.
pub type SizedRoot<'a> = (u64, &'a Hash);

/// RFC 9162 2.1.4.2: whether the tree `new` extends the tree `old`.
pub fn verify_consistency(
    (old, old_root): SizedRoot<'_>,
    (new, new_root): SizedRoot<'_>,
    proof: &[Hash],
) -> bool {
    let empty_is_empty = |size: u64, root: &Hash| size != 0 || *root == empty_root();
    if old > new || !empty_is_empty(old, old_root) || !empty_is_empty(new, new_root) {
        return false;
    }
    if old == 0 || old == new {
        return proof.is_empty() && (old == 0 && new != 0 || old_root == new_root);
    }
    let (mut at, mut last) = (old - 1, new - 1);
    while at & 1 == 1 {
        (at, last) = (at >> 1, last >> 1);
    }
    let mut rest = proof.iter();
    let first = if old.is_power_of_two() {
        Some(old_root)
    } else {
        rest.next()
    };
    let Some(first) = first else { return false };
    let (mut from_old, mut from_new) = (*first, *first);
    for other in rest {
        if last == 0 {
            return false;
        }
        if at & 1 == 1 || at == last {
            (from_old, from_new) = (node(other, &from_old), node(other, &from_new));
            while at & 1 == 0 && at != 0 {
                (at, last) = (at >> 1, last >> 1);
            }
        } else {
            from_new = node(&from_new, other);
        }
        (at, last) = (at >> 1, last >> 1);
    }
    last == 0 && from_old == *old_root && from_new == *new_root
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leaves(count: u8) -> Vec<Hash> {
        (0..count).map(|n| leaf(&[n; 32])).collect()
    }

    #[test]
    fn leaves_and_nodes_are_sha256() {
        for n in 0..=255u8 {
            let (left, right) = ([n; 32], [!n; 32]);
            let whole = Sha256::new().chain_update([0]).chain_update(left);
            assert_eq!(leaf(&left), Hash::from(whole.finalize()));
            let whole = Sha256::new()
                .chain_update([1])
                .chain_update(left)
                .chain_update(right);
            assert_eq!(node(&left, &right), Hash::from(whole.finalize()));
        }
    }

    #[test]
    fn frontier_and_recursion_agree() {
        let mut frontier = Frontier::default();
        for count in 0..70 {
            assert_eq!(frontier.root(), root(&leaves(count)), "{count}");
            frontier.push(leaf(&[count; 32]));
        }
    }

    #[test]
    fn every_proof_holds_and_every_bent_one_does_not() {
        for new in 1..34u8 {
            let all = leaves(new);
            let top = root(&all);
            for index in 0..new {
                let path = inclusion(&all[..], index.into(), new.into()).unwrap();
                let hash = all[usize::from(index)];
                assert!(verify_inclusion(
                    hash,
                    index.into(),
                    new.into(),
                    &path,
                    &top
                ));
                for bent in 0..path.len() {
                    let mut path = path.clone();
                    path[bent][0] ^= 1;
                    assert!(!verify_inclusion(
                        hash,
                        index.into(),
                        new.into(),
                        &path,
                        &top
                    ));
                }
            }
            for old in 0..=new {
                let old_root = root(&all[..old.into()]);
                let proof = consistency(&all[..], old.into(), new.into()).unwrap();
                assert!(
                    verify_consistency((old.into(), &old_root), (new.into(), &top), &proof),
                    "{old} {new}"
                );
                for bent in 0..proof.len() {
                    let mut proof = proof.clone();
                    proof[bent][0] ^= 1;
                    assert!(!verify_consistency(
                        (old.into(), &old_root),
                        (new.into(), &top),
                        &proof
                    ));
                }
            }
        }
    }
}
