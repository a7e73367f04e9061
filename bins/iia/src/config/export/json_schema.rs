//! JSON Schema of the form that `iia config convert` reads and writes.

use iia_config::schema::TABLE;
use iia_contract::raw::{EntrySpec, FieldSpec, Times, Type};
use serde_json::{Map, Value, json};

pub(super) fn schema() -> Value {
    let mut kinds = Map::new();
    kinds.insert(
        "iia".into(),
        json!({ "enum": ["config", "manifest", "approval", "state"] }),
    );
    for spec in TABLE {
        let names = json!({ "pattern": "^[A-Za-z0-9._-]{1,127}$" });
        kinds.insert(
            spec.kind.into(),
            json!({
                "type": "object",
                "description": spec.doc,
                "propertyNames": names,
                "additionalProperties": { "$ref": format!("#/$defs/{}", spec.kind) },
            }),
        );
    }
    let defs: Map<String, Value> = TABLE
        .iter()
        .map(|spec| (spec.kind.into(), entry(spec)))
        .collect();
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "IIA configuration, before it is converted to ICL/1",
        "type": "object",
        "properties": kinds,
        "additionalProperties": false,
        "$defs": defs,
    })
}

fn entry(spec: &EntrySpec) -> Value {
    let (mut properties, mut required) = fields(spec.fields);
    if spec.versioned {
        properties.insert("version".into(), typed(Type::Version));
        required.push("version".into());
    }
    for block in spec.blocks {
        let (inner, needed) = fields(block.fields);
        let object = json!({
            "type": "object",
            "description": block.doc,
            "properties": inner,
            "required": needed,
            "additionalProperties": false,
        });
        let value = match block.named {
            true => {
                json!({ "type": "object", "description": block.doc, "additionalProperties": object })
            }
            false => object,
        };
        properties.insert(block.key.into(), value);
        if block.times == Times::Once {
            required.push(block.key.into());
        }
    }
    json!({
        "type": "object",
        "description": spec.doc,
        "properties": properties,
        "required": required,
        "additionalProperties": false,
    })
}

fn fields(specs: &[FieldSpec]) -> (Map<String, Value>, Vec<Value>) {
    let (mut properties, mut required) = (Map::new(), Vec::new());
    for spec in specs {
        properties.insert(spec.key.into(), field(spec));
        if matches!(spec.times, Times::Once | Times::OneOrMore) {
            required.push(spec.key.into());
        }
    }
    (properties, required)
}

fn field(spec: &FieldSpec) -> Value {
    let row = match spec.values {
        [one] => typed(*one),
        several => {
            let items: Vec<Value> = several.iter().map(|value| typed(*value)).collect();
            json!({ "type": "array", "prefixItems": items, "items": false, "minItems": items.len() })
        }
    };
    let mut value = match spec.times {
        Times::Once | Times::Optional => row,
        Times::Repeated => json!({ "type": "array", "items": row }),
        Times::OneOrMore => json!({ "type": "array", "items": row, "minItems": 1 }),
    };
    if let Some(object) = value.as_object_mut() {
        object.insert("description".into(), spec.doc.into());
    }
    value
}

fn typed(value_type: Type) -> Value {
    let text = |pattern: &str| json!({ "type": "string", "pattern": pattern });
    match value_type {
        Type::Atom(["on", "off"]) => json!({ "type": "boolean" }),
        Type::Atom([]) => text("^[A-Za-z][A-Za-z0-9_-]*$"),
        Type::Atom(words) => json!({ "enum": words }),
        Type::Count => json!({ "type": "integer", "minimum": 0 }),
        Type::Number => {
            json!({ "type": ["number", "string"], "pattern": "^-?[0-9]+(\\.[0-9]{1,6})?$" })
        }
        Type::Duration => text("^[0-9]+(\\.[0-9]{1,6})?(us|ms|s|m|h|d)$"),
        Type::Size => text("^[0-9]+(\\.[0-9]{1,6})?(B|KiB|MiB|GiB|TiB)$"),
        Type::Ratio => text("^[0-9]+(\\.[0-9]{1,6})?(%|ppm)$"),
        Type::Rate => text("^[0-9]+(\\.[0-9]{1,6})?([KMG]?bps|(B|KiB|MiB|GiB|TiB)?/[smhd])$"),
        Type::Any => json!({ "type": ["string", "number", "boolean"] }),
        Type::String => text("^[^\"\\\\]*$"),
        Type::Spiffe => text("^spiffe://[a-z0-9._-]+(/[A-Za-z0-9._-]+)*$"),
        Type::Uri => text("^[a-z][a-z0-9+-]*://[^ ]+$"),
        Type::Port => text("^(tcp|udp|sctp|tls|dtls|quic)/[^ ]+$"),
        Type::Net => text("^[0-9a-fA-F.:]+(/[0-9]{1,3})?$"),
        Type::Hash => text("^(b3|sha256):[0-9a-fA-F]{64}$"),
        Type::Pubkey => text("^ed25519:[A-Za-z0-9+/=_-]{43,44}$"),
        Type::Time => text("^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$"),
        Type::Version => text("^(0|[1-9][0-9]*)\\.(0|[1-9][0-9]*)\\.(0|[1-9][0-9]*)$"),
        Type::Pattern => text("^[A-Za-z][A-Za-z0-9_-]*(\\.[A-Za-z0-9_-]+)*(\\.\\*)?$"),
        Type::Name | Type::Reference(_) => text("^[A-Za-z][A-Za-z0-9._-]*$"),
    }
}
