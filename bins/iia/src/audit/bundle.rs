//! `iia audit bundle`: chosen records with their proofs, in one file.

use std::fs;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use iia::evidence::directory;
use iia_audit::bundle::{Known, Made, Report, Show, make, verify};
use iia_audit::frame::Record;

use super::at;
use super::choice::Choice;
use crate::table::{count, counted};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// A box's directory or its evidence
    dir: PathBuf,
    /// The file to write
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
    #[command(flatten)]
    choice: Choice,
    /// Leaves out bodies: of record SEQ, or of every record that has this FIELD; may be given again
    #[arg(long, value_name = "FIELD|SEQ")]
    redact: Vec<String>,
    /// Shows of the other records their envelopes, so that nothing between can be missing
    #[arg(long)]
    envelopes: bool,
    /// Captures that records name by digest
    #[arg(long, value_name = "FILE", num_args = 1..)]
    captures: Vec<PathBuf>,
}

pub(crate) fn run(arguments: &Arguments, out: &mut impl Write) -> anyhow::Result<ExitCode> {
    let dir = directory(&arguments.dir)?;
    let made = make(&dir, &arguments.captures, |record| arguments.show(record));
    let made = made.map_err(at(dir.display()))?;
    let file = arguments.output.display();
    fs::write(&arguments.output, &made.bytes).with_context(|| format!("{file}"))?;
    let report = verify(&made.bytes, &Known::default());
    if let Some(bad) = &report.bad {
        anyhow::bail!("{file}: {}: {}", bad.entry, bad.why);
    }
    tell(&report, &made, out)?;
    writeln!(
        out,
        "to check it: iia-verify {file} --key KEY-OF-THE-LOG --records"
    )?;
    Ok(ExitCode::SUCCESS)
}

impl Arguments {
    fn show(&self, record: &Record) -> Show {
        let event = &record.body.event;
        // The artifacts that were in force explain what is decided elsewhere.
        let history = event
            .field("path")
            .is_some_and(|path| path.starts_with("config/"));
        let hidden = |what: &String| what.parse() == Ok(record.seq) || event.field(what).is_some();
        match self.choice.has(record) || history {
            true if self.redact.iter().any(hidden) => Show::Bare,
            true => Show::Whole,
            false if self.envelopes => Show::Bare,
            false => Show::Nothing,
        }
    }
}

fn tell(report: &Report, made: &Made, out: &mut impl Write) -> io::Result<()> {
    let bare = report
        .shown
        .iter()
        .filter(|one| one.whole().is_none())
        .count() as u64;
    let (shown, of) = (report.shown.len() as u64, report.size());
    writeln!(
        out,
        "{} of {}, {} of them without body",
        counted(shown, "record"),
        count(of),
        count(bare)
    )?;
    writeln!(
        out,
        "{}, {}, {}",
        counted(report.heads.len() as u64, "signed head"),
        counted(report.files.len() as u64, "file"),
        counted(made.bytes.len() as u64, "byte")
    )?;
    let alone = report
        .shown
        .iter()
        .filter(|one| report.existed_by(one.seq()).is_none());
    match alone.count() as u64 {
        0 => {}
        some => writeln!(
            out,
            "not witnessed: {}, under a head that the log alone signed",
            counted(some, "record")
        )?,
    }
    for seq in &made.unproven {
        writeln!(
            out,
            "left out: record {seq}, which no signed head covers yet"
        )?;
    }
    for name in &made.missing {
        writeln!(
            out,
            "left out: {name}, which is not there as its record says"
        )?;
    }
    for path in &made.strange {
        writeln!(
            out,
            "left out: {}, whose digest no chosen record names",
            path.display()
        )?;
    }
    Ok(())
}
