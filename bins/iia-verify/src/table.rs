//! What a table says: the whole log up to a signed head, as a Parquet file.

use iia_audit::bundle::Known;
use iia_audit::table::{Report, verify};
use serde_json::json;

use crate::file::{Said, line, name, time, verdict};

/// Verifies a table; with `lines`, every record in words.
pub(crate) fn check(bytes: &[u8], known: &Known, lines: bool) -> Said {
    let mut records = Vec::new();
    let report = verify(bytes, known, |shown| {
        if lines {
            records.push(line(shown));
        }
    });
    Said {
        outcome: report.outcome(),
        words: words(&report),
        json: as_json(&report),
        records,
    }
}

fn words(report: &Report) -> String {
    if let Some(bad) = &report.bad {
        let seq = bad
            .seq
            .map_or(String::new(), |seq| format!(" record {seq}"));
        return format!(
            "FAILED     {}{seq} near byte {}: {}\n{} before it are good\n",
            bad.entry, bad.offset, bad.why, report.records
        );
    }
    let (origin, records) = (&report.origin, report.records);
    let id = report.log_id.map_or_else(String::new, |id| id.to_string());
    let mut text = format!("log        {origin}, {id}\n");
    text += match report.pinned {
        true => "key        the one given\n",
        false => "key        as in the file: pin it with --key\n",
    };
    text += &format!(
        "records    {records}, all from the first on, {} of them redacted\n\
         proofs     chain: each links to the one before; tree: the heads are heads of them\n",
        report.redacted
    );
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
    text + verdict(report.outcome()) + "\n"
}

fn as_json(report: &Report) -> serde_json::Value {
    let heads = report.heads.iter().map(
        |head| json!({"size": head.size, "cosigned": head.cosigned.map(|at| time(at).to_string())}),
    );
    let bad = report.bad.as_ref().map(
        |bad| json!({"entry": bad.entry, "offset": bad.offset, "seq": bad.seq, "why": bad.why}),
    );
    json!({
        "outcome": name(report.outcome()),
        "origin": report.origin,
        "log_id": report.log_id.map(|id| id.to_string()),
        "pinned": report.pinned,
        "size": report.records,
        "redacted": report.redacted,
        "heads": heads.collect::<Vec<_>>(),
        "bad": bad,
    })
}
