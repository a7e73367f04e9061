//! What may stand where, for an editor.

use iia_config::schema::TABLE;
use iia_contract::raw::{FieldSpec, Type};
use serde_json::{Value, json};

use super::words;

pub(super) fn data() -> Value {
    let entries: Vec<Value> = TABLE
        .iter()
        .map(|spec| {
            let blocks: Vec<Value> = spec
                .blocks
                .iter()
                .map(|block| {
                    json!({
                        "key": block.key,
                        "named": block.named,
                        "doc": block.doc,
                        "times": words::times(block.times),
                        "scopes": words::scopes(block.scopes),
                        "fields": fields(block.fields),
                    })
                })
                .collect();
            json!({
                "kind": spec.kind,
                "versioned": spec.versioned,
                "doc": spec.doc,
                "fields": fields(spec.fields),
                "blocks": blocks,
            })
        })
        .collect();
    json!({ "language": "icl", "version": 1, "entries": entries })
}

fn fields(specs: &[FieldSpec]) -> Vec<Value> {
    let value = |value_type: &Type| {
        let choices: &[&str] = match value_type {
            Type::Atom(words) => words,
            _ => &[],
        };
        let reference = match value_type {
            Type::Reference(kind) => Some(*kind),
            _ => None,
        };
        json!({
            "type": words::value_type(*value_type),
            "example": words::example(*value_type),
            "choices": choices,
            "reference": reference,
        })
    };
    let field = |spec: &FieldSpec| {
        json!({
            "key": spec.key,
            "doc": spec.doc,
            "times": words::times(spec.times),
            "scopes": words::scopes(spec.scopes),
            "values": spec.values.iter().map(value).collect::<Vec<_>>(),
        })
    };
    specs.iter().map(field).collect()
}
