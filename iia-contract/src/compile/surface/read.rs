//! From the JSON list back to its elements.

use alloc::string::{String, ToString as _};

use serde_json::Value;

use super::{End, Open};
use crate::compile::policy::{Policy, ReadError, json};

const WHAT: &str = "a surface list";

pub(super) fn read(loaded: &[u8]) -> Result<Policy<Open>, ReadError> {
    let list = json(loaded, WHAT)?;
    let items = list.get("surface").and_then(Value::as_array);
    let mut policy = Policy::default();
    for item in items.ok_or(ReadError::Malformed(WHAT))? {
        let contracts = texts(item, "contracts");
        match open(item) {
            Some(open) => policy.allowed.entry(open).or_default().extend(contracts),
            None => drop(policy.foreign.insert(item.to_string())),
        }
    }
    Ok(policy)
}

fn open(item: &Value) -> Option<Open> {
    let text = |key: &str| item.get(key)?.as_str().map(String::from);
    Some(Open {
        end: match text("end")?.as_str() {
            "listen" => End::Listen,
            "connect" => End::Connect,
            _ => return None,
        },
        place: text("place")?,
        who: text("who")?,
        zone: text("zone")?,
        side: text("side")?,
        interface: text("interface")?,
        peers: texts(item, "peers").collect(),
        declared: text("declared")?,
    })
}

fn texts<'v>(item: &'v Value, key: &str) -> impl Iterator<Item = String> + use<'v> {
    let items = item.get(key).and_then(Value::as_array);
    let texts = items.into_iter().flatten().filter_map(Value::as_str);
    texts.map(String::from)
}
