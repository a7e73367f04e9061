//! Interfaces, zones, the joints between them, and where workloads are reached.

use Times::{Once, OneOrMore, Optional, Repeated};
use iia_contract::raw::{EntrySpec, Times, Type};

use super::{NAME, SPAN, SWITCH, WORD, entry, field};

/// The entry `interface`.
pub(super) const INTERFACE: EntrySpec = entry(
    "interface",
    false,
    &[
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
    ],
    "a network interface",
);

/// The entry `zone`.
pub(super) const ZONE: EntrySpec = entry(
    "zone",
    false,
    &[
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
        field(
            "sl_target",
            &[Type::Count],
            Optional,
            "IEC 62443 level aimed at, where it is not the box's",
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
            "a workload and the digest of its image, or of the program that its unit runs",
        ),
    ],
    "a zone with its workloads",
);

/// The entry `conduit`.
pub(super) const CONDUIT: EntrySpec = entry(
    "conduit",
    false,
    &[
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
    ],
    "a joint of two zones",
);

/// The entry `endpoint`.
pub(super) const ENDPOINT: EntrySpec = entry(
    "endpoint",
    false,
    &[
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
    ],
    "where a workload is reached",
);
