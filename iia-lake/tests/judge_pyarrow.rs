//! pyarrow, another implementation of Arrow and Parquet, and DuckDB, which has a reader of Parquet of its own, read back every
//! value that was written.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::fs;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use iia_core::Timestamp;
use iia_core::finding::{Conclusion, Finding, Severity};
use iia_core::observe::{Conn, Exchange, Flow, Outcome, Protocol, Span, Table, Transport, Values};
use iia_core::record::{Sequence, ServiceId};
use iia_core::store::{Append as _, Cursor, Query as _, Range, Siphon as _};
use iia_core::stream::Stream;
use iia_core::time::{Reading, TimeState};
use iia_lake::batch::{AuditHead, AuditHeadBuilder, ConnBuilder, ExchangeBuilder, FindingBuilder};
use iia_lake::{Lake, Options};
use serde_json::{Value, json};

const SERVICE: ServiceId = ServiceId::from_bytes([0xa7; 16]);

fn python(test: &str, package: &str) -> Option<PathBuf> {
    let own = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/venv/bin/python");
    let python = std::env::var_os("IIA_PYTHON").map_or_else(|| own.into(), PathBuf::from);
    let imports = Command::new(&python)
        .args(["-c", &format!("import {package}")])
        .output();
    if imports.is_ok_and(|done| done.status.success()) {
        return Some(python);
    }
    let missing = format!("a Python with {package} (IIA_PYTHON or target/venv)");
    skip(test, &missing);
    None
}

fn skip(test: &str, missing: &str) {
    let line = format!("SKIPPED: {test}: {missing}\n");
    assert!(
        std::env::var_os("IIA_REQUIRE_ALL").is_none_or(|all| all != "1"),
        "{line}"
    );
    let _closed = std::io::Write::write_all(&mut std::io::stderr(), line.as_bytes());
}

fn flow(number: u64) -> Flow {
    let hosts: [IpAddr; 3] = [
        [10, 0, 0, 1].into(),
        "fe80::1".parse().unwrap(),
        [255, 255, 255, 255].into(),
    ];
    let host = |at: u64| *hosts.get(usize::try_from(at % 3).unwrap()).unwrap();
    Flow {
        orig_h: host(number),
        orig_p: u16::try_from(number * 9973 % 65_536).unwrap(),
        resp_h: host(number + 1),
        resp_p: 502,
        transport: Transport::Tcp,
        vlan: u16::try_from(number % 4096).unwrap(),
    }
}

/// Times before and after the epoch, at every remainder that the two columns must carry.
fn time(number: u64) -> i64 {
    let base = [1_800_000_000_000_000_000, -1, 0, 999, 1000, -1_000_001];
    let base = base.get(usize::try_from(number % 6).unwrap()).unwrap();
    base + i64::try_from(number / 6 * 1_000_003).unwrap()
}

fn head(number: u64, flow: &Flow, protocol: &str) -> Value {
    json!({
        "ts": time(number), "seq": number, "service": SERVICE.to_string(),
        "orig_h": flow.orig_h.to_string(), "orig_p": flow.orig_p,
        "resp_h": flow.resp_h.to_string(), "resp_p": flow.resp_p,
        "vlan": flow.vlan, "protocol": protocol,
    })
}

fn join(mut left: Value, right: Value) -> Value {
    let (left_map, right) = (
        left.as_object_mut().unwrap(),
        right.as_object().unwrap().clone(),
    );
    left_map.extend(right);
    left
}

const CONTRACTS: [Option<&str>; 3] = [Some("iia.contract.a"), None, Some("")];
const REASONS: [Option<&str>; 3] = [
    None,
    Some("no contract covers 10.0.0.1 → 502 \"quoted\"\n"),
    Some("é𝄞"),
];

fn verdict(number: u64) -> (Option<&'static str>, Option<&'static str>) {
    let at = usize::try_from(number % 3).unwrap();
    (*CONTRACTS.get(at).unwrap(), *REASONS.get(at).unwrap())
}

/// A span, and what of it another reader must find.
fn span(number: u64) -> (Option<Span<'static>>, [Value; 4]) {
    let (table, name) = [
        (Table::Coil, "coil"),
        (Table::HoldingRegister, "holding_register"),
        (Table::Other, "other"),
    ]
    .into_iter()
    .nth(usize::try_from(number % 3).unwrap())
    .unwrap();
    let (count, values, want) = match number % 5 {
        0 => return (None, [Value::Null, Value::Null, Value::Null, Value::Null]),
        1 => (
            10,
            Values::Bits(&[0b1010_0101, 0b11]),
            json!([1, 0, 1, 0, 0, 1, 0, 1, 1, 1]),
        ),
        2 => (
            3,
            Values::Words(&[0xff, 0xff, 0, 0, 0x80, 1]),
            json!([65535, 0, 32769]),
        ),
        3 => (0, Values::Words(&[]), json!([])),
        _ => (2000, Values::None, Value::Null),
    };
    let addr = u32::try_from(number * 7919 % 65_536).unwrap();
    let span = Span {
        table,
        addr,
        count,
        values,
    };
    (Some(span), [name.into(), addr.into(), count.into(), want])
}

fn exchanges(first: u64, rows: u64) -> (iia_core::store::Batch, Vec<Value>) {
    let (mut builder, mut want) = (ExchangeBuilder::new(SERVICE), Vec::new());
    for number in first..first + rows {
        let flow = flow(number);
        let (outcome, name, exception) = match number % 5 {
            0 => (Outcome::Answered, "answered", Value::Null),
            1 => (Outcome::Exception(255), "exception", 255.into()),
            2 => (Outcome::Unanswered, "unanswered", Value::Null),
            3 => (Outcome::Orphan, "orphan", Value::Null),
            _ => (Outcome::Malformed, "malformed", Value::Null),
        };
        let ((read, read_row), (write, write_row)) = (span(number), span(number / 5));
        let byte = u8::try_from(number % 256).unwrap();
        let latency_ns = (number % 2 == 0).then_some(i64::MAX - i64::from(byte));
        let transaction = u16::MAX - u16::from(byte);
        let exchange = Exchange {
            ts: Timestamp::from_ns(time(number)),
            flow,
            protocol: Protocol::ModbusTcp,
            outcome,
            transaction,
            unit: byte,
            func: byte,
            read,
            write,
            latency_ns,
        };
        let (contract, reason) = verdict(number);
        builder.append(&exchange, contract, reason);
        let [rt, ra, rc, rv] = read_row;
        let [wt, wa, wc, wv] = write_row;
        want.push(join(head(number, &flow, "modbus_tcp"), json!({
            "transaction": transaction, "unit": byte, "func": byte, "outcome": name, "exception": exception,
            "latency_ns": latency_ns, "contract": contract, "reason": reason,
            "read_table": rt, "read_addr": ra, "read_count": rc, "read_values": rv,
            "write_table": wt, "write_addr": wa, "write_count": wc, "write_values": wv,
        })));
    }
    (builder.finish(Sequence::new(first)).unwrap(), want)
}

fn conns(first: u64, rows: u64) -> (iia_core::store::Batch, Vec<Value>) {
    let (mut builder, mut want) = (ConnBuilder::new(SERVICE), Vec::new());
    for number in first..first + rows {
        let flow = flow(number);
        let (contract, reason) = verdict(number);
        let conn = Conn {
            ts: Timestamp::from_ns(time(number)),
            last: Timestamp::from_ns(time(number)) + 17,
            flow,
            protocol: Protocol::Unknown,
            orig_pkts: number,
            resp_pkts: 0,
            orig_bytes: i64::MAX as u64,
            resp_bytes: u64::MAX,
            missed_bytes: 3,
        };
        builder.append(&conn, contract, reason);
        want.push(join(
            head(number, &flow, "unknown"),
            json!({
                "duration_ns": 17, "orig_pkts": number, "resp_pkts": 0, "orig_bytes": i64::MAX,
                "resp_bytes": i64::MAX, "missed_bytes": 3, "contract": contract, "reason": reason,
            }),
        ));
    }
    (builder.finish(Sequence::new(first)).unwrap(), want)
}

fn findings(first: u64, rows: u64) -> (iia_core::store::Batch, Vec<Value>) {
    let (mut builder, mut want) = (FindingBuilder::new(Stream::VIOLATION, SERVICE), Vec::new());
    for number in first..first + rows {
        let word = |of: &str| format!("{of} {} é", number % 7);
        builder.append(&Finding {
            ts_ns: time(number),
            stream: Stream::VIOLATION.as_str().into(),
            conclusion: Conclusion::Missing,
            severity: Severity::Critical,
            contract: word("contract"),
            clause: word("clause"),
            source: String::new(),
            destination: word("destination"),
            operation: word("operation"),
            reason: format!("{number}"),
            evidence: vec!["a".into(), "b".into()],
        });
        want.push(json!({
            "ts": time(number), "seq": number, "service": SERVICE.to_string(),
            "conclusion": "missing", "severity": "critical", "contract": word("contract"), "clause": word("clause"),
            "source": "", "destination": word("destination"), "operation": word("operation"),
            "reason": format!("{number}"), "evidence": "a b",
        }));
    }
    (builder.finish(Sequence::new(first)).unwrap(), want)
}

fn heads(first: u64, rows: u64) -> (iia_core::store::Batch, Vec<Value>) {
    let (mut builder, mut want) = (AuditHeadBuilder::new(SERVICE), Vec::new());
    for number in first..first + rows {
        let error_ns = number * 1_000_999;
        let (state, name, error_us) = match number % 3 {
            0 => (TimeState::Unknown, "unknown", Value::Null),
            1 => (
                TimeState::Holdover { error_ns },
                "holdover",
                (error_ns / 1000).into(),
            ),
            _ => (
                TimeState::Synchronised { error_ns: u64::MAX },
                "synchronised",
                (u64::MAX / 1000).into(),
            ),
        };
        let note = format!("log/é\n{number}\nroot\n\n— log/é signature\n");
        let (chain, proof) = match number % 2 {
            0 => (Some("b3:00"), Some(note.as_str())),
            _ => (None, None),
        };
        let now = Reading {
            wall: Timestamp::from_ns(time(number)),
            monotonic_ns: number,
            state,
        };
        builder.append(&AuditHead {
            now,
            origin: "log/é",
            size: u64::MAX - number,
            root: "root",
            chain,
            note: &note,
            proof,
        });
        want.push(json!({
            "ts": time(number), "seq": number, "service": SERVICE.to_string(), "origin": "log/é", "size": i64::MAX,
            "root": "root", "chain": chain, "note": note, "proof": proof, "time_state": name, "time_error_us": error_us,
        }));
    }
    (builder.finish(Sequence::new(first)).unwrap(), want)
}

/// What a reader is shown, and the rows that must be in it.
fn case(file: &Path, stream: &Stream, rows: &[Value]) -> Value {
    json!({ "file": file, "stream": stream.as_str(), "rows": rows })
}

type Rows = fn(u64, u64) -> (iia_core::store::Batch, Vec<Value>);

/// One stream in batches of several sizes, sealed in the middle: its segments, what a siphon draws, what a query answers.
fn cases(dir: &Path, stream: &Stream, rows: Rows) -> Vec<Value> {
    let (lake_dir, wal_dir) = (dir.join("lake"), dir.join("wal"));
    let (mut lake, _) = Lake::open(&lake_dir, &wal_dir, Options::default()).unwrap();
    let (mut want, mut ends, mut first) = (Vec::new(), Vec::new(), 1);
    for count in [1, 7, 300, 64] {
        let (batch, rows) = rows(first, count);
        lake.append(&batch).unwrap();
        want.extend(rows);
        first += count;
        if count != 64 {
            lake.seal().unwrap();
            ends.push(want.len());
        }
    }
    let mut cases = Vec::new();
    let segments: Vec<_> = lake
        .segments()
        .filter(|segment| segment.stream == *stream)
        .collect();
    assert_eq!(segments.len(), ends.len());
    let mut from = 0;
    for (segment, to) in segments.iter().zip(&ends) {
        let file = lake.dir().join(&segment.path);
        cases.push(case(&file, stream, want.get(from..*to).unwrap()));
        from = *to;
    }
    let mut cursor = Cursor(0);
    while let Some(drawn) =
        Some(lake.siphon(stream, cursor, 50).unwrap()).filter(|drawn| drawn.rows > 0)
    {
        let file = dir.join(format!("{stream}-{}.arrows", cursor.0));
        fs::write(&file, &drawn.ipc).unwrap();
        let at = usize::try_from(cursor.0).unwrap()..usize::try_from(drawn.next.0).unwrap();
        cases.push(case(&file, stream, want.get(at).unwrap()));
        cursor = drawn.next;
    }
    assert_eq!(cursor.0, want.len() as u64);
    cases.extend(answers(dir, &lake, stream, &want));
    cases
}

/// Ranges that begin and end inside a microsecond.
fn answers(dir: &Path, lake: &Lake, stream: &Stream, want: &[Value]) -> Vec<Value> {
    let edges = [
        i64::MIN,
        -1_000_001,
        -1,
        0,
        1,
        999,
        1000,
        1_001_002,
        1_800_000_000_001_000_003,
        i64::MAX,
    ];
    let mut cases = Vec::new();
    for (at, from) in edges.iter().enumerate() {
        for to in edges.iter().skip(at + 1) {
            let range = Range {
                stream: stream.clone(),
                from: Timestamp::from_ns(*from),
                to: Timestamp::from_ns(*to),
                rows_max: 100_000,
            };
            let answer = lake.query(&range).unwrap();
            let inside = |row: &&Value| (from..to).contains(&&row["ts"].as_i64().unwrap());
            let rows: Vec<Value> = want.iter().filter(inside).cloned().collect();
            assert_eq!(answer.rows, rows.len() as u64, "{from} to {to}");
            if answer.rows > 0 {
                let file = dir.join(format!("{stream}-{from}-{to}.arrows"));
                fs::write(&file, &answer.ipc).unwrap();
                cases.push(case(&file, stream, &rows));
            }
        }
    }
    cases
}

/// What of each stream was written, laid in `dir` for other readers.
fn every_case(dir: &Path) -> Vec<Value> {
    let streams = [
        (Stream::MODBUS, exchanges as Rows),
        (Stream::CONN, conns),
        (Stream::VIOLATION, findings),
        (Stream::AUDIT_HEAD, heads),
    ];
    let of = |(stream, rows): (Stream, Rows)| cases(&dir.join(stream.as_str()), &stream, rows);
    streams.into_iter().flat_map(of).collect()
}

/// Shows the cases to a reader, which says of each that it found what was written.
#[track_caller]
fn judged(python: &Path, script: &str, cases: &[Value], dir: &Path) {
    let list = dir.join("cases.json");
    fs::write(&list, Value::from(cases.to_vec()).to_string()).unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/judges")
        .join(script);
    let done = Command::new(python).arg(script).arg(list).output().unwrap();
    let (said, complaint) = (
        String::from_utf8_lossy(&done.stdout),
        String::from_utf8_lossy(&done.stderr),
    );
    assert!(done.status.success(), "{complaint}");
    let good = said.lines().filter(|line| line.starts_with("ok "));
    assert_eq!(good.count(), cases.len());
}

#[test]
fn pyarrow_reads_every_value_that_was_written() {
    let dir = tempfile::tempdir().unwrap();
    let Some(python) = python("pyarrow_reads_every_value_that_was_written", "pyarrow") else {
        return;
    };
    judged(&python, "read_rows.py", &every_case(dir.path()), dir.path());
}

#[test]
fn duckdb_reads_every_value_of_every_file_and_finds_rows_by_what_is_asked() {
    let dir = tempfile::tempdir().unwrap();
    let test = "duckdb_reads_every_value_of_every_file_and_finds_rows_by_what_is_asked";
    let Some(python) = python(test, "duckdb") else {
        return;
    };
    let mut cases = every_case(dir.path());
    cases.retain(|case| case["file"].as_str().unwrap().ends_with(".parquet"));
    assert_eq!(cases.len(), 12, "three files of four streams");
    judged(&python, "ask_rows.py", &cases, dir.path());
}
