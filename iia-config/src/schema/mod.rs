//! The one table of every kind of entry, in canonical order; the rows stand in one file an area.

mod consumer;
mod document;
mod network;
mod observer;
mod people;
mod trust;

use iia_contract::raw::{EntrySpec, FieldSpec, Scopes, Times, Type};
use iia_contract::schema::CONTRACT;

use crate::{approval, render};

/// Every kind of entry; the order is the canonical order.
pub static TABLE: &[EntrySpec] = &[
    document::ARTIFACT,
    document::MANIFEST,
    approval::schema::APPROVAL,
    crate::revocation::REVOCATION,
    observer::CONFIRMATION,
    document::POLICY,
    network::INTERFACE,
    network::ZONE,
    network::CONDUIT,
    network::ENDPOINT,
    consumer::CONSUMER,
    consumer::PROFILE,
    trust::IDP,
    trust::CREDENTIAL,
    observer::IMAGE,
    observer::RULESET,
    observer::IO_TOLERANCE,
    trust::TRUST_ROOT,
    trust::KEY,
    trust::APPROVAL_RULE,
    crate::trust::schema::FLEET,
    people::PARTY,
    people::WAIVER,
    render::schema::SERVICE,
    render::schema::UNIT,
    CONTRACT,
];

/// The row of a kind.
pub fn spec(kind: &str) -> Option<&'static EntrySpec> {
    TABLE.iter().rev().find(|spec| spec.kind == kind)
}

/// A row of an entry, whatever its scope.
pub(crate) const fn field(
    key: &'static str,
    values: &'static [Type],
    times: Times,
    doc: &'static str,
) -> FieldSpec {
    FieldSpec {
        key,
        mark: iia_contract::tree::mark(key.as_bytes()),
        values,
        times,
        doc,
        scopes: Scopes::ALL,
    }
}

const fn entry(
    kind: &'static str,
    versioned: bool,
    fields: &'static [FieldSpec],
    doc: &'static str,
) -> EntrySpec {
    EntrySpec {
        kind,
        versioned,
        fields,
        blocks: &[],
        doc,
    }
}

const WORD: &[Type] = &[Type::Atom(&[])];
const NAME: &[Type] = &[Type::Name];
const SWITCH: &[Type] = &[Type::Atom(&["on", "off"])];
const SPAN: &[Type] = &[Type::Duration];

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::TABLE;

    /// Fields and blocks are found by the marks of their keys, so no two known keys may have the same.
    #[test]
    fn known_keys_have_marks_of_their_own() {
        let mut keys: BTreeMap<u32, &str> = BTreeMap::new();
        let fields = |spec: &super::EntrySpec| {
            let blocks = spec.blocks.iter();
            let names = blocks.clone().map(|block| (block.mark, block.key));
            let within = blocks.flat_map(|block| block.fields);
            let fields = spec.fields.iter().chain(within);
            let fields = fields.map(|field| (field.mark, field.key));
            names.chain(fields).collect::<Vec<_>>()
        };
        for (mark, key) in TABLE.iter().flat_map(fields) {
            assert_eq!(iia_contract::tree::mark(key.as_bytes()), mark, "{key}");
            let other = keys.insert(mark, key).unwrap_or(key);
            assert_eq!(other, key, "they have one mark");
        }
        assert!(keys.len() > 200, "{} keys", keys.len());
    }
}
