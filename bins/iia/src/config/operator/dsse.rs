//! Envelopes as DSSE JSON.

use std::path::PathBuf;
use std::process::ExitCode;

use iia_config::envelope::dsse::{from_json, to_json};

use super::{Output, read};

#[derive(clap::Subcommand)]
pub(crate) enum Command {
    /// Writes an envelope as DSSE JSON
    ToJson {
        /// The envelope
        file: PathBuf,
        #[command(flatten)]
        output: Output,
    },
    /// Reads DSSE JSON back into an envelope
    FromJson {
        /// The JSON
        file: PathBuf,
        #[command(flatten)]
        output: Output,
    },
}

pub(crate) fn run(command: &Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::ToJson { file, output } => output.write(to_json(&read(file)?)?.as_bytes())?,
        Command::FromJson { file, output } => output.write(&from_json(&read(file)?)?)?,
    }
    Ok(ExitCode::SUCCESS)
}
