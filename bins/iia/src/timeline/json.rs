//! The timeline as one JSON object; `docs/timeline.schema.json` is its schema. Times are text in RFC 3339.

use iia_core::Timestamp;
use serde_json::{Value, json};

use super::{Entry, Link, Moment, Stamp, Timeline};
use crate::evidence::{Checked, Form, Outcome};

/// What this shape is called; a change that breaks readers changes it.
const FORMAT: &str = "iia-timeline 1";

/// The timeline as one object.
pub fn json(timeline: &Timeline) -> Value {
    let due = timeline.deadlines.as_ref().map(|due| {
        json!({
            "early_warning": due.early_warning.to_string(),
            "notification": due.notification.to_string(),
            "final_report": due.final_report.to_string(),
            "reliable": timeline.deadline_doubt().is_none(),
        })
    });
    let reasons = timeline.reasons.iter().map(|one| {
        json!({"sure": one.is_sure, "words": one.words, "record": one.seq, "count": one.count})
    });
    let affected = timeline.affected.iter().map(
        |(name, one)| json!({"name": name, "first_record": one.first_seq, "alarms": one.count}),
    );
    let stated = timeline.options.cross_border.as_ref();
    json!({
        "format": FORMAT,
        "evidence": evidence(&timeline.checked),
        "since": text(timeline.options.since),
        "until": text(timeline.options.until),
        "first": timeline.first.as_ref().map(moment),
        "aware": timeline.aware.as_ref().map(moment),
        "deadlines": due,
        "suspected_malicious": {
            "answer": timeline.malicious.name(),
            "reasons": reasons.collect::<Vec<_>>(),
        },
        "cross_border": {
            "answer": stated.map_or("not_stated", |stated| stated.answer.name()),
            "words": stated.map(|stated| stated.words.clone()),
        },
        "affected": affected.collect::<Vec<_>>(),
        "affected_more": timeline.affected_more,
        "entries": timeline.entries.iter().map(|one| entry(timeline, one)).collect::<Vec<_>>(),
        "left_out": timeline.left_out,
        "kinds": timeline.kinds,
        "redacted": timeline.redacted,
        "beats": timeline.beats,
        "last": timeline.last.as_ref().map(|(seq, at)| json!({"record": seq, "written": stamp(at)})),
    })
}

fn text(at: Option<Timestamp>) -> Option<String> {
    at.map(|at| at.to_string())
}

/// What verification found.
pub(crate) fn evidence(checked: &Checked) -> Value {
    let bad = checked.bad.as_ref().map(
        |bad| json!({"record": bad.seq, "file": bad.file, "offset": bad.offset, "why": bad.why}),
    );
    json!({
        "outcome": match checked.outcome {
            Outcome::Verified => "verified",
            Outcome::NotAllWitnessed => "not_all_witnessed",
            Outcome::Failed => "failed",
        },
        "form": match checked.form {
            Form::Directory => "directory",
            Form::Bundle => "bundle",
            Form::Table => "table",
        },
        "origin": checked.origin,
        "log_id": checked.log_id.map(|id| id.to_string()),
        "key_given": checked.pinned,
        "records": checked.records,
        "witnessed": checked.witnessed(),
        "signed": checked.signed,
        "retired": checked.retired,
        "told": checked.told,
        "rewritten": checked.is_rewritten,
        "missing": checked.missing,
        "seals": checked.seals,
        "sealed": checked.sealed,
        "not_shown": checked.hidden,
        "bad": bad,
    })
}

fn stamp(stamp: &Stamp) -> Value {
    json!({
        "clock": stamp.utc.to_string(),
        "error_us": stamp.error_us,
        "by_counter": text(stamp.by_counter),
    })
}

/// A record, and where it lies.
pub(crate) fn link(link: &Link) -> Value {
    json!({
        "record": link.seq,
        "hash": link.hash,
        "file": link.file,
        "offset": link.offset,
        "vouched": link.vouched,
        "existed_by": text(link.existed_by),
    })
}

fn moment(moment: &Moment) -> Value {
    json!({
        "at": moment.at.to_string(),
        "written": stamp(&moment.stamp),
        "words": moment.words,
        "link": link(&moment.link),
    })
}

fn entry(timeline: &Timeline, entry: &Entry) -> Value {
    json!({
        "weight": entry.weight.name(),
        "kind": entry.kind,
        "words": entry.words,
        "source": (!entry.source.is_empty()).then_some(&entry.source),
        "at": entry.at.to_string(),
        "stated": entry.stated.to_string(),
        "written": stamp(&entry.stamp),
        "since_first_ns": timeline.since_first_ns(entry.at),
        "link": link(&entry.link),
        "count": entry.count,
        "last_record": entry.last_seq,
    })
}
