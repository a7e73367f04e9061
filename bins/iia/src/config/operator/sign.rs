//! Signing: what the box would refuse is not signed.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use iia_config::envelope::{Armour, cosign, seal};
use iia_config::parse::{Magic, parse};
use iia_config::revocation::Revoked;
use iia_config::trust::{Class, Trust};
use iia_config::{format, limits};

use super::{Output, key, read};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// A document, or an envelope that others signed before
    file: PathBuf,
    /// Your key: a file, or `pkcs11:TOKEN/LABEL`
    #[arg(short, long)]
    key: String,
    #[command(flatten)]
    secrets: key::Secrets,
    /// What the document is, when its entries do not say: image, ruleset, trust
    #[arg(long)]
    class: Option<String>,
    #[command(flatten)]
    output: Output,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let bytes = read(&arguments.file)?;
    let armour = Armour::parse(&bytes).ok();
    let class = match (&armour, &arguments.class) {
        (Some(armour), _) => armour.class,
        (None, Some(name)) => Class::of_name(name).context("no such class")?,
        (None, None) => class_of(&bytes)?,
    };
    let body = armour
        .as_ref()
        .map_or(bytes.as_slice(), |armour| armour.body);
    if !is_signable(&arguments.file, body, class) {
        return Ok(ExitCode::FAILURE);
    }
    if class == Class::Revocation {
        Revoked::parse(body)?;
    }
    let key = key::open(&arguments.key, &arguments.secrets)?;
    let signed = if armour.is_some() {
        cosign(&bytes, key.as_ref())?
    } else {
        seal(class, body, &[key.as_ref()])?
    };
    arguments.output.write(&signed)?;
    let armour = Armour::parse(&signed)?;
    let signatures = armour.signatures.len();
    let digest = armour.digest();
    arguments.output.say(&format!(
        "{} {digest}, {signatures} signature(s), yours is {}",
        class.name(),
        key.public_key().key_id()
    ));
    Ok(ExitCode::SUCCESS)
}

/// What a document is, by its first line and its entries.
fn class_of(bytes: &[u8]) -> anyhow::Result<Class> {
    let document = parse(bytes, limits::DOCUMENT_LEN_MAX).ok();
    let document =
        document.context("what is it? Say --class, or mend it with `iia config check`")?;
    let has = |kind: &str| document.entries().any(|entry| entry.kind == kind);
    let rules = document
        .entries()
        .all(|entry| matches!(entry.kind, "artifact" | "ruleset"));
    match document.magic {
        Magic::Approval => Ok(Class::Approval),
        Magic::Manifest => Ok(Class::Manifest),
        Magic::Config if has("key") => Ok(Class::Trust),
        Magic::Config if has("revocation") => Ok(Class::Revocation),
        Magic::Config if has("image") => Ok(Class::Image),
        Magic::Config if has("ruleset") && rules => Ok(Class::Ruleset),
        Magic::Config => Ok(Class::Config),
        Magic::State => anyhow::bail!("a state is not signed by operators"),
    }
}

/// Documents must be readable and canonical; a trust document must be sound as a whole.
fn is_signable(file: &Path, body: &[u8], class: Class) -> bool {
    let found = match parse(body, limits::DOCUMENT_LEN_MAX) {
        Ok(document) if !format::is_canonical(&document) => {
            println!(
                "{} is not canonical; run `iia config fmt` first",
                file.display()
            );
            return false;
        }
        Ok(_) if class == Class::Trust => Trust::parse(body).err().unwrap_or_default(),
        Ok(_) => Vec::new(),
        Err(found) => found,
    };
    super::super::tell(file, body, &found);
    found.is_empty()
}
