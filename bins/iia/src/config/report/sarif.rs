//! SARIF 2.1.0 (OASIS): one run, every rule that was broken, a result each.

use iia_config::diagnostic::Diagnostic;
use iia_config::explain::{Rule, rules};
use iia_config::parse::place;
use serde_json::{Value, json};

use super::Checked;

const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

pub(super) fn log(all: &[Checked]) -> Value {
    let mut broken: Vec<&Rule> = Vec::new();
    for rule in rules() {
        if all
            .iter()
            .flat_map(|checked| &checked.found)
            .any(|found| found.code == rule.code)
        {
            broken.push(rule);
        }
    }
    let results: Vec<Value> = all
        .iter()
        .flat_map(|checked| {
            checked
                .found
                .iter()
                .map(|found| result(checked, found, &broken))
        })
        .collect();
    json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "iia",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": broken.iter().map(|rule| describe(rule)).collect::<Vec<_>>(),
            } },
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    })
}

fn describe(rule: &Rule) -> Value {
    json!({
        "id": format!("IIA-{}", rule.code),
        "shortDescription": { "text": rule.title },
        "fullDescription": { "text": rule.why },
        "help": { "text": format!("iia config explain {}", rule.code) },
        "defaultConfiguration": { "level": if rule.rejects { "error" } else { "warning" } },
    })
}

fn result(checked: &Checked, found: &Diagnostic, broken: &[&Rule]) -> Value {
    let mut text = found.message.clone();
    if !found.help.is_empty() {
        text.push_str(&format!(" (help: {})", found.help));
    }
    let index = broken.iter().position(|rule| rule.code == found.code);
    let mut result = json!({
        "ruleId": format!("IIA-{}", found.code),
        "level": found.severity.name(),
        "message": { "text": text },
        "locations": [location(checked, found)],
    });
    if let (Some(index), Some(object)) = (index, result.as_object_mut()) {
        object.insert("ruleIndex".into(), json!(index));
    }
    result
}

fn location(checked: &Checked, found: &Diagnostic) -> Value {
    let (start_line, start_column) = place(&checked.text, found.span.start);
    let (end_line, end_column) = place(&checked.text, found.span.end);
    json!({ "physicalLocation": {
        "artifactLocation": { "uri": uri(&checked.name) },
        "region": {
            "startLine": start_line,
            "startColumn": start_column,
            "endLine": end_line,
            "endColumn": end_column,
            "byteOffset": found.span.start,
            "byteLength": found.span.end.saturating_sub(found.span.start),
        },
    } })
}

/// A path as a relative reference: whatever is no plain character is written with its number.
fn uri(name: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'/' | b'.' | b'-' | b'_' | b'~');
    name.bytes()
        .map(|b| match plain(b) {
            true => char::from(b).to_string(),
            false => format!("%{b:02X}"),
        })
        .collect()
}
