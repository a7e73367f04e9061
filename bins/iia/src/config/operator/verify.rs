//! Who signed, and whether that is enough.

use std::path::PathBuf;
use std::process::ExitCode;

use iia_config::envelope::{Armour, open};
use iia_core::code::Coded as _;

use super::{read, read_trust};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The envelope
    file: PathBuf,
    /// The trust document that names the operators
    #[arg(long)]
    trust: PathBuf,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let trust = read_trust(&arguments.trust)?;
    let bytes = read(&arguments.file)?;
    let file = arguments.file.display();
    let armour = match Armour::parse(&bytes) {
        Ok(armour) => armour,
        Err(error) => {
            println!("{file}: refused, {} {error}", error.code());
            return Ok(ExitCode::FAILURE);
        }
    };
    println!("{file}: class {}, {}", armour.class.name(), armour.digest());
    for (keyid, _) in &armour.signatures {
        let whose = trust
            .key(*keyid)
            .map_or("nobody in the trust document", |key| &key.operator);
        println!("  key {keyid} of {whose}");
    }
    match open(&bytes, armour.class, &trust) {
        Ok(opened) => {
            println!("good: signed by {}", opened.operators.join(", "));
            Ok(ExitCode::SUCCESS)
        }
        Err(error) => {
            println!("refused: {} {error}", error.code());
            Ok(ExitCode::FAILURE)
        }
    }
}
