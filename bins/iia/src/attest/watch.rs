//! `iia attest watch`: what stands open on a box, as it changes.

mod live;

use std::io::{IsTerminal as _, Write, stdout};
use std::path::PathBuf;
use std::process::ExitCode;

use iia::evidence::{Evidence, Keys, Outcome};
use iia::standing::{Look, Standing, json, text};
use iia_audit::note::VerifierKey;
use iia_core::Timestamp;
use iia_core::code::Coded as _;
use iia_core::time::{Clock as _, Floor, SystemClock};

/// Columns where a terminal does not say how many it has.
const WIDTH: usize = 100;

/// Which box.
#[derive(clap::Args)]
pub(super) struct Of {
    /// A box's directory, its evidence, or a bundle
    #[arg(value_name = "DIR|FILE")]
    path: PathBuf,
    /// The log's key as obtained elsewhere (name+hash+key); without it the key in the evidence is taken
    #[arg(long, value_parser = key)]
    key: Option<VerifierKey>,
}

fn key(text: &str) -> Result<VerifierKey, String> {
    VerifierKey::parse(text).map_err(|error| format!("{}: {error}", error.code()))
}

impl Of {
    /// Verifies the evidence, and reads what stands.
    pub(super) fn read(&self) -> anyhow::Result<Standing> {
        let keys = Keys {
            log: self.key.clone(),
            ..Keys::default()
        };
        let evidence = Evidence::open(&self.path, &keys)?;
        Standing::read(&evidence, &self.path, now())
    }
}

/// The machine's own clock, which only says how long ago something was.
pub(super) fn now() -> Timestamp {
    SystemClock::new(Floor::default(), 0).read().wall
}

/// 1 where something stands open or the evidence does not hold.
pub(super) fn code(standing: &Standing) -> ExitCode {
    let failed = standing
        .checked
        .as_ref()
        .is_some_and(|checked| checked.outcome == Outcome::Failed);
    match failed || !standing.board.is_empty() {
        true => ExitCode::FAILURE,
        false => ExitCode::SUCCESS,
    }
}

#[derive(clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    of: Of,
    /// Verifies the evidence, prints what stands, and ends; exit code 1 when something stands open
    #[arg(long)]
    once: bool,
    /// Prints one JSON object, and ends
    #[arg(long)]
    json: bool,
}

pub(super) fn run(arguments: &Arguments, out: &mut impl Write) -> anyhow::Result<ExitCode> {
    // Nobody presses a key where there is no terminal.
    if !arguments.once && !arguments.json && stdout().is_terminal() {
        return live::run(&arguments.of.path);
    }
    let standing = arguments.of.read()?;
    match arguments.json {
        true => writeln!(out, "{}", json(&standing))?,
        false => write!(out, "{}", text(&standing, look()))?,
    }
    Ok(code(&standing))
}

/// As the terminal is; plain where there is none.
pub(super) fn look() -> Look {
    if !stdout().is_terminal() {
        return Look::PLAIN;
    }
    let width = console::Term::stdout().size_checked();
    Look {
        width: width.map_or(WIDTH, |(_, columns)| usize::from(columns)),
        colours: std::env::var_os("NO_COLOR").is_none(),
    }
}
