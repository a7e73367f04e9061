//! The report as one JSON object. Times are text in RFC 3339.

use iia::sla::{Account, Fault, Kept, Verdict};
use iia_contract::adherence::Statement;
use iia_contract::adherence::metric::text;
use serde_json::{Map, Value, json};

pub(super) fn of(kept: &Kept) -> Value {
    let streams = kept.streams.iter();
    let streams: Map<String, Value> = streams
        .map(|(stream, rows)| (stream.to_string(), json!(rows)))
        .collect();
    json!({
        "streams": streams,
        "contracts": kept.accounts.iter().map(account).collect::<Vec<_>>(),
        "faults": kept.others.iter().map(fault).collect::<Vec<_>>(),
    })
}

fn account(account: &Account) -> Value {
    let promises = account.promises.iter();
    let promises: Vec<Value> = promises
        .map(|(promise, verdict)| {
            let (verdict, times) = match verdict {
                Verdict::Unbroken => ("unbroken", 0),
                Verdict::Broken(times) => ("broken", *times),
                Verdict::Open => ("open", 0),
            };
            json!({
                "clause": promise.clause,
                "agreed": promise.agreed,
                "window_ns": promise.window_ns,
                "stream": promise.stream.as_str(),
                "verdict": verdict,
                "times": times,
            })
        })
        .collect();
    json!({
        "contract": account.contract,
        "version": account.version,
        "statement": account.statement.as_ref().map(statement),
        "promises": promises,
        "faults": account.faults.iter().map(fault).collect::<Vec<_>>(),
    })
}

fn statement(statement: &Statement) -> Value {
    let observed = statement.observed.iter();
    let observed: Vec<Value> = observed
        .map(|one| {
            json!({
                "name": one.threshold.name,
                "metric": one.threshold.metric.name,
                "bounds": one.threshold.bounds.to_string(),
                "observed": text(one.value),
                "crossed": one.crossed,
            })
        })
        .collect();
    json!({
        "consumer": statement.consumer,
        "profile": statement.profile,
        "from": statement.from.to_string(),
        "until": statement.until.to_string(),
        "sent": statement.sent,
        "acknowledged": statement.acked,
        "waiting": statement.waiting,
        "refused": statement.rejected,
        "dropped": statement.dropped,
        "resent": statement.resent,
        "rate_millis": statement.rate_millis(),
        "observed": observed,
        "messages": statement.log.iter().map(ToString::to_string).collect::<Vec<_>>(),
    })
}

fn fault(fault: &Fault) -> Value {
    json!({
        "stream": fault.stream.as_str(),
        "clause": fault.clause,
        "from": fault.from.map(|from| from.to_string()),
        "until": fault.until.to_string(),
        "reason": fault.reason,
        "record": fault.record,
    })
}
