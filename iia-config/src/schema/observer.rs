//! Rules of the observers, and how far their readings may lie apart.

use Times::{Once, Optional};
use iia_contract::raw::{EntrySpec, Times, Type};

use super::{NAME, SPAN, WORD, entry, field};
use crate::trust::schema::CLASS;

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
            "journal",
            &[Type::Atom(&["file", "syslog"])],
            Optional,
            "where alerts are written on the machine itself: a file that only grows, or the machine's log",
        ),
        field(
            "journal_path",
            &[Type::String],
            Optional,
            "that file, or the socket of that log; unless said, state/alerts.log of the box, or /dev/log",
        ),
        field(
            "relay_program",
            &[Type::String],
            Optional,
            "the program that closes and opens a contact: called with raise, clear or probe, and the alert",
        ),
        field(
            "relay_line",
            &[Type::String],
            Optional,
            "the file of a line that closes a contact, such as that of a GPIO: 1 closes it, 0 opens it",
        ),
        field(
            "digest",
            &[Type::Hash],
            Optional,
            "the rules, when they are not built in",
        ),
        field(
            "expires",
            &[Type::Time],
            Optional,
            "until when the rules may be read; later they are refused",
        ),
    ],
    "rules of a detection engine, and where its alerts go",
);

/// The entry `image`.
pub(super) const IMAGE: EntrySpec = entry(
    "image",
    false,
    &[
        field(
            "digest",
            &[Type::Hash],
            Once,
            "its bytes, which travel apart",
        ),
        field("size", &[Type::Size], Optional, "how large it is"),
    ],
    "a part of a system image; in artifacts of class image only",
);

/// The entry `confirmation`.
pub(super) const CONFIRMATION: EntrySpec = entry(
    "confirmation",
    false,
    &[
        field("class", CLASS, Once, "what kind of artifact it is"),
        field("artifact", &[Type::Hash], Once, "what was seen in force"),
        field("box", NAME, Once, "where"),
        field("observer", &[Type::Spiffe], Once, "who looked"),
        field("seen", &[Type::Time], Once, "when"),
    ],
    "an observer's answer: the running state is that of this artifact",
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
