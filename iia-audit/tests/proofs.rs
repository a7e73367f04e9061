//! What a proof does not prove.

use iia_audit::tree::{self, Hash};

/// RFC 6962 2.1: the root of nothing is the hash of nothing; two heads of size 0 with other roots are no pair.
#[test]
fn an_empty_tree_has_one_root() {
    let (empty, other): (Hash, Hash) = (tree::empty_root(), [7; 32]);
    assert!(tree::verify_consistency((0, &empty), (0, &empty), &[]));
    assert!(tree::verify_consistency((0, &empty), (3, &other), &[]));
    for (old, new) in [
        ((0, &empty), (0, &other)),
        ((0, &other), (0, &other)),
        ((0, &other), (3, &empty)),
    ] {
        assert!(!tree::verify_consistency(old, new, &[]), "{old:?} {new:?}");
    }
    assert!(!tree::verify_consistency(
        (0, &empty),
        (3, &other),
        &[empty]
    ));
    assert!(!tree::verify_consistency((3, &other), (0, &empty), &[]));
}

#[test]
fn sizes_at_the_ends_of_numbers_end() {
    let path = [[1; 32]; 64];
    for size in [1, 2, u64::MAX - 1, u64::MAX] {
        for index in [0, 1, u64::MAX - 2, u64::MAX - 1, u64::MAX] {
            assert!(!tree::verify_inclusion(
                [2; 32], index, size, &path, &[3; 32]
            ));
            let (old, new) = ((index, &[2; 32]), (size, &[3; 32]));
            assert!(index == 0 || !tree::verify_consistency(old, new, &path));
        }
    }
}
