use alloc::vec::Vec;

use super::*;

fn discover() -> Vec<u8> {
    let mut bytes = alloc::vec![0; 236];
    bytes[..4].copy_from_slice(&[1, 1, 6, 0]);
    bytes.extend_from_slice(&[99, 130, 83, 99, 53, 1, 1, 255]);
    bytes
}

#[test]
fn a_message_of_version_4_is_one_by_its_cookie() {
    let whole = discover();
    assert!(fits(&whole));
    for (place, byte) in [(0, 3), (2, 17), (236, 98)] {
        let mut bent = whole.clone();
        bent[place] = byte;
        assert!(!fits(&bent), "{place}");
    }
    assert!((0..240).all(|len| !fits(&whole[..len])));
}

#[test]
fn a_message_of_version_6_is_one_by_options_that_fill_it() {
    let solicit = [1, 1, 2, 3, 0, 8, 0, 2, 0, 0, 0, 14, 0, 0];
    assert!(fits6(&solicit));
    for len in 0..solicit.len() {
        assert_eq!(fits6(&solicit[..len]), len == 10, "{len}");
    }
    let mut bent = solicit;
    bent[0] = 99;
    assert!(!fits6(&bent));
}
