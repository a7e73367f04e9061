//! From captures to a first catalog.

mod halves;

use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use iia_contract::learn::{Learner, Seen, UNWRITABLE_MAX};

use crate::input::{Input, Reading};
use crate::table::counted;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    input: Input,
    /// The box's name in the proposal
    #[arg(long, default_value = "box")]
    name: String,
    /// Where the proposal goes, instead of standard output
    #[arg(short, long, value_name = "CATALOG")]
    output: Option<PathBuf>,
    /// Learns from the first half of each capture and says what the second half violates, as a table in Markdown
    #[arg(long, conflicts_with_all = ["name", "output"])]
    halves: bool,
}

pub(crate) fn run(arguments: &Arguments, out: &mut impl Write) -> anyhow::Result<ExitCode> {
    if arguments.halves {
        return halves::run(&arguments.input, out);
    }
    let mut learner = Learner::default();
    let mut reading = Reading::new(&arguments.input);
    let mut exchanges = 0;
    for capture in reading.captures() {
        learner.capture(&capture.display().to_string());
        let outcome = reading.read(&capture, &mut |observation| learner.observe(observation));
        exchanges += outcome.map_or(0, |outcome| outcome.stats.exchanges);
    }
    let proposal = learner.to_icl(&arguments.name);
    match &arguments.output {
        Some(path) => {
            fs::write(path, &proposal).with_context(|| format!("write {}", path.display()))?;
        }
        None => out.write_all(proposal.as_bytes())?,
    }
    let contracts = learner.contracts().len() + learner.senders();
    if contracts == 0 {
        eprintln!(
            "iia: nothing to learn from: {}, none of them answered",
            counted(exchanges, "exchange")
        );
    } else {
        let output = arguments.output.as_ref();
        let file = output.map_or_else(|| "FILE".into(), |path| path.display().to_string());
        eprintln!(
            "iia: {} proposed from {}; cut {} down to what should be, then: iia check --catalog {file} CAPTURE...",
            counted(contracts as u64, "contract"),
            from(exchanges, learner.seen()),
            if contracts == 1 { "it" } else { "them" },
        );
    }
    if learner.unanswered() > 0 {
        eprintln!(
            "iia: {} exchanges and flows were refused or not answered, and are not learnt",
            learner.unanswered()
        );
    }
    if learner.left_out() > 0 {
        eprintln!(
            "iia: {} exchanges and flows of further pairs found no room",
            learner.left_out()
        );
    }
    tell_unlearnt(learner.seen());
    tell_unwritten(&learner);
    Ok(reading.exit(contracts == 0))
}

/// What a proposal rests on, without what there was none of.
fn from(exchanges: u64, seen: Seen) -> String {
    let counts = [
        (exchanges, "exchange"),
        (seen.flows, "flow"),
        (seen.frames, "frame"),
    ];
    let some = counts.iter().filter(|(count, _)| *count > 0);
    let some: Vec<String> = some.map(|(count, what)| counted(*count, what)).collect();
    some.join(", ")
}

/// What no contract can be written for from a capture.
fn tell_unlearnt(seen: Seen) {
    if seen.untyped > 0 {
        eprintln!(
            "iia: {} of IEEE 802.3 had a length and no EtherType, which no contract can name: not learnt",
            counted(seen.untyped, "frame")
        );
    }
    if seen.messages > 0 {
        eprintln!(
            "iia: {} went to topics of a bus; who speaks there is known by a certificate, which a capture does not \
             show: write `identity` and `topic` by hand",
            counted(seen.messages, "message")
        );
    }
}

/// Names that no configuration can spell, such as those with spaces.
fn tell_unwritten(learner: &Learner) {
    let (count, names) = learner.unwritten();
    if count > 0 {
        let names: Vec<String> = names.iter().map(|name| format!("{name:?}")).collect();
        let shown = if names.len() < UNWRITABLE_MAX {
            ""
        } else {
            ", the first of them"
        };
        eprintln!(
            "iia: names that the language cannot write, asked for {}, are not learnt{shown}: {}",
            counted(count, "time"),
            names.join(" ")
        );
    }
}
