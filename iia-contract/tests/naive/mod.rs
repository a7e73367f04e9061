//! The plainest judge: every contract is asked about every observation, clause after clause, from the words of its
//! text. Nothing of the crate is used but the tree that holds the words.
#![allow(dead_code, reason = "every test file uses some of it")]

mod device;
pub(crate) mod dice;
mod named;
pub(crate) mod seen;
pub(crate) mod world;

use iia_contract::matcher::{Clause, Verdict};
use iia_contract::tree::{Entry, Field, Tree};
use iia_core::observe::Observation;

/// What one contract says: the clause that covers, or the one that fails.
type Says = Result<Clause, Clause>;

/// Judges by asking every contract.
pub(crate) fn judge(tree: &Tree, observation: &Observation<'_>) -> Verdict {
    let mut contracts: Vec<Entry<'_>> = tree.entries().collect();
    contracts.sort_by_key(|entry| (entry.name.to_owned(), entry.version));
    let base = match observation {
        Observation::Session(_) | Observation::Message(_) => Clause::Source,
        _ => Clause::Server,
    };
    let says: Vec<Says> = contracts
        .iter()
        .map(|entry| says(entry, observation).unwrap_or(Err(base)))
        .collect();
    for (contract, says) in (0..).zip(&says) {
        if let Ok(clause) = *says {
            return Verdict::Covered { contract, clause };
        }
    }
    let clause = says.iter().filter_map(|says| says.err()).max();
    let clause = clause.unwrap_or(base);
    let first = says.iter().position(|says| *says == Err(clause));
    Verdict::Violation {
        nearest: first.filter(|_| clause != base).map(|first| first as u32),
        clause,
    }
}

/// Nothing when the contract is of another kind than the observation.
fn says(entry: &Entry<'_>, observation: &Observation<'_>) -> Option<Says> {
    match (entry.text("scope"), observation) {
        ("device", Observation::Exchange(exchange)) => Some(device::exchange(entry, exchange)),
        ("device", Observation::Conn(conn)) => Some(device::conn(entry, conn)),
        ("device", Observation::Frame(frame)) => Some(device::frame(entry, frame)),
        ("device", Observation::Access(access)) => Some(device::access(entry, access)),
        ("internal" | "boundary", Observation::Session(session)) => {
            Some(named::session(entry, session))
        }
        ("inbound", Observation::Session(session)) => Some(named::pulled(entry, session)),
        (_, Observation::Message(message)) => Some(named::message(entry, message)),
        _ => None,
    }
}

/// Every first word of a key, in the contract itself or in one of its blocks.
fn words<'t>(entry: &Entry<'t>, block: &str, key: &str) -> Vec<&'t str> {
    let fields: Vec<Field<'t>> = match block {
        "" => entry.fields(key).collect(),
        _ => entry
            .block(block)
            .map(|block| block.fields(key).collect())
            .unwrap_or_default(),
    };
    fields.iter().map(|field| field.text()).collect()
}

/// A size as it is written, in bytes; no limit when nothing is written.
fn bytes(words: &[&str]) -> u64 {
    let Some(word) = words.first() else {
        return u64::MAX;
    };
    let digits: String = word.chars().take_while(char::is_ascii_digit).collect();
    let number: u64 = digits.parse().unwrap();
    match word.trim_start_matches(|one: char| one.is_ascii_digit()) {
        "B" => number,
        "KiB" => number * 1024,
        "MiB" => number * 1024 * 1024,
        unit => panic!("{unit}"),
    }
}
