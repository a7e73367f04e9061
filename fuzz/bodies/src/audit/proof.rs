//! Proofs about trees, and a witness that is offered heads of two histories.

use iia_audit::checkpoint::Checkpoint;
use iia_audit::note::Purpose;
use iia_audit::tree::{self, Hash};
use iia_audit::witness::Witness;

use super::{ORIGIN, key, verifier};
use crate::input::Input;

const LEAVES_MAX: usize = 80;

/// Our proofs hold, and no other proof of the same thing does; with made-up hashes and sizes nothing hangs.
pub fn proof(data: &[u8]) {
    let mut input = Input(data);
    let count = usize::from(input.byte()) % LEAVES_MAX;
    let pick = usize::from(input.byte());
    let leaves: Vec<Hash> = (0..count).map(|n| tree::leaf(&[n as u8; 32])).collect();
    let root = tree::root(&leaves);
    let offered = hashes(&mut input, &leaves);
    if count > 0 {
        inclusion(&leaves, pick % count, &root, &offered);
    }
    consistency(&leaves, pick % (count + 1), &root, &offered);
    let (index, size) = (input.u64(), input.u64());
    let _made_up = tree::verify_inclusion(input.array(), index, size, &offered, &input.array());
    let (old, new) = ((index, &input.array()), (size, &input.array()));
    let _made_up = tree::verify_consistency(old, new, &offered);
}

/// Hashes from the input: made up, or nodes of the tree itself, which come nearer to a proof.
fn hashes(input: &mut Input<'_>, leaves: &[Hash]) -> Vec<Hash> {
    let mut found = Vec::new();
    for _ in 0..input.byte() % 12 {
        let (from, to) = (usize::from(input.byte()), usize::from(input.byte()));
        let part = leaves.get(from..to).map(tree::root);
        found.push(part.unwrap_or_else(|| input.array()));
    }
    found
}

fn inclusion(leaves: &[Hash], index: usize, root: &Hash, offered: &[Hash]) {
    let (at, size) = (index as u64, leaves.len() as u64);
    let path = tree::inclusion(leaves, at, size).unwrap_or_default();
    let holds = |leaf, at, path: &[Hash]| tree::verify_inclusion(leaf, at, size, path, root);
    assert!(holds(leaves[index], at, &path));
    assert!(path.len() <= 7);
    assert!(offered == path || !holds(leaves[index], at, offered));
    assert!(!holds(leaves[index], at + size, &path));
    assert!(size == 1 || !holds(leaves[index], (at + 1) % size, &path));
    assert!(!holds([0; 32], at, &path));
}

fn consistency(leaves: &[Hash], old: usize, root: &Hash, offered: &[Hash]) {
    let old_root = tree::root(&leaves[..old]);
    let sizes = (old as u64, leaves.len() as u64);
    let holds = |old_root: &Hash, new_root: &Hash, proof: &[Hash]| {
        tree::verify_consistency((sizes.0, old_root), (sizes.1, new_root), proof)
    };
    let ours = tree::consistency(leaves, sizes.0, sizes.1).unwrap_or_default();
    assert!(holds(&old_root, root, &ours));
    assert!(offered == ours || !holds(&old_root, root, offered));
    assert!(!holds(&[7; 32], root, &ours));
    // Everything extends nothing; otherwise another new root is another history.
    assert!(old == 0 && !leaves.is_empty() || !holds(&old_root, &[7; 32], &ours));
}

/// Two histories that part somewhere: a witness follows one of them and never both.
pub fn witness(data: &[u8]) {
    let mut input = Input(data);
    let common = u64::from(input.byte() % 12);
    let histories = [0, 1].map(|side: u8| -> Vec<Hash> {
        let leaf = |n: u64| tree::leaf(&[if n < common { n as u8 } else { 100 + side }; 32]);
        (0..24).map(leaf).collect()
    });
    let mut witness = Witness::default();
    assert!(witness.follow(verifier(ORIGIN, Purpose::Log, 1)).is_ok());
    let (mut known, mut followed) = (0u64, None);
    for _ in 0..12 {
        if input.is_empty() {
            return;
        }
        let ask = input.byte();
        let (side, size) = (usize::from(ask & 1), u64::from(input.byte() % 25));
        let old = if ask & 2 == 0 {
            known
        } else {
            u64::from(input.byte() % 25)
        };
        let taken = offer(&mut witness, &histories[side], size, old);
        assert!(
            !taken || size >= known && old == known,
            "{size} from {old}, {known} known"
        );
        if taken {
            let side = (size > common).then_some(side);
            assert!(
                followed.is_none() || size == known || followed == side,
                "both histories"
            );
            (known, followed) = (size, followed.or(side));
        }
        if ask & 4 != 0 {
            let memory = witness.memory();
            witness = Witness::default();
            assert!(witness.follow(verifier(ORIGIN, Purpose::Log, 1)).is_ok());
            assert_eq!(witness.remember(&memory), Ok(()));
            assert_eq!(witness.memory(), memory);
        }
    }
}

fn offer(witness: &mut Witness, leaves: &[Hash], size: u64, old: u64) -> bool {
    let part = &leaves[..size as usize];
    let head = Checkpoint {
        origin: ORIGIN.into(),
        size,
        root: tree::root(part),
    };
    let Ok(head) = head.sign(&key(1)) else {
        return false;
    };
    let Some(proof) = tree::consistency(part, old, size) else {
        return false;
    };
    witness.accept(&head, old, &proof).is_ok()
}
