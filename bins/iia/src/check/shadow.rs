//! What would have been refused, had the catalog been in force: by contract and clause.

use std::collections::BTreeMap;
use std::io::{self, Write};

use iia_contract::Catalog;

use super::findings::Findings;
use crate::table::{Align, Table, count, counted};

pub(super) fn tell(out: &mut impl Write, findings: &Findings, catalog: &Catalog) -> io::Result<()> {
    let mut refused = BTreeMap::<(Option<u32>, &'static str), (u64, &str)>::new();
    for (reason, kind) in findings.kinds() {
        let row = refused
            .entry((kind.nearest, kind.clause.name()))
            .or_insert((0, reason));
        row.0 += kind.count;
    }
    let mut rows: Vec<_> = refused.into_iter().collect();
    rows.sort_by_key(|((contract, clause), (times, _))| {
        (std::cmp::Reverse(*times), *contract, *clause)
    });
    let mut table = Table::new([
        ("times", Align::Right),
        ("clause", Align::Left),
        ("contract", Align::Left),
        ("such as", Align::Left),
    ]);
    for ((contract, clause), (times, reason)) in &rows {
        let name = contract.map_or("none", |contract| catalog.name(contract));
        let short = reason.split(": contract ").next().unwrap_or_default();
        table.row([count(*times), (*clause).into(), name.into(), short.into()]);
    }
    if !rows.is_empty() {
        table.write(out, "")?;
    }
    if findings.further > 0 {
        let further = counted(findings.further, "refusal");
        writeln!(out, "and {further} of kinds beyond the first 1,000")?;
    }
    let judged = counted(findings.judged(), "observation");
    match findings.violations {
        0 => writeln!(out, "nothing would have been refused: {judged}"),
        some => writeln!(out, "{} of {judged} would have been refused", count(some)),
    }
}
