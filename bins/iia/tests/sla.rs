//! `iia report sla` over a lake that this test fills: what it says is what was put there.
#![expect(clippy::unwrap_used, reason = "tests")]

mod judge;

use std::path::Path;

use iia_contract::adherence::message::{Fate, Message};
use iia_core::Timestamp;
use iia_core::finding::{Conclusion, Finding, Severity};
use iia_core::record::{Sequence, ServiceId};
use iia_core::store::Append as _;
use iia_core::stream::Stream;
use iia_lake::batch::FindingBuilder;
use iia_lake::{Lake, Options};
use judge::{example, iia, said};
use serde_json::Value;

const ID: &str = "iia.contract.boundary.bi_lake.batch";
const SEC: i64 = 1_000_000_000;

fn at(secs: i64) -> Timestamp {
    Timestamp::from_secs(1_764_320_400 + secs)
}

fn finding(stream: &Stream, at: Timestamp, clause: &str, reason: String) -> Finding {
    Finding {
        ts_ns: at.as_ns(),
        stream: stream.as_str().into(),
        conclusion: Conclusion::Missing,
        severity: Severity::Medium,
        contract: ID.into(),
        clause: clause.into(),
        source: String::new(),
        destination: String::new(),
        operation: String::new(),
        reason,
        evidence: Vec::new(),
    }
}

fn line(ticket: u64, sent: i64, fate: Fate) -> Finding {
    let message = Message {
        ticket,
        sent: at(sent),
        tries: 1,
        records: 500,
        len: 64_000,
        fate,
    };
    finding(&Stream::DELIVERY, at(sent), "message", message.to_string())
}

/// Twenty messages of 500 records; one is left without an answer, one is acknowledged after its time was over.
fn fill(dir: &Path) {
    let mut rows: Vec<Finding> = (0..18)
        .map(|ticket| {
            let sent = i64::try_from(ticket).unwrap();
            line(ticket, sent, Fate::Acked(at(sent) + SEC / 25, 500))
        })
        .collect();
    rows.push(line(18, 18, Fate::Waiting));
    rows.push(line(18, 18, Fate::Acked(at(58), 500)));
    rows.push(line(19, 19, Fate::Waiting));
    let late = |ticket: i64| {
        let reason = format!("the consumer did not acknowledge message {ticket} within 30s");
        finding(
            &Stream::DELIVERY,
            at(ticket + 30),
            "upstream ack window_max",
            reason,
        )
    };
    rows.extend([late(18), late(19)]);
    let wal = tempfile::tempdir().unwrap();
    let (mut lake, _) = Lake::open(dir, wal.path(), Options::default()).unwrap();
    let mut builder = FindingBuilder::new(Stream::DELIVERY, ServiceId::from_bytes([7; 16]));
    rows.iter().for_each(|row| builder.append(row));
    lake.append(&builder.finish(Sequence::new(1)).unwrap())
        .unwrap();
    lake.seal().unwrap();
}

#[test]
fn what_was_promised_and_kept_is_counted_from_the_records() {
    let dir = tempfile::tempdir().unwrap();
    fill(&dir.path().join("evidence/lake"));
    let catalog = example("contracts/boundary_bi_lake_batch.icl");
    let path = dir.path().to_str().unwrap();
    let text = said(1, &["report", "sla", path, "--catalog", &catalog]);
    for words in [
        "We sent 10000 records on profile lake_batch at 172.4",
        "acknowledged 9500: 500 fewer, of which 500 wait and 0 were refused",
        "The log has a line for each of 20 messages.",
        "BROKEN 2 times",
        "2025-11-28T09:00:18.000Z to 2025-11-28T09:00:48.000Z: the consumer did not acknowledge message 18 within 30s",
        "record ot.contract.delivery#07070707-0707-0707-0707-070707070707/22",
    ] {
        assert!(text.contains(words), "{words}\n{text}");
    }
    let json = said(1, &["report", "sla", path, "--catalog", &catalog, "--json"]);
    let report: Value = serde_json::from_str(&json).unwrap();
    let contract = &report["contracts"][0];
    assert_eq!(contract["statement"]["sent"], 10_000);
    assert_eq!(contract["statement"]["acknowledged"], 9_500);
    assert_eq!(
        contract["statement"]["messages"].as_array().unwrap().len(),
        20
    );
    assert_eq!(contract["faults"].as_array().unwrap().len(), 2);
    let broken = contract["promises"].as_array().unwrap().iter();
    let broken: Vec<&Value> = broken.filter(|one| one["verdict"] == "broken").collect();
    assert_eq!(broken.len(), 1);
    assert_eq!(broken[0]["clause"], "upstream ack window_max");
    assert_eq!(broken[0]["times"], 2);
    // No hour is over, so that nothing is said of what is measured by the hour.
    let uptime = contract["promises"].as_array().unwrap().iter();
    let mut uptime = uptime.filter(|one| one["clause"] == "uptime_min");
    assert_eq!(uptime.next().unwrap()["verdict"], "open");
    assert_eq!(report["streams"]["ot.contract.delivery"], 23);
}

#[test]
fn what_is_no_lake_or_no_catalog_is_said_with_its_code() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().to_str().unwrap();
    let catalog = example("contracts/boundary_bi_lake_batch.icl");
    for (path, catalog, code) in [
        (path, catalog.as_str(), "IIA-LAK-0502"),
        (path, "/nowhere.icl", "IIA-CFG-0550"),
    ] {
        let output = iia(&["report", "sla", path, "--catalog", catalog]);
        assert_eq!(output.status.code(), Some(2));
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(said.contains(code), "{said}");
    }
    // Looking for a lake makes none.
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
    std::fs::create_dir(dir.path().join("ot.contract.delivery")).unwrap();
    std::fs::write(
        dir.path()
            .join("ot.contract.delivery/00000000000000000000.parquet"),
        b"PAR1",
    )
    .unwrap();
    let output = iia(&["report", "sla", path, "--catalog", &catalog]);
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("IIA-LAK-"), "{said}");
}
