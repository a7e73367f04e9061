//! What somebody is up to in captures: techniques of MITRE ATT&CK for ICS, by rules that anybody can read.

mod tally;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use iia_capture::detect::{Analyzer as _, Detector, Rules};
use iia_core::code::Coded as _;

use crate::input::{Input, Reading};
use tally::Tally;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    input: Input,
    /// Reads the rules from this file instead of those that come with the program
    #[arg(long, value_name = "FILE", help_heading = "Rules")]
    rules: Option<PathBuf>,
    /// Prints every sighting as one JSON object a line
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: &Arguments, out: &mut impl Write) -> anyhow::Result<ExitCode> {
    let rules = rules(arguments.rules.as_deref())?;
    let mut reading = Reading::new(&arguments.input);
    let mut found = false;
    for capture in reading.captures() {
        let mut detector = Detector::new(rules.clone());
        let mut tally = Tally::default();
        let read = reading.read(&capture, &mut |observation| {
            detector.observe(observation, &mut |sighting| tally.add(sighting));
        });
        detector.finish(&mut |sighting| tally.add(sighting));
        if read.is_none() {
            continue;
        }
        found |= !tally.is_empty();
        match arguments.json {
            true => tally.json(out, &capture)?,
            false => tally.write(out, &capture)?,
        }
        if detector.forgotten() > 0 {
            let parties = detector.forgotten();
            eprintln!(
                "iia: {}: too many parties at once: of {parties} it is not told how often they did it",
                capture.display()
            );
        }
    }
    Ok(reading.exit(found))
}

fn rules(path: Option<&Path>) -> anyhow::Result<Rules> {
    let Some(path) = path else {
        return Ok(Rules::built_in());
    };
    let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
    Rules::parse(&text)
        .map_err(|error| anyhow::anyhow!("{}: {}: {error}", path.display(), error.code()))
}
