//! What operators do with artifacts: keys, signing, approving, verifying; and what a box keeps of them.

mod approve;
mod desk;
mod diff;
mod dsse;
mod history;
mod key;
mod observe;
mod sign;
mod verify;

pub(crate) use diff::{Arguments as Diff, run as diff};

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use iia_config::trust::Trust;

#[derive(clap::Subcommand)]
pub(crate) enum Command {
    /// Makes, shows and takes over operators' keys
    #[command(subcommand)]
    Key(key::Command),
    /// Signs a document, or adds a signature to an envelope
    Sign(sign::Arguments),
    /// Writes and signs leave to apply an artifact, or to go back to one
    Approve(approve::Arguments),
    /// Says who signed an envelope and whether that is enough
    Verify(verify::Arguments),
    /// Envelopes as DSSE JSON, there and back
    #[command(subcommand)]
    Envelope(dsse::Command),
    /// Begins a box: puts in the first trust document by hand
    Begin(desk::Begin),
    /// Hands an artifact to a box, which verifies, validates and stages it
    Submit(desk::Submit),
    /// Says what is staged, applied, on trial and remembered
    Status(desk::Status),
    /// Looks whether what is on trial is in force, and signs the answer that ends the trial
    Observe(observe::Arguments),
    /// Says what changes between two documents and what that brings about; exit code 1 when something does
    Diff(diff::Arguments),
    /// Says which gated calls a change would make, and what each would change; makes none
    Plan(diff::Arguments),
    /// Says what became of a box's configuration: what, signed by whom, approved by whom, when; proven from the chain
    History(history::Arguments),
    /// Says which change made a line what it is
    Blame(history::Blame),
}

pub(crate) fn run(command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Key(command) => key::run(command),
        Command::Sign(arguments) => sign::run(&arguments),
        Command::Approve(arguments) => approve::run(&arguments),
        Command::Verify(arguments) => verify::run(&arguments),
        Command::Envelope(command) => dsse::run(&command),
        Command::Begin(arguments) => desk::begin(&arguments),
        Command::Submit(arguments) => desk::submit(&arguments),
        Command::Status(arguments) => desk::status(&arguments),
        Command::Observe(arguments) => observe::run(&arguments),
        Command::Diff(arguments) => diff::run(&arguments),
        Command::Plan(arguments) => diff::plan(&arguments),
        Command::History(arguments) => history::run(&arguments),
        Command::Blame(arguments) => history::blame(&arguments),
    }
}

/// Where a result goes.
#[derive(clap::Args)]
pub(crate) struct Output {
    /// The file to write; standard output when not given
    #[arg(short, long)]
    output: Option<PathBuf>,
    /// Writes over a file that is there
    #[arg(long)]
    force: bool,
}

impl Output {
    fn write(&self, bytes: &[u8]) -> anyhow::Result<()> {
        let Some(path) = &self.output else {
            return Ok(std::io::stdout().write_all(bytes)?);
        };
        if path.exists() && !self.force {
            anyhow::bail!(
                "{} is there already; --force writes over it",
                path.display()
            );
        }
        fs::write(path, bytes).with_context(|| format!("write {}", path.display()))
    }

    /// A line for the person, unless the result itself goes to standard output.
    fn say(&self, line: &str) {
        if let Some(path) = &self.output {
            println!("{}: {line}", path.display());
        }
    }
}

fn read(file: &Path) -> anyhow::Result<Vec<u8>> {
    fs::read(file).with_context(|| format!("read {}", file.display()))
}

fn read_trust(file: &Path) -> anyhow::Result<Trust> {
    let bytes = read(file)?;
    // A trust document may come in an envelope; here its keys are asked, not its signatures.
    let armour = iia_config::envelope::Armour::parse(&bytes);
    let text = armour.map_or(bytes.as_slice(), |armour| armour.body);
    Trust::parse(text).map_err(|found| {
        super::tell(file, text, &found);
        anyhow::anyhow!("{} is no sound trust document", file.display())
    })
}
