//! C004, C032: what is named exists, and no URI leads to HTTP.

use hashbrown::{HashMap, HashSet};

use iia_contract::raw::{EntrySpec, FieldSpec, Type};
use iia_contract::schema::HTTP_SCHEMES;
use iia_contract::shape::{Cursor, nearest};
use iia_contract::tree::{Entry, Field, Kinds};

use super::Ground;
use crate::schema;

/// Keys whose URI a person opens, not the box.
const FOR_PEOPLE: [&str; 3] = ["contact", "on_call", "escalation"];

/// C004: no HTTP address, but where a person is reached.
pub(super) fn uris(ground: &mut Ground<'_>) {
    // Contracts check their own.
    let entries = ground.document.entries();
    for entry in entries.filter(|entry| entry.kind != "contract") {
        for value in entry.values_of(Kinds::Uris) {
            let scheme = value.text.split("://").next().unwrap_or_default();
            let scheme = scheme.split('+').next().unwrap_or_default();
            let person = || {
                entry
                    .holder(&value)
                    .is_some_and(|field| FOR_PEOPLE.contains(&field.key))
            };
            if HTTP_SCHEMES.contains(&scheme) && !person() {
                let message = format!("`{}` leads to HTTP", value.text);
                ground.tell(
                    "C004",
                    value.span,
                    message,
                    "the box speaks no HTTP at its boundary",
                );
            }
        }
    }
}

/// C032: every reference of the table resolves.
pub(super) fn named(ground: &mut Ground<'_>) {
    let mut names = Names::default();
    let mut row: Option<Row> = None;
    for entry in ground.document.entries() {
        if row.as_ref().is_none_or(|row| row.spec.kind != entry.kind) {
            row = schema::spec(entry.kind).map(Row::of);
        }
        let Some(row) = &row else { continue };
        if row.own {
            resolve(ground, &mut names, (row.spec.fields, &mut entry.all()));
        }
        let mut cursor = Cursor::default();
        for block in entry.blocks() {
            let found = cursor.find(row.spec.blocks, |spec| block.is(spec));
            if let Some((_, spec)) = found.filter(|(at, _)| row.blocks.get(*at) == Some(&true)) {
                resolve(ground, &mut names, (spec.fields, &mut block.all()));
            }
        }
        if entry.kind == "profile" {
            serves(ground, &entry);
        }
    }
}

/// Which parts of a kind of entry refer to others at all.
struct Row {
    spec: &'static EntrySpec,
    own: bool,
    blocks: Vec<bool>,
}

impl Row {
    fn of(spec: &'static EntrySpec) -> Self {
        let refers = |specs: &[FieldSpec]| {
            let mut types = specs.iter().flat_map(|spec| spec.values);
            types.any(|value| matches!(value, Type::Reference(_)))
        };
        let blocks = spec.blocks.iter().map(|block| refers(block.fields));
        Self {
            spec,
            own: refers(spec.fields),
            blocks: blocks.collect(),
        }
    }
}

/// The names of the entries of those kinds that something refers to.
type Names<'d> = HashMap<&'static str, HashSet<&'d str>>;

fn resolve<'d>(
    ground: &mut Ground<'d>,
    names: &mut Names<'d>,
    (specs, fields): (&'static [FieldSpec], &mut dyn Iterator<Item = Field<'d>>),
) {
    let document = ground.document;
    let mut cursor = Cursor::default();
    for field in fields {
        let Some((_, spec)) = cursor.find(specs, |spec| field.is(spec)) else {
            continue;
        };
        for (value_type, value) in spec.values.iter().zip(field.values()) {
            let Type::Reference(kind) = value_type else {
                continue;
            };
            let of_kind = || document.of_kind(kind).map(|entry| entry.name).collect();
            let known = names.entry(kind).or_insert_with(of_kind);
            if known.contains(value.text) {
                continue;
            }
            let near = nearest(value.text, known.iter().copied());
            let help = near.map_or_else(
                || format!("add it: {kind} {} {{", value.text),
                |near| format!("did you mean `{near}`?"),
            );
            let message = format!("there is no {kind} `{}`", value.text);
            ground.tell("C032", value.span, message, &help);
        }
    }
}

/// C032: a profile serves the consumer that its contract is with.
fn serves(ground: &mut Ground<'_>, profile: &Entry<'_>) {
    let contract = ground
        .contracts()
        .find(|entry| entry.name == profile.text("contract"));
    let consumer = ground
        .of_kind("consumer")
        .find(|entry| entry.name == profile.text("consumer"));
    let (Some(contract), Some(consumer)) = (contract, consumer) else {
        return;
    };
    if contract.text("consumer") != consumer.text("identity") {
        let message = format!(
            "contract {} is not with consumer {}",
            contract.name, consumer.name
        );
        let help = format!("its consumer is {}", contract.text("consumer"));
        ground.tell("C032", profile.head(), message, &help);
    }
}
