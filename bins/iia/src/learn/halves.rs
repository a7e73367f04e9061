//! How well learning foresees: the first half of each capture teaches, the second half is judged.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use iia_contract::Catalog;
use iia_contract::learn::Learner;
use iia_contract::matcher::{Matcher, Verdict};
use iia_core::observe::{Observation, Outcome};

use crate::input::{Input, Reading};

/// One capture, measured.
#[derive(Default)]
struct Row {
    contracts: u64,
    taught: u64,
    once: u64,
    judged: u64,
    violations: u64,
    clauses: BTreeMap<&'static str, u64>,
}

pub(super) fn run(input: &Input, out: &mut impl Write) -> anyhow::Result<ExitCode> {
    let mut reading = Reading::new(input);
    writeln!(
        out,
        "| capture | learnt from | contracts | foreseen | judged | violations | found | clauses |\n\
         |---|--:|--:|--:|--:|--:|--:|---|"
    )?;
    let mut sum = Row::default();
    for capture in reading.captures() {
        let Some(row) = measure(&mut reading, &capture)? else {
            continue;
        };
        let name = capture.file_name().unwrap_or_default().to_string_lossy();
        row.write(&name, out)?;
        sum.add(&row);
    }
    sum.write("all", out)?;
    Ok(reading.exit(false))
}

/// Only what was answered is learnt, so that only that is asked of the second half.
fn counts(observation: &Observation<'_>) -> bool {
    match observation {
        Observation::Exchange(exchange) => exchange.outcome == Outcome::Answered,
        _ => false,
    }
}

fn measure(reading: &mut Reading<'_>, capture: &Path) -> anyhow::Result<Option<Row>> {
    let mut whole = 0u64;
    reading.read(capture, &mut |one| whole += u64::from(counts(one)));
    if whole < 2 {
        return Ok(None);
    }
    let mut learner = Learner::default();
    let mut seen = 0;
    reading.read(capture, &mut |one| {
        if counts(one) {
            seen += 1;
            if seen <= whole / 2 {
                learner.observe(one);
            }
        }
    });
    let contracts = learner.contracts();
    let catalog = catalog(&learner)?;
    let matcher = Matcher::new(&catalog);
    let mut row = Row {
        contracts: contracts.len() as u64,
        taught: whole / 2,
        once: contracts.iter().map(|one| one.evidence.once).sum(),
        judged: whole - whole / 2,
        ..Row::default()
    };
    seen = 0;
    reading.read(capture, &mut |one| {
        seen += u64::from(counts(one));
        if counts(one)
            && seen > whole / 2
            && let Verdict::Violation { clause, .. } = matcher.judge(one)
        {
            row.violations += 1;
            *row.clauses.entry(clause.name()).or_default() += 1;
        }
    });
    Ok(Some(row))
}

fn catalog(learner: &Learner) -> anyhow::Result<Catalog> {
    let text = learner.to_icl("halves");
    let wrong = |found: Vec<iia_config::diagnostic::Diagnostic>| {
        let said = found.first().map(|one| one.render("proposal", &text));
        anyhow::anyhow!("a proposal is not sound: {}", said.unwrap_or_default())
    };
    let most = iia_config::limits::DOCUMENT_LEN_MAX;
    let document = iia_config::parse::parse(text.as_bytes(), most).map_err(wrong)?;
    iia_config::validate::catalog(&document).map_err(wrong)
}

impl Row {
    fn add(&mut self, other: &Self) {
        self.contracts += other.contracts;
        self.taught += other.taught;
        self.once += other.once;
        self.judged += other.judged;
        self.violations += other.violations;
        for (clause, count) in &other.clauses {
            *self.clauses.entry(clause).or_default() += count;
        }
    }

    fn write(&self, name: &str, out: &mut impl Write) -> std::io::Result<()> {
        let share = |part: u64, whole: u64| part as f64 * 100.0 / whole.max(1) as f64;
        let clauses: Vec<String> = self
            .clauses
            .iter()
            .map(|(clause, count)| format!("{clause} {count}"))
            .collect();
        writeln!(
            out,
            "| {name} | {} | {} | {:.2} % | {} | {} | {:.2} % | {} |",
            self.taught,
            self.contracts,
            share(self.once, self.taught),
            self.judged,
            self.violations,
            share(self.violations, self.judged),
            clauses.join(", ")
        )
    }
}
