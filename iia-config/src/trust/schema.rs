//! Rows of the schema table that trust documents are made of.

use iia_contract::raw::{EntrySpec, Times, Type};

use crate::schema::field;

/// Names of the classes, in the order of [`super::Class::ALL`].
pub(crate) const CLASS: &[Type] = &[Type::Atom(&[
    "config",
    "image",
    "ruleset",
    "trust",
    "approval",
    "manifest",
    "confirmation",
    "revocation",
])];

/// The entry `fleet`.
pub(crate) const FLEET: EntrySpec = EntrySpec {
    kind: "fleet",
    versioned: false,
    fields: &[field(
        "box",
        &[Type::Name],
        Times::OneOrMore,
        "a box that belongs to it",
    )],
    blocks: &[],
    doc: "a named set of boxes, for approvals that cover it",
};
