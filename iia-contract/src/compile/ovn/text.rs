//! One transaction (RFC 7047, 4.1.3) that replaces the ACLs of every group.

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::Acl;
use crate::compile::json::Json;
use crate::compile::policy::{Contracts, Policy, joined};

/// Bytes of an ACL's name at most; the database's own limit.
const NAME_LEN_MAX: usize = 63;

pub(super) fn write(policy: &Policy<Acl>) -> String {
    let mut groups: BTreeMap<&str, Vec<Json>> = BTreeMap::new();
    let mut operations = Vec::from([Json::text("OVN_Northbound")]);
    for (number, (acl, contracts)) in policy.allowed.iter().enumerate() {
        let name = format!("acl{number}");
        operations.push(insert(acl, contracts, &name));
        let named = Json::texts(["named-uuid", &name]);
        groups.entry(&acl.group).or_default().push(named);
    }
    for (group, acls) in groups {
        operations.extend([there(group), replace(group, acls)]);
    }
    Json::List(operations).document()
}

fn insert(acl: &Acl, contracts: &Contracts, name: &str) -> Json {
    let mut row = Vec::from([
        ("action", Json::text(acl.action.as_str())),
        ("direction", Json::text(acl.direction.as_str())),
        ("match", Json::text(acl.matches.as_str())),
        ("priority", Json::Number(acl.priority)),
    ]);
    if let Some(first) = contracts.first() {
        row.push((
            "name",
            Json::Text(first.chars().take(NAME_LEN_MAX).collect()),
        ));
    }
    let ids = Json::List(Vec::from([Json::texts([CONTRACTS, &joined(contracts)])]));
    row.push((
        "external_ids",
        Json::List(Vec::from([Json::text("map"), ids])),
    ));
    Json::Object(Vec::from([
        ("op", Json::text("insert")),
        ("table", Json::text("ACL")),
        ("uuid-name", Json::text(name)),
        ("row", Json::Object(row)),
    ]))
}

/// The key under which an ACL says its contracts.
pub(super) const CONTRACTS: &str = "iia-contracts";

/// Fails the whole transaction when the group is not there: an ACL of nobody would be lost in silence.
fn there(group: &str) -> Json {
    let row = Json::Object(Vec::from([("name", Json::text(group))]));
    Json::Object(Vec::from([
        ("op", Json::text("wait")),
        ("timeout", Json::Number(0)),
        ("table", Json::text("Port_Group")),
        ("where", named(group)),
        ("columns", Json::texts(["name"])),
        ("until", Json::text("==")),
        ("rows", Json::List(Vec::from([row]))),
    ]))
}

fn replace(group: &str, acls: Vec<Json>) -> Json {
    let set = Json::List(Vec::from([Json::text("set"), Json::List(acls)]));
    Json::Object(Vec::from([
        ("op", Json::text("update")),
        ("table", Json::text("Port_Group")),
        ("where", named(group)),
        ("row", Json::Object(Vec::from([("acls", set)]))),
    ]))
}

fn named(group: &str) -> Json {
    Json::List(Vec::from([Json::texts(["name", "==", group])]))
}
