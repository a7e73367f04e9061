//! Who answers, and what they set aside.

use Times::{Once, Optional, Repeated};
use iia_contract::raw::{EntrySpec, Times, Type};

use super::{NAME, entry, field};

/// The entry `party`.
pub(super) const PARTY: EntrySpec = entry(
    "party",
    false,
    &[
        field(
            "side",
            &[Type::Atom(&["acs", "upstream"])],
            Once,
            "whose side",
        ),
        field("contact", &[Type::Uri], Optional, "how they are reached"),
    ],
    "who answers, and how they are reached",
);

/// The entry `waiver`.
pub(super) const WAIVER: EntrySpec = entry(
    "waiver",
    false,
    &[
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
    ],
    "a rule that is set aside, by whom and until when",
);
