//! The one table of every kind of entry, in canonical order.

use Times::{Once, OneOrMore, Optional, Repeated};
use iia_contract::raw::{EntrySpec, FieldSpec, Scopes, Times, Type};
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
        scopes: Scopes::ALL,
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

const WORD: &[Type] = &[Type::Atom(&[])];
const NAME: &[Type] = &[Type::Name];
const SWITCH: &[Type] = &[Type::Atom(&["on", "off"])];
const SPAN: &[Type] = &[Type::Duration];

/// Every kind of entry; the order is the canonical order.
pub static TABLE: &[EntrySpec] = &[
    entry(
        "artifact",
        true,
        ARTIFACT,
        "what this document is, and for which box",
    ),
    entry(
        "manifest",
        true,
        MANIFEST,
        "what a box is to run: hashes, one a class",
    ),
    crate::approval::schema::APPROVAL,
    entry("policy", false, POLICY, "settings of the whole box"),
    entry("interface", false, INTERFACE, "a network interface"),
    entry("zone", false, ZONE, "a zone with its workloads"),
    entry("conduit", false, CONDUIT, "a joint of two zones"),
    entry("endpoint", false, ENDPOINT, "where a workload is reached"),
    entry(
        "consumer",
        false,
        CONSUMER,
        "who takes what the box publishes",
    ),
    entry(
        "profile",
        false,
        PROFILE,
        "which boundary contract serves which consumer, and where",
    ),
    entry(
        "idp",
        false,
        IDP,
        "who vouches for operators at the local UI",
    ),
    entry(
        "credential",
        false,
        CREDENTIAL,
        "a reference to a secret that is kept elsewhere",
    ),
    entry(
        "ruleset",
        false,
        RULESET,
        "rules of a detection engine, and where its alerts go",
    ),
    entry(
        "io_tolerance",
        false,
        IO_TOLERANCE,
        "how far an IO master's reading may lie from the box's",
    ),
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
    crate::render::schema::SERVICE,
    crate::render::schema::UNIT,
    CONTRACT,
];

/// The row of a kind.
pub fn spec(kind: &str) -> Option<&'static EntrySpec> {
    TABLE.iter().rev().find(|spec| spec.kind == kind)
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
    field("fleet", NAME, Repeated, "a named set of boxes it is for"),
    field("trust_domain", NAME, Optional, "the box's own trust domain"),
];
const MANIFEST: &[FieldSpec] = &[
    field(
        "box",
        NAME,
        Optional,
        "the box it is for, also when nothing changes",
    ),
    field(
        "revision",
        &[Type::Count],
        Optional,
        "counts up with every manifest of this box",
    ),
    field("issued", &[Type::Time], Once, "when it was written"),
    field(
        "expires",
        &[Type::Time],
        Optional,
        "until when it may be believed",
    ),
    field("os", &[Type::Hash], Optional, "the system image"),
    field("config", &[Type::Hash], Optional, "the configuration"),
    field("rules", &[Type::Hash], Repeated, "a set of rules"),
    field(
        "roots",
        &[Type::Hash],
        Optional,
        "the operators' trust roots",
    ),
    field(
        "approval",
        &[Type::Hash],
        Repeated,
        "an approval that goes with it",
    ),
];
const POLICY: &[FieldSpec] = &[
    field("strict", SWITCH, Optional, "whether warnings reject"),
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
    field(
        "half",
        &[Type::Atom(&["acs", "it"])],
        Optional,
        "which of the two boxes this is",
    ),
    field(
        "document_max",
        &[Type::Size],
        Optional,
        "the largest artifact, 16MiB at most",
    ),
    field(
        "image_trust_root",
        &[Type::Reference("trust_root")],
        Optional,
        "who vouches for images",
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
    field(
        "network",
        &[Type::Net],
        Optional,
        "the network that it is on",
    ),
    field(
        "routed",
        SWITCH,
        Optional,
        "whether anything is routed through it",
    ),
    field(
        "capture",
        &[Type::Spiffe],
        Repeated,
        "a workload that captures on it",
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
        "durable",
        SWITCH,
        Optional,
        "whether it keeps records; the lake alone does",
    ),
    field("retention", SPAN, Optional, "how long it keeps them"),
    field(
        "workload",
        &[Type::Name, Type::Net],
        OneOrMore,
        "a workload and its address",
    ),
    field(
        "image",
        &[Type::Name, Type::Any],
        Repeated,
        "a workload and the digest of its image",
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
    field(
        "contract",
        &[Type::Reference("contract")],
        Repeated,
        "the contracts that use it",
    ),
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
    field(
        "interface",
        &[Type::Reference("interface")],
        Optional,
        "through which interface; none stays inside the box",
    ),
    field(
        "protocol",
        WORD,
        Optional,
        "what is spoken; iia_link when not said",
    ),
    field(
        "allow",
        &[Type::Net],
        Repeated,
        "who may reach it through the interface",
    ),
];
const CONSUMER: &[FieldSpec] = &[
    field("identity", &[Type::Spiffe], Once, "who it is"),
    field("organization", NAME, Once, "whose it is"),
    field("contact", &[Type::Uri], Once, "how its people are reached"),
    field(
        "trust_root",
        &[Type::Reference("trust_root")],
        Once,
        "who vouches for it",
    ),
];
const PROFILE: &[FieldSpec] = &[
    field(
        "contract",
        &[Type::Reference("contract")],
        Once,
        "the boundary contract",
    ),
    field(
        "consumer",
        &[Type::Reference("consumer")],
        Once,
        "the consumer that it serves",
    ),
    field(
        "endpoint",
        &[Type::Port],
        Optional,
        "where the consumer answers",
    ),
    field(
        "shadow",
        SWITCH,
        Optional,
        "whether violations are told and nothing is refused yet",
    ),
];
const IDP: &[FieldSpec] = &[
    field("issuer", NAME, Once, "its name"),
    field(
        "key",
        &[Type::Pubkey],
        OneOrMore,
        "a key that signs its tokens",
    ),
    field("audience", NAME, Once, "who the tokens are for"),
];
const CREDENTIAL: &[FieldSpec] = &[
    field("store", WORD, Once, "where it is kept: tpm, hsm, file"),
    field("reference", NAME, Once, "its name there"),
    field(
        "workload",
        &[Type::Spiffe],
        Repeated,
        "a workload that may use it",
    ),
    field("rotation", SPAN, Optional, "how often it changes"),
];
const RULESET: &[FieldSpec] = &[
    field(
        "kind",
        &[Type::Atom(&["ids", "scan", "enrichment"])],
        Once,
        "what it is for",
    ),
    field("engine", WORD, Once, "the engine that reads it"),
    field(
        "observer",
        &[Type::Spiffe],
        Once,
        "the workload that runs it",
    ),
    field(
        "alerts",
        &[Type::Pattern],
        Optional,
        "the stream on which alerts appear, without the leading ot.",
    ),
    field(
        "digest",
        &[Type::Hash],
        Optional,
        "the rules, when they are not built in",
    ),
];
const IO_TOLERANCE: &[FieldSpec] = &[
    field("observer", &[Type::Spiffe], Once, "the IO master"),
    field(
        "tolerance",
        &[Type::Ratio],
        Once,
        "how far two readings may lie apart",
    ),
    field("skew", SPAN, Optional, "how far two clocks may lie apart"),
    field(
        "key",
        &[Type::Pubkey],
        Optional,
        "the IO master's own attestation key",
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
        &[Type::Atom(&[
            "peer_svid",
            "consumer_svid",
            "artifact_source",
        ])],
        Once,
        "what for",
    ),
    field(
        "expires",
        &[Type::Time],
        Optional,
        "until when it may be believed",
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
    field("contact", &[Type::Uri], Optional, "how they are reached"),
];
const WAIVER: &[FieldSpec] = &[
    field("rule", NAME, Optional, "the rule set aside"),
    field("reason", &[Type::String], Optional, "why"),
    field(
        "accountable",
        &[Type::Reference("party")],
        Optional,
        "who answers for it",
    ),
    field("expires", &[Type::Time], Optional, "until when"),
    field("ledger", &[Type::String], Repeated, "references"),
];
