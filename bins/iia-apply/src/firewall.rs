//! The gated call that loads the kernel firewall, in one transaction, and cuts what lost its contract.

use iia_contract::compile::nft::{self, Ruleset};

use crate::conntrack;
use crate::program::Program;

/// What is loaded, in the compiler's own text: the same state, the same bytes, whoever loaded it. A kernel that has
/// nothing of the box has an empty state.
pub(crate) fn before() -> Result<Vec<u8>, String> {
    Ok(state(loaded()?))
}

/// What the compiler never writes stands in it as a remark, so that such a state is never taken for the right one.
fn state(ruleset: Ruleset) -> Vec<u8> {
    if ruleset.tables.is_empty() {
        return Vec::new();
    }
    let foreign = ruleset.tables.values().flat_map(|table| &table.foreign);
    let remarks: String = foreign.map(|what| format!("# by hand: {what}\n")).collect();
    format!("{}{remarks}", ruleset.uncounted()).into_bytes()
}

/// The text that makes a state: that of an empty one takes the box's tables away.
fn script(state: &[u8]) -> Vec<u8> {
    if state.is_empty() {
        return Ruleset::default().to_string().into_bytes();
    }
    state.to_vec()
}

fn loaded() -> Result<Ruleset, String> {
    let listing = Program::Nft.run(&["-j", "list", "ruleset"], b"")?;
    nft::read(&listing).map_err(|error| error.to_string())
}

/// Asks the kernel whether it would take it.
pub(crate) fn rehearse(after: &[u8]) -> Result<(), String> {
    Program::Nft
        .run(&["-c", "-f", "-"], &script(after))
        .map(drop)
}

/// Loads it, reads it back, then cuts every live connection that it does not admit.
pub(crate) fn make(after: &[u8]) -> Result<(), String> {
    Program::Nft.run(&["-f", "-"], &script(after))?;
    let loaded = loaded()?;
    if state(loaded.clone()) != after {
        return Err("the kernel has something else than was loaded".into());
    }
    conntrack::cut(&loaded)
}
