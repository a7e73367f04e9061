//! From a router's configuration, as JSON, to what it lets whom do.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

use serde_json::Value;

use super::{KeyRight, ways};
use crate::compile::grant::Access;
use crate::compile::policy::{Contracts, Policy, ReadError, json, parted};

const WHAT: &str = "a configuration of a router";

/// One direction of a right: which, of whom.
type Half = (KeyRight, &'static str);

pub(super) fn read(loaded: &[u8]) -> Result<Policy<KeyRight>, ReadError> {
    let whole = json(loaded, WHAT)?;
    let control = whole
        .get("access_control")
        .ok_or(ReadError::Malformed(WHAT))?;
    let mut policy = Policy::default();
    for (key, due) in [
        ("enabled", Value::Bool(true)),
        ("default_permission", Value::from("deny")),
    ] {
        let is = control.get(key).unwrap_or(&Value::Null);
        if *is != due {
            policy
                .foreign
                .insert(format!("{key} is {is}, should be {due}"));
        }
    }
    let mut halves: BTreeMap<Half, Contracts> = BTreeMap::new();
    for item in items(control, "policies") {
        for id in items(item, "rules") {
            for subject in items(item, "subjects") {
                match half(control, id, subject) {
                    Some((half, contracts)) => halves.entry(half).or_default().extend(contracts),
                    None => drop(policy.foreign.insert(foreign(control, id, subject))),
                }
            }
        }
    }
    join(halves, &mut policy);
    Ok(policy)
}

/// A right needs each of its ways; half a right is none that the compiler writes.
fn join(halves: BTreeMap<Half, Contracts>, policy: &mut Policy<KeyRight>) {
    let rights: BTreeSet<&KeyRight> = halves.keys().map(|(right, _)| right).collect();
    for right in rights {
        let found = ways(right.access)
            .iter()
            .map(|(word, ..)| halves.get(&(right.clone(), *word)));
        let found: Vec<&Contracts> = found.flatten().collect();
        if found.len() == ways(right.access).len() {
            let known = policy.allowed.entry(right.clone()).or_default();
            known.extend(found.into_iter().flatten().cloned());
        } else {
            policy.foreign.insert(format!("half of: {right}"));
        }
    }
}

fn items<'v>(value: &'v Value, key: &str) -> impl Iterator<Item = &'v Value> + use<'v> {
    value
        .get(key)
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
}

fn named<'v>(control: &'v Value, list: &str, id: &Value) -> Option<&'v Value> {
    items(control, list).find(|item| item.get("id") == Some(id))
}

fn foreign(control: &Value, id: &Value, subject: &Value) -> String {
    let rule = named(control, "rules", id).map_or_else(|| id.to_string(), ToString::to_string);
    let subject = named(control, "subjects", subject).unwrap_or(subject);
    format!("{subject}: {rule}")
}

fn texts<'v>(value: &'v Value, key: &str) -> Vec<&'v str> {
    items(value, key).filter_map(Value::as_str).collect()
}

/// The half of a right that a rule of the compiler's own shape gives to a subject of its own shape.
fn half(control: &Value, id: &Value, subject: &Value) -> Option<(Half, Contracts)> {
    let (rule, subject) = (
        named(control, "rules", id)?,
        named(control, "subjects", subject)?,
    );
    let (who, by_certificate) = who(subject)?;
    let (keys, flows) = (texts(rule, "key_exprs"), texts(rule, "flows"));
    let ([key], [flow]) = (&keys[..], &flows[..]) else {
        return None;
    };
    let plain = rule.as_object()?.len() == 5 && rule.get("permission")?.as_str()? == "allow";
    let messages = texts(rule, "messages");
    let (_, said) = id.as_str()?.split_once(' ')?;
    let (word, contracts) = said.split_once(' ').unwrap_or((said, ""));
    let accesses = [Access::Publish, Access::Subscribe].into_iter();
    let mut all = accesses.flat_map(|access| ways(access).iter().map(move |way| (access, way)));
    let (access, (way, ..)) =
        all.find(|(_, way)| way.0 == word && way.1 == *flow && way.2 == messages)?;
    let right = KeyRight {
        who: who.into(),
        by_certificate,
        access,
        key: (*key).into(),
    };
    plain.then(|| ((right, *way), parted(contracts)))
}

/// A subject with exactly one name.
fn who(subject: &Value) -> Option<(&str, bool)> {
    let (users, names) = (
        texts(subject, "usernames"),
        texts(subject, "cert_common_names"),
    );
    match (&users[..], &names[..], subject.as_object()?.len()) {
        ([user], [], 2) => Some((user, false)),
        ([], [name], 2) => Some((name, true)),
        _ => None,
    }
}
