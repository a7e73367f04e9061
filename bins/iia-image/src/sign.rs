//! Keys and signatures of whoever builds.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use iia_identity::admission::{BuildKey, Layout, Sha256, bundle, find_image, payload, statement};
use iia_identity::image::{attach, write_dir};
use iia_identity::issue::KeyKind;

use crate::build::read;

#[derive(clap::Args)]
pub(crate) struct Key {
    /// Where the private key goes; it must not be there yet
    file: PathBuf,
    /// Ed25519 in place of P-256, which cosign reads and Podman does not
    #[arg(long)]
    ed25519: bool,
}

#[derive(clap::Args)]
pub(crate) struct Image {
    /// The layout
    dir: PathBuf,
    /// The private key, PKCS#8
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// The name that the signature gives the image, such as registry.example/iia/box
    #[arg(long)]
    reference: String,
}

#[derive(clap::Args)]
pub(crate) struct Program {
    /// The program
    program: PathBuf,
    /// The private key, PKCS#8
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// Where the bundle goes
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

#[derive(clap::Args)]
pub(crate) struct Podman {
    #[command(flatten)]
    image: Image,
    /// The directory to write
    out: PathBuf,
}

pub(crate) fn key(arguments: &Key) -> anyhow::Result<()> {
    let kind = match arguments.ed25519 {
        true => KeyKind::Ed25519,
        false => KeyKind::P256,
    };
    let (key, secret) = BuildKey::create(kind)?;
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&arguments.file)
        .with_context(|| format!("make {}", arguments.file.display()))?;
    file.write_all(secret.to_pem().as_bytes())?;
    let public = format!("{}.pub", arguments.file.display());
    std::fs::write(public, key.public_pem())?;
    Ok(())
}

pub(crate) fn image(arguments: &Image) -> anyhow::Result<()> {
    let (digest, payload, signature) = signed(arguments)?;
    attach(&arguments.dir, &digest, &payload, &signature)?;
    println!("{digest} is signed");
    Ok(())
}

pub(crate) fn podman(arguments: &Podman) -> anyhow::Result<()> {
    let (digest, payload, signature) = signed(&arguments.image)?;
    let layout = Layout::open(&arguments.image.dir)?;
    write_dir(&layout, &digest, (&payload, &signature), &arguments.out)?;
    println!("{digest} is in {}", arguments.out.display());
    Ok(())
}

fn signed(arguments: &Image) -> anyhow::Result<(Sha256, Vec<u8>, Vec<u8>)> {
    let digest = find_image(&Layout::open(&arguments.dir)?, None)?;
    let payload = payload(&digest, &arguments.reference);
    let signature = key_of(&arguments.key)?.sign(&payload)?;
    Ok((digest, payload, signature))
}

pub(crate) fn program(arguments: &Program) -> anyhow::Result<()> {
    let name = arguments.program.file_name().and_then(|name| name.to_str());
    let digest = Sha256::of(&read(&arguments.program)?);
    let (body, message) = statement(&digest, name.context("a program needs a plain name")?);
    let signature = key_of(&arguments.key)?.sign(&message)?;
    std::fs::write(&arguments.out, bundle(&body, &signature))?;
    println!("{digest} is signed");
    Ok(())
}

fn key_of(path: &Path) -> anyhow::Result<BuildKey> {
    BuildKey::read(&read(path)?).with_context(|| format!("{} is no key", path.display()))
}
