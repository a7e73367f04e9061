//! `iia devices`: who is on the control network, and whether any contract knows them.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use iia_contract::inventory::{Entry, Inventory};
use serde_json::json;

use crate::check::catalog;
use crate::input::{Input, Reading};
use crate::table::{Align, Table, counted};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The catalog: a configuration text with contracts
    #[arg(long, value_name = "CATALOG")]
    catalog: PathBuf,
    #[command(flatten)]
    input: Input,
    /// Prints one JSON object a line: each endpoint
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: &Arguments, out: &mut impl Write) -> anyhow::Result<ExitCode> {
    let mut inventory = Inventory::new(&catalog(&arguments.catalog)?);
    let mut reading = Reading::new(&arguments.input);
    let mut events = 0;
    for capture in reading.captures() {
        reading.read(&capture, &mut |observation| {
            events += inventory.handle_observation(observation).len() as u64;
        });
    }
    match arguments.json {
        true => tell_json(out, &inventory)?,
        false => tell(out, &inventory, events)?,
    }
    Ok(reading.exit(events > 0))
}

/// One word for what is known of an endpoint.
const fn state(entry: &Entry) -> &'static str {
    match (&entry.contract, entry.seen) {
        (None, _) => "unknown",
        (Some(_), None) => "not seen",
        (Some(_), Some(_)) => "known",
    }
}

fn tell(out: &mut impl Write, inventory: &Inventory, events: u64) -> std::io::Result<()> {
    let head = ["state", "endpoint", "first seen", "last seen", "contract"];
    let mut table = Table::new(head.map(|column| (column, Align::Left)));
    for (endpoint, entry) in inventory.endpoints() {
        let (first, last) = entry.seen.unzip();
        let time =
            |at: Option<iia_core::Timestamp>| at.map_or_else(String::new, |at| at.to_string());
        table.row([
            state(entry).into(),
            endpoint.to_string(),
            time(first),
            time(last),
            entry.contract.as_deref().unwrap_or_default().into(),
        ]);
    }
    table.write(out, "")?;
    if inventory.beyond() > 0 {
        writeln!(
            out,
            "and {} without room",
            counted(inventory.beyond(), "sight")
        )?;
    }
    match events {
        0 => writeln!(out, "nobody is unknown"),
        some => writeln!(out, "unknown: {}", counted(some, "endpoint")),
    }
}

fn tell_json(out: &mut impl Write, inventory: &Inventory) -> std::io::Result<()> {
    for (endpoint, entry) in inventory.endpoints() {
        let (first, last) = entry.seen.unzip();
        let time = |at: Option<iia_core::Timestamp>| at.map(|at| at.to_string());
        let object = json!({
            "endpoint": endpoint.to_string(),
            "state": state(entry),
            "contract": entry.contract.as_deref(),
            "first": time(first),
            "last": time(last),
        });
        writeln!(out, "{object}")?;
    }
    Ok(())
}
