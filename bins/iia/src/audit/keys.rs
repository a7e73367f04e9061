//! What was obtained elsewhere than in the evidence.

use std::path::PathBuf;

use anyhow::{Context as _, anyhow};
use iia::evidence::Keys;
use iia_audit::note::VerifierKey;
use iia_audit::seal::SealKey;
use iia_core::code::Coded as _;

#[derive(clap::Args)]
pub(crate) struct Given {
    /// The log's key as obtained elsewhere (name+hash+key); without it the key in the evidence is taken
    #[arg(long, value_parser = key)]
    key: Option<VerifierKey>,
    /// The file with the first key of the log's seals; of a directory
    #[arg(long, value_name = "FILE")]
    seal_key: Option<PathBuf>,
    /// The evidence of the next box up: every head that it has cosigned must be a head of this log; of a directory
    #[arg(long, value_name = "DIR")]
    above: Option<PathBuf>,
    /// The key of that box's log as obtained elsewhere
    #[arg(long, value_name = "KEY", requires = "above", value_parser = key)]
    above_key: Option<VerifierKey>,
}

fn key(text: &str) -> Result<VerifierKey, String> {
    VerifierKey::parse(text).map_err(|error| format!("{}: {error}", error.code()))
}

impl Given {
    /// The keys, read.
    pub(crate) fn keys(&self) -> anyhow::Result<Keys> {
        let seal = self.seal_key.as_ref().map(|path| {
            let name = path.display();
            let text = std::fs::read_to_string(path).with_context(|| format!("{name}"))?;
            SealKey::parse(&text).map_err(|error| anyhow!("{name}: {}: {error}", error.code()))
        });
        let above = self.above.clone();
        Ok(Keys {
            log: self.key.clone(),
            seal: seal.transpose()?,
            above: above.map(|dir| (dir, self.above_key.clone())),
        })
    }
}
