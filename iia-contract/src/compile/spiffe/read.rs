//! From entries, as a file or as the issuer shows them, to what they register.

use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::{String, ToString as _};

use serde_json::Value;

use super::Registration;
use crate::compile::policy::{Policy, ReadError, json, parted};

const WHAT: &str = "registration entries";

/// Fields that a compiled entry has, and those that the issuer adds by itself.
const KNOWN: [&str; 12] = [
    "spiffe_id",
    "parent_id",
    "selectors",
    "federates_with",
    "x509_svid_ttl",
    "hint",
    "id",
    "entry_id",
    "revision_number",
    "created_at",
    "jwt_svid_ttl",
    "expires_at",
];

pub(super) fn read(loaded: &[u8]) -> Result<Policy<Registration>, ReadError> {
    let list = json(loaded, WHAT)?;
    let entries = list.get("entries").and_then(Value::as_array);
    let mut policy = Policy::default();
    for entry in entries.ok_or(ReadError::Malformed(WHAT))? {
        let Some(one) = registration(entry).filter(|_| is_plain(entry)) else {
            policy.foreign.insert(entry.to_string());
            continue;
        };
        let hint = entry
            .get("hint")
            .and_then(Value::as_str)
            .unwrap_or_default();
        policy.allowed.entry(one).or_default().extend(parted(hint));
    }
    Ok(policy)
}

/// Whether it asks for nothing else, such as `admin` or names of hosts.
fn is_plain(entry: &Value) -> bool {
    let empty = |value: &Value| match value {
        Value::Null => true,
        Value::Bool(on) => !on,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        _ => false,
    };
    let fields = entry.as_object().into_iter().flatten();
    fields
        .into_iter()
        .all(|(key, value)| KNOWN.contains(&key.as_str()) || empty(value))
}

fn registration(entry: &Value) -> Option<Registration> {
    let selector = |one: &Value| {
        let text = |key| one.get(key).and_then(Value::as_str);
        Some(format!("{}:{}", text("type")?, text("value")?))
    };
    let selectors = entry.get("selectors")?.as_array()?.iter().map(selector);
    let domains = entry
        .get("federates_with")
        .and_then(Value::as_array)
        .into_iter()
        .flatten();
    Some(Registration {
        id: id(entry.get("spiffe_id")?)?,
        parent: id(entry.get("parent_id")?)?,
        selectors: selectors.collect::<Option<BTreeSet<String>>>()?,
        federates_with: domains.map(domain).collect::<Option<_>>()?,
        ttl_secs: entry.get("x509_svid_ttl").map_or(Some(0), Value::as_u64)?,
    })
}

/// A SPIFFE ID as text, or as trust domain and path.
fn id(value: &Value) -> Option<String> {
    if let Some(text) = value.as_str() {
        return Some(text.to_string());
    }
    let text = |key| value.get(key).and_then(Value::as_str);
    Some(format!(
        "spiffe://{}{}",
        text("trust_domain")?,
        text("path")?
    ))
}

/// A trust domain, with or without its scheme.
fn domain(value: &Value) -> Option<String> {
    let text = value.as_str()?;
    let bare = text.strip_prefix("spiffe://").unwrap_or(text);
    Some(format!("spiffe://{bare}"))
}
