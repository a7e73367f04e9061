//! Who is believed, who signs, and where secrets are kept.

use Times::{Once, OneOrMore, Optional, Repeated};
use iia_contract::raw::{EntrySpec, Times, Type};

use super::{NAME, SPAN, WORD, entry, field};
use crate::trust::schema::CLASS;

/// The entry `idp`.
pub(super) const IDP: EntrySpec = entry(
    "idp",
    false,
    &[
        field("issuer", NAME, Once, "its name"),
        field(
            "key",
            &[Type::Pubkey],
            OneOrMore,
            "a key that signs its tokens",
        ),
        field("audience", NAME, Once, "who the tokens are for"),
    ],
    "who vouches for operators at the local UI",
);

/// The entry `credential`.
pub(super) const CREDENTIAL: EntrySpec = entry(
    "credential",
    false,
    &[
        field("store", WORD, Once, "where it is kept: tpm, hsm, file"),
        field("reference", NAME, Once, "its name there"),
        field(
            "workload",
            &[Type::Spiffe],
            Repeated,
            "a workload that may use it",
        ),
        field("rotation", SPAN, Optional, "how often it changes"),
    ],
    "a reference to a secret that is kept elsewhere",
);

/// The entry `trust_root`.
pub(super) const TRUST_ROOT: EntrySpec = entry(
    "trust_root",
    false,
    &[
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
    ],
    "a trust domain whose SVIDs are believed",
);

/// The entry `key`.
pub(super) const KEY: EntrySpec = entry(
    "key",
    false,
    &[
        field("operator", NAME, Once, "whose key"),
        field("public", &[Type::Pubkey], Once, "the key"),
        field("class", CLASS, OneOrMore, "what it may sign"),
    ],
    "an operator's key",
);

/// The entry `approval_rule`.
pub(super) const APPROVAL_RULE: EntrySpec = entry(
    "approval_rule",
    false,
    &[
        field("class", CLASS, Once, "which artifacts"),
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
    ],
    "how many must sign",
);
