//! What a change does, before it is signed, approved or applied.

use std::path::PathBuf;
use std::process::ExitCode;

use iia_config::apply::{Call, Calls, Plan};
use iia_config::diff::{between, consequences};
use iia_config::parse::Document;
use iia_config::validate::{Facts, validate};
use iia_core::Timestamp;
use iia_core::digest::Digest;

use crate::config::document;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The document or envelope before
    before: PathBuf,
    /// The document or envelope after
    after: PathBuf,
}

/// Says what changes and what that brings about. Exit code 1 when something changes.
pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let (old, new) = (document(&arguments.before)?, document(&arguments.after)?);
    let changes = between(&old, &new);
    if changes.is_empty() {
        println!("nothing changes");
        return Ok(ExitCode::SUCCESS);
    }
    print!("{changes}");
    print!("\n{}", consequences(&old, &new));
    Ok(ExitCode::FAILURE)
}

/// Says which gated calls would be made, and what each would change. Nothing is made.
pub(crate) fn plan(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let (old, new) = (document(&arguments.before)?, document(&arguments.after)?);
    let mut paper = Paper::default();
    for (file, document) in [(&arguments.before, &old), (&arguments.after, &new)] {
        paper.turn();
        let checked = validate(document, &facts(document)).map_err(|found| {
            super::super::tell(file, document.text().as_bytes(), &found);
            anyhow::anyhow!("{} is not sound", file.display())
        })?;
        Plan::of(&checked).run(&mut paper, "", Digest::ZERO, Timestamp::default())?;
    }
    paper.tell();
    print!("\n{}", consequences(&old, &new));
    Ok(ExitCode::SUCCESS)
}

fn facts(document: &Document) -> Facts {
    let mut targets = document.of_kind("artifact");
    let target = targets.find_map(|entry| entry.field("target"));
    Facts::of_box(target.map_or("", |field| field.text()))
}

/// Gated calls on paper: the states before and after.
#[derive(Default)]
struct Paper {
    before: Vec<(Call, Vec<u8>)>,
    after: Vec<(Call, Vec<u8>)>,
}

impl Paper {
    fn turn(&mut self) {
        self.before = std::mem::take(&mut self.after);
    }

    fn tell(&self) {
        for (call, after) in &self.after {
            let before = self.before.iter().find(|(other, _)| other == call);
            let before = before.map_or(&[][..], |(_, bytes)| bytes);
            let (before, after) = (
                String::from_utf8_lossy(before),
                String::from_utf8_lossy(after),
            );
            let gone: Vec<&str> = lines_of(&before, &after);
            let new: Vec<&str> = lines_of(&after, &before);
            if gone.is_empty() && new.is_empty() {
                println!("{:<12} stays as it is", call.name());
                continue;
            }
            println!(
                "{:<12} {} lines go, {} lines come",
                call.name(),
                gone.len(),
                new.len()
            );
            gone.iter().for_each(|line| println!("    - {line}"));
            new.iter().for_each(|line| println!("    + {line}"));
        }
    }
}

/// The lines of a text that another has not.
fn lines_of<'a>(text: &'a str, other: &str) -> Vec<&'a str> {
    let have: std::collections::BTreeSet<&str> = other.lines().collect();
    text.lines().filter(|line| !have.contains(line)).collect()
}

impl Calls for Paper {
    fn before(&mut self, _: Call) -> Result<Vec<u8>, String> {
        Ok(Vec::new())
    }

    fn make(&mut self, call: Call, after: &[u8]) -> Result<(), String> {
        self.after.push((call, after.to_vec()));
        Ok(())
    }
}
