//! The text that the server includes.

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::Permission;
use crate::compile::grant::Access;
use crate::compile::policy::{Contracts, Policy, joined};

type Subjects<'p> = Vec<(&'p str, &'p Contracts)>;

pub(super) fn write(policy: &Policy<Permission>) -> String {
    let mut users: BTreeMap<&str, [Subjects<'_>; 2]> = BTreeMap::new();
    for (permission, contracts) in &policy.allowed {
        let [publish, subscribe] = users.entry(&permission.user).or_default();
        let subjects = match permission.access {
            Access::Publish => publish,
            Access::Subscribe => subscribe,
        };
        subjects.push((&permission.subject, contracts));
    }
    let mut text = String::from("authorization {\n  users = [\n");
    for (user, [publish, subscribe]) in users {
        text += &format!("    {{\n      user = \"{user}\"\n      permissions = {{\n");
        text += &subjects("publish", &publish);
        text += &subjects("subscribe", &subscribe);
        text += "      }\n    }\n";
    }
    text + "  ]\n}\n"
}

/// Whoever is not told what it may do, may do everything; so that both are always said.
fn subjects(verb: &str, subjects: &Subjects<'_>) -> String {
    if subjects.is_empty() {
        return format!("        {verb} = {{ deny = \">\" }}\n");
    }
    let mut text = format!("        {verb} = {{\n          allow = [\n");
    for (subject, contracts) in subjects {
        text += &format!(
            "            # {}\n            \"{subject}\"\n",
            joined(contracts)
        );
    }
    text + "          ]\n        }\n"
}
