//! From an ACL file to what it allows, as the broker reads it.

use alloc::borrow::ToOwned as _;
use alloc::format;
use alloc::string::String;

use super::Right;
use super::text::CONTRACTS;
use crate::compile::grant::Access;
use crate::compile::policy::{Contracts, Policy, ReadError, parted, text};
use crate::scope::TopicFilter;

pub(super) fn read(loaded: &[u8]) -> Result<Policy<Right>, ReadError> {
    let mut policy = Policy::default();
    let mut user: Option<String> = None;
    let mut contracts = Contracts::new();
    for line in text(loaded, "an ACL file")?.lines() {
        let line = line.trim();
        if line.is_empty() {
            continue;
        }
        if let Some(ids) = line.strip_prefix(CONTRACTS) {
            contracts = parted(ids);
            continue;
        }
        let (key, rest) = line.split_once(' ').unwrap_or((line, ""));
        match key {
            "user" => user = Some(rest.trim_start().to_owned()),
            "topic" => rights(&mut policy, user.as_deref(), rest, &contracts),
            _ if line.starts_with('#') => {}
            _ => drop(policy.foreign.insert(line.to_owned())),
        }
        contracts.clear();
    }
    Ok(policy)
}

/// One line `topic [read|write|readwrite|deny] FILTER`; without a user it is everybody's who has none.
fn rights(policy: &mut Policy<Right>, user: Option<&str>, said: &str, contracts: &Contracts) {
    let said = said.trim_start();
    let (access, filter) = match said.split_once(' ') {
        Some(("read", filter)) => (&[Access::Subscribe][..], filter),
        Some(("write", filter)) => (&[Access::Publish][..], filter),
        Some(("readwrite", filter)) => (&[Access::Publish, Access::Subscribe][..], filter),
        Some(("deny", _)) => (&[][..], ""),
        _ => (&[Access::Publish, Access::Subscribe][..], said),
    };
    let (Some(user), Some(filter)) = (user, TopicFilter::parse(filter.trim())) else {
        let who = user.map_or_else(|| "anonymous".to_owned(), |user| format!("user {user}"));
        policy.foreign.insert(format!("{who}: topic {said}"));
        return;
    };
    for access in access {
        let right = Right {
            user: user.to_owned(),
            access: *access,
            filter: filter.clone(),
        };
        policy
            .allowed
            .entry(right)
            .or_default()
            .extend(contracts.iter().cloned());
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;

    #[test]
    fn a_denial_allows_nothing_and_is_told() {
        let policy = read(b"user a\ntopic deny b\ntopic read c\n").unwrap();
        let told: Vec<&String> = policy.foreign.iter().collect();
        assert_eq!(told, ["user a: topic deny b"]);
        let allowed: Vec<String> = policy.allowed.keys().map(ToString::to_string).collect();
        assert_eq!(allowed, ["a may subscribe to c"]);
    }
}
