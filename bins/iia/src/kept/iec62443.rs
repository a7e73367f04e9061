//! `iia report 62443`: what the evidence shows of the system requirements that a box claims.

use std::io::Write;
use std::process::ExitCode;

use iia::iec62443::{Report, html, json, text};

use crate::audit::paper::{Forms, Paper};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    paper: Paper,
}

pub(super) fn run(arguments: &Arguments, out: &mut impl Write) -> anyhow::Result<ExitCode> {
    let paper = &arguments.paper;
    let evidence = paper.evidence()?;
    let report = Report::read(&evidence, (paper.since, paper.until))?;
    let json = |report: &Report| json(report).to_string();
    let forms = Forms {
        text,
        json: &json,
        html,
    };
    paper.put(&report, &forms, evidence.checked.outcome, out)
}
