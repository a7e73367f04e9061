//! Findings in words, and as JSON.

use std::io::{self, Write};

use iia_contract::Catalog;
use iia_contract::matcher::Clause;
use serde_json::json;

use super::findings::{Findings, Kind};
use crate::table::{Align, Table, count, counted};

/// Kinds of violation told unless all are asked for.
const SHOWN_MAX: usize = 20;

pub(super) fn check(
    out: &mut impl Write,
    findings: &Findings,
    catalog: &Catalog,
    all: bool,
) -> io::Result<()> {
    let mut table = Table::new([
        ("", Align::Left),
        ("times", Align::Right),
        ("contract, or why none covers it", Align::Left),
    ]);
    for (contract, times) in &findings.covered {
        table.row([
            "covered".into(),
            count(*times),
            catalog.name(*contract).to_owned(),
        ]);
    }
    let kinds = findings.kinds();
    for (reason, kind) in kinds.iter().take(shown(all)) {
        table.row(["violation".into(), count(kind.count), (*reason).to_owned()]);
    }
    table.write(out, "")?;
    rest(out, findings, kinds.len(), all)?;
    sum(out, findings, kinds.len())
}

pub(super) fn explain(
    out: &mut impl Write,
    findings: &Findings,
    catalog: &Catalog,
    all: bool,
) -> io::Result<()> {
    let kinds = findings.kinds();
    for (reason, kind) in kinds.iter().take(shown(all)) {
        let nearest = kind
            .nearest
            .map_or("none", |contract| catalog.name(contract));
        writeln!(out, "{reason}")?;
        writeln!(out, "    seen     {}", counted(kind.count, "time"))?;
        writeln!(out, "    first    {}", kind.first)?;
        writeln!(out, "    nearest  {nearest}")?;
        writeln!(out, "    clause   {}", kind.clause.name())?;
        writeln!(out, "    mend     {}\n", mend(kind))?;
    }
    rest(out, findings, kinds.len(), all)?;
    sum(out, findings, kinds.len())
}

/// What to write where, if the traffic is as it should be.
fn mend(kind: &Kind) -> &'static str {
    match kind.clause {
        Clause::Server => {
            "if it belongs there: a contract with this `server`; `iia learn` proposes one"
        }
        Clause::Protocol => "find out what speaks there; a contract covers one protocol",
        Clause::Client => "if it may ask: its address as another `client` of the contract",
        Clause::Vlan => "if it belongs on this VLAN: its number as another `vlan` of the contract",
        Clause::Unit => "if it may be asked: its number as another `unit` of the contract",
        Clause::Malformed => {
            "nothing: broken messages are never contracted; look at who sends them"
        }
        Clause::Function => "if it may be used: its code as a `function` of the contract",
        Clause::Tag => "if it may be asked for: a `tag` block with its name",
        Clause::ReadOnly | Clause::Write => {
            "if it may be written: a `write` line with these addresses"
        }
        Clause::Read => "if it may be read: a `read` line with these addresses",
        Clause::Value => "look at the device; if the value is sound: `low` and `high` of its tag",
        Clause::Operation => "if it may be asked: its name as another `operation` of the contract",
        Clause::Stream => "if it may be seen: its name as `include` of the inventory",
        Clause::Topic => "if it may be said there: another `topic` of the contract",
        Clause::Payload | Clause::Rate => "find out why it is so much; if it may be: the limit",
        Clause::Source
        | Clause::Direction
        | Clause::Destination
        | Clause::Zone
        | Clause::Listener => "if the two may speak: a contract between them",
    }
}

const fn shown(all: bool) -> usize {
    if all { usize::MAX } else { SHOWN_MAX }
}

/// What is not shown one by one.
fn rest(out: &mut impl Write, findings: &Findings, kinds: usize, all: bool) -> io::Result<()> {
    let hidden = kinds.saturating_sub(shown(all));
    if hidden > 0 {
        writeln!(
            out,
            "and {} of violation; --all tells them",
            counted(hidden as u64, "more kind")
        )?;
    }
    match findings.further {
        0 => Ok(()),
        further => writeln!(
            out,
            "and {} of kinds beyond the first 1,000",
            counted(further, "violation")
        ),
    }
}

fn sum(out: &mut impl Write, findings: &Findings, kinds: usize) -> io::Result<()> {
    let judged = counted(findings.judged(), "observation");
    if findings.judged() == 0 {
        return writeln!(out, "nothing was there to judge");
    }
    if findings.violations == 0 {
        return writeln!(out, "everything is contracted: {judged}");
    }
    let (violations, kinds) = (count(findings.violations), counted(kinds as u64, "kind"));
    writeln!(
        out,
        "not everything is contracted: {violations} of {judged} in {kinds}"
    )
}

pub(super) fn json(out: &mut impl Write, findings: &Findings, catalog: &Catalog) -> io::Result<()> {
    for (contract, times) in &findings.covered {
        let object = json!({ "covered": catalog.name(*contract), "times": times });
        writeln!(out, "{object}")?;
    }
    for (reason, kind) in findings.kinds() {
        let nearest = kind.nearest.map(|contract| catalog.name(contract));
        let object = json!({
            "violation": reason,
            "times": kind.count,
            "clause": kind.clause.name(),
            "nearest": nearest,
            "first": kind.first,
        });
        writeln!(out, "{object}")?;
    }
    let sum = json!({
        "judged": findings.judged(),
        "violations": findings.violations,
        "not_kept_apart": findings.further,
    });
    writeln!(out, "{sum}")
}
