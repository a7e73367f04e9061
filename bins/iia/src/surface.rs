//! `iia surface`: what is open on a box and why, what listens here although nobody agreed to it, and what does not
//! although somebody did.

use std::collections::BTreeSet;
use std::io::{ErrorKind, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, anyhow};
use iia_contract::compile::surface::{Open, Socket, against, sockets};
use iia_contract::compile::{Contracts, L4, Permit as _};
use iia_core::code::Coded as _;

use crate::compile::{Site, exit, note, tell};
use crate::table::{Align, Table};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The configuration: contracts, and the zones, interfaces, endpoints and services around them
    file: PathBuf,
    /// Holds the list against the sockets of this network namespace: names those that are not in it and contracted
    /// ones that are not there; exit code 1 when there is one
    #[arg(long)]
    live: bool,
}

/// The tables of the kernel, and what they are about.
const TABLES: [(&str, L4); 4] = [
    ("/proc/self/net/tcp", L4::Tcp),
    ("/proc/self/net/tcp6", L4::Tcp),
    ("/proc/self/net/udp", L4::Udp),
    ("/proc/self/net/udp6", L4::Udp),
];

pub(crate) fn run(arguments: &Arguments, out: &mut impl Write) -> anyhow::Result<ExitCode> {
    let site = Site::read(&arguments.file)?;
    let (list, notes) = Open::compile(&site.catalog, &site.topology);
    if arguments.live {
        let found = against(&list, &live()?);
        tell(&found, out)?;
        return Ok(exit(&found));
    }
    let head = [
        "end",
        "place",
        "interface",
        "side",
        "zone",
        "who",
        "from",
        "why",
    ];
    let mut table = Table::new(head.map(|word| (word, Align::Left)));
    for (open, contracts) in &list.allowed {
        table.row(row(open, contracts));
    }
    table.write(out, "")?;
    note(&notes);
    Ok(ExitCode::SUCCESS)
}

fn row(open: &Open, contracts: &Contracts) -> [String; 8] {
    let dash = |text: &str| {
        if text.is_empty() {
            "-".into()
        } else {
            text.to_owned()
        }
    };
    let words = |all: &BTreeSet<String>| all.iter().cloned().collect::<Vec<_>>().join(" ");
    let why = match contracts.is_empty() {
        true => format!("{}, no contract", open.declared),
        false => words(contracts),
    };
    [
        open.end.name().into(),
        open.place.clone(),
        dash(&open.interface),
        dash(&open.side),
        dash(&open.zone),
        open.who.clone(),
        dash(&words(&open.peers)),
        why,
    ]
}

/// Every socket that waits for others. A kernel without one of the families has no table of it.
pub(crate) fn live() -> anyhow::Result<Vec<Socket>> {
    let mut all = BTreeSet::new();
    for (path, l4) in TABLES {
        let table = match std::fs::read_to_string(path) {
            Ok(table) => table,
            Err(error) if error.kind() == ErrorKind::NotFound => continue,
            Err(error) => return Err(error).with_context(|| format!("{path}: cannot be read")),
        };
        let found =
            sockets(l4, &table).map_err(|error| anyhow!("{path}: {}: {error}", error.code()))?;
        all.extend(found);
    }
    Ok(all.into_iter().collect())
}
