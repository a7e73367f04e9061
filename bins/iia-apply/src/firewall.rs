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

/// What leads from what is loaded to a state: only what differs, where only contracts do; else the whole of it.
fn change(after: &[u8], loaded: &Ruleset) -> Vec<u8> {
    let should = std::str::from_utf8(after).ok().and_then(Ruleset::parse);
    let delta = should.and_then(|should| nft::delta(&should, loaded));
    delta.map_or_else(|| script(after), String::into_bytes)
}

/// Asks the kernel whether it would take it.
pub(crate) fn rehearse(after: &[u8]) -> Result<(), String> {
    let change = change(after, &loaded()?);
    Program::Nft.run(&["-c", "-f", "-"], &change).map(drop)
}

/// Makes the change in one transaction, reads it back, then cuts every live connection that is not admitted any more.
pub(crate) fn make(after: &[u8]) -> Result<(), String> {
    let change = change(after, &loaded()?);
    Program::Nft.run(&["-f", "-"], &change)?;
    let loaded = loaded()?;
    if state(loaded.clone()) != after {
        return Err("the kernel has something else than was loaded".into());
    }
    conntrack::cut(&loaded)
}
