//! What stands, as one JSON object. Times are text in RFC 3339.

use iia_attest::aggregate::{Accountable, Delta, Open, Over};
use iia_core::Timestamp;
use serde_json::{Value, json};

use super::Standing;

/// What this shape is called; a change that breaks readers changes it.
const FORMAT: &str = "iia-standing 1";

/// What stands, as one object.
pub fn json(standing: &Standing) -> Value {
    let open = standing.board.open();
    let sights = standing.sights.as_ref();
    json!({
        "format": FORMAT,
        "origin": standing.origin,
        "at": standing.now.to_string(),
        "evidence": standing.checked.as_ref().map(crate::timeline::evidence_json),
        "last": standing.last.map(|(seq, at)| json!({"record": seq, "written": at.to_string()})),
        "open": open.iter().map(|one| cause(standing, one)).collect::<Vec<_>>(),
        "over": standing.board.over().map(|one| ended(standing, one)).collect::<Vec<_>>(),
        "observers": sights.map(|said| said.observers.iter().map(|one| json!({
            "stream": one.stream,
            "looked": time(one.looked_ns),
            "looks": one.looks,
            "findings": one.found,
            "unseen": one.unseen,
        })).collect::<Vec<_>>()),
        "sinks": sights.map(|said| said.sinks.iter().map(|one| json!({
            "name": one.name,
            "lost_since": time(one.lost_since_ns),
            "why": one.why,
            "waiting": one.waiting,
            "delivered": one.delivered,
            "dropped": one.dropped,
        })).collect::<Vec<_>>()),
        "said": sights.and_then(|said| time(said.written_ns)),
    })
}

fn time(ns: i64) -> Option<String> {
    (ns != 0).then(|| Timestamp::from_ns(ns).to_string())
}

fn cause(standing: &Standing, open: &Open) -> Value {
    let finding = &open.finding;
    let records = standing.records.get(&open.id);
    let delta = |one: &Delta| {
        json!({
            "reason": one.reason,
            "first": one.first.to_string(),
            "last": one.last.to_string(),
            "count": one.count,
        })
    };
    let named = |one: &Accountable| json!({"role": one.role, "contact": one.contact});
    json!({
        "id": open.id,
        "severity": open.gravity.name(),
        "stream": finding.stream,
        "contract": finding.contract,
        "clause": finding.clause,
        "source": finding.source,
        "destination": finding.destination,
        "operation": finding.operation,
        "reason": finding.reason,
        "evidence": finding.evidence,
        "first": open.first.to_string(),
        "last": open.last.to_string(),
        "count": open.count,
        "said": open.deltas.iter().map(delta).collect::<Vec<_>>(),
        "said_more": open.deltas_more,
        "accountable": open.accountable.iter().map(named).collect::<Vec<_>>(),
        "event": iia_attest::aggregate::raci_event(finding),
        "first_do": super::lines::next(open),
        "records": records.map(|one| json!({"first": one.first, "last": one.last})),
    })
}

fn ended(standing: &Standing, over: &Over) -> Value {
    let mut value = cause(standing, &over.open);
    if let Some(fields) = value.as_object_mut() {
        fields.insert("ended".into(), json!(over.ended.to_string()));
        fields.insert("ended_by".into(), json!(over.reason));
    }
    value
}
