//! AsyncAPI 3: channels, messages and operations of the contracts that carry messages.

use iia_config::parse::Document;
use iia_contract::tree::Entry;
use serde_json::{Map, Value, json};

use super::with;

/// Operations in which the box speaks first; in all others it is asked.
const TELLING: &[&str] = &[
    "ADD_CHECKPOINT",
    "ADD_ENTRIES",
    "ANNOUNCE",
    "APPEND",
    "PUBLISH",
    "PUBLISH_BATCH",
    "PUBLISH_HEAD",
    "WRITE_BATCH",
    "WRITE_STREAM",
];

pub(super) fn document(document: &Document) -> Value {
    let (title, version) = super::title(document);
    let (mut servers, mut channels, mut operations) = (Map::new(), Map::new(), Map::new());
    let scopes = ["boundary", "internal"];
    for entry in document
        .of_kind("contract")
        .filter(|one| scopes.contains(&one.text("scope")))
    {
        let key = key(&entry);
        if let Some(server) = server(&entry) {
            servers.insert(key.clone(), server);
        }
        channels.insert(
            key.clone(),
            channel(&entry, servers.contains_key(&key), &key),
        );
        for operation in entry.fields("operation") {
            let name = operation.text();
            let action = if TELLING.contains(&name) {
                "send"
            } else {
                "receive"
            };
            let value = json!({
                "action": action,
                "channel": { "$ref": format!("#/channels/{key}") },
                "messages": [{ "$ref": format!("#/channels/{key}/messages/{name}") }],
                "summary": format!("{name} under {}", entry.name),
            });
            operations.insert(format!("{key}.{name}"), value);
        }
    }
    json!({
        "asyncapi": "3.0.0",
        "info": {
            "title": title,
            "version": version,
            "description": "Made from the contract catalog. Nothing is said over HTTP; both ends prove who they are by SPIFFE ID.",
        },
        "defaultContentType": "application/vnd.apache.arrow.stream",
        "servers": servers,
        "channels": channels,
        "operations": operations,
        "components": {
            "securitySchemes": { "mtls": { "type": "X509", "description": "mutual TLS 1.3 with SVIDs" } },
        },
    })
}

/// The contract's id and major version, so that two majors stand beside one another.
fn key(entry: &Entry<'_>) -> String {
    let major = entry.version.map_or(0, |version| version.major);
    format!("{}.v{major}", entry.name)
}

fn server(entry: &Entry<'_>) -> Option<Value> {
    let block = entry
        .block("profile")
        .or_else(|| entry.block("transport"))?;
    let place = block
        .field("endpoint")
        .or_else(|| block.field("port"))?
        .text();
    let host = place.split_once('/').map_or(place, |(_, host)| host);
    // A port alone is on whatever address the workload has.
    let host = if host.contains(':') {
        host.to_owned()
    } else {
        format!("workload:{host}")
    };
    Some(json!({
        "host": host,
        "protocol": block.text("protocol"),
        "description": format!("where {} is answered", entry.name),
        "security": [{ "$ref": "#/components/securitySchemes/mtls" }],
    }))
}

fn channel(entry: &Entry<'_>, has_server: bool, key: &str) -> Value {
    let messages: Map<String, Value> = entry
        .fields("operation")
        .map(|field| {
            let message = json!({ "name": field.text(), "title": field.text() });
            (field.text().to_owned(), message)
        })
        .collect();
    let lines = |block: &str, key: &str| -> Vec<String> {
        let block = entry.block(block);
        let fields = block
            .into_iter()
            .flat_map(|block| block.all().collect::<Vec<_>>());
        fields
            .filter(|field| field.key == key)
            .map(|field| field.text().to_owned())
            .collect()
    };
    let channel = json!({
        "address": null,
        "title": entry.name,
        "messages": messages,
        "x-iia-contract": entry.name,
        "x-iia-version": entry.version.map(|version| version.to_string()),
        "x-iia-include": lines("inventory", "include"),
        "x-iia-exclude": lines("inventory", "exclude"),
    });
    let parties = [("publisher", "consumer"), ("source", "destination")];
    let description = parties.into_iter().find_map(|(one, other)| {
        let (one, other) = (entry.field(one)?, entry.field(other)?);
        Some(format!("from {} to {}", one.text(), other.text()).into())
    });
    let servers = has_server.then(|| json!([{ "$ref": format!("#/servers/{key}") }]));
    with(
        channel,
        [("description", description), ("servers", servers)],
    )
}
