//! From a file of rules to the connections that raise no alert.

use alloc::borrow::ToOwned as _;
use alloc::collections::BTreeSet;
use alloc::string::String;

use super::Passed;
use super::text::{CONTRACTS, MARKS, REST};
use crate::compile::policy::{Contracts, Policy, ReadError, parted, text};

pub(super) fn read(loaded: &[u8]) -> Result<Policy<Passed>, ReadError> {
    let mut policy = Policy::default();
    let mut contracts = Contracts::new();
    let mut answers = BTreeSet::new();
    let mut rest = false;
    for line in text(loaded, "a file of rules")?.lines().map(str::trim) {
        if let Some(ids) = line.strip_prefix(CONTRACTS) {
            contracts = parted(ids);
        } else if line == REST {
            rest = true;
        } else if let Some((passed, asks)) = passed(line) {
            if asks {
                let known = policy.allowed.entry(passed).or_default();
                known.extend(contracts.iter().cloned());
            } else {
                answers.insert(passed);
            }
        } else if !line.is_empty() && !line.starts_with('#') {
            policy.foreign.insert(line.to_owned());
        }
    }
    let alone = answers
        .iter()
        .filter(|passed| !policy.allowed.contains_key(passed));
    let alone = alone.map(|passed| alloc::format!("only the answers of: {passed}"));
    policy.foreign.extend(alone);
    if !rest {
        policy
            .foreign
            .insert("no alert for what is not contracted".into());
    }
    Ok(policy)
}

/// What a rule of the compiler's own shape passes, and whether it is the way of the request.
fn passed(line: &str) -> Option<(Passed, bool)> {
    let (head, options) = line.split_once(" (msg:\"")?;
    let mut words = head.split(' ');
    if words.next()? != "alert" {
        return None;
    }
    let l4 = words.next()?.to_owned();
    let (from, from_port, arrow) = (words.next()?, words.next()?, words.next()?);
    let (to, to_port) = (words.next()?, words.next()?);
    if arrow != "->" || words.next().is_some() {
        return None;
    }
    let (_, options) = options.split_once("\"; ")?;
    let (does, rest) = options.split_once("; sid:")?;
    let flow = does.strip_suffix(MARKS)?.strip_suffix("; ")?;
    let plain = rest
        .strip_suffix("; rev:1;)")
        .is_some_and(|sid| sid.parse::<u64>().is_ok());
    let asks = flow == "flow:to_server";
    let ((source, any), (destination, port)) = match asks {
        true => ((from, from_port), (to, to_port)),
        false => ((to, to_port), (from, from_port)),
    };
    let passed = Passed {
        l4,
        source: String::from(source),
        destination: String::from(destination),
        port: port.parse().ok()?,
    };
    (plain && any == "any" && (asks || flow == "flow:to_client")).then_some((passed, asks))
}
