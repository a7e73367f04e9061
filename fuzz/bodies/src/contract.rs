//! What the matcher says of what was seen, and what a kernel says it has loaded.

use iia_contract::compile::nft::{self, Ruleset};

use crate::naive::world;

/// Bytes of a world at most: a few contracts and some hundred observations.
const WORLD_LEN_MAX: usize = 2048;

/// Up to seven contracts out of the first bytes and observations out of the rest: the matcher's verdict, with the way of
/// a flow kept or not, is that of a judge that asks every contract, and what is refused is refused in words.
pub fn judge(data: &[u8]) {
    let _ = world::judge(data.get(..WORLD_LEN_MAX).unwrap_or(data));
}

/// A listing gives the same ruleset each time; it differs from itself in what the compiler never writes and in nothing
/// else, and everything in it is surplus where nothing should be.
pub fn nft(data: &[u8]) {
    let Ok(ruleset) = nft::read(data) else {
        return;
    };
    assert_eq!(nft::read(data).as_ref(), Ok(&ruleset));
    let foreign: usize = ruleset
        .tables
        .values()
        .map(|table| table.foreign.len())
        .sum();
    assert_eq!(nft::drift(&ruleset, &ruleset).len(), foreign);
    assert_eq!(
        nft::delta(&ruleset, &ruleset),
        (foreign == 0).then(String::new)
    );
    let nothing = Ruleset::default();
    let (surplus, missing) = (
        nft::drift(&nothing, &ruleset),
        nft::drift(&ruleset, &nothing),
    );
    assert_eq!(
        surplus.is_empty(),
        ruleset.tables.is_empty() && ruleset.others.is_empty()
    );
    assert_eq!(missing.is_empty(), ruleset.tables.is_empty());
}
