//! Who takes what the box publishes.

use Times::{Once, Optional};
use iia_contract::raw::{EntrySpec, Times, Type};

use super::{NAME, SWITCH, entry, field};

/// The entry `consumer`.
pub(super) const CONSUMER: EntrySpec = entry(
    "consumer",
    false,
    &[
        field("identity", &[Type::Spiffe], Once, "who it is"),
        field("organization", NAME, Once, "whose it is"),
        field("contact", &[Type::Uri], Once, "how its people are reached"),
        field(
            "trust_root",
            &[Type::Reference("trust_root")],
            Once,
            "who vouches for it",
        ),
    ],
    "who takes what the box publishes",
);

/// The entry `profile`.
pub(super) const PROFILE: EntrySpec = entry(
    "profile",
    false,
    &[
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
    ],
    "which boundary contract serves which consumer, and where",
);
