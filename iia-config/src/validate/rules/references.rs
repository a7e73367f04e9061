//! C004, C032: what is named exists, and no URI leads to HTTP.

use hashbrown::{HashMap, HashSet};

use iia_contract::raw::{FieldSpec, Type};
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
    let mut names: HashMap<&str, HashSet<&str>> = HashMap::new();
    for entry in ground.document.entries() {
        names.entry(entry.kind).or_default().insert(entry.name);
    }
    for entry in ground.document.entries() {
        let Some(spec) = schema::spec(entry.kind) else {
            continue;
        };
        resolve(ground, &names, (spec.fields, &mut entry.all()));
        let mut cursor = Cursor::default();
        for block in entry.blocks() {
            if let Some((_, spec)) = cursor.find(spec.blocks, |spec| spec.key == block.key) {
                resolve(ground, &names, (spec.fields, &mut block.all()));
            }
        }
        if entry.kind == "profile" {
            serves(ground, &entry);
        }
    }
}

type Names<'d> = HashMap<&'d str, HashSet<&'d str>>;

fn resolve<'d>(
    ground: &mut Ground<'d>,
    names: &Names<'d>,
    (specs, fields): (&[FieldSpec], &mut dyn Iterator<Item = Field<'d>>),
) {
    let refers = |spec: &FieldSpec| {
        spec.values
            .iter()
            .any(|value| matches!(value, Type::Reference(_)))
    };
    if !specs.iter().any(refers) {
        return;
    }
    for field in fields {
        let Some(spec) = specs.iter().find(|spec| spec.key == field.key) else {
            continue;
        };
        for (value_type, value) in spec.values.iter().zip(field.values()) {
            let Type::Reference(kind) = value_type else {
                continue;
            };
            let known = names.get(kind);
            if known.is_some_and(|known| known.contains(value.text)) {
                continue;
            }
            let near = nearest(value.text, known.into_iter().flatten().copied());
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
