//! What a document is, and the settings of the whole box.

use Times::{Once, OneOrMore, Optional, Repeated};
use iia_contract::raw::{EntrySpec, Times, Type};

use super::{NAME, SWITCH, entry, field};

/// The entry `artifact`.
pub(super) const ARTIFACT: EntrySpec = entry(
    "artifact",
    true,
    &[
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
    ],
    "what this document is, and for which box",
);

/// The entry `manifest`.
pub(super) const MANIFEST: EntrySpec = entry(
    "manifest",
    true,
    &[
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
    ],
    "what a box is to run: hashes, one a class",
);

/// The entry `policy`.
pub(super) const POLICY: EntrySpec = entry(
    "policy",
    false,
    &[
        field("strict", SWITCH, Optional, "whether warnings reject"),
        field(
            "sl_target",
            &[Type::Count],
            Optional,
            "IEC 62443 level aimed at, of each zone that says no other",
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
        field(
            "attestation_key",
            &[Type::Hash],
            Optional,
            "the key by which the machine's TPM attests: sha256 of its public area",
        ),
    ],
    "settings of the whole box",
);
