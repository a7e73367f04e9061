//! From what the northbound database answers to [`QUERY`](super::QUERY) to its ACLs.

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use serde_json::Value;

use super::text::CONTRACTS;
use super::{Acl, GROUP};
use crate::compile::policy::{Policy, ReadError, json, parted};

const WHAT: &str = "an answer of the northbound database";

pub(super) fn read(loaded: &[u8]) -> Result<Policy<Acl>, ReadError> {
    let answer = json(loaded, WHAT)?;
    let rows = |at: usize| answer.get(at)?.get("rows")?.as_array();
    let (Some(groups), Some(acls)) = (rows(0), rows(1)) else {
        return Err(ReadError::Malformed(WHAT));
    };
    let owners = owners(groups);
    let mut policy = Policy::default();
    for row in acls {
        let id = row.get("_uuid").and_then(uuid).unwrap_or_default();
        let mine = owners.get(id).into_iter().flatten();
        let mut owned = false;
        for group in mine.filter(|group| group.starts_with(GROUP)) {
            owned = true;
            let Some(acl) = acl(row, group) else {
                return Err(ReadError::Malformed(WHAT));
            };
            policy
                .allowed
                .entry(acl)
                .or_default()
                .extend(parted(contracts(row)));
        }
        if !owned {
            let text = |key| row.get(key).and_then(Value::as_str).unwrap_or_default();
            let (direction, action, matches) = (text("direction"), text("action"), text("match"));
            policy.foreign.insert(format!(
                "outside every zone: {direction} {action} {matches}"
            ));
        }
    }
    Ok(policy)
}

/// The groups that hold each ACL.
fn owners(groups: &[Value]) -> BTreeMap<&str, Vec<&str>> {
    let mut owners: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for group in groups {
        let name = group
            .get("name")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let Some(acls) = group.get("acls") else {
            continue;
        };
        // A set of one is written as its only member (RFC 7047, 5.1).
        let members = acls.get(1).and_then(Value::as_array).into_iter().flatten();
        for id in members.filter_map(uuid).chain(uuid(acls)) {
            owners.entry(id).or_default().push(name);
        }
    }
    owners
}

fn uuid(value: &Value) -> Option<&str> {
    let is_uuid = value.get(0)?.as_str()? == "uuid";
    value.get(1)?.as_str().filter(|_| is_uuid)
}

fn acl(row: &Value, group: &str) -> Option<Acl> {
    let text = |key| row.get(key)?.as_str().map(String::from);
    Some(Acl {
        group: group.into(),
        direction: text("direction")?,
        priority: row.get("priority")?.as_u64()?,
        matches: text("match")?,
        action: text("action")?,
    })
}

fn contracts(row: &Value) -> &str {
    let pairs = row
        .get("external_ids")
        .and_then(|map| map.get(1))
        .and_then(Value::as_array);
    let mut pairs = pairs.into_iter().flatten();
    let found = pairs.find(|pair| pair.get(0).and_then(Value::as_str) == Some(CONTRACTS));
    found
        .and_then(|pair| pair.get(1)?.as_str())
        .unwrap_or_default()
}
