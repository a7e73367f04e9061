//! From an admission policy in JSON to what it lets run.

use alloc::format;
use alloc::string::{String, ToString as _};

use serde_json::Value;

use super::Admitted;
use crate::compile::policy::{Contracts, Policy, ReadError, json};

const WHAT: &str = "an admission policy";

pub(super) fn read(loaded: &[u8]) -> Result<Policy<Admitted>, ReadError> {
    let document = json(loaded, WHAT)?;
    let items = document.get("admitted").and_then(Value::as_array);
    let mut policy = Policy::default();
    match document.get("default") {
        Some(Value::String(default)) if default == "refuse" => {}
        Some(other) => drop(policy.foreign.insert(format!("default {other}"))),
        None => return Err(ReadError::Malformed(WHAT)),
    }
    for item in items.ok_or(ReadError::Malformed(WHAT))? {
        let text = |key: &str| item.get(key).and_then(Value::as_str).map(String::from);
        let (Some(workload), Some(digest)) = (text("workload"), text("digest")) else {
            policy.foreign.insert(item.to_string());
            continue;
        };
        let contracts = item
            .get("contracts")
            .and_then(Value::as_array)
            .into_iter()
            .flatten();
        let contracts: Contracts = contracts
            .filter_map(Value::as_str)
            .map(String::from)
            .collect();
        let admitted = Admitted { workload, digest };
        policy
            .allowed
            .entry(admitted)
            .or_default()
            .extend(contracts);
    }
    Ok(policy)
}
