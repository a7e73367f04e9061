//! `iia audit timeline`, `iia report nis2`: what an early warning of an incident has to say, from evidence alone.

use std::io::Write;
use std::process::ExitCode;

use iia::timeline::{CrossBorder, Options, Timeline, html, json, text};

use super::paper::{Forms, Paper};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    paper: Paper,
    /// What you state about an impact across borders: yes, no or unknown, with words behind a colon
    #[arg(long, value_name = "ANSWER[: WORDS]", value_parser = border)]
    cross_border: Option<CrossBorder>,
}

fn border(words: &str) -> Result<CrossBorder, &'static str> {
    CrossBorder::parse(words).ok_or("say yes, no or unknown, and words behind a colon if you like")
}

pub(crate) fn run(arguments: &Arguments, out: &mut impl Write) -> anyhow::Result<ExitCode> {
    let paper = &arguments.paper;
    let evidence = paper.evidence()?;
    let options = Options {
        cross_border: arguments.cross_border.clone(),
        since: paper.since,
        until: paper.until,
    };
    let timeline = Timeline::read(&evidence, options)?;
    let json = |timeline: &Timeline| json(timeline).to_string();
    let forms = Forms {
        text,
        json: &json,
        html,
    };
    paper.put(&timeline, &forms, evidence.checked.outcome, out)
}
