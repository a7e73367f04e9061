//! Rules of the observers, and how far their readings may lie apart.

use Times::{Once, Optional};
use iia_contract::raw::{EntrySpec, Times, Type};

use super::{SPAN, WORD, entry, field};

/// The entry `ruleset`.
pub(super) const RULESET: EntrySpec = entry(
    "ruleset",
    false,
    &[
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
    ],
    "rules of a detection engine, and where its alerts go",
);

/// The entry `io_tolerance`.
pub(super) const IO_TOLERANCE: EntrySpec = entry(
    "io_tolerance",
    false,
    &[
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
    ],
    "how far an IO master's reading may lie from the box's",
);
