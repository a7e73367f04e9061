//! The rows of the schema table that say what a box runs: services of the cell, and the units of its workloads.

use Times::{Once, OneOrMore, Optional, Repeated};
use iia_contract::raw::{EntrySpec, FieldSpec, Times, Type};

use crate::schema::field;

/// The entry `service`.
pub(crate) const SERVICE: EntrySpec = EntrySpec {
    kind: "service",
    versioned: false,
    fields: SERVICE_FIELDS,
    blocks: &[],
    doc: "a service of the cell, answered on the services interface only",
};

/// The entry `unit`.
pub(crate) const UNIT: EntrySpec = EntrySpec {
    kind: "unit",
    versioned: false,
    fields: UNIT_FIELDS,
    blocks: &[],
    doc: "how a workload of this box runs",
};

const NAME: &[Type] = &[Type::Name];
const TEXT: &[Type] = &[Type::String];
const SWITCH: &[Type] = &[Type::Atom(&["on", "off"])];
const ACCESS: Type = Type::Atom(&["read", "write", "readwrite"]);

const SERVICE_FIELDS: &[FieldSpec] = &[
    field(
        "kind",
        &[Type::Atom(&["dhcp", "dns", "files", "mqtt", "ntp"])],
        Once,
        "what is served",
    ),
    field(
        "interface",
        &[Type::Reference("interface")],
        Once,
        "the services interface",
    ),
    field("network", &[Type::Net], Once, "the cell: who may ask"),
    field("listen", &[Type::Port], OneOrMore, "where it answers"),
    field(
        "range",
        &[Type::Net, Type::Net],
        Optional,
        "dhcp: first and last address that is lent",
    ),
    field(
        "lease",
        &[Type::Duration],
        Optional,
        "dhcp: how long an address is lent",
    ),
    field("domain", NAME, Optional, "dns: the cell's own domain"),
    field(
        "record",
        &[Type::Name, Type::Net],
        Repeated,
        "dns: a host of that domain and its address",
    ),
    field(
        "forward",
        &[Type::Net],
        Repeated,
        "dns: who is asked for other names; none means that they are refused",
    ),
    field(
        "source",
        NAME,
        Repeated,
        "ntp: a server that is believed, with NTS",
    ),
    field(
        "nts",
        SWITCH,
        Optional,
        "ntp: whether answers are authenticated",
    ),
    field(
        "share",
        &[Type::Name, ACCESS],
        Repeated,
        "files: a share, and whether the cell may write to it",
    ),
    field("account", NAME, Repeated, "files: who may use the shares"),
];

const UNIT_FIELDS: &[FieldSpec] = &[
    field("workload", &[Type::Spiffe], Once, "who runs"),
    field(
        "program",
        TEXT,
        Optional,
        "absolute path, when it runs as a service of the system",
    ),
    field(
        "argument",
        &[Type::Count, Type::String],
        Repeated,
        "its place, and an argument",
    ),
    field(
        "repository",
        TEXT,
        Optional,
        "name of the image without tag, when it runs as a container",
    ),
    field(
        "image",
        &[Type::Hash],
        Optional,
        "sha256 digest of the image; there are no tags",
    ),
    field("user", &[Type::Count], Once, "user id, above 1000"),
    field("memory", &[Type::Size], Optional, "memory at most"),
    field(
        "state",
        SWITCH,
        Optional,
        "whether it keeps something on disk, under its own directory",
    ),
];
