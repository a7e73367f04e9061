//! `iia report 62443`: what the evidence shows of the system requirements that a box claims.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::anyhow;
use iia::iec62443::{Aim, Report, html, json, text};
use iia_core::code::Coded as _;

use crate::audit::paper::{Forms, Paper};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    paper: Paper,
    /// The configuration of the box, to say which security level it aims at; level 4 without a diode is refused
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

pub(super) fn run(arguments: &Arguments, out: &mut impl Write) -> anyhow::Result<ExitCode> {
    let paper = &arguments.paper;
    let evidence = paper.evidence()?;
    let mut report = Report::read(&evidence, (paper.since, paper.until))?;
    if let Some(file) = &arguments.config {
        let aim = Aim::of(&crate::config::document(file)?);
        report.aim = Some(aim.map_err(|why| anyhow!("{}: {}: {why}", file.display(), why.code()))?);
    }
    let json = |report: &Report| json(report).to_string();
    let forms = Forms {
        text,
        json: &json,
        html,
    };
    paper.put(&report, &forms, evidence.checked.outcome, out)
}
