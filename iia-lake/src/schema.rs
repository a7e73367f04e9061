//! Columns of the streams. Signed integers and UTC microseconds only, so that open table formats take the files as
//! they are; the rest of the nanoseconds stands in `ts_ns`.

use std::sync::Arc;

use arrow_schema::{DataType, Field, Fields, Schema, SchemaRef, TimeUnit};

/// A dictionary of words.
pub(crate) fn words() -> DataType {
    DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8))
}

pub(crate) fn item() -> Arc<Field> {
    Arc::new(Field::new("item", DataType::Int32, false))
}

fn head() -> Vec<Field> {
    vec![
        Field::new(
            "ts",
            DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
            false,
        ),
        Field::new("ts_ns", DataType::Int16, false),
        Field::new("seq", DataType::Int64, false),
        Field::new("service", words(), false),
    ]
}

fn flow() -> Vec<Field> {
    vec![
        Field::new("orig_h", words(), false),
        Field::new("orig_p", DataType::Int32, false),
        Field::new("resp_h", words(), false),
        Field::new("resp_p", DataType::Int32, false),
        Field::new("vlan", DataType::Int32, false),
        Field::new("protocol", words(), false),
    ]
}

fn span(verb: &str) -> Vec<Field> {
    vec![
        Field::new(format!("{verb}_table"), words(), true),
        Field::new(format!("{verb}_addr"), DataType::Int32, true),
        Field::new(format!("{verb}_count"), DataType::Int32, true),
        Field::new(format!("{verb}_values"), DataType::List(item()), true),
    ]
}

fn verdict() -> Vec<Field> {
    vec![
        Field::new("contract", words(), true),
        Field::new("reason", words(), true),
    ]
}

fn schema(parts: Vec<Vec<Field>>) -> SchemaRef {
    Arc::new(Schema::new(parts.into_iter().flatten().collect::<Fields>()))
}

/// Exchanges: one row a transaction, request and response joined.
pub fn exchange() -> SchemaRef {
    let own = vec![
        Field::new("transaction", DataType::Int32, false),
        Field::new("unit", DataType::Int16, false),
        Field::new("func", DataType::Int16, false),
        Field::new("outcome", words(), false),
        Field::new("exception", DataType::Int16, true),
        Field::new("latency_ns", DataType::Int64, true),
    ];
    schema(vec![
        head(),
        flow(),
        own,
        span("read"),
        span("write"),
        verdict(),
    ])
}

/// What was said in protocols of many forms: one row a message with its answer. Ends without IP stand as Ethernet addresses,
/// with ports of 0. The fields keep the names that Wireshark filters by, in the order of the wire.
pub fn said() -> SchemaRef {
    let fields = |name: &str| Field::new(name, DataType::List(said_item()), false);
    let own = vec![
        Field::new("operation", words(), false),
        Field::new("from_orig", DataType::Boolean, false),
        Field::new("outcome", words(), false),
        Field::new("code", DataType::Int64, true),
        Field::new("latency_ns", DataType::Int64, true),
        fields("asked"),
        fields("answered"),
    ];
    schema(vec![head(), flow(), own])
}

/// A field of a message: its name, its value as text, and the number where it is one.
pub(crate) fn said_field() -> Fields {
    Fields::from(vec![
        Field::new("name", words(), false),
        Field::new("text", DataType::Utf8, false),
        Field::new("number", DataType::Int64, true),
    ])
}

pub(crate) fn said_item() -> Arc<Field> {
    Arc::new(Field::new("item", DataType::Struct(said_field()), false))
}

/// Flows, as in Zeek's `conn.log`.
pub fn conn() -> SchemaRef {
    let count = |name: &str| Field::new(name, DataType::Int64, false);
    let own = [
        "duration_ns",
        "orig_pkts",
        "resp_pkts",
        "orig_bytes",
        "resp_bytes",
        "missed_bytes",
    ];
    schema(vec![
        head(),
        flow(),
        own.into_iter().map(count).collect(),
        verdict(),
    ])
}

/// Heads of audit chains: one row a published head.
pub fn audit_head() -> SchemaRef {
    let word = |name: &str, missing| Field::new(name, words(), missing);
    let own = vec![
        word("origin", false),
        Field::new("size", DataType::Int64, false),
        word("root", false),
        word("chain", true),
        word("note", false),
        word("proof", true),
        word("time_state", false),
        Field::new("time_error_us", DataType::Int64, true),
    ];
    schema(vec![head(), own])
}

/// Violations and findings.
pub fn finding() -> SchemaRef {
    let word = |name: &str| Field::new(name, words(), false);
    let own = [
        "conclusion",
        "severity",
        "contract",
        "clause",
        "source",
        "destination",
        "operation",
        "reason",
        "evidence",
    ];
    schema(vec![head(), own.into_iter().map(word).collect()])
}
