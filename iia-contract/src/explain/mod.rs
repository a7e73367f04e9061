//! Verdicts in words that an engineer can act on.

mod attempt;
mod device;
mod finding;
mod named;
mod place;
mod words;

use alloc::format;
use alloc::string::String;

use iia_core::observe::Observation;

use crate::catalog::Catalog;
use crate::matcher::{Clause, Verdict};
use crate::scope::{Contract, Terms};
pub use attempt::{destination, operation, source};
pub use finding::finding;
pub use place::place;

/// Why an observation was refused: what was attempted by whom, the nearest contract and what that one allows.
/// Empty when a contract covers it.
pub fn reason(catalog: &Catalog, observation: &Observation<'_>, verdict: &Verdict) -> String {
    let Verdict::Violation { nearest, clause } = *verdict else {
        return String::new();
    };
    let head = head(observation, clause);
    let contract = nearest.and_then(|index| catalog.contracts().get(index as usize));
    match contract {
        Some(contract) => format!(
            "{head}: contract {} {}",
            contract.id,
            only(contract, observation, clause)
        ),
        None => format!("{head}: {}", nobody(observation)),
    }
}

/// What was attempted by whom, to whom, and what else the clause is about.
fn head(observation: &Observation<'_>, clause: Clause) -> String {
    let mut head = format!("{} by {}", operation(observation), source(observation));
    let destination = destination(observation);
    if !destination.is_empty() {
        head.push_str(&format!(" at {destination}"));
    }
    head.push_str(&attempt::about(observation, clause));
    head
}

fn nobody(observation: &Observation<'_>) -> &'static str {
    match observation {
        Observation::Frame(_) => "no contract names this receiver and EtherType",
        Observation::Session(_) | Observation::Message(_) => "no contract names who speaks",
        _ => "no contract names this server and port",
    }
}

/// What a contract allows instead.
fn only(contract: &Contract, observation: &Observation<'_>, clause: Clause) -> String {
    let said = match (&contract.terms, observation) {
        (_, Observation::Message(message)) => named::message(contract, message, clause),
        (Terms::Device(device), _) => device::only(device, observation, clause),
        (_, Observation::Session(session)) => named::session(contract, session, clause),
        _ => None,
    };
    said.or_else(|| words::limit(contract, clause))
        .unwrap_or_else(|| format!("does not allow it (clause {})", clause.name()))
}
