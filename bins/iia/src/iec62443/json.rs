//! The report as one JSON object; `docs/iec62443.schema.json` is its schema. Times are text in RFC 3339.

use iia_core::level::SecurityLevel;
use serde_json::{Map, Value, json};

use super::{Aim, Count, Report, Seen, Shown};
use crate::timeline::{evidence_json, link_json};

/// What this shape is called; a change that breaks readers changes it.
const FORMAT: &str = "iia-62443 1";

/// The report as one object.
pub fn json(report: &Report) -> Value {
    let in_force = report.in_force.iter().map(|one| {
        json!({
            "class": one.class,
            "artifact": one.artifact,
            "confirmed": one.is_confirmed,
            "applied": seen(&one.seen),
        })
    });
    json!({
        "format": FORMAT,
        "standard": "IEC 62443-3-3:2013",
        "evidence": evidence_json(&report.checked),
        "since": report.since.map(|at| at.to_string()),
        "until": report.until.map(|at| at.to_string()),
        "records": report.records,
        "redacted": report.redacted,
        "first": report.ends.as_ref().map(|(first, _)| seen(first)),
        "last": report.ends.as_ref().map(|(_, last)| seen(last)),
        "in_force": in_force.collect::<Vec<_>>(),
        "aim": report.aim.as_ref().map(|aim| aimed(report, aim)),
        "requirements": report.shown.iter().map(shown).collect::<Vec<_>>(),
    })
}

fn aimed(report: &Report, aim: &Aim) -> Value {
    let zones = aim.zones.iter();
    let zones: Map<String, Value> = zones
        .map(|(zone, level)| (zone.clone(), json!(level.number())))
        .collect();
    json!({
        "artifact": aim.artifact,
        "in_force": report.was_in_force(aim),
        "level": aim.level.map(SecurityLevel::number),
        "zones": zones,
    })
}

fn shown(one: &Shown) -> Value {
    let claim = &one.claim;
    json!({
        "sr": claim.sr,
        "name": claim.name,
        "design_label": (!claim.label.is_empty()).then_some(claim.label),
        "claim": claim.does,
        "requirement": claim.id,
        "records": one.count(),
        "shown_by": one.counts.iter().map(count).collect::<Vec<_>>(),
    })
}

fn count(count: &Count) -> Value {
    json!({
        "kind": count.shows.kind.name(),
        "which": (!count.shows.which.is_empty()).then_some(count.shows.which),
        "count": count.count,
        "first": count.ends.as_ref().map(|(first, _)| seen(first)),
        "last": count.ends.as_ref().map(|(_, last)| seen(last)),
    })
}

fn seen(seen: &Seen) -> Value {
    json!({"written": seen.written.to_string(), "link": link_json(&seen.link)})
}
