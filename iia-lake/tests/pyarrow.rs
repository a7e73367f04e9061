//! The lake's files are everybody's: pyarrow reads them and finds every value.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::path::Path;
use std::process::Command;

use iia_core::Timestamp;
use iia_core::observe::{Exchange, Flow, Outcome, Protocol, Span, Table, Transport, Values};
use iia_core::record::{Sequence, ServiceId};
use iia_lake::batch::ExchangeBuilder;
use iia_lake::{schema, sink::ParquetSink};

/// Prints every row as JSON, one a line, with the nulls as nulls.
const READ: &str = "
import json, sys, pyarrow.parquet as pq
table = pq.read_table(sys.argv[1])
for row in table.to_pylist():
    row['ts'] = row['ts'].isoformat()
    print(json.dumps(row, sort_keys=True))
";

fn exchange(
    outcome: Outcome,
    read: Option<Span<'static>>,
    write: Option<Span<'static>>,
) -> Exchange<'static> {
    Exchange {
        ts: Timestamp::from_ns(1_800_000_000_123_456_789),
        flow: Flow {
            orig_h: [10, 20, 0, 10].into(),
            orig_p: 40_000,
            resp_h: "2001:db8::5".parse().unwrap(),
            resp_p: 502,
            transport: Transport::Tcp,
            vlan: 7,
        },
        protocol: Protocol::ModbusTcp,
        outcome,
        transaction: 65_535,
        unit: 255,
        func: 3,
        read,
        write,
        latency_ns: (outcome == Outcome::Answered).then_some(900_000),
    }
}

fn span(table: Table, count: u32, values: Values<'static>) -> Option<Span<'static>> {
    Some(Span {
        table,
        addr: 65_000,
        count,
        values,
    })
}

fn write(path: &Path) {
    let mut rows = ExchangeBuilder::new(ServiceId::from_bytes([7; 16]));
    let words = span(
        Table::HoldingRegister,
        2,
        Values::Words(&[0xff, 0xff, 0, 1]),
    );
    let bits = span(Table::Coil, 3, Values::Bits(&[0b101]));
    rows.append(
        &exchange(Outcome::Answered, words, bits),
        Some("iia.contract.device.press"),
        None,
    );
    let bare = span(Table::InputRegister, 9, Values::None);
    rows.append(
        &exchange(Outcome::Exception(2), bare, None),
        None,
        Some("why not"),
    );
    rows.append(&exchange(Outcome::Unanswered, None, None), None, None);
    let batch = rows.finish_record_batch(Sequence::new(41)).unwrap();
    let mut sink = ParquetSink::create(path, schema::exchange()).unwrap();
    sink.write(&batch).unwrap();
    sink.finish().unwrap();
}

/// A Python with pyarrow: `$IIA_PYTHON`, or the one on the path.
fn python() -> Option<String> {
    let python = std::env::var("IIA_PYTHON").unwrap_or_else(|_| "python3".into());
    let has = Command::new(&python)
        .args(["-c", "import pyarrow.parquet"])
        .output();
    has.is_ok_and(|output| output.status.success())
        .then_some(python)
}

#[test]
fn pyarrow_reads_every_column_and_value() {
    let Some(python) = python() else {
        let all = std::env::var_os("IIA_REQUIRE_ALL").is_some_and(|value| value == "1");
        assert!(!all, "pyarrow is missing");
        eprintln!(
            "SKIPPED: pyarrow_reads_every_column_and_value: a python3 with pyarrow ($IIA_PYTHON)"
        );
        return;
    };
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("rows.parquet");
    write(&path);
    let output = Command::new(python)
        .args(["-c", READ])
        .arg(&path)
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let rows: Vec<&str> = text.lines().collect();
    assert_eq!(rows.len(), 3, "{}", String::from_utf8_lossy(&output.stderr));
    let says = |row: usize, words: &[&str]| {
        let row = rows.get(row).unwrap();
        words
            .iter()
            .for_each(|word| assert!(row.contains(word), "{word}: {row}"));
    };
    let flow = [
        r#""orig_h": "10.20.0.10""#,
        r#""orig_p": 40000"#,
        r#""resp_h": "2001:db8::5""#,
        r#""resp_p": 502"#,
        r#""vlan": 7"#,
        r#""protocol": "modbus_tcp""#,
        r#""ts": "2027-01-15T08:00:00.123456+00:00""#,
        r#""ts_ns": 789"#,
        r#""service": "07070707-0707-0707-0707-070707070707""#,
        r#""transaction": 65535, "ts""#,
        r#""unit": 255"#,
    ];
    (0..3).for_each(|row| says(row, &flow));
    says(
        0,
        &[
            r#""seq": 41"#,
            r#""outcome": "answered""#,
            r#""exception": null"#,
            r#""latency_ns": 900000"#,
            r#""read_table": "holding_register""#,
            r#""read_addr": 65000"#,
            r#""read_count": 2"#,
            r#""read_values": [65535, 1]"#,
            r#""write_table": "coil""#,
            r#""write_values": [1, 0, 1]"#,
            r#""contract": "iia.contract.device.press", "exception""#,
            r#""reason": null"#,
        ],
    );
    says(
        1,
        &[
            r#""seq": 42"#,
            r#""outcome": "exception""#,
            r#""exception": 2"#,
            r#""read_values": null"#,
            r#""write_table": null"#,
            r#""contract": null"#,
            r#""reason": "why not""#,
        ],
    );
    says(
        2,
        &[
            r#""outcome": "unanswered""#,
            r#""latency_ns": null"#,
            r#""read_addr": null"#,
        ],
    );
}
