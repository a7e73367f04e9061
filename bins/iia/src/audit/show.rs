//! `iia audit show`: one line a record, and what the whole is covered by.

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use iia::evidence::directory;
use iia_audit::coverage::{Coverage, Heads};
use iia_audit::frame::Record;
use iia_core::Timestamp;
use serde_json::{Map, Value, json};

use super::at;
use super::choice::Choice;
use crate::table::{count, counted};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// A box's directory or its evidence
    dir: PathBuf,
    #[command(flatten)]
    choice: Choice,
    /// Prints one JSON object a record
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: &Arguments, out: &mut impl Write) -> anyhow::Result<ExitCode> {
    let dir = directory(&arguments.dir)?;
    let heads = Heads::newest(&dir).map_err(at(dir.display()))?;
    let reach = heads.coverage();
    if !arguments.json {
        writeln!(
            out,
            "  record  written                   by        kind                  source, details"
        )?;
    }
    let (mut shown, mut written) = (0, Ok(()));
    let read = heads.read(|record| {
        if written.is_ok() && arguments.choice.has(&record) {
            shown += 1;
            written = match arguments.json {
                true => writeln!(out, "{}", as_json(&record, &reach)),
                false => line(&record, &reach, out),
            };
        }
    });
    written?;
    let coverage = match read {
        Ok(coverage) => coverage,
        Err(error) => {
            out.flush()?;
            crate::complain(&at(dir.display())(error));
            return Ok(ExitCode::FAILURE);
        }
    };
    if !arguments.json {
        tell(&coverage, shown, out)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Who vouches for a record besides the chain.
const fn by(seq: u64, reach: &Coverage) -> &'static str {
    match seq {
        _ if seq < reach.witnessed => "witness",
        _ if seq < reach.signed => "log",
        _ => "nobody",
    }
}

fn line(record: &Record, reach: &Coverage, out: &mut impl Write) -> io::Result<()> {
    let at = Timestamp::from_ns(record.written.utc_ns).to_string();
    let at = at.get(..23).unwrap_or_default();
    let (seq, by) = (record.seq, by(record.seq, reach));
    let event = &record.body.event;
    write!(
        out,
        "{seq:>8}  {at}Z  {by:<8}  {:<20}  {}",
        event.kind.name(),
        short(record.source())
    )?;
    for field in &event.fields {
        let value = &field.value;
        match value.is_empty()
            || value.contains(|one: char| one.is_whitespace() || one.is_control())
        {
            true => write!(out, "  {}={value:?}", field.key)?,
            false => write!(out, "  {}={value}", field.key)?,
        }
    }
    writeln!(out)
}

/// A SPIFFE ID without what all of them start with.
pub(super) fn short(source: &str) -> &str {
    source.strip_prefix("spiffe://").unwrap_or(source)
}

/// A record as data; a field that occurs again has all its values.
pub(super) fn as_json(record: &Record, reach: &Coverage) -> Value {
    let (event, written) = (&record.body.event, &record.written);
    let mut fields = Map::new();
    for field in &event.fields {
        let value = json!(field.value);
        match fields.get_mut(&field.key) {
            None => drop(fields.insert(field.key.clone(), value)),
            Some(Value::Array(values)) => values.push(value),
            Some(first) => *first = json!([first.take(), value]),
        }
    }
    json!({
        "seq": record.seq,
        "written": Timestamp::from_ns(written.utc_ns).to_string(),
        "error_us": (written.error_us != u32::MAX).then_some(written.error_us),
        "boot": written.boot,
        "boottime_ns": written.boottime_ns,
        "kind": event.kind.name(),
        "source": record.source(),
        "source_seq": event.source_seq,
        "stated": Timestamp::from_ns(event.ts_ns).to_string(),
        "fields": fields,
        "hash": record.hash.to_string(),
        "by": by(record.seq, reach),
    })
}

/// What the records are covered by, and what is not.
fn tell(coverage: &Coverage, shown: u64, out: &mut impl Write) -> io::Result<()> {
    let Coverage {
        records,
        signed,
        witnessed,
        witnessed_at,
    } = *coverage;
    writeln!(
        out,
        "\n{} shown of {}; each links to the one before",
        counted(shown, "record"),
        count(records)
    )?;
    match witnessed {
        0 => writeln!(
            out,
            "witness  no record: no receipt of a witness is kept here"
        )?,
        _ => {
            let time = Timestamp::from_secs(i64::try_from(witnessed_at).unwrap_or(0));
            writeln!(
                out,
                "witness  the first {} records, cosigned by {time}",
                count(witnessed)
            )?;
        }
    }
    if signed > witnessed {
        writeln!(
            out,
            "log      {} more, signed by the log alone",
            count(signed - witnessed)
        )?;
    }
    if records > signed.max(witnessed) {
        let tail = records - signed.max(witnessed);
        writeln!(
            out,
            "nobody   the last {}: they could be cut off unseen",
            count(tail)
        )?;
    }
    writeln!(
        out,
        "The newest receipt and head were held against the records; iia-verify checks all of them, and the files."
    )
}
