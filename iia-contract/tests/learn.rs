//! Learning is bounded: whatever is on the wire, a proposal stays of a size that a person can cut down.
#![expect(clippy::unwrap_used, reason = "tests")]

mod made;

use iia_contract::learn::{Learner, PAIRS_MAX};
use iia_core::observe::Table;
use made::Said;

#[test]
fn pairs_beyond_the_limit_are_counted() {
    let mut learner = Learner::default();
    let over = 7;
    for number in 0..PAIRS_MAX + over {
        let [_, _, high, low] = u32::try_from(number).unwrap_or(0).to_be_bytes();
        let said = Said {
            client: [10, 1, high, low],
            server: ([10, 0, 0, 2], 502),
            unit: 1,
            func: 3,
            read: Some((Table::HoldingRegister, 0, 2)),
            write: None,
        };
        learner.observe(&said.observation());
    }
    assert_eq!(learner.left_out(), over as u64);
    let contracts = learner.to_icl("box").matches("\ncontract ").count();
    assert_eq!(contracts, PAIRS_MAX);
}
