//! What somebody is up to in captures: techniques of MITRE ATT&CK for ICS, by rules that anybody can read.

mod given;
mod tally;

use std::io::Write;
#[cfg(feature = "yara")]
use std::path::Path;
use std::process::ExitCode;

#[cfg(feature = "yara")]
use iia_capture::detect::Yara;
use iia_capture::detect::{Analyzer as _, Detector};

use crate::input::{Input, Reading};
use given::Given;
use tally::Tally;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    input: Input,
    #[command(flatten)]
    given: Given,
    /// Prints every sighting as one JSON object a line
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: &Arguments, out: &mut impl Write) -> anyhow::Result<ExitCode> {
    let signed = arguments.given.signed()?;
    let rules = arguments.given.rules(signed.as_ref())?;
    #[cfg(feature = "yara")]
    let yara = arguments.given.yara(signed.as_ref())?;
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
fn given_up(capture: &Path, times: u64) {
    if times > 0 {
        let capture = capture.display();
        eprintln!("iia: {capture}: {times} payloads took too long to be looked at to their end");
    }
}
