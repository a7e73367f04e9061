//! The one table of every kind of entry, in canonical order.

use Times::{Once, OneOrMore, Optional, Repeated};
use iia_contract::raw::{EntrySpec, FieldSpec, Times, Type};
use iia_contract::schema::CONTRACT;

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

const fn entry(
    kind: &'static str,
    versioned: bool,
    fields: &'static [FieldSpec],
    doc: &'static str,
) -> EntrySpec {
    EntrySpec {
        kind,
        versioned,
        fields,
        blocks: &[],
        doc,
    }
}

const NAME: &[Type] = &[Type::Name];

/// Every kind of entry; the order is the canonical order.
pub const TABLE: &[EntrySpec] = &[
    entry(
        "artifact",
        true,
        ARTIFACT,
        "what this document is, and for which box",
    ),
    crate::approval::schema::APPROVAL,
    entry("policy", false, POLICY, "settings of the whole box"),
    entry("interface", false, INTERFACE, "a network interface"),
    entry("zone", false, ZONE, "a zone with its workloads"),
    entry("conduit", false, CONDUIT, "a joint of two zones"),
    entry("endpoint", false, ENDPOINT, "where a workload is reached"),
    entry(
        "trust_root",
        false,
        TRUST_ROOT,
        "a trust domain whose SVIDs are believed",
    ),
    entry("key", false, KEY, "an operator's key"),
    entry("approval_rule", false, APPROVAL_RULE, "how many must sign"),
    crate::trust::schema::FLEET,
    entry(
        "party",
        false,
        PARTY,
        "who answers, and how they are reached",
    ),
    entry(
        "waiver",
        false,
        WAIVER,
        "a rule that is set aside, by whom and until when",
    ),
    CONTRACT,
];

/// The row of a kind.
pub fn spec(kind: &str) -> Option<&'static EntrySpec> {
    TABLE.iter().find(|spec| spec.kind == kind)
}

const ARTIFACT: &[FieldSpec] = &[
    field(
        "revision",
        &[Type::Count],
        Once,
        "counts up by one with every artifact of this box",
    ),
    field(
        "previous",
        &[Type::Hash],
        Optional,
        "the artifact that is applied before this one",
    ),
    field("issued", &[Type::Time], Once, "when it was written"),
    field("target", NAME, OneOrMore, "the box it is for"),
    field("trust_domain", NAME, Optional, "the box's own trust domain"),
];
const POLICY: &[FieldSpec] = &[
    field(
        "strict",
        &[Type::Atom(&["on", "off"])],
        Optional,
        "whether warnings reject",
    ),
    field(
        "sl_target",
        &[Type::Count],
        Optional,
        "IEC 62443 level aimed at",
    ),
    field(
        "topology",
        &[Type::Atom(&["single_box", "two_box_diode"])],
        Optional,
        "how the box is built",
    ),
];
const INTERFACE: &[FieldSpec] = &[
    field(
        "kind",
        &[Type::Atom(&["observation", "services", "it", "management"])],
        Once,
        "what it is for",
    ),
    field(
        "side",
        &[Type::Atom(&["inbound", "outbound", "management"])],
        Once,
        "which side it faces",
    ),
];
const ZONE: &[FieldSpec] = &[
    field(
        "role",
        &[Type::Pattern],
        Once,
        "the role, such as ot.acs.collect",
    ),
    field(
        "side",
        &[Type::Atom(&["inbound", "dmz", "outbound", "management"])],
        Once,
        "the side the role implies",
    ),
    field("bridge", NAME, Once, "its bridge, 15 bytes at most"),
    field("subnet", &[Type::Net], Once, "its network"),
    field(
        "workload",
        &[Type::Name, Type::Net],
        OneOrMore,
        "a workload and its address",
    ),
];
const CONDUIT: &[FieldSpec] = &[
    field(
        "from",
        &[Type::Reference("zone")],
        Once,
        "where messages come from",
    ),
    field("to", &[Type::Reference("zone")], Once, "where they go"),
    field("contract", NAME, OneOrMore, "the contracts that use it"),
];
const ENDPOINT: &[FieldSpec] = &[
    field("workload", &[Type::Spiffe], Once, "who is there"),
    field(
        "listen",
        &[Type::Port],
        Optional,
        "where a workload of this box answers",
    ),
    field(
        "connect",
        &[Type::Port],
        Optional,
        "where a workload of another box is reached",
    ),
];
const TRUST_ROOT: &[FieldSpec] = &[
    field("trust_domain", NAME, Once, "whose SVIDs"),
    field(
        "certificate",
        &[Type::Hash],
        Optional,
        "digest of the root certificate, when pinned here",
    ),
    field(
        "use",
        &[Type::Atom(&["peer_svid", "consumer_svid"])],
        Once,
        "what for",
    ),
];
const KEY: &[FieldSpec] = &[
    field("operator", NAME, Once, "whose key"),
    field("public", &[Type::Pubkey], Once, "the key"),
    field(
        "class",
        crate::trust::schema::CLASS,
        OneOrMore,
        "what it may sign",
    ),
];
const APPROVAL_RULE: &[FieldSpec] = &[
    field(
        "class",
        crate::trust::schema::CLASS,
        Once,
        "which artifacts",
    ),
    field(
        "threshold",
        &[Type::Count],
        Once,
        "distinct operators that must sign",
    ),
    field(
        "two_person",
        &[Type::Atom(&["on", "off"])],
        Optional,
        "whether an approval needs two operators besides a sole author",
    ),
];
const PARTY: &[FieldSpec] = &[
    field(
        "side",
        &[Type::Atom(&["acs", "upstream"])],
        Once,
        "whose side",
    ),
    field("contact", &[Type::Uri], Once, "how they are reached"),
];
const WAIVER: &[FieldSpec] = &[
    field("rule", NAME, Once, "the rule set aside"),
    field("reason", &[Type::String], Once, "why"),
    field("accountable", NAME, Once, "who answers for it"),
    field("expires", &[Type::Time], Once, "until when"),
    field("ledger", &[Type::String], Repeated, "references"),
];
