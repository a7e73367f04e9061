//! From captures to a first catalog.

use std::io::Write;
use std::process::ExitCode;

use iia_contract::learn::Learner;

use crate::input::{Input, Reading};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    input: Input,
    /// The box's name in the proposal
    #[arg(long, default_value = "box")]
    name: String,
}

pub(crate) fn run(arguments: &Arguments, out: &mut impl Write) -> anyhow::Result<ExitCode> {
    let mut learner = Learner::default();
    let mut reading = Reading::new(&arguments.input);
    let mut exchanges = 0;
    for capture in reading.captures() {
        let outcome = reading.read(&capture, &mut |observation| learner.observe(observation));
        exchanges += outcome.map_or(0, |outcome| outcome.stats.exchanges);
    }
    let proposal = learner.to_icl(&arguments.name);
    out.write_all(proposal.as_bytes())?;
    let contracts = proposal
        .lines()
        .filter(|line| line.starts_with("contract "))
        .count();
    if contracts == 0 {
        eprintln!("iia: nothing to learn from: {exchanges} exchanges, none of them answered");
    } else {
        eprintln!(
            "iia: {contracts} contracts proposed from {exchanges} exchanges; cut them down to what should be, then: \
             iia check --catalog FILE CAPTURE..."
        );
    }
    if learner.left_out() > 0 {
        eprintln!(
            "iia: {} exchanges of further pairs found no room",
            learner.left_out()
        );
    }
    Ok(reading.exit(contracts == 0))
}
