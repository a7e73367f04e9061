//! The row of the schema table that an approval is made of.

use Times::{Once, Optional, Repeated};
use iia_contract::raw::{EntrySpec, FieldSpec, Times, Type};

use crate::schema::field;

/// The entry `approval`.
pub(crate) const APPROVAL: EntrySpec = EntrySpec {
    kind: "approval",
    versioned: true,
    fields: FIELDS,
    blocks: &[],
    doc: "leave to apply one artifact, or to go back to one",
};

const FIELDS: &[FieldSpec] = &[
    field(
        "purpose",
        &[Type::Atom(&["apply", "revert"])],
        Once,
        "forward to a staged artifact, or back to one that the box held",
    ),
    field(
        "class",
        crate::trust::schema::CLASS,
        Once,
        "what kind of artifact it is",
    ),
    field("artifact", &[Type::Hash], Once, "which artifact"),
    field(
        "box",
        &[Type::Name],
        Repeated,
        "a box where it may be applied",
    ),
    field(
        "fleet",
        &[Type::Name],
        Repeated,
        "a named set of boxes, as the trust document lists it",
    ),
    field("issued", &[Type::Time], Once, "when it was written"),
    field("not_before", &[Type::Time], Once, "from when"),
    field("not_after", &[Type::Time], Once, "until when"),
    field(
        "maintenance",
        &[
            Type::Atom(&[
                "daily",
                "monday",
                "tuesday",
                "wednesday",
                "thursday",
                "friday",
                "saturday",
                "sunday",
            ]),
            Type::Duration,
            Type::Duration,
        ],
        Repeated,
        "only then: day, start after midnight UTC, length",
    ),
    field(
        "two_person",
        &[Type::Atom(&["on", "off"])],
        Optional,
        "two operators must sign, besides a sole author",
    ),
];
