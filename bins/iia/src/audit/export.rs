//! `iia audit export`: the whole log as one Parquet file, which verifies alone.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use iia::evidence::directory;
use iia_audit::bundle::Show;
use iia_audit::frame::Record;
use iia_audit::table::{Made, make};

use super::at;
use crate::table::counted;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// A box's directory or its evidence
    dir: PathBuf,
    /// The Parquet file to write
    #[arg(long, value_name = "FILE")]
    parquet: PathBuf,
    /// Leaves out bodies: of record SEQ, or of every record that has this FIELD; may be given again
    #[arg(long, value_name = "FIELD|SEQ")]
    redact: Vec<String>,
}

pub(crate) fn run(arguments: &Arguments, out: &mut impl Write) -> anyhow::Result<ExitCode> {
    let dir = directory(&arguments.dir)?;
    let made = write(&dir, arguments)?;
    let name = arguments.parquet.display();
    writeln!(
        out,
        "{}, {} of them without body; {}; {}",
        counted(made.records, "record"),
        made.redacted,
        counted(made.heads as u64, "signed head"),
        counted(made.len, "byte")
    )?;
    if made.unproven > 0 {
        writeln!(
            out,
            "left out: {} that no signed head covers yet",
            counted(made.unproven, "record")
        )?;
    }
    writeln!(out, "to check it: iia-verify {name} --key KEY-OF-THE-LOG")?;
    Ok(ExitCode::SUCCESS)
}

/// Writes beside the file first: a log that does not hold, or a full disk, leaves no half of one.
fn write(dir: &Path, arguments: &Arguments) -> anyhow::Result<Made> {
    let name = arguments.parquet.display();
    if fs::metadata(&arguments.parquet).is_ok_and(|there| !there.is_file()) {
        anyhow::bail!("{name}: is there and is no file");
    }
    let new = PathBuf::from(format!("{name}.new"));
    let made = pour(dir, arguments, &new);
    match made {
        Ok(made) => {
            fs::rename(&new, &arguments.parquet).with_context(|| format!("{name}"))?;
            Ok(made)
        }
        Err(error) => {
            let _gone = fs::remove_file(&new);
            Err(error)
        }
    }
}

fn pour(dir: &Path, arguments: &Arguments, path: &Path) -> anyhow::Result<Made> {
    let name = arguments.parquet.display();
    let file = File::create(path).with_context(|| format!("{name}"))?;
    let mut file = BufWriter::new(file);
    let mut written = Ok(());
    let show = |record: &Record| match arguments.hides(record) {
        true => Show::Bare,
        false => Show::Whole,
    };
    let made = make(dir, show, |piece| {
        if written.is_ok() {
            written = file.write_all(piece);
        }
    });
    let made = made.map_err(at(dir.display()))?;
    let ended = written.and_then(|()| file.flush());
    let ended = ended.and_then(|()| file.get_ref().sync_all());
    ended.with_context(|| format!("{name}"))?;
    Ok(made)
}

impl Arguments {
    fn hides(&self, record: &Record) -> bool {
        let event = &record.body.event;
        let hidden = |what: &String| what.parse() == Ok(record.seq) || event.field(what).is_some();
        self.redact.iter().any(hidden)
    }
}
