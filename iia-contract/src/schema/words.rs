//! The types and closed lists of words that rows of the table share.

use crate::raw::Type;

pub(super) const WORD: &[Type] = &[Type::Atom(&[])];
pub(super) const NAME: &[Type] = &[Type::Name];
pub(super) const COUNT: &[Type] = &[Type::Count];
pub(super) const NUMBER: &[Type] = &[Type::Number];
pub(super) const SPAN: &[Type] = &[Type::Duration];
pub(super) const SIZE: &[Type] = &[Type::Size];
pub(super) const RATE: &[Type] = &[Type::Rate];
pub(super) const RATIO: &[Type] = &[Type::Ratio];
pub(super) const ANY: &[Type] = &[Type::Any];
pub(super) const TEXT: &[Type] = &[Type::String];
pub(super) const ID: &[Type] = &[Type::Spiffe];
pub(super) const URI: &[Type] = &[Type::Uri];
pub(super) const PORT: &[Type] = &[Type::Port];
pub(super) const NET: &[Type] = &[Type::Net];
pub(super) const TIME: &[Type] = &[Type::Time];
pub(super) const PATTERN: &[Type] = &[Type::Pattern];
pub(super) const SWITCH: &[Type] = &[Type::Atom(&["on", "off"])];
pub(super) const ROOT: &[Type] = &[Type::Reference("trust_root")];
pub(super) const KEY_NAME: &[Type] = &[Type::Reference("key")];

const TABLES: Type = Type::Atom(&[
    "coil",
    "discrete_input",
    "input_register",
    "holding_register",
]);
pub(super) const TABLE: &[Type] = &[TABLES];
pub(super) const RUN: &[Type] = &[TABLES, Type::Count, Type::Count];

pub(super) const SCOPE: &[Type] = &[Type::Atom(&["internal", "boundary", "device", "inbound"])];
pub(super) const CARDINALITY: &[Type] = &[Type::Atom(&[
    "one_to_one",
    "many_to_one",
    "one_to_many",
    "broadcast",
])];
pub(super) const CLASSES: &[Type] = &[Type::Atom(&["control", "io_only_never_control"])];
pub(super) const PROTOCOLS: &[Type] = &[Type::Atom(&[
    "modbus_tcp",
    "opcua",
    "lorawan",
    "ethernet_ip",
    "profinet",
    "profinet_dcp",
    "profinet_rt",
    "mrp",
    "ethercat",
    "goose",
    "opcua_pubsub",
    "s7",
    "mqtt",
    "iec104",
    "dnp3",
    "other",
])];
pub(super) const MODES: &[Type] = &[Type::Atom(&[
    "passive",
    "subscription",
    "mqtt_subscription",
    "poll",
])];
pub(super) const TYPES: &[Type] = &[Type::Atom(&[
    "bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float32",
    "float64", "string", "enum",
])];
pub(super) const UNREACHABLE: &[Type] = &[Type::Atom(&[
    "drop",
    "retry",
    "buffer_local",
    "fail_closed",
    "fail_open_with_alarm",
    "log_and_alarm",
])];
pub(super) const FULL: &[Type] = &[Type::Atom(&[
    "drop_oldest_with_alarm",
    "drop_newest_with_alarm",
    "fail_closed",
])];
pub(super) const EMIT: &[Type] = &[Type::Atom(&[
    "emit_contract_violation",
    "emit_health_event",
    "log_and_alarm",
])];
pub(super) const REJECTS: &[Type] = &[Type::Atom(&[
    "reject_and_alarm",
    "reject_and_stage_for_review",
    "rollback_and_alarm",
])];
pub(super) const PROFILES: &[Type] = &[Type::Atom(&[
    "telemetry",
    "structured_query",
    "lake_batch",
    "mqtt_sparkplug",
    "opcua_pubsub",
    "zenoh",
    "diode",
])];
pub(super) const DELIVERIES: &[Type] = &[Type::Atom(&[
    "at_most_once",
    "at_least_once",
    "query_response",
])];
pub(super) const STYLES: &[Type] = &[Type::Atom(&["telemetry", "transactional"])];

/// Transports that are HTTP in whatever dress.
pub const HTTP: &[&str] = &[
    "http", "https", "h2", "h2c", "h3", "ws", "wss", "s3", "webdav", "grpc", "i3x-rest", "i3x_rest",
];
/// URI schemes that are HTTP in whatever dress.
pub const HTTP_SCHEMES: &[&str] = &["http", "https", "s3", "ws", "wss", "webdav", "webdavs"];
/// Kinds of record that a payload may name.
pub const SCHEMAS: &[&str] = &[
    "attestation_record",
    "audit_event",
    "dnp3_record",
    "ethernet_ip_record",
    "finding_record",
    "health_record",
    "iec104_record",
    "lorawan_record",
    "modbus_record",
    "mqtt_record",
    "opcua_record",
    "profinet_record",
    "s7_record",
];
/// What the other side commits to, one block each (001:249-256).
pub const UPSTREAM_DIMENSIONS: &[&str] = &[
    "connectivity",
    "auth",
    "ack",
    "query",
    "schema",
    "incident",
    "capacity",
    "audit",
];
/// Events for which every boundary contract says who answers (001:263-272).
pub const EVENTS: &[&str] = &[
    "audit_chain_mismatch",
    "box_outage",
    "capacity_exhaustion",
    "cert_expiry",
    "connectivity_loss",
    "contract_evolution",
    "data_integrity",
    "rate_limit_exceeded",
    "regulator_request",
    "schema_mismatch",
];
/// Words that promise without saying how much.
pub const ADJECTIVES: &[&str] = &[
    "adequate",
    "any",
    "available",
    "best",
    "best_effort",
    "default",
    "fast",
    "good",
    "high",
    "low",
    "none",
    "normal",
    "reasonable",
    "reliable",
    "robust",
    "standard",
    "sufficient",
    "tbd",
    "unknown",
];
/// Schemes of a contact that somebody answers.
pub const CONTACT_SCHEMES: &[&str] = &[
    "https",
    "mailto",
    "matrix",
    "oncall",
    "opsgenie",
    "pagerduty",
    "sip",
    "sips",
    "sms",
    "tel",
    "xmpp",
];
