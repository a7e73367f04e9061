//! What each field of a contract means for who agreed to it: the one table by which a change is additive or breaking.

use Binds::{Box, Other};
use Effect::*;

/// Whom a bound or a switch binds.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Binds {
    /// The box, or whoever observes: tighter is more than was agreed.
    Box,
    /// The other side: tighter is more than it agreed to.
    Other,
}

/// What a field means for who agreed to the contract.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Effect {
    /// People, contacts, dates and agreements change at will.
    Free,
    /// When the contract ends: a state of the version and not of its text, but never earlier than was told.
    Until,
    /// It describes: more may be said, but nothing else.
    Told,
    /// It is agreed as it stands.
    Fixed,
    /// Each line allows something.
    Allows,
    /// Each line is an address or network that is allowed; a wider one allows what lies in it.
    Nets,
    /// Each line is a run of addresses that is allowed.
    Runs,
    /// Each line is a pattern of streams that is allowed.
    Patterns,
    /// Each line is a pattern of streams that is taken away.
    Withheld,
    /// Each line allows something, and none allows everything.
    Narrows,
    /// A largest value: lower or new is tighter.
    Upper(Binds),
    /// A smallest value: higher or new is tighter.
    Lower(Binds),
    /// A duty while it is on.
    Switch(Binds),
}

/// The effect of a field of a block, or of the contract itself when the block is empty. What nobody decided is agreed
/// as it stands.
pub fn effect(block: &str, key: &str) -> Effect {
    let rows = EFFECTS
        .iter()
        .find(|(name, _)| *name == block)
        .map_or(&[][..], |(_, rows)| *rows);
    let row = rows
        .iter()
        .find(|(_, keys)| keys.split(' ').any(|one| one == key));
    row.map_or(Fixed, |(effect, _)| *effect)
}

/// Block, then effects and the fields that have them.
pub const EFFECTS: &[(&str, &[(Effect, &str)])] = &[
    (
        "",
        &[
            (Free, "contact published enabled acknowledged"),
            (Until, "deprecated"),
            (Told, "consumer_role collector cadence expected"),
            (
                Fixed,
                "scope source destination publisher consumer organization puller cardinality classification protocol",
            ),
            (
                Allows,
                "operation server function sender receiver ethertype identity",
            ),
            (Nets, "client"),
            (Runs, "read write"),
            (Patterns, "stream"),
            (Narrows, "unit vlan"),
            (Upper(Other), "silence rate"),
        ],
    ),
    ("device", &[(Told, "kind vendor model serial location")]),
    (
        "gateway",
        &[(Told, "kind network_server application sensor")],
    ),
    (
        "observation",
        &[
            (Fixed, "mode topic qos"),
            (Told, "queue_depth"),
            (Upper(Box), "sample"),
        ],
    ),
    ("session", &[(Fixed, "mode policy user_auth")]),
    (
        "tag",
        &[
            (Told, "type unit table address low high"),
            (Fixed, "write"),
            (Upper(Box), "rate"),
            (Allows, "value"),
        ],
    ),
    (
        "transport",
        &[
            (Fixed, "protocol security"),
            (Lower(Other), "tls_min"),
            (Allows, "port topic"),
        ],
    ),
    (
        "pull",
        &[
            (Fixed, "target security trust_root"),
            (Upper(Box), "every"),
            (Switch(Box), "on_restore"),
        ],
    ),
    (
        "artifact",
        &[
            (Switch(Other), "signature_required"),
            (Allows, "key"),
            (Fixed, "grammar grammar_version"),
            (Upper(Other), "max_size"),
        ],
    ),
    (
        "approval",
        &[
            (Switch(Other), "required two_person"),
            (Fixed, "target grammar"),
            (Allows, "key"),
            (Upper(Other), "max_age"),
        ],
    ),
    (
        "failure",
        &[
            (
                Fixed,
                "on_unreachable alarm on_buffer_full on_subscription_lost on_unknown_tag on_out_of_range on_silence \
                 on_unknown_device on_signature_invalid on_parse_failure on_validation_failure on_apply_failure",
            ),
            (Lower(Box), "buffer_records buffer_age"),
            (Upper(Box), "backoff_max"),
        ],
    ),
    (
        "payload",
        &[(Allows, "schema"), (Upper(Other), "max_size rate")],
    ),
    (
        "profile",
        &[
            (Fixed, "kind protocol security alpn endpoint trust_root"),
            (Allows, "topic"),
            (
                Told,
                "standard standard_version schedule table_format consumer_level",
            ),
        ],
    ),
    (
        "inventory",
        &[
            (Patterns, "include"),
            (Withheld, "exclude"),
            (Narrows, "schema"),
        ],
    ),
    (
        "freshness",
        &[(
            Upper(Box),
            "native_resolution published lag_max query_latency_p99_max",
        )],
    ),
    ("retention", &[(Lower(Box), "on_box"), (Told, "aging")]),
    ("ordering", &[(Told, "sequence service_id")]),
    (
        "delivery",
        &[
            (Fixed, "mode class"),
            (Told, "consistency dedupe"),
            (Switch(Other), "consumer_dedupes ack"),
        ],
    ),
    (
        "gap",
        &[
            (Lower(Box), "buffer"),
            (Told, "detect watermark_endpoint"),
            (Switch(Box), "watermark"),
        ],
    ),
    (
        "evolution",
        &[
            (Switch(Box), "additive_within_major breaking_needs_major"),
            (Lower(Box), "deprecation_overlap"),
        ],
    ),
    (
        "auth",
        &[
            (Upper(Box), "publisher_ttl"),
            (Upper(Other), "consumer_rotation"),
            (Fixed, "issuer cn_alias"),
        ],
    ),
    (
        "audit",
        &[
            (Switch(Box), "attempts failures buffer_events checkpoints"),
            (Switch(Other), "consumer_validates"),
            (Upper(Box), "head_period"),
            (Fixed, "on_failure"),
        ],
    ),
    (
        "quota",
        &[(
            Upper(Other),
            "rows rows_max queries timeout complexity_max payload_max",
        )],
    ),
    (
        "use",
        &[
            (
                Switch(Other),
                "not_for_control not_for_safety_interlock advisory_only attribute_to_box log_queries",
            ),
            // Leave to do something: the box gives it.
            (Switch(Box), "relay_to_agents"),
        ],
    ),
    (
        "io_attestation",
        &[
            (Switch(Box), "enabled"),
            (Told, "via"),
            (Upper(Other), "tolerance"),
            (Fixed, "on_divergence"),
        ],
    ),
    (
        "attestation",
        &[(Upper(Box), "check_period"), (Fixed, "on_divergence")],
    ),
    (
        "upstream",
        &[
            (
                Lower(Other),
                "bandwidth_min uptime_min sustained_rows burst_rows",
            ),
            (
                Upper(Other),
                "latency_p99_max rotation window_max query_response_max response_max verify_every",
            ),
            (Fixed, "path redundancy issuer custody continuity"),
            (Switch(Other), "accepts_loose"),
            (Free, "on_call escalation"),
        ],
    ),
    (
        "raci",
        &[(
            Free,
            "acs_responsible acs_accountable upstream_responsible upstream_accountable consulted informed \
             not_applicable",
        )],
    ),
    ("sla", &[(Fixed, "metric max min window breach")]),
];
