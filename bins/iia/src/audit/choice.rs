//! Which records are meant: by kind, source, time and number.

use std::ops::RangeInclusive;

use iia_audit::envelope::kind_of;
use iia_audit::frame::Record;
use iia_core::Timestamp;
use iia_core::time::parse_utc;

#[derive(clap::Args)]
pub(super) struct Choice {
    /// Only records of this kind, such as contract_violation; may be given again
    #[arg(long, value_name = "KIND", value_parser = kind)]
    kind: Vec<String>,
    /// Only records whose source has this in its SPIFFE ID
    #[arg(long, value_name = "SOURCE")]
    source: Option<String>,
    /// Only records written at or after this time, such as 2026-11-28T00:00:00Z
    #[arg(long, value_name = "TIME", value_parser = time)]
    since: Option<Timestamp>,
    /// Only records written at or before this time
    #[arg(long, value_name = "TIME", value_parser = time)]
    until: Option<Timestamp>,
    /// Only records of these numbers: A, or A..B with B itself; may be given again
    #[arg(long, value_name = "A..B", value_parser = numbers)]
    seq: Vec<RangeInclusive<u64>>,
}

impl Choice {
    /// Whether a record is meant.
    pub(super) fn has(&self, record: &Record) -> bool {
        let at = Timestamp::from_ns(record.written.utc_ns);
        let kind = record.body.event.kind.name();
        let source = self.source.as_deref().unwrap_or_default();
        (self.kind.is_empty() || self.kind.iter().any(|one| one == kind))
            && (self.seq.is_empty() || self.seq.iter().any(|one| one.contains(&record.seq)))
            && record.source().contains(source)
            && self.since.is_none_or(|since| since <= at)
            && self.until.is_none_or(|until| at <= until)
    }
}

fn kind(text: &str) -> Result<String, String> {
    let known = (1..=u16::MAX)
        .filter_map(kind_of)
        .any(|kind| kind.name() == text);
    match known {
        true => Ok(text.into()),
        false => Err("is no kind of record; `iia audit show` names those that are there".into()),
    }
}

pub(crate) fn time(text: &str) -> Result<Timestamp, &'static str> {
    parse_utc(text).ok_or("a time is written like 2026-11-28T00:00:00Z")
}

fn numbers(text: &str) -> Result<RangeInclusive<u64>, &'static str> {
    let (from, to) = text.split_once("..").unwrap_or((text, text));
    match (from.parse(), to.parse()) {
        (Ok(from), Ok(to)) if from <= to => Ok(from..=to),
        _ => Err("numbers are written like 7 or 7..12"),
    }
}
