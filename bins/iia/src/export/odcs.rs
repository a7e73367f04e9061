//! Open Data Contract Standard 3: what a boundary contract promises a consumer of data.

use iia_config::parse::Document;
use iia_contract::tree::Entry;
use serde_json::{Value, json};

pub(super) fn contracts(document: &Document) -> Vec<Value> {
    let boundary = document
        .of_kind("contract")
        .filter(|one| one.text("scope") == "boundary");
    boundary.map(|entry| contract(&entry)).collect()
}

fn contract(entry: &Entry<'_>) -> Value {
    let deprecated = entry.field("deprecated").is_some();
    json!({
        "apiVersion": "v3.0.2",
        "kind": "DataContract",
        "id": entry.name,
        "name": entry.name.rsplit("boundary.").next(),
        "version": entry.version.map_or_else(|| "0.0.0".into(), |version| version.to_string()),
        "status": if deprecated { "deprecated" } else { "active" },
        "tenant": entry.text("organization"),
        "description": {
            "purpose": format!("{} for {}", entry.text("publisher"), entry.text("consumer")),
            "limitations": limitations(entry),
        },
        "schema": streams(entry),
        "slaProperties": promises(entry),
        "support": [{ "channel": entry.text("organization"), "url": entry.text("contact") }],
        "roles": [{ "role": entry.text("consumer"), "access": "read" }],
    })
}

/// What may not be done with the data.
fn limitations(entry: &Entry<'_>) -> String {
    let limits = entry
        .block("use")
        .into_iter()
        .flat_map(|block| block.all().collect::<Vec<_>>());
    let on: Vec<&str> = limits
        .filter(|field| field.text() == "on")
        .map(|field| field.key)
        .collect();
    on.join(", ")
}

/// A table for each line of the inventory: sequence, service and time are in every record.
fn streams(entry: &Entry<'_>) -> Vec<Value> {
    let inventory = entry
        .block("inventory")
        .into_iter()
        .flat_map(|block| block.all().collect::<Vec<_>>());
    let include = inventory.filter(|field| field.key == "include");
    let column = |name: &str, kind: &str, what: &str| json!({ "name": name, "logicalType": kind, "required": true, "description": what });
    include
        .map(|field| {
            json!({
                "name": field.text(),
                "physicalName": format!("ot.{}", field.text()),
                "physicalType": "stream",
                "properties": [
                    column("service", "string", "who wrote the record"),
                    column("sequence", "integer", "its number within the service, without holes"),
                    column("ts", "date", "when it was on the wire"),
                ],
            })
        })
        .collect()
}

/// Promises with a number, by the names that the standard has for them.
fn promises(entry: &Entry<'_>) -> Vec<Value> {
    let rows = [
        ("retention", "retention", "on_box"),
        ("latency", "freshness", "lag_max"),
        ("frequency", "freshness", "published"),
    ];
    let row = |(property, block, key): (&str, &str, &str)| {
        let number = entry.block(block)?.field(key)?.number(0)?;
        let unit = number.unit.text();
        Some(json!({ "property": property, "value": number.micros as f64 / 1e6, "unit": unit }))
    };
    rows.into_iter().filter_map(row).collect()
}
