//! The gated call that loads the kernel firewall, in one transaction, and cuts what lost its contract.

use iia_contract::compile::nft::{self, Ruleset};

use crate::conntrack;
use crate::program::Program;

/// What is loaded, in the compiler's own text: the same state, the same bytes, whoever loaded it.
pub(crate) fn before() -> Result<Vec<u8>, String> {
    Ok(loaded()?.uncounted().to_string().into_bytes())
}

fn loaded() -> Result<Ruleset, String> {
    let listing = Program::Nft.run(&["-j", "list", "ruleset"], b"")?;
    nft::read(&listing).map_err(|error| error.to_string())
}

/// Asks the kernel whether it would take it.
pub(crate) fn rehearse(text: &[u8]) -> Result<(), String> {
    Program::Nft.run(&["-c", "-f", "-"], text).map(drop)
}

/// Loads it, reads it back, then cuts every live connection that it does not admit.
pub(crate) fn make(text: &[u8]) -> Result<(), String> {
    Program::Nft.run(&["-f", "-"], text)?;
    let loaded = loaded()?;
    let foreign: Vec<&String> = loaded
        .tables
        .values()
        .flat_map(|table| &table.foreign)
        .collect();
    if loaded.clone().uncounted().to_string().as_bytes() != text || !foreign.is_empty() {
        return Err(format!(
            "the kernel has something else than was loaded: {foreign:?}"
        ));
    }
    conntrack::cut(&loaded)
}
