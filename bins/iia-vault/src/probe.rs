//! The probe by hand, and the one that `put` wants.

use std::process::ExitCode;

use iia_edge::vault::{CANARY_S, Probe, Proven};

use crate::config::Vault;
use crate::state::State;

/// Probes the store and says what it did.
pub(crate) fn run(vault: &Vault) -> anyhow::Result<ExitCode> {
    let state = State::open(vault)?;
    Ok(match probe(vault, &state)? {
        Some(proven) => {
            println!(
                "PROVEN     the store keeps what it locks; probe {}",
                proven.id()
            );
            ExitCode::SUCCESS
        }
        None => ExitCode::FAILURE,
    })
}

/// The last probe, if it still counts; else a new one. `None` for a store that gave way.
pub(crate) fn proven(vault: &Vault, state: &State) -> anyhow::Result<Option<Proven>> {
    let kept = state.probe();
    let kept = kept.filter(|proven| proven.check(&vault.store, vault.now()).is_ok());
    match kept {
        Some(proven) => Ok(Some(proven)),
        None => probe(vault, state),
    }
}

fn probe(vault: &Vault, state: &State) -> anyhow::Result<Option<Proven>> {
    let probe = vault.does(Probe::new(&vault.store, vault.now()))?;
    let (report, proven) = probe.finish()?;
    let address = vault.store.address();
    println!("store      {} {}", address.endpoint, address.bucket);
    println!("canary     locked for {CANARY_S} s");
    for attempt in &report.attempts {
        println!("           {attempt}");
    }
    match &proven {
        Some(proven) => state.keep_probe(&proven.sign(&vault.settings.name, &vault.signer)?)?,
        None => {
            println!("NOT PROVEN the store does not keep what it locks: no receipt can rest on it")
        }
    }
    Ok(proven)
}
