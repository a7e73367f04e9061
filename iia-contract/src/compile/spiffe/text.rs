//! The file of entries.

use alloc::string::String;
use alloc::vec::Vec;

use super::Registration;
use crate::compile::json::Json;
use crate::compile::policy::{Contracts, Policy, joined};

pub(super) fn write(policy: &Policy<Registration>) -> String {
    let entries = policy
        .allowed
        .iter()
        .map(|(one, contracts)| entry(one, contracts));
    Json::Object(Vec::from([("entries", Json::List(entries.collect()))])).document()
}

fn entry(one: &Registration, contracts: &Contracts) -> Json {
    let selector = |text: &String| {
        let (kind, value) = text.split_once(':').unwrap_or_default();
        Json::Object(Vec::from([
            ("type", Json::text(kind)),
            ("value", Json::text(value)),
        ]))
    };
    Json::Object(Vec::from([
        ("spiffe_id", Json::text(one.id.as_str())),
        ("parent_id", Json::text(one.parent.as_str())),
        (
            "selectors",
            Json::List(one.selectors.iter().map(selector).collect()),
        ),
        (
            "federates_with",
            Json::texts(one.federates_with.iter().cloned()),
        ),
        ("x509_svid_ttl", Json::Number(one.ttl_secs)),
        ("hint", Json::Text(joined(contracts))),
    ]))
}
