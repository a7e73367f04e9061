//! What somebody is up to in captures: techniques of MITRE ATT&CK for ICS, by rules that anybody can read.

mod tally;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use iia_capture::detect::{Analyzer as _, Detector, Rules};
#[cfg(feature = "yara")]
use iia_capture::detect::{Yara, YaraRules};
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
    /// Looks with these rules of YARA too at what is carried: payloads, and files in pieces
    #[cfg(feature = "yara")]
    #[arg(long, value_name = "FILE", help_heading = "Rules")]
    yara: Option<PathBuf>,
    /// Prints every sighting as one JSON object a line
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: &Arguments, out: &mut impl Write) -> anyhow::Result<ExitCode> {
    let rules = rules(arguments.rules.as_deref())?;
    #[cfg(feature = "yara")]
    let yara = arguments.yara.as_deref().map(yara).transpose()?;
    let mut reading = Reading::new(&arguments.input);
    let mut found = false;
    for capture in reading.captures() {
        let mut detector = Detector::new(rules.clone());
        #[cfg(feature = "yara")]
        let mut carried = yara.clone().map(Yara::new);
        let mut tally = Tally::default();
        let read = reading.read(&capture, &mut |observation| {
            detector.observe(observation, &mut |sighting| tally.add(sighting));
            #[cfg(feature = "yara")]
            if let Some(carried) = &mut carried {
                carried.observe(observation, &mut |sighting| tally.add(sighting));
            }
        });
        detector.finish(&mut |sighting| tally.add(sighting));
        #[cfg(feature = "yara")]
        if let Some(carried) = &mut carried {
            carried.finish(&mut |sighting| tally.add(sighting));
            given_up(&capture, carried.given_up());
        }
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

#[cfg(feature = "yara")]
fn yara(path: &Path) -> anyhow::Result<YaraRules> {
    let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
    YaraRules::parse(&text)
        .map_err(|error| anyhow::anyhow!("{}: {}: {error}", path.display(), error.code()))
}

#[cfg(feature = "yara")]
fn given_up(capture: &Path, times: u64) {
    if times > 0 {
        let capture = capture.display();
        eprintln!("iia: {capture}: {times} payloads took too long to be looked at to their end");
    }
}

fn rules(path: Option<&Path>) -> anyhow::Result<Rules> {
    let Some(path) = path else {
        return Ok(Rules::built_in());
    };
    let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
    Rules::parse(&text)
        .map_err(|error| anyhow::anyhow!("{}: {}: {error}", path.display(), error.code()))
}
