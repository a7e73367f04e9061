//! The one table of what a contract may say; validator, formatter, completion and reference page read it.

mod blocks;
mod words;

use crate::raw::Times::{Once, Optional, Repeated};
use crate::raw::{BlockSpec, EntrySpec, FieldSpec, Scopes};
use words::*;
pub use words::{
    ADJECTIVES, CONTACT_SCHEMES, EVENTS, HTTP, HTTP_SCHEMES, SCHEMAS, UPSTREAM_DIMENSIONS,
};

/// Rows of the table: how often, key, types, scopes, what it says.
macro_rules! fields {
    ($($(#[$about:meta])* $vis:vis $name:ident { $($times:ident $key:literal $types:ident $scopes:ident $doc:literal;)* })*) => {$(
        $(#[$about])* $vis const $name: &[FieldSpec] = &[$(FieldSpec {
            key: $key,
            mark: $crate::tree::mark($key.as_bytes()),
            values: $types,
            times: $times,
            scopes: $scopes,
            doc: $doc,
        },)*];
    )*};
}
pub(crate) use fields;

pub(crate) const ALL: Scopes = Scopes::ALL;
const I: Scopes = Scopes::INTERNAL;
const B: Scopes = Scopes::BOUNDARY;
const D: Scopes = Scopes::DEVICE;
const N: Scopes = Scopes::INBOUND;
const IB: Scopes = I.or(B);

/// The entry `contract`.
pub const CONTRACT: EntrySpec = EntrySpec {
    kind: "contract",
    versioned: true,
    fields: FIELDS,
    blocks: BLOCKS,
    doc: "what may be said, by whom, to whom, how, and who answers for it",
};

fields! {
    FIELDS {
        Once     "scope"          SCOPE       ALL "which kind of contract this is; the id says the same";
        Optional "source"         ID          I   "who speaks first";
        Optional "destination"    ID          I   "who is spoken to";
        Optional "publisher"      ID          B   "the box's side";
        Optional "consumer"       ID          B   "the other side";
        Optional "consumer_role"  WORD        B   "what the other side is, such as mcp_server";
        Optional "organization"   NAME        B   "whose the other side is";
        Optional "contact"        URI         B   "how the other side is reached";
        Optional "puller"         ID          N   "the workload that pulls";
        Repeated "operation"      WORD        IB  "a message type or method; never `any`";
        Optional "cardinality"    CARDINALITY I   "how many ends there are";
        Optional "classification" CLASSES     D   "what the data may be used for";
        Optional "collector"      ID          D   "the workload that observes it";
        Optional "protocol"       PROTOCOLS   D   "what is spoken; `other` covers flows by address and port alone";
        Repeated "identity"       NAME        D   "the common name by which a device proves itself to a broker";
        Repeated "client"         NET         D   "an address or network that may ask";
        Repeated "server"         PORT        D   "the address and port that answers";
        Repeated "sender"         TEXT        D   "an Ethernet address that may send, where nobody has an IP address";
        Repeated "receiver"       TEXT        D   "an Ethernet address that may be sent to, often a group";
        Repeated "ethertype"      TEXT        D   "an EtherType of frames, such as 0x88f7; not where the protocol says it";
        Repeated "vlan"           COUNT       D   "a VLAN that it may be on, 0 untagged; none means any";
        Repeated "unit"           COUNT       D   "a unit behind the server; none means every unit";
        Repeated "function"       COUNT       D   "a function code allowed besides reads and writes";
        Repeated "read"           RUN         D   "a table, first and last address that may be read";
        Repeated "write"          RUN         D   "a table, first and last address that may be written";
        Repeated "stream"         PATTERN     D   "a stream on which its records appear, without the leading ot.";
        Optional "cadence"        SPAN        D   "how often traffic is expected";
        Optional "silence"        SPAN        D   "how long silence may last before it is a finding";
        Optional "expected"       COUNT       D   "how many devices speak under this contract";
        Optional "rate"           RATE        D   "exchanges at most";
        Optional "published"      TIME        B   "from when on the contract can be fetched by the other side";
        Optional "enabled"        TIME        B   "from when on its endpoint answers; not before it is published";
        Optional "deprecated"     TIME        ALL "until when this major version stays in force";
        Repeated "acknowledged"   NAME        B   "a party that agrees to an obligation being loosened";
    }
}

const fn block(
    key: &'static str,
    fields: &'static [FieldSpec],
    scopes: Scopes,
    doc: &'static str,
) -> BlockSpec {
    BlockSpec {
        key,
        mark: crate::tree::mark(key.as_bytes()),
        named: false,
        times: Optional,
        fields,
        doc,
        scopes,
    }
}

const fn named(
    key: &'static str,
    fields: &'static [FieldSpec],
    scopes: Scopes,
    doc: &'static str,
) -> BlockSpec {
    BlockSpec {
        named: true,
        times: Repeated,
        ..block(key, fields, scopes, doc)
    }
}

const BLOCKS: &[BlockSpec] = &[
    block(
        "device",
        blocks::DEVICE,
        D,
        "what it is, and where it stands",
    ),
    block(
        "gateway",
        blocks::GATEWAY,
        D,
        "through what its devices are heard",
    ),
    block("observation", blocks::OBSERVATION, D, "how it is observed"),
    block("session", blocks::SESSION, D, "how its protocol is secured"),
    named("tag", blocks::TAG, D, "a value that it declares"),
    block("transport", blocks::TRANSPORT, I, "how it is carried"),
    block("pull", blocks::PULL, N, "where from, when and how it pulls"),
    block(
        "artifact",
        blocks::ARTIFACT,
        N,
        "what a pulled artifact must be",
    ),
    block(
        "approval",
        blocks::APPROVAL,
        N,
        "whose leave is needed before it is applied",
    ),
    block(
        "failure",
        blocks::FAILURE,
        I.or(D).or(N),
        "what happens when something fails",
    ),
    block("payload", blocks::PAYLOAD, I, "what it carries"),
    block(
        "profile",
        blocks::PROFILE,
        B,
        "which edge profile carries it, and where",
    ),
    block(
        "inventory",
        blocks::INVENTORY,
        B,
        "which streams it exposes",
    ),
    block("freshness", blocks::FRESHNESS, B, "resolution and lag"),
    block(
        "retention",
        blocks::RETENTION,
        B.or(D),
        "how long records stay on the box",
    ),
    block("ordering", blocks::ORDERING, B, "sequence and service ids"),
    block(
        "delivery",
        blocks::DELIVERY,
        B,
        "how often a record may arrive",
    ),
    block("gap", blocks::GAP, B, "what happens across an outage"),
    block(
        "evolution",
        blocks::EVOLUTION,
        B,
        "how the contract changes",
    ),
    block("auth", blocks::AUTH, B, "lifetimes of credentials"),
    block(
        "audit",
        blocks::AUDIT,
        IB,
        "what is recorded, and how the consumer checks the chain",
    ),
    block("quota", blocks::QUOTA, B, "limits of fair use"),
    block(
        "use",
        blocks::USE,
        B.or(D),
        "what may be done with the data",
    ),
    block(
        "io_attestation",
        blocks::IO_ATTESTATION,
        D,
        "how an IO master checks it",
    ),
    block(
        "attestation",
        blocks::ATTESTATION,
        N,
        "how running and staged are compared",
    ),
    named(
        "upstream",
        blocks::UPSTREAM,
        B,
        "what the other side commits to: connectivity, auth, ack, query, schema, incident, capacity, audit",
    ),
    named("raci", blocks::RACI, B, "who answers for an event"),
    named(
        "sla",
        blocks::SLA,
        B,
        "a threshold and what happens when it is crossed",
    ),
];
