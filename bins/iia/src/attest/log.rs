//! `iia attest log`: a log of a measured boot for people.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use iia_attest::tpm::log::{Event, EventLog, LOG_LEN_MAX, Shown};
use iia_core::digest::hex;

use super::{of_file, read};

/// Bytes of a value that are shown; the rest is counted.
const SHOWN_MAX: usize = 32;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The log, such as /sys/kernel/security/tpm0/binary_bios_measurements
    file: PathBuf,
}

pub(crate) fn run(arguments: &Arguments, out: &mut impl Write) -> anyhow::Result<ExitCode> {
    let bytes = read(&arguments.file, LOG_LEN_MAX)?;
    let log = EventLog::parse(&bytes).map_err(|error| of_file(&arguments.file, error))?;
    for (number, event) in log.events().iter().enumerate() {
        let pcr = match event.extends() {
            true => event.pcr().to_string(),
            false => "-".into(),
        };
        writeln!(
            out,
            "{number:>4} {pcr:>3} {} {}",
            event.kind(),
            words(event)
        )?;
    }
    for (bank, pcr, value) in log.replay().iter() {
        writeln!(out, "{:<6} {pcr:>2} {}", bank.as_str(), hex(value))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// What an event says; text of others is quoted, so that it cannot pass for ours.
fn words(event: &Event<'_>) -> String {
    match event.show() {
        Shown::SpecId {
            version: (major, minor, errata),
        } => format!("profile {major}.{minor} errata {errata}"),
        Shown::StartupLocality(locality) => format!("started from locality {locality}"),
        Shown::Separator { failed: true } => "firmware failed".into(),
        Shown::Separator { failed: false } => "end of firmware".into(),
        Shown::Variable { name, value, .. } => format!("{name:?} = {}", some(value)),
        Shown::Image { len, path, .. } => format!("{len} bytes, device path {}", some(path)),
        Shown::Blob { name, address, len } => format!("{name:?} {len} bytes at {address:#x}"),
        Shown::Partitions { disk, partitions } => {
            let names: Vec<_> = partitions.iter().map(|one| &one.name).collect();
            format!("disk {disk}, partitions {names:?}")
        }
        Shown::Tables(tables) => format!("{} tables", tables.len()),
        Shown::Tagged { tag, data } => format!("tag {tag:#010x}, {}", some(data)),
        Shown::Text(text) => format!("{text:?}"),
        _ => some(event.data()),
    }
}

fn some(bytes: &[u8]) -> String {
    match bytes.get(..SHOWN_MAX) {
        Some(first) if bytes.len() > SHOWN_MAX => {
            format!("{}… ({} bytes)", hex(first), bytes.len())
        }
        _ => hex(bytes),
    }
}
