//! The configuration that a router starts with.

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::{KeyRight, ways};
use crate::compile::json::Json;
use crate::compile::policy::{Policy, joined};

pub(super) fn write(policy: &Policy<KeyRight>) -> String {
    let mut rules = Vec::new();
    let mut subjects: BTreeMap<(&str, bool), Vec<String>> = BTreeMap::new();
    for (number, (right, contracts)) in policy.allowed.iter().enumerate() {
        let own = subjects
            .entry((&right.who, right.by_certificate))
            .or_default();
        for (word, flow, messages) in ways(right.access) {
            let id = format!("{number} {word} {}", joined(contracts));
            rules.push(rule(&id, flow, messages, &right.key));
            own.push(id);
        }
    }
    let policies = subjects.iter().map(|((who, _), rules)| {
        Json::Object(Vec::from([
            ("rules", Json::texts(rules.iter().cloned())),
            ("subjects", Json::texts([*who])),
        ]))
    });
    let control = Json::Object(Vec::from([
        ("enabled", Json::Switch(true)),
        ("default_permission", Json::text("deny")),
        ("rules", Json::List(rules)),
        (
            "subjects",
            Json::List(subjects.keys().map(|who| subject(*who)).collect()),
        ),
        ("policies", Json::List(policies.collect())),
    ]));
    Json::Object(Vec::from([("access_control", control)])).document()
}

fn rule(id: &str, flow: &str, messages: &[&str], key: &str) -> Json {
    Json::Object(Vec::from([
        ("id", Json::text(id)),
        ("permission", Json::text("allow")),
        ("flows", Json::texts([flow])),
        ("messages", Json::texts(messages.iter().copied())),
        ("key_exprs", Json::texts([key])),
    ]))
}

fn subject((who, by_certificate): (&str, bool)) -> Json {
    let names = if by_certificate {
        "cert_common_names"
    } else {
        "usernames"
    };
    Json::Object(Vec::from([
        ("id", Json::text(who)),
        (names, Json::texts([who])),
    ]))
}
