//! What became of a box's configuration, proven from its audit chain.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use iia_audit::note::VerifierKey;
use iia_config::history::{self, History, Key};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The box's directory, or its evidence directory
    dir: PathBuf,
    /// The log's key as obtained elsewhere (name+hash+key); without it the key in the directory is taken
    #[arg(long)]
    key: Option<String>,
    /// Shows refusals as well
    #[arg(long)]
    refusals: bool,
}

#[derive(clap::Args)]
pub(crate) struct Blame {
    /// The box's directory, or its evidence directory
    dir: PathBuf,
    /// What is asked about: KIND NAME, and words that its lines begin with, such as
    /// `contract iia.contract.boundary.x freshness lag_max`
    #[arg(required = true)]
    words: Vec<String>,
    /// The log's key as obtained elsewhere (name+hash+key); without it the key in the directory is taken
    #[arg(long)]
    key: Option<String>,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let history = read(&arguments.dir, arguments.key.as_deref())?;
    for change in &history.changes {
        println!("{change}");
    }
    if arguments.refusals {
        for refusal in &history.refusals {
            let (at, seq) = (refusal.at, refusal.seq);
            println!(
                "{at} record {seq}: refused at {}: {}",
                refusal.step, refusal.why
            );
        }
    }
    Ok(verdict(&history))
}

pub(crate) fn blame(arguments: &Blame) -> anyhow::Result<ExitCode> {
    let history = read(&arguments.dir, arguments.key.as_deref())?;
    let key =
        Key::parse(&arguments.words.join(" ")).context("a key is KIND NAME and more words")?;
    let found = history::blame(&history, &key);
    if found.is_empty() {
        println!("no artifact of this box ever had it");
    }
    for blame in &found {
        print!("{}", blame.change);
        blame
            .before
            .iter()
            .for_each(|line| println!("    - {line}"));
        blame.after.iter().for_each(|line| println!("    + {line}"));
        println!();
    }
    Ok(verdict(&history))
}

fn read(dir: &Path, key: Option<&str>) -> anyhow::Result<History> {
    let key = key.map(VerifierKey::parse).transpose()?;
    let evidence = dir.join("evidence");
    let dir = if evidence.is_dir() { &evidence } else { dir };
    if !dir.join("audit/genesis").is_file() {
        let dir = dir.display();
        anyhow::bail!(
            "{dir} has no audit chain, so nothing is proven; `iia config begin --log-key` begins one"
        );
    }
    Ok(history::history(dir, key.as_ref())?)
}

/// The last line: what all of it rests on. Exit code 1 when it does not hold.
fn verdict(history: &History) -> ExitCode {
    if !history.foreign.is_empty() {
        let count = history.foreign.len();
        println!(
            "{count} records about artifacts come from others than the desk: they prove nothing"
        );
    }
    println!("{}", history.evidence);
    if history.evidence.broken.is_some() {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    }
}
