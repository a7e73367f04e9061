//! Everything that was said in captures, one record a message with its answer: as JSON lines, as events of Suricata's log, as
//! lines for scripts, or as Parquet files.

mod columns;
mod eve;
mod json;
mod rows;

use std::collections::BTreeSet;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use iia_core::observe::{Observation, Protocol};

use crate::input::{Input, Reading};
use columns::Tables;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    input: Input,
    /// One JSON object a record and line
    #[arg(long)]
    json: bool,
    /// One event of Suricata's log (eve.json) a record and line, flows too
    #[arg(long, conflicts_with = "json")]
    eve: bool,
    /// Parquet files in this folder, one a kind of record: exchange, said, conn
    #[arg(long, value_name = "FOLDER", conflicts_with_all = ["json", "eve"])]
    parquet: Option<PathBuf>,
    /// This protocol only, by its name in the records; may be given again
    #[arg(long = "protocol", value_name = "NAME", value_parser = protocol)]
    protocols: Vec<Protocol>,
    /// Flows too, as in Zeek's conn.log
    #[arg(long)]
    flows: bool,
}

fn protocol(name: &str) -> Result<Protocol, String> {
    let known = Protocol::KNOWN.iter().find(|known| known.name() == name);
    known.copied().ok_or_else(|| {
        let names: Vec<&str> = Protocol::KNOWN.iter().map(|known| known.name()).collect();
        format!("known are: {}", names.join(", "))
    })
}

pub(crate) fn run(arguments: &Arguments, out: &mut impl Write) -> anyhow::Result<ExitCode> {
    let wanted: BTreeSet<Protocol> = arguments.protocols.iter().copied().collect();
    let wants = |seen: &Observation<'_>| match seen {
        Observation::Conn(conn) => {
            (arguments.flows || arguments.eve) && has(&wanted, conn.protocol)
        }
        Observation::Exchange(exchange) => has(&wanted, exchange.protocol),
        Observation::Said(said) => has(&wanted, said.protocol),
        _ => false,
    };
    let mut reading = Reading::new(&arguments.input);
    let captures = reading.captures();
    if let Some(folder) = &arguments.parquet {
        let mut tables = Tables::create(folder, arguments.flows)?;
        for capture in &captures {
            reading.read(capture, &mut |seen| {
                if wants(seen) {
                    tables.take(seen);
                }
            });
        }
        tables.finish(out)?;
        return Ok(reading.exit(false));
    }
    let write = match (arguments.json, arguments.eve) {
        (true, _) => json::write,
        (_, true) => eve::write,
        _ => rows::write,
    };
    if !arguments.json && !arguments.eve {
        rows::head(out)?;
    }
    for capture in &captures {
        let mut done = Ok(());
        reading.read(capture, &mut |seen| {
            if done.is_ok() && wants(seen) {
                done = write(out, capture, seen);
            }
        });
        done?;
    }
    Ok(reading.exit(false))
}

fn has(wanted: &BTreeSet<Protocol>, protocol: Protocol) -> bool {
    wanted.is_empty() || wanted.contains(&protocol)
}
