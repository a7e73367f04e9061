//! Verifies one file of evidence: a bundle, a table, or the proof of one record.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use iia_audit::bundle::{self, BUNDLE_LEN_MAX, Known, Outcome, Report};
use iia_audit::envelope::Shown;
use iia_audit::fork::{self, Fork};
use iia_audit::note::VerifierKey;
use iia_audit::proof::{Proof, TITLE};
use iia_audit::table;
use iia_core::Timestamp;
use serde_json::{Value, json};

/// What a file said.
pub(crate) struct Said {
    pub(crate) outcome: Outcome,
    pub(crate) words: String,
    pub(crate) json: Value,
    pub(crate) records: Vec<String>,
}

/// Reads and verifies a file.
pub(crate) fn check(path: &Path, known: &Known, lines: bool) -> io::Result<Said> {
    let mut bytes = Vec::new();
    File::open(path)?
        .take(BUNDLE_LEN_MAX + 1)
        .read_to_end(&mut bytes)?;
    if bytes.len() as u64 > BUNDLE_LEN_MAX {
        return Err(io::Error::other(
            "is longer than a bundle or a table may be (1 GiB)",
        ));
    }
    match str::from_utf8(&bytes) {
        Ok(text) if text.starts_with(TITLE) => match &known.log {
            Some(log) => Ok(proof(text, (log, known))),
            None => Err(io::Error::other("a proof needs the log's --key")),
        },
        Ok(text) if text.starts_with(fork::TITLE) => match &known.log {
            Some(log) => Ok(of_fork(text, log)),
            None => Err(io::Error::other("a fork is proven by the log's --key")),
        },
        _ if bytes.starts_with(&table::MAGIC) => Ok(crate::table::check(&bytes, known, lines)),
        _ => Ok(of_bundle(&bundle::verify(&bytes, known))),
    }
}

/// Two heads that one log signed and that cannot both be of it.
fn of_fork(text: &str, log: &VerifierKey) -> Said {
    let (outcome, words) = match Fork::open(text, log) {
        Ok(fork) => (
            Outcome::ProvenAndWitnessed,
            format!(
                "log        {}\nPROVEN     this log signed two different histories of {} records: whoever holds its key told two stories\n",
                log.name,
                fork.size()
            ),
        ),
        Err(error) => (
            Outcome::Failed,
            format!("FAILED     no fork of {}: {error}\n", log.name),
        ),
    };
    let json =
        json!({ "outcome": name(outcome), "origin": log.name, "fork": outcome != Outcome::Failed });
    Said {
        outcome,
        words,
        json,
        records: Vec::new(),
    }
}

pub(crate) const fn name(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::ProvenAndWitnessed => "proven_and_witnessed",
        Outcome::ProvenNotWitnessed => "proven_not_witnessed",
        Outcome::Unpinned => "unpinned",
        Outcome::Failed => "failed",
    }
}

/// What each outcome means, in words that are not to be mistaken for one another.
pub(crate) const fn verdict(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::ProvenAndWitnessed => {
            "PROVEN AND WITNESSED: every record shown is in this log, under a head that its witnesses cosigned"
        }
        Outcome::ProvenNotWitnessed => {
            "PROVEN, NOT WITNESSED: every record shown is in this log by its own signature; not all under a cosigned head"
        }
        Outcome::Unpinned => {
            "CONSISTENT ONLY: the parts fit together, but anybody could have made them; give the log's --key"
        }
        Outcome::Failed => "FAILED",
    }
}

pub(crate) fn time(secs: u64) -> Timestamp {
    Timestamp::from_secs(i64::try_from(secs).unwrap_or(i64::MAX / 1_000_000_000))
}

pub(crate) fn line(one: &Shown) -> String {
    match one {
        Shown::Whole(record) => record.to_line(),
        Shown::Bare(envelope) => {
            let at = Timestamp::from_ns(envelope.written.utc_ns);
            let kind = one.kind().map_or("unknown kind", |kind| kind.name());
            let (seq, source, len) = (envelope.seq, envelope.source, envelope.body_len);
            format!(
                "{seq:>6} {at} {kind} source {source} REDACTED: its body of {len} bytes is not here"
            )
        }
    }
}

fn ranges(gaps: &[(u64, u64)]) -> String {
    let range = |(from, to): &(u64, u64)| match from == to {
        true => from.to_string(),
        false => format!("{from}-{to}"),
    };
    gaps.iter().map(range).collect::<Vec<_>>().join(" ")
}

fn of_bundle(report: &Report) -> Said {
    Said {
        outcome: report.outcome(),
        words: words(report),
        json: as_json(report),
        records: report.shown.iter().map(line).collect(),
    }
}

fn words(report: &Report) -> String {
    if let Some(bad) = &report.bad {
        let seq = bad
            .seq
            .map_or(String::new(), |seq| format!(" record {seq}"));
        let hint = match (bad.entry.as_str(), bad.offset) {
            ("container", 0) => "it does not begin as a bundle, a table or a proof does\n",
            _ => "",
        };
        return format!(
            "FAILED     {}{seq} near byte {}: {}\n{hint}nothing in this file is to be relied upon\n",
            bad.entry, bad.offset, bad.why
        );
    }
    let (origin, size) = (&report.origin, report.size());
    let id = report.log_id.map_or_else(String::new, |id| id.to_string());
    let bare = report
        .shown
        .iter()
        .filter(|one| one.whole().is_none())
        .count();
    let (shown, gaps) = (report.shown.len(), report.gaps());
    let mut text = format!("log        {origin}, {id}\n");
    text += match report.pinned {
        true => "key        the one given\n",
        false => "key        as in the file: pin it with --key\n",
    };
    text += &format!("records    {shown} shown of {size}, {bare} of them redacted\n");
    text += &match gaps.is_empty() {
        true => "proofs     tree: each record is in the heads; chain: from the first record to the last\n".to_owned(),
        false => format!(
            "proofs     tree: each record is in the heads; chain: only where records follow one another\n\
             not shown  {}: nothing is said of what they hold\n",
            ranges(&gaps)
        ),
    };
    for head in &report.heads {
        text += &match head.cosigned {
            Some(at) => format!(
                "head       {} records, cosigned by the witnesses at {}\n",
                head.size,
                time(at)
            ),
            None => format!(
                "head       {} records, signed by the log alone\n",
                head.size
            ),
        };
    }
    for (name, seq) in &report.files {
        text += &format!("file       {name} as record {seq} says\n");
    }
    text + verdict(report.outcome()) + "\n"
}

fn as_json(report: &Report) -> Value {
    let shown = report.shown.iter().map(|one| {
        json!({
            "seq": one.seq(),
            "hash": one.hash().to_string(),
            "redacted": one.whole().is_none(),
            "existed_by": report.existed_by(one.seq()).map(|at| time(at).to_string()),
        })
    });
    let heads = report.heads.iter().map(
        |head| json!({"size": head.size, "cosigned": head.cosigned.map(|at| time(at).to_string())}),
    );
    let files = report
        .files
        .iter()
        .map(|(name, seq)| json!({"name": name, "record": seq}));
    let bad = report.bad.as_ref().map(
        |bad| json!({"entry": bad.entry, "offset": bad.offset, "seq": bad.seq, "why": bad.why}),
    );
    json!({
        "outcome": name(report.outcome()),
        "origin": report.origin,
        "log_id": report.log_id.map(|id| id.to_string()),
        "pinned": report.pinned,
        "size": report.size(),
        "records": shown.collect::<Vec<_>>(),
        "not_shown": report.gaps(),
        "heads": heads.collect::<Vec<_>>(),
        "files": files.collect::<Vec<_>>(),
        "bad": bad,
    })
}

/// A proof names no key: without one given there is nothing to verify it with.
fn proof(text: &str, (log, known): (&VerifierKey, &Known)) -> Said {
    let proof = Proof::parse(text);
    let proven = match proof.and_then(|proof| proof.verify(log, &known.witnesses)) {
        Ok(proven) => proven,
        Err(error) => {
            let why = error.to_string();
            return Said {
                outcome: Outcome::Failed,
                words: format!("FAILED     {why}\n"),
                json: json!({"outcome": "failed", "bad": {"why": why}}),
                records: Vec::new(),
            };
        }
    };
    let (head, record) = (&proven.head, &proven.record);
    let (outcome, cosigned) = match proven.cosigned {
        Some(at) => (
            Outcome::ProvenAndWitnessed,
            format!("cosigned by the witnesses given at {}", time(at)),
        ),
        None => (
            Outcome::ProvenNotWitnessed,
            "signed by the log; no cosignature of a witness given with --witness".into(),
        ),
    };
    let words = format!(
        "log        {}\nrecord     {}\nhead       {} records, {cosigned}\n{}\n",
        head.origin,
        record.to_line().trim_start(),
        head.size,
        verdict(outcome)
    );
    let json = json!({
        "outcome": name(outcome),
        "origin": head.origin,
        "size": head.size,
        "record": {"seq": record.seq, "hash": record.hash.to_string()},
        "cosigned": proven.cosigned.map(|at| time(at).to_string()),
    });
    Said {
        outcome,
        words,
        json,
        records: vec![record.to_line()],
    }
}
