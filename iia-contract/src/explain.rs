//! Verdicts in words that an engineer can act on.

use alloc::format;
use alloc::string::{String, ToString as _};
use core::fmt::Write as _;

use iia_core::observe::{Exchange, Observation, Span, Table};

use crate::catalog::Catalog;
use crate::matcher::{Clause, Verdict};
use crate::scope::{Device, Run, Terms};

/// What was attempted, such as `write holding_register 110`.
pub fn operation(observation: &Observation<'_>) -> String {
    match observation {
        Observation::Exchange(exchange) => attempt(exchange),
        Observation::Conn(conn) => format!("flow {}", conn.protocol.name()),
        _ => "unknown".into(),
    }
}

fn attempt(exchange: &Exchange<'_>) -> String {
    let mut text = String::new();
    for (verb, span) in [("write", &exchange.write), ("read", &exchange.read)] {
        if let Some(span) = span {
            let and = if text.is_empty() { "" } else { " and " };
            let _ = write!(
                text,
                "{and}{verb} {} {}",
                span.table.name(),
                run(span.addr, span.last())
            );
        }
    }
    if text.is_empty() {
        format!("function {}", exchange.func)
    } else {
        text
    }
}

fn run(first: u32, last: u32) -> String {
    if first == last {
        first.to_string()
    } else {
        format!("{first}-{last}")
    }
}

/// Why an observation was refused: what was attempted by whom, the nearest contract and what that one allows.
/// Empty when a contract covers it.
pub fn reason(catalog: &Catalog, observation: &Observation<'_>, verdict: &Verdict) -> String {
    let Verdict::Violation { nearest, clause } = *verdict else {
        return String::new();
    };
    let Some(flow) = observation.flow() else {
        return String::new();
    };
    let what = operation(observation);
    let place = match observation {
        Observation::Exchange(exchange) => {
            format!("{}:{} unit {}", flow.resp_h, flow.resp_p, exchange.unit)
        }
        _ => format!("{}:{}", flow.resp_h, flow.resp_p),
    };
    let head = format!("{what} by {} at {place}", flow.orig_h);
    let contract = nearest.and_then(|index| catalog.contracts().get(index as usize));
    match contract {
        Some(contract) => match &contract.terms {
            Terms::Device(device) => format!(
                "{head}: contract {} {}",
                contract.id,
                only(device, observation, clause)
            ),
            _ => head,
        },
        None => format!("{head}: no contract names this server and port"),
    }
}

fn only(device: &Device, observation: &Observation<'_>, clause: Clause) -> String {
    match clause {
        Clause::Server => "names another server".into(),
        Clause::Protocol => format!("is for {}", device.protocol.name()),
        Clause::Client => format!(
            "lets only {} ask",
            list(device.clients.iter().map(|net| net.to_string()))
        ),
        Clause::Unit => format!(
            "is for unit {}",
            list(device.units.iter().map(|unit| unit.to_string()))
        ),
        Clause::Malformed => "covers well-formed messages only".into(),
        Clause::Function => match device.functions.as_slice() {
            [] => "allows reads and writes only".into(),
            functions => format!(
                "allows besides reads and writes only function {}",
                list(functions.iter().map(|f| f.to_string()))
            ),
        },
        Clause::ReadOnly => format!("allows only reads of {}", runs(&device.reads, None)),
        Clause::Write => format!(
            "allows only writes of {}",
            runs(&device.writes, table(observation, true))
        ),
        Clause::Read => format!(
            "allows only reads of {}",
            runs(&device.reads, table(observation, false))
        ),
    }
}

fn table(observation: &Observation<'_>, write: bool) -> Option<Table> {
    let Observation::Exchange(exchange) = observation else {
        return None;
    };
    let span: &Option<Span<'_>> = if write {
        &exchange.write
    } else {
        &exchange.read
    };
    span.as_ref().map(|span| span.table)
}

/// The runs of one table when it has any, of every table otherwise.
fn runs(all: &[Run], table: Option<Table>) -> String {
    let same = |entry: &&Run| table.is_none_or(|table| entry.table == table);
    let some = all.iter().any(|entry| same(&entry));
    let shown = all.iter().filter(|entry| !some || same(entry));
    list(shown.map(|entry| format!("{} {}", entry.table.name(), run(entry.first, entry.last))))
}

fn list(items: impl Iterator<Item = String>) -> String {
    let mut text = String::new();
    for item in items {
        if !text.is_empty() {
            text.push_str(", ");
        }
        text.push_str(&item);
    }
    if text.is_empty() {
        "nothing".into()
    } else {
        text
    }
}

impl core::fmt::Display for crate::scope::Net {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let whole = if self.addr.is_ipv4() { 32 } else { 128 };
        write!(f, "{}", self.addr)?;
        if self.prefix == whole {
            Ok(())
        } else {
            write!(f, "/{}", self.prefix)
        }
    }
}
