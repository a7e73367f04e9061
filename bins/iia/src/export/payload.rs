//! JSON Schema of the values that device contracts declare: one definition a contract, one property a tag.

use iia_config::parse::Document;
use iia_contract::tree::{Block, Entry};
use serde_json::{Map, Value, json};

use super::with;

pub(super) fn schema(document: &Document) -> Value {
    let (title, _) = super::title(document);
    let contracts = document
        .of_kind("contract")
        .filter(|one| one.text("scope") == "device");
    let with_tags = contracts.filter(|one| one.block("tag").is_some());
    let defs: Map<String, Value> = with_tags
        .map(|entry| (entry.name.to_owned(), device(&entry)))
        .collect();
    let any: Vec<Value> = defs
        .keys()
        .map(|name| json!({ "$ref": format!("#/$defs/{name}") }))
        .collect();
    let schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": format!("values that the device contracts of {title} declare"),
        "$defs": defs,
    });
    let any = (!any.is_empty()).then(|| any.into());
    with(schema, [("anyOf", any)])
}

fn device(entry: &Entry<'_>) -> Value {
    let tags = entry.blocks().filter(|block| block.key == "tag");
    let properties: Map<String, Value> = tags
        .map(|block| (block.name.unwrap_or_default().to_owned(), tag(&block)))
        .collect();
    json!({ "type": "object", "properties": properties, "additionalProperties": false })
}

fn tag(block: &Block<'_>) -> Value {
    let mut value = Map::new();
    let words: Vec<&str> = block.fields("value").map(|field| field.text()).collect();
    match block.text("type") {
        "bool" => drop(value.insert("type".into(), "boolean".into())),
        "string" => drop(value.insert("type".into(), "string".into())),
        "enum" => drop(value.insert("enum".into(), words.into())),
        kind if kind.starts_with("float") => drop(value.insert("type".into(), "number".into())),
        _ => drop(value.insert("type".into(), "integer".into())),
    }
    for (key, name) in [("low", "minimum"), ("high", "maximum")] {
        if let Some(number) = block.field(key).and_then(|field| field.number(0)) {
            value.insert(name.into(), (number.micros as f64 / 1e6).into());
        }
    }
    if let Some(unit) = block.field("unit") {
        value.insert("description".into(), format!("in {}", unit.text()).into());
    }
    value.into()
}
