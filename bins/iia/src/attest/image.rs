//! `iia attest image`: what the TPM of a box attested of its image, judged by whoever has the records.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use iia::evidence::Outcome;
use iia_attest::image::{Attested, Published, REGISTERS_LEN_MAX, name_of};
use iia_attest::tpm::{PublicArea, PureRust, Tier};
use iia_core::digest::hex;

use super::watch::Of;
use super::{quote, read};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    of: Of,
    /// The digest of the attestation key that the machine is known by; without it the one that the box was told
    #[arg(long, value_name = "SHA256")]
    attestation_key: Option<String>,
    /// The values of registers of the image that is intended, as they came with it; without it those that the box was told
    #[arg(long, value_name = "FILE")]
    registers: Option<PathBuf>,
    /// Writes the parts into this new directory: attest, signature, key, values, nonce, and the log where there is one
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

impl Arguments {
    /// What whoever asks knows takes the place of what the box was told.
    fn known(&self, attested: &Attested) -> anyhow::Result<Attested> {
        let mut known = attested.clone();
        if let Some(key) = &self.attestation_key {
            known.published.named_key.clone_from(key);
        }
        if let Some(path) = &self.registers {
            known.published.named = name_of(&read(path, REGISTERS_LEN_MAX)?);
        }
        Ok(known)
    }
}

pub(super) fn run(arguments: &Arguments, out: &mut impl Write) -> anyhow::Result<ExitCode> {
    let standing = arguments.of.read()?;
    let failed = standing
        .checked
        .as_ref()
        .is_some_and(|checked| checked.outcome == Outcome::Failed);
    anyhow::ensure!(!failed, "the evidence does not hold");
    let attested = standing.image.newest();
    let attested = attested.context("no TPM has attested an image of this box")?;
    if let Some(dir) = &arguments.out {
        write(&attested.published, dir)?;
    }
    let known = arguments.known(attested)?;
    let (published, result) = (&known.published, known.judge(&PureRust));
    let key = PublicArea::parse(&published.key)
        .map_err(|error| anyhow::anyhow!("the attestation key: {error}"))?;
    quote::show(&key, &result, out)?;
    writeln!(out, "artifact  {}", published.artifact)?;
    writeln!(
        out,
        "record    {}; made after record {}",
        known.record, published.after
    )?;
    Ok(match result.tier() {
        Tier::Contraindicated => ExitCode::FAILURE,
        Tier::Affirming | Tier::Warning => ExitCode::SUCCESS,
    })
}

/// The parts as programs of TPMs read them.
fn write(published: &Published, dir: &Path) -> anyhow::Result<()> {
    fs::create_dir(dir).with_context(|| dir.display().to_string())?;
    let len = u16::try_from(published.key.len())?;
    let key = [&len.to_be_bytes(), published.key.as_slice()].concat();
    let nonce = hex(&published.nonce).into_bytes();
    let parts = [
        ("attest", &published.attest),
        ("signature", &published.signature),
        ("key", &key),
        ("values", &published.values),
        ("nonce", &nonce),
    ];
    let log = published.log.iter().map(|log| ("log", log));
    for (name, bytes) in parts.into_iter().chain(log) {
        fs::write(dir.join(name), bytes)?;
    }
    Ok(())
}
