//! The file of rules.

use alloc::format;
use alloc::string::String;

use super::{Passed, SID_FIRST};
use crate::compile::policy::{Contracts, Policy, joined};

/// What precedes the ids of the contracts of the next two rules.
pub(super) const CONTRACTS: &str = "# ";

/// What the rules of a contract do with a connection: it counts as contracted, and nothing is said. It is not passed, so
/// that rules beside these look at what is said in it.
pub(super) const MARKS: &str = "flowbits:set,iia.contracted; flowbits:noalert";

/// The rule for everything else: told once for each connection.
pub(super) const REST: &str = "alert ip any any -> any any (msg:\"iia not contracted\"; \
                               flowbits:isnotset,iia.contracted; flowbits:isnotset,iia.told; flowbits:set,iia.told; \
                               metadata:iia_clause parties; sid:1099999; rev:1;)";

pub(super) fn write(policy: &Policy<Passed>) -> String {
    let mut text = String::new();
    for ((passed, contracts), pair) in policy.allowed.iter().zip(0..) {
        let Passed {
            l4,
            source,
            destination,
            port,
        } = passed;
        let (message, sid) = (message(contracts), SID_FIRST + 2 * pair);
        text += &format!(
            "{CONTRACTS}{}\n\
             alert {l4} {source} any -> {destination} {port} (msg:\"{message}\"; flow:to_server; {MARKS}; sid:{sid}; rev:1;)\n\
             alert {l4} {destination} {port} -> {source} any (msg:\"{message}\"; flow:to_client; {MARKS}; sid:{}; rev:1;)\n",
            joined(contracts),
            sid + 1,
        );
    }
    text + REST + "\n"
}

/// The first contract, and how many there are beside it.
fn message(contracts: &Contracts) -> String {
    let first = contracts.first().map_or("", String::as_str);
    match contracts.len() {
        0 | 1 => first.into(),
        more => format!("{first} +{}", more - 1),
    }
}
