//! From `nft -j list ruleset` to the ruleset that a kernel really has.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use core::net::IpAddr;

use serde_json::Value;

use super::rules::DEVICE_CHAIN;
use super::ruleset::{Chain, Element, Hook, Map, Rule, Ruleset, Table};
use super::text::OWN;
use crate::compile::policy::{ReadError, json};

/// What a reader reads.
pub(super) const WHAT: &str = "a listing of nft";

/// Reads a listing. What the compiler never writes is kept in nft's own words, so that it shows as drift.
///
/// # Errors
/// [`ReadError`].
pub fn read(listing: &[u8]) -> Result<Ruleset, ReadError> {
    let listing = json(listing, WHAT)?;
    let items = listing.get("nftables").and_then(Value::as_array);
    let mut ruleset = Ruleset::default();
    for item in items.ok_or(ReadError::Malformed(WHAT))? {
        let one = item.as_object().and_then(|one| one.iter().next());
        let (kind, body) = one.ok_or(ReadError::Malformed(WHAT))?;
        take(&mut ruleset, kind, body);
    }
    Ok(ruleset)
}

fn take(ruleset: &mut Ruleset, kind: &str, body: &Value) {
    let of = if kind == "table" { "name" } else { "table" };
    let (family, table) = (word(body, "family"), word(body, of));
    if kind == "metainfo" {
        return;
    }
    let name = format!("{family} {table}");
    if !OWN.contains(&(family, table)) {
        ruleset.others.insert(name);
        return;
    }
    let table = ruleset.tables.entry(name).or_default();
    let known = match kind {
        "table" => body
            .as_object()
            .is_some_and(|table| table.keys().all(|key| PLAIN.contains(&key.as_str()))),
        "set" => set(table, body).is_some(),
        "map" => map(table, body).is_some(),
        "chain" => chain(table, body).is_some(),
        "rule" => rule(table, body).is_some(),
        _ => false,
    };
    if !known {
        table.foreign.push(format!("{kind} {}", unhandled(body)));
    }
}

/// Keys of a table that say nothing about what it allows; `flags dormant` does.
const PLAIN: [&str; 3] = ["family", "name", "handle"];

/// An object without its handle, which is another one each time.
fn unhandled(body: &Value) -> String {
    let mut body = body.clone();
    if let Some(object) = body.as_object_mut() {
        object.remove("handle");
    }
    body.to_string()
}

fn word<'a>(body: &'a Value, key: &str) -> &'a str {
    body.get(key).and_then(Value::as_str).unwrap_or_default()
}

fn only(body: &Value, keys: &[&str]) -> Option<()> {
    body.as_object()?
        .keys()
        .all(|key| keys.contains(&key.as_str()))
        .then_some(())
}

fn set(table: &mut Table, body: &Value) -> Option<()> {
    only(body, &["family", "name", "table", "type", "handle", "elem"])?;
    if word(body, "type") != "ifname" {
        return None;
    }
    let names = body
        .get("elem")
        .and_then(Value::as_array)
        .map_or(&[][..], Vec::as_slice);
    let names: Option<BTreeSet<String>> = names
        .iter()
        .map(|name| Some(name.as_str()?.to_string()))
        .collect();
    table.sets.insert(word(body, "name").into(), names?);
    Some(())
}

fn map(table: &mut Table, body: &Value) -> Option<()> {
    only(
        body,
        &[
            "family", "name", "table", "type", "handle", "map", "elem", "stmt", "flags",
        ],
    )?;
    if word(body, "map") != "verdict" {
        return None;
    }
    let key_type = match body.get("type")? {
        Value::String(one) => one.clone(),
        Value::Array(many) => {
            let parts: Option<Vec<&str>> = many.iter().map(Value::as_str).collect();
            parts?.join(" . ")
        }
        _ => return None,
    };
    let pairs = body
        .get("elem")
        .and_then(Value::as_array)
        .map_or(&[][..], Vec::as_slice);
    let elements: Option<BTreeMap<String, Element>> =
        pairs.iter().map(|pair| element(&key_type, pair)).collect();
    let interval = match body
        .get("flags")
        .and_then(Value::as_array)
        .map(Vec::as_slice)
    {
        None => false,
        Some([flag]) if flag == "interval" => true,
        Some(_) => return None,
    };
    let map = Map {
        key_type,
        interval,
        elements: elements?,
    };
    table.maps.insert(word(body, "name").into(), map);
    Some(())
}

fn element(key_type: &str, pair: &Value) -> Option<(String, Element)> {
    let [key, to] = pair.as_array()?.as_slice() else {
        return None;
    };
    let inner = key.get("elem");
    let comment = inner.map_or("", |inner| word(inner, "comment")).to_string();
    let counter = inner.and_then(|inner| inner.get("counter"));
    let key = inner.and_then(|inner| inner.get("val")).unwrap_or(key);
    let key = match key.get("concat").and_then(Value::as_array) {
        Some(parts) => {
            let parts: Option<Vec<String>> = parts.iter().map(part).collect();
            parts?.join(" . ")
        }
        None if key_type == "ifname" => format!("\"{}\"", key.as_str()?),
        None => part(key)?,
    };
    Some((
        key,
        Element {
            verdict: verdict(to)?.into(),
            comment,
            packets: packets(counter),
        },
    ))
}

/// A part of a key in the compiler's spelling, whatever names the machine has for numbers.
fn part(value: &Value) -> Option<String> {
    if value.get("prefix").is_some() {
        return values(value);
    }
    let text = scalar(value)?;
    Some(match text.as_str() {
        "6" => "tcp".into(),
        "17" => "udp".into(),
        "132" => "sctp".into(),
        _ => text.parse::<IpAddr>().map_or(text, |addr| addr.to_string()),
    })
}

fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn packets(counter: Option<&Value>) -> u64 {
    counter
        .and_then(|counter| counter.get("packets"))
        .and_then(Value::as_u64)
        .unwrap_or(0)
}

fn verdict(value: &Value) -> Option<String> {
    let (name, body) = value.as_object()?.iter().next()?;
    match (name.as_str(), body.get("target").and_then(Value::as_str)) {
        ("accept" | "drop" | "return", None) => Some(name.clone()),
        ("goto" | "jump", Some(target)) => Some(format!("{name} {target}")),
        _ => None,
    }
}

fn chain(table: &mut Table, body: &Value) -> Option<()> {
    only(
        body,
        &[
            "family", "name", "table", "handle", "type", "hook", "prio", "policy", "dev",
        ],
    )?;
    let hook = match body.get("hook") {
        None => None,
        Some(_) if word(body, "type") != "filter" => return None,
        Some(_) => Some(Hook {
            hook: word(body, "hook").into(),
            device: device(body),
            priority: body.get("prio")?.as_i64()?,
            drops: word(body, "policy") == "drop",
        }),
    };
    table.chains.insert(
        word(body, "name").into(),
        Chain {
            hook,
            rules: Vec::new(),
        },
    );
    Some(())
}

/// nft 1.0.6 does not list the device of an egress chain as JSON; the chain's own name tells it then.
fn device(body: &Value) -> Option<String> {
    match body.get("dev") {
        Some(Value::String(device)) => Some(device.clone()),
        Some(other) => Some(other.to_string()),
        None => word(body, "name")
            .strip_prefix(DEVICE_CHAIN)
            .map(Into::into),
    }
}

/// A rule of statements that the compiler knows; with any other it is foreign, and stays out of what can be loaded.
fn rule(table: &mut Table, body: &Value) -> Option<()> {
    let parts = body.get("expr")?.as_array()?;
    let texts: Option<Vec<String>> = parts.iter().map(statement).collect();
    let counter = parts.iter().find_map(|part| part.get("counter"));
    let rule = Rule {
        text: texts?.join(" "),
        comment: word(body, "comment").into(),
        packets: packets(counter),
    };
    let chain = table.chains.entry(word(body, "chain").into()).or_default();
    chain.rules.push(rule);
    Some(())
}

/// A statement in the compiler's spelling; `None` when the compiler never writes such a one.
fn statement(part: &Value) -> Option<String> {
    let (name, body) = part.as_object()?.iter().next()?;
    match name.as_str() {
        "match" => matches(body),
        "vmap" => Some(format!(
            "{} vmap {}",
            left(body.get("key")?)?,
            word(body, "data")
        )),
        "counter" => Some("counter".into()),
        "log" => {
            only(body, &["prefix", "group"])?;
            Some(format!(
                "log group {} prefix \"{}\"",
                body.get("group")?,
                word(body, "prefix")
            ))
        }
        _ => verdict(part),
    }
}

fn matches(body: &Value) -> Option<String> {
    let key = left(body.get("left")?)?;
    let negated = match word(body, "op") {
        "==" | "in" => "",
        "!=" => "!= ",
        _ => return None,
    };
    let quoted = matches!(key.as_str(), "iifname" | "oifname");
    let right = match body.get("right")? {
        Value::String(name) if quoted && !name.starts_with('@') => format!("\"{name}\""),
        right => values(right)?,
    };
    Some(format!("{key} {negated}{right}"))
}

fn values(right: &Value) -> Option<String> {
    if let Some(prefix) = right.get("prefix") {
        return Some(format!("{}/{}", word(prefix, "addr"), prefix.get("len")?));
    }
    if let Some(set) = right.get("set").and_then(Value::as_array) {
        let members: Option<Vec<String>> = set.iter().map(scalar).collect();
        return Some(format!("{{ {} }}", members?.join(", ")));
    }
    scalar(right)
}

fn left(value: &Value) -> Option<String> {
    let (name, body) = value.as_object()?.iter().next()?;
    match name.as_str() {
        "concat" => {
            let parts: Option<Vec<String>> = body.as_array()?.iter().map(left).collect();
            Some(parts?.join(" . "))
        }
        "meta" => Some(match word(body, "key") {
            key @ ("iifname" | "oifname") => key.into(),
            key => format!("meta {key}"),
        }),
        "payload" => Some(format!(
            "{} {}",
            word(body, "protocol"),
            word(body, "field")
        )),
        "ct" => Some(format!("ct {}", word(body, "key"))),
        _ => None,
    }
}
