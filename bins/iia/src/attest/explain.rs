//! `iia attest explain`: what a finding means, or a stream, or a code.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::bail;
use iia::evidence::{Evidence, Keys};
use iia::standing::{Sights, Standing, explain};
use iia_attest::aggregate::{CLAUSES, MEANINGS, Meaning, Open};

/// Columns of labels.
const LABEL: usize = 14;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// A finding (its eight digits, as `iia attest watch` shows them), a stream such as network, or a code such as
    /// IIA-ATT-0240
    #[arg(value_name = "FINDING|STREAM|CODE")]
    what: String,
    /// The box of the finding: its directory, its evidence, or a bundle; of a stream, the box of which it is asked whether it is
    /// observed there
    #[arg(value_name = "DIR|FILE")]
    path: Option<PathBuf>,
}

pub(super) fn run(arguments: &Arguments, out: &mut impl Write) -> anyhow::Result<ExitCode> {
    let what = arguments.what.as_str();
    if what.to_ascii_uppercase().starts_with("IIA-") {
        return code(&what.to_ascii_uppercase(), out);
    }
    let name = what.strip_prefix("ot.attestation.").unwrap_or(what);
    let named = |one: &&Meaning| one.stream.as_str() == format!("ot.attestation.{name}");
    if let Some(meaning) = MEANINGS.iter().find(named) {
        let standing = Standing {
            sights: arguments.path.as_deref().map_or(Ok(None), Sights::of_box)?,
            now: super::watch::now(),
            ..Standing::default()
        };
        let observed = arguments.path.is_some();
        let observed = observed.then(|| standing.observed(meaning.stream.as_str()));
        stream(meaning, observed, out)?;
        return Ok(ExitCode::SUCCESS);
    }
    let Some(path) = &arguments.path else {
        let names: Vec<&str> = MEANINGS
            .iter()
            .filter_map(|one| one.stream.as_str().strip_prefix("ot.attestation."))
            .collect();
        bail!(
            "{what}: no stream ({}) and no code; for a finding say of which box",
            names.join(", ")
        );
    };
    let evidence = Evidence::open(path, &Keys::default())?;
    let standing = Standing::read(&evidence, path, super::watch::now())?;
    finding(&standing, what, out)
}

fn row(out: &mut impl Write, label: &str, words: &str) -> std::io::Result<()> {
    writeln!(out, "{label:<LABEL$}{words}")
}

/// A finding that stands open or is over.
fn finding(standing: &Standing, id: &str, out: &mut impl Write) -> anyhow::Result<ExitCode> {
    let is = |open: &Open| open.id.starts_with(&id.to_ascii_lowercase());
    let open = standing.board.open().into_iter().find(|one| is(one));
    let over = standing.board.over().find(|one| is(&one.open));
    let found = match (open, over) {
        (Some(open), _) => {
            row(out, "finding", &format!("{}, stands open", open.id))?;
            open
        }
        (None, Some(over)) => {
            let (id, ended) = (&over.open.id, over.ended);
            row(out, "finding", &format!("{id}, is over since {ended}"))?;
            &over.open
        }
        (None, None) => bail!("{id}: no finding of this box has this name"),
    };
    for (label, words) in explain(standing, found) {
        row(out, label, &words)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn stream(meaning: &Meaning, observed: Option<String>, out: &mut impl Write) -> anyhow::Result<()> {
    let stream = &meaning.stream;
    row(out, "stream", stream.as_str())?;
    for (label, words) in [
        ("is", meaning.title),
        ("compares", meaning.compares),
        ("against", meaning.reference),
        ("does not see", meaning.blind),
        ("proof", meaning.proof),
    ] {
        row(out, label, words)?;
    }
    if let Some(observed) = observed {
        row(out, "on this box", &observed)?;
    }
    for (at, step) in meaning.next.iter().enumerate() {
        row(out, if at == 0 { "do" } else { "" }, step)?;
    }
    let of = |one: &&iia_attest::aggregate::ClauseMeaning| {
        one.stream.as_ref().is_none_or(|of| of == stream)
    };
    writeln!(out)?;
    for clause in CLAUSES.iter().filter(of) {
        row(out, clause.clause, clause.what)?;
        row(out, "", &format!("first: {}", clause.next))?;
    }
    Ok(())
}

/// The page of error codes, as it is in this version.
const CODES: &str = include_str!("../../../../docs/error-codes.md");

fn code(code: &str, out: &mut impl Write) -> anyhow::Result<ExitCode> {
    let cell = format!("| `{code}` |");
    let mut lines = CODES.lines().filter(|line| line.starts_with(&cell));
    let Some(line) = lines.next() else {
        bail!("{code}: no code of this version");
    };
    let mut cells = line.trim_matches('|').split(" | ").map(str::trim);
    for label in ["code", "class", "error", "says"] {
        let words = cells.next().unwrap_or_default().replace('`', "");
        row(out, label, words.trim())?;
    }
    Ok(ExitCode::SUCCESS)
}
