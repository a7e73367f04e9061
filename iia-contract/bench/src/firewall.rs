//! The firewall of ten thousand contracts, and what one of them changes in it.

use iia_contract::Catalog;
use iia_contract::compile::{Topology, nft};

use crate::measure::{long, tell};
use crate::world;

const SIZES: [usize; 3] = [100, 1_000, 10_000];
const ZONES: usize = 40;
const SAMPLES: usize = 20;

/// A box, its catalog, and the same with another destination in one contract.
fn boxes(contracts: usize) -> (Topology, Catalog, Catalog) {
    let (topology, mut entries) = world::parts(7, false, ZONES, contracts);
    let check = |entries: &[_]| Catalog::check(entries).expect("a sound catalog").0;
    let before = check(&entries);
    entries[contracts / 2] = world::contract("changed", &world::id(1, 0), &world::id(2, 0));
    (topology, before, check(&entries))
}

pub fn all() {
    SIZES.into_iter().for_each(measure);
}

fn measure(contracts: usize) {
    let (topology, before, after) = boxes(contracts);
    let compile = |catalog: &Catalog| nft::ruleset(catalog, &topology).0;
    let said = |name, cost| tell(name, contracts, cost, None);
    said("nft: ruleset", long(SAMPLES, || compile(&after)));
    said("nft: ruleset and its text", long(SAMPLES, || compile(&after).to_string()));
    let (is, should) = (compile(&before), compile(&after));
    let change = nft::delta(&should, &is);
    assert!(change.is_some_and(|text| !text.is_empty()), "nothing changes");
    said("nft: delta of one changed contract", long(SAMPLES, || nft::delta(&should, &is)));
    // From the new catalog to the text that the kernel loads.
    said("nft: ruleset and delta", long(SAMPLES, || nft::delta(&compile(&after), &is)));
}
