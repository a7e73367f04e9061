//! Builds, signs and verifies the images and programs of a box, offline and byte for byte.
#![forbid(unsafe_code)]
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program speaks on its streams"
)]

mod build;
mod sign;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use iia_core::code::Coded as _;
use iia_identity::admission::{AdmissionError, Keys, Layout, find_image, verify_image};

#[derive(Parser)]
#[command(version, about, after_help = EXIT_CODES)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

const EXIT_CODES: &str =
    "Exit codes: 0 good; 1 not signed, or not what it was; 2 it cannot be asked like this.";

#[derive(Subcommand)]
enum Command {
    /// Makes a key that signs: private at FILE, public at FILE.pub
    Key(sign::Key),
    /// Builds an image from files: the same files and the same time give the same bytes
    Build(build::Arguments),
    /// Signs the image of a layout, as cosign does, and puts the signature beside it
    Sign(sign::Image),
    /// Signs a program: a sigstore bundle over its digest
    SignProgram(sign::Program),
    /// Verifies the image of a layout and all its parts
    Verify(Verify),
    /// Writes an image, signed, as a directory that Podman and skopeo load and check (`dir:`)
    Podman(sign::Podman),
}

#[derive(clap::Args)]
struct Verify {
    /// The layout
    dir: PathBuf,
    /// A public key that may have signed; may be given again
    #[arg(long, value_name = "FILE", required = true)]
    key: Vec<PathBuf>,
    /// The reference name, where the layout has more than one image
    #[arg(long)]
    name: Option<String>,
}

fn main() -> ExitCode {
    match run(Arguments::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let known = error.downcast_ref::<AdmissionError>();
            let code = known.map_or_else(String::new, |error| format!("{}: ", error.code()));
            eprintln!("iia-image: {code}{error:#}");
            ExitCode::from(match known {
                None | Some(AdmissionError::Environment { .. }) => 2,
                Some(_) => 1,
            })
        }
    }
}

fn run(command: Command) -> anyhow::Result<()> {
    match command {
        Command::Key(arguments) => sign::key(&arguments),
        Command::Build(arguments) => build::build(&arguments),
        Command::Sign(arguments) => sign::image(&arguments),
        Command::SignProgram(arguments) => sign::program(&arguments),
        Command::Verify(arguments) => verify(&arguments),
        Command::Podman(arguments) => sign::podman(&arguments),
    }
}

fn verify(arguments: &Verify) -> anyhow::Result<()> {
    let mut keys = Keys::default();
    for path in &arguments.key {
        keys.add(&build::read(path)?)?;
    }
    let layout = Layout::open(&arguments.dir)?;
    let image = find_image(&layout, arguments.name.as_deref())?;
    verify_image(&layout, &image, &keys)?;
    println!("{image} is signed and whole");
    Ok(())
}
