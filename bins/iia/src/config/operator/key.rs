//! Operators' keys.

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use iia_config::keys::{self, KeyError};
use iia_config::trust::{Class, key_text};
use iia_core::sign::{PublicKey, Signer, SoftwareKey};
use zeroize::Zeroizing;

#[derive(clap::Subcommand)]
pub(crate) enum Command {
    /// Makes a key in a new file that only you may read
    New {
        /// The file
        file: PathBuf,
    },
    /// Shows the public half of a key and its id
    Show {
        #[command(flatten)]
        key: KeyFile,
    },
    /// Writes the `key` entry of a trust document for a key of any known form, private or public
    Import {
        #[command(flatten)]
        key: KeyFile,
        /// The entry's name
        #[arg(long)]
        name: String,
        /// The person whose key it is; the name when not given
        #[arg(long)]
        operator: Option<String>,
        /// What it may sign: config, image, ruleset, trust, approval, manifest
        #[arg(long = "class", required = true)]
        classes: Vec<String>,
    },
}

/// A key, wherever it is.
#[derive(clap::Args)]
pub(crate) struct KeyFile {
    /// A key file (of ours, minisign or OpenSSH), or `pkcs11:TOKEN/LABEL`
    #[arg(value_name = "KEY")]
    file: String,
    #[command(flatten)]
    secrets: Secrets,
}

/// How secrets are asked for.
#[derive(clap::Args)]
pub(crate) struct Secrets {
    /// Reads passphrase or PIN from standard input instead of asking at the terminal
    #[arg(long)]
    passphrase_stdin: bool,
    /// The PKCS#11 library of a token
    #[arg(long, value_name = "LIBRARY")]
    pkcs11_module: Option<PathBuf>,
}

pub(crate) fn run(command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::New { file } => {
            let key = keys::create(&file).with_context(|| format!("make {}", file.display()))?;
            println!("{} holds a new private key, for you alone", file.display());
            show(&key.public_key());
        }
        Command::Show { key } => show(&public(&key)?),
        Command::Import {
            key,
            name,
            operator,
            classes,
        } => {
            let operator = operator.unwrap_or_else(|| name.clone());
            print!("{}", entry(&public(&key)?, (&name, &operator), classes)?);
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn show(public: &PublicKey) {
    println!("public {}", key_text(public));
    println!("keyid  {}", public.key_id());
}

fn entry(
    public: &PublicKey,
    (name, operator): (&str, &str),
    mut classes: Vec<String>,
) -> anyhow::Result<String> {
    for class in &classes {
        let names = Class::ALL.map(Class::name).join(", ");
        Class::of_name(class).with_context(|| format!("`{class}` is none of {names}"))?;
    }
    classes.sort();
    classes.dedup();
    let classes: String = classes
        .iter()
        .map(|class| format!("  class {class}\n"))
        .collect();
    let public = key_text(public);
    Ok(format!(
        "key {name} {{\n  operator {operator}\n  public {public}\n{classes}}}\n"
    ))
}

/// The public half, from a public or a private file.
fn public(key: &KeyFile) -> anyhow::Result<PublicKey> {
    if let Some(public) = keys::parse_public(&key.file).ok().or_else(|| {
        let text = fs::read_to_string(&key.file).ok()?;
        keys::parse_public(&text).ok()
    }) {
        return Ok(public);
    }
    Ok(open(&key.file, &key.secrets)?.public_key())
}

/// Opens a private key for signing.
pub(crate) fn open(name: &str, secrets: &Secrets) -> anyhow::Result<Box<dyn Signer>> {
    if let Some(name) = name.strip_prefix("pkcs11:") {
        return token(name, secrets);
    }
    let mut ask = || secrets.ask(&format!("Passphrase of {name}: "));
    let key: Result<SoftwareKey, KeyError> = keys::load(name.as_ref(), &mut ask);
    let key = key.with_context(|| format!("key {name}"))?;
    Ok(Box::new(key))
}

#[cfg(feature = "pkcs11")]
fn token(name: &str, secrets: &Secrets) -> anyhow::Result<Box<dyn Signer>> {
    let (token, label) = name.split_once('/').context("write pkcs11:TOKEN/LABEL")?;
    let module = secrets.pkcs11_module.as_ref();
    let module = module.context("--pkcs11-module names the token's library")?;
    let pin = secrets
        .ask(&format!("PIN of {token}: "))
        .context("no PIN")?;
    let key = keys::pkcs11::TokenKey::open(module, token, label, &pin)?;
    Ok(Box::new(key))
}

#[cfg(not(feature = "pkcs11"))]
fn token(_: &str, _: &Secrets) -> anyhow::Result<Box<dyn Signer>> {
    anyhow::bail!("tokens are left out of this build: build with --features pkcs11")
}

impl Secrets {
    fn ask(&self, prompt: &str) -> Option<Zeroizing<String>> {
        if self.passphrase_stdin {
            let mut line = Zeroizing::new(String::new());
            std::io::stdin().read_line(&mut line).ok()?;
            return Some(Zeroizing::new(line.trim_end_matches('\n').to_owned()));
        }
        rpassword::prompt_password(prompt).ok().map(Zeroizing::new)
    }
}
