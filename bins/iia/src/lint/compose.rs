//! The rules of a manifest as a whole (000:336-371).

use super::tree::{Node, Value, parse};
use super::{Finding, Strictness, service};

/// What may stand at the top.
const TOP: [&str; 7] = [
    "configs", "name", "networks", "secrets", "services", "version", "volumes",
];

/// Everything that is wrong with a manifest, in order of lines.
pub(super) fn judge(text: &str, strictness: Strictness) -> Vec<Finding> {
    let root = match parse(text) {
        Ok(root) => root,
        Err(malformed) => {
            let (line, message) = (malformed.line, format!("not a manifest: {}", malformed.why));
            return vec![Finding {
                line,
                code: "L001",
                message,
                help: "one YAML document, without anchors",
            }];
        }
    };
    let mut found = Vec::new();
    for (key, node) in root.entries() {
        if !TOP.contains(&key.as_str()) && !key.starts_with("x-") {
            tell(
                &mut found,
                node.line,
                "L002",
                format!("`{key}` at the top is unknown"),
                "services stand under `services`",
            );
        }
    }
    match root.get("services").map(|node| (node, &node.value)) {
        Some((services, Value::Map(entries))) if !entries.is_empty() => {
            judge_services(services, strictness, &mut found)
        }
        other => {
            let line = other.map_or(root.line, |(node, _)| node.line);
            tell(
                &mut found,
                line,
                "L002",
                "there are no services".into(),
                "a manifest is a mapping with `services`",
            );
        }
    }
    found.sort();
    found
}

fn judge_services(services: &Node, strictness: Strictness, found: &mut Vec<Finding>) {
    for (name, node) in services.entries() {
        if matches!(node.value, Value::Map(_)) {
            service::judge(name, node, strictness, found);
            continue;
        }
        let message = format!("service `{name}` is {}, not a mapping", node.what());
        let help = if TOP.contains(&name.as_str()) || service::KEYS.contains(&name.as_str()) {
            "it belongs under a service or at the top: look at its indentation"
        } else {
            "a service says its image"
        };
        tell(found, node.line, "L003", message, help);
    }
}

pub(super) fn tell(
    found: &mut Vec<Finding>,
    line: usize,
    code: &'static str,
    message: String,
    help: &'static str,
) {
    found.push(Finding {
        line,
        code,
        message,
        help,
    });
}
