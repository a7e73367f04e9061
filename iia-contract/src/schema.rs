//! The one table of what a contract may say; validator, formatter, completion and reference page read it.

use crate::raw::{BlockSpec, EntrySpec, FieldSpec, Times, Type};
use Times::{Once, OneOrMore, Optional, Repeated};

const fn field(
    key: &'static str,
    values: &'static [Type],
    times: Times,
    doc: &'static str,
) -> FieldSpec {
    FieldSpec {
        key,
        values,
        times,
        doc,
    }
}

const fn block(key: &'static str, fields: &'static [FieldSpec], doc: &'static str) -> BlockSpec {
    BlockSpec {
        key,
        named: false,
        times: Optional,
        fields,
        doc,
    }
}

const fn named(key: &'static str, fields: &'static [FieldSpec], doc: &'static str) -> BlockSpec {
    BlockSpec {
        key,
        named: true,
        times: Repeated,
        fields,
        doc,
    }
}

const WORD: &[Type] = &[Type::Atom(&[])];
const COUNT: &[Type] = &[Type::Count];
const SPAN: &[Type] = &[Type::Duration];
const SIZE: &[Type] = &[Type::Size];
const RATE: &[Type] = &[Type::Rate];
const ID: &[Type] = &[Type::Spiffe];
const URI: &[Type] = &[Type::Uri];
const SWITCH: &[Type] = &[Type::Atom(&["on", "off"])];
const PARTY: &[Type] = &[Type::Name];
const TABLES: Type = Type::Atom(&[
    "coil",
    "discrete_input",
    "input_register",
    "holding_register",
]);
const RUN: &[Type] = &[TABLES, Type::Count, Type::Count];

/// The entry `contract`.
pub const CONTRACT: EntrySpec = EntrySpec {
    kind: "contract",
    versioned: true,
    fields: FIELDS,
    blocks: BLOCKS,
    doc: "What may be said, by whom, to whom, how, and who answers for it.",
};

const FIELDS: &[FieldSpec] = &[
    field(
        "scope",
        &[Type::Atom(&["internal", "boundary", "device", "inbound"])],
        Once,
        "which kind of contract this is; the id says the same",
    ),
    field("source", ID, Optional, "internal: who speaks first"),
    field("destination", ID, Optional, "internal: who is spoken to"),
    field("publisher", ID, Optional, "boundary: the box's side"),
    field("consumer", ID, Optional, "boundary: the other side"),
    field(
        "organization",
        PARTY,
        Optional,
        "boundary: whose the other side is",
    ),
    field(
        "contact",
        URI,
        Optional,
        "boundary: how the other side is reached",
    ),
    field("puller", ID, Optional, "inbound: the workload that pulls"),
    field("source_uri", URI, Optional, "inbound: where it pulls from"),
    field(
        "operation",
        WORD,
        Repeated,
        "internal, boundary: a message type or method; never \"any\"",
    ),
    field(
        "cardinality",
        &[Type::Atom(&[
            "one_to_one",
            "many_to_one",
            "one_to_many",
            "broadcast",
        ])],
        Optional,
        "internal: how many ends there are",
    ),
    field(
        "classification",
        &[Type::Atom(&["control", "io_only_never_control"])],
        Optional,
        "device: what the data may be used for",
    ),
    field(
        "collector",
        ID,
        Optional,
        "device: the workload that observes it",
    ),
    field(
        "location",
        &[Type::String],
        Optional,
        "device: ISA-95 path, enterprise first",
    ),
    field(
        "protocol",
        &[Type::Atom(&["modbus_tcp", "other"])],
        Optional,
        "device: what is spoken; `other` covers flows by address and port alone",
    ),
    field(
        "client",
        &[Type::Net],
        Repeated,
        "device: an address or network that may ask",
    ),
    field(
        "server",
        &[Type::Port],
        Repeated,
        "device: the address and port that answers",
    ),
    field(
        "unit",
        COUNT,
        Repeated,
        "device: a unit behind the server; none means every unit",
    ),
    field(
        "function",
        COUNT,
        Repeated,
        "device: a function code allowed besides reads and writes",
    ),
    field(
        "read",
        RUN,
        Repeated,
        "device: a table, first and last address that may be read",
    ),
    field(
        "write",
        RUN,
        Repeated,
        "device: a table, first and last address that may be written",
    ),
    field(
        "tag",
        &[Type::Name, TABLES, Type::Count, Type::Atom(&[])],
        Repeated,
        "device: name, table, address, type",
    ),
    field(
        "cadence",
        SPAN,
        Optional,
        "device: how often traffic is expected",
    ),
    field(
        "silence",
        SPAN,
        Optional,
        "device: how long silence may last before it is a finding",
    ),
    field("rate", RATE, Optional, "device: exchanges at most"),
];

const BLOCKS: &[BlockSpec] = &[
    block("transport", TRANSPORT, "internal: how it is carried"),
    block(
        "failure",
        FAILURE,
        "what happens when the other end is away",
    ),
    block("payload", PAYLOAD, "internal: what it carries"),
    block(
        "profile",
        PROFILE,
        "boundary: which edge profile carries it, and where",
    ),
    block("inventory", INVENTORY, "boundary: which streams it exposes"),
    block("freshness", FRESHNESS, "boundary: resolution and lag"),
    block(
        "retention",
        RETENTION,
        "boundary: how long records stay on the box",
    ),
    block("ordering", ORDERING, "boundary: sequence and service ids"),
    block(
        "delivery",
        DELIVERY,
        "boundary: how often a record may arrive",
    ),
    block("gap", GAP, "boundary: what happens across an outage"),
    block("evolution", EVOLUTION, "boundary: how the contract changes"),
    block("auth", AUTH, "boundary: lifetimes of credentials"),
    block(
        "audit",
        AUDIT,
        "what is recorded, and how the consumer checks the chain",
    ),
    block("quota", QUOTA, "boundary: limits of fair use"),
    block("use", USE, "what the consumer may do with the data"),
    named(
        "upstream",
        UPSTREAM,
        "boundary: what the other side commits to",
    ),
    named("raci", RACI, "boundary: who answers for an event"),
    named(
        "sla",
        SLA,
        "boundary: a threshold and what happens when it is crossed",
    ),
];

const TRANSPORT: &[FieldSpec] = &[
    field("protocol", WORD, Once, "the framing, such as iia_link"),
    field("security", &[Type::Atom(&["mtls"])], Once, "mutual TLS 1.3"),
    field("port", &[Type::Port], OneOrMore, "where it is answered"),
];
const FAILURE: &[FieldSpec] = &[
    field(
        "on_unreachable",
        &[Type::Atom(&[
            "drop",
            "retry",
            "buffer_local",
            "fail_closed",
            "fail_open_with_alarm",
        ])],
        Once,
        "what the source does",
    ),
    field("buffer_records", COUNT, Optional, "records kept at most"),
    field(
        "buffer_age",
        SPAN,
        Optional,
        "how long they are kept at most",
    ),
    field("backoff_max", SPAN, Optional, "longest wait between tries"),
    field(
        "on_buffer_full",
        &[Type::Atom(&[
            "drop_oldest_with_alarm",
            "drop_newest_with_alarm",
            "fail_closed",
        ])],
        Optional,
        "what happens when the buffer is full",
    ),
];
const PAYLOAD: &[FieldSpec] = &[
    field("schema", PARTY, Repeated, "a kind of record it carries"),
    field("max_size", SIZE, Optional, "largest message"),
    field("rate", RATE, Optional, "messages at most"),
];
const PROFILE: &[FieldSpec] = &[
    field(
        "kind",
        &[Type::Atom(&[
            "telemetry",
            "structured_query",
            "lake_batch",
            "mqtt_sparkplug",
            "opcua_pubsub",
            "zenoh",
        ])],
        Once,
        "the edge profile",
    ),
    field("protocol", WORD, Once, "the framing; never HTTP"),
    field("security", &[Type::Atom(&["mtls"])], Once, "mutual TLS 1.3"),
    field(
        "endpoint",
        &[Type::Port],
        Optional,
        "where the other side, or the box, answers",
    ),
    field(
        "trust_root",
        &[Type::Reference("trust_root")],
        Optional,
        "who vouches for the other side",
    ),
    field("schedule", WORD, Optional, "when batches are sent"),
    field(
        "table_format",
        WORD,
        Optional,
        "open table format of batches",
    ),
];
const INVENTORY: &[FieldSpec] = &[
    field(
        "include",
        &[Type::Pattern],
        OneOrMore,
        "streams that are exposed, without the leading ot.",
    ),
    field(
        "exclude",
        &[Type::Pattern],
        Repeated,
        "streams that are not, whatever is included",
    ),
];
const FRESHNESS: &[FieldSpec] = &[
    field("native_resolution", SPAN, Optional, "resolution on the box"),
    field(
        "published",
        &[Type::Any],
        Optional,
        "resolution as published",
    ),
    field("lag_max", SPAN, Optional, "longest way north"),
];
const RETENTION: &[FieldSpec] = &[
    field("on_box", SPAN, Once, "30 days at least"),
    field("aging", WORD, Optional, "which records go first"),
];
const ORDERING: &[FieldSpec] = &[
    field(
        "sequence",
        &[Type::Atom(&["monotonic_per_service"])],
        Once,
        "how records are numbered",
    ),
    field("service_id", WORD, Once, "how services are named"),
];
const DELIVERY: &[FieldSpec] = &[
    field(
        "mode",
        &[Type::Atom(&[
            "at_most_once",
            "at_least_once",
            "query_response",
        ])],
        Once,
        "how often a record may arrive",
    ),
    field(
        "dedupe",
        WORD,
        Optional,
        "what the consumer deduplicates by",
    ),
    field(
        "class",
        &[Type::Atom(&["telemetry", "transactional"])],
        Optional,
        "choreographed or orchestrated",
    ),
];
const GAP: &[FieldSpec] = &[
    field(
        "buffer",
        SPAN,
        Once,
        "how long the box holds records for a consumer that is away",
    ),
    field("detect", WORD, Optional, "how the consumer finds a gap"),
    field(
        "watermark",
        SWITCH,
        Once,
        "whether the newest number can be asked",
    ),
];
const EVOLUTION: &[FieldSpec] = &[
    field(
        "additive_within_major",
        SWITCH,
        Once,
        "whether minor versions only add",
    ),
    field(
        "deprecation_overlap",
        SPAN,
        Once,
        "how long an old major version stays",
    ),
];
const AUTH: &[FieldSpec] = &[
    field(
        "publisher_ttl",
        SPAN,
        Once,
        "lifetime of the box's SVID, one hour at most",
    ),
    field(
        "consumer_rotation",
        SPAN,
        Once,
        "how often the consumer's credentials change",
    ),
];
const AUDIT: &[FieldSpec] = &[
    field(
        "attempts",
        SWITCH,
        Optional,
        "whether every attempt is an event",
    ),
    field(
        "failures",
        SWITCH,
        Optional,
        "whether every failure is an event",
    ),
    field(
        "buffer_events",
        SWITCH,
        Optional,
        "whether buffering is an event",
    ),
    field(
        "consumer_validates",
        SWITCH,
        Optional,
        "whether the consumer checks the chain head",
    ),
    field(
        "head_period",
        SPAN,
        Optional,
        "how often the head is published, one minute at most",
    ),
];
const QUOTA: &[FieldSpec] = &[
    field("rows", RATE, Optional, "rows at most"),
    field("rows_max", COUNT, Optional, "rows of one answer at most"),
    field("queries", RATE, Optional, "questions at most"),
    field("timeout", SPAN, Optional, "longest question"),
    field("complexity_max", COUNT, Optional, "i3X complexity at most"),
    field("payload_max", SIZE, Optional, "largest message"),
];
const USE: &[FieldSpec] = &[
    field("not_for_control", SWITCH, Optional, "advisory only"),
    field(
        "attribute_to_box",
        SWITCH,
        Optional,
        "the consumer names the box as its source",
    ),
    field(
        "relay_to_agents",
        SWITCH,
        Optional,
        "the consumer may pass it to AI agents",
    ),
    field(
        "log_queries",
        SWITCH,
        Optional,
        "the consumer keeps a record of its questions",
    ),
];
const UPSTREAM: &[FieldSpec] = &[
    field("bandwidth_min", RATE, Optional, "connectivity"),
    field("latency_p99_max", SPAN, Optional, "connectivity"),
    field("uptime_min", &[Type::Ratio], Optional, "connectivity"),
    field("redundancy", WORD, Optional, "connectivity"),
    field("path", WORD, Optional, "connectivity"),
    field("window_max", SPAN, Optional, "acknowledgement"),
    field("query_response_max", SPAN, Optional, "query response"),
    field("on_call", URI, Optional, "incident response"),
    field("response_max", SPAN, Optional, "incident response"),
    field("escalation", URI, Optional, "incident response"),
    field("sustained_rows", RATE, Optional, "capacity"),
    field("burst_rows", RATE, Optional, "capacity"),
    field("verify_every", SPAN, Optional, "audit verification"),
    field("rotation", SPAN, Optional, "authentication"),
    field("accepts_loose", SWITCH, Optional, "schema accommodation"),
];
const RACI: &[FieldSpec] = &[
    field(
        "acs_responsible",
        PARTY,
        Repeated,
        "who does the work on the box's side",
    ),
    field(
        "acs_accountable",
        PARTY,
        Optional,
        "the one role on the hook there",
    ),
    field(
        "upstream_responsible",
        PARTY,
        Repeated,
        "who does the work on the other side",
    ),
    field(
        "upstream_accountable",
        PARTY,
        Optional,
        "the one role on the hook there",
    ),
    field("consulted", PARTY, Repeated, "who is asked"),
    field("informed", PARTY, Repeated, "who is told"),
    field(
        "not_applicable",
        &[Type::String],
        Optional,
        "why this event cannot occur",
    ),
];
const SLA: &[FieldSpec] = &[
    field(
        "metric",
        &[Type::Pattern],
        Once,
        "what is measured, of the ot.contract streams",
    ),
    field(
        "max",
        &[Type::Any],
        Optional,
        "the largest value that is kept",
    ),
    field(
        "min",
        &[Type::Any],
        Optional,
        "the smallest value that is kept",
    ),
    field("window", SPAN, Once, "over how long"),
    field(
        "breach",
        &[Type::Pattern],
        Once,
        "the stream on which a breach appears",
    ),
];
