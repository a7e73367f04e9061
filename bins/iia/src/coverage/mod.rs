//! `iia coverage`: every flow that was seen and every socket that is open although no contract names it. To be without
//! contract is a defect of the deployment (IIA 7, 001:35), so that it is told and ends with exit code 1.

mod orphans;

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use iia_contract::compile::surface::{Open, against};
use iia_contract::compile::{Drift, Permit as _};
use iia_contract::explain;
use iia_contract::matcher::Matcher;
use serde_json::json;

use crate::compile::Site;
use crate::input::{Input, Reading};
use crate::surface::live;
use crate::table::{Align, Table, count, counted};
use orphans::{FLOWS_MAX, Flows};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The configuration: contracts, and the zones, interfaces, endpoints and services around them
    catalog: PathBuf,
    /// Captures (pcap or pcapng, also gzip or zstd) or folders of them
    #[arg(required_unless_present = "live", value_name = "FILE|FOLDER")]
    captures: Vec<PathBuf>,
    /// A port on which Modbus (TCP or RTU) is expected, besides 502; may be given again
    #[arg(long = "port", value_name = "PORT")]
    ports: Vec<u16>,
    /// Looks at the sockets of this network namespace as well
    #[arg(long)]
    live: bool,
    /// Prints one JSON object a line: each flow, each socket, the sum
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: &Arguments, out: &mut impl Write) -> anyhow::Result<ExitCode> {
    let site = Site::read(&arguments.catalog)?;
    let input = Input {
        paths: arguments.captures.clone(),
        ports: arguments.ports.clone(),
    };
    let mut reading = Reading::new(&input);
    let flows = seen(&site, &mut reading);
    let sockets = if arguments.live {
        open(&site)?
    } else {
        Vec::new()
    };
    match arguments.json {
        true => tell_json(out, &flows, &sockets)?,
        false => tell(out, &flows, &sockets)?,
    }
    Ok(reading.exit(!flows.is_empty() || !sockets.is_empty()))
}

/// Everything in the captures that no contract covers, by who speaks to whom.
fn seen(site: &Site, reading: &mut Reading<'_>) -> Flows {
    let matcher = Matcher::new(&site.catalog);
    let mut flows = Flows::default();
    for capture in reading.captures() {
        reading.read(&capture, &mut |observation| {
            if observation.judged() {
                let verdict = matcher.judge(observation);
                let finding = explain::finding(&site.catalog, observation, &verdict, Vec::new());
                flows.add(finding);
            }
        });
    }
    flows
}

/// Sockets that wait for others and are not in the list, and those in it that are declared and have no contract.
fn open(site: &Site) -> anyhow::Result<Vec<String>> {
    let (list, _) = Open::compile(&site.catalog, &site.topology);
    let live = live()?;
    let others = against(&list, &live)
        .into_iter()
        .filter_map(|drift| match drift {
            Drift::Surplus { what } => Some(what),
            _ => None,
        });
    let mut contracted = list.clone();
    contracted
        .allowed
        .retain(|_, contracts| !contracts.is_empty());
    let declared = against(&contracted, &live)
        .into_iter()
        .filter_map(|drift| match drift {
            Drift::Surplus { what } => Some(what),
            _ => None,
        });
    let mut sockets: Vec<String> = others.collect();
    for what in declared {
        if !sockets.contains(&what) {
            sockets.push(format!("{what}, declared and without contract"));
        }
    }
    Ok(sockets)
}

fn tell(out: &mut impl Write, flows: &Flows, sockets: &[String]) -> anyhow::Result<()> {
    let mut table = Table::new([
        ("from", Align::Left),
        ("to", Align::Left),
        ("times", Align::Right),
        ("such as", Align::Left),
    ]);
    for ((from, to), orphan) in flows.all() {
        let times = count(orphan.times);
        table.row([from.into(), to.into(), times, orphan.such_as.clone()]);
    }
    if !flows.is_empty() {
        table.write(out, "")?;
    }
    if flows.further > 0 {
        let further = counted(flows.further, "observation");
        writeln!(
            out,
            "and {further} of flows beyond the first {}",
            count(FLOWS_MAX as u64)
        )?;
    }
    for socket in sockets {
        writeln!(out, "{socket}")?;
    }
    let (flows, sockets) = (flows.len() as u64, sockets.len() as u64);
    match flows + sockets {
        0 => writeln!(out, "nothing is without contract")?,
        _ => writeln!(
            out,
            "without contract: {} and {}",
            counted(flows, "flow"),
            counted(sockets, "socket")
        )?,
    }
    Ok(())
}

fn tell_json(out: &mut impl Write, flows: &Flows, sockets: &[String]) -> anyhow::Result<()> {
    for ((from, to), orphan) in flows.all() {
        let line = json!({
            "flow": { "from": from, "to": to },
            "times": orphan.times,
            "first_ns": orphan.first_ns,
            "such_as": orphan.such_as,
        });
        writeln!(out, "{line}")?;
    }
    for socket in sockets {
        writeln!(out, "{}", json!({ "socket": socket }))?;
    }
    let sum = json!({
        "flows": flows.len(),
        "sockets": sockets.len(),
        "judged": flows.judged,
        "not_kept_apart": flows.further,
    });
    writeln!(out, "{sum}")?;
    Ok(())
}
