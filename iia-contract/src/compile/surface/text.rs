//! The list as JSON.

use alloc::string::String;
use alloc::vec::Vec;

use super::Open;
use crate::compile::json::Json;
use crate::compile::policy::{Contracts, Policy};

pub(super) fn write(policy: &Policy<Open>) -> String {
    let items = policy
        .allowed
        .iter()
        .map(|(open, contracts)| item(open, contracts));
    Json::Object(Vec::from([("surface", Json::List(items.collect()))])).document()
}

fn item(open: &Open, contracts: &Contracts) -> Json {
    Json::Object(Vec::from([
        ("end", Json::text(open.end.name())),
        ("place", Json::text(open.place.as_str())),
        ("who", Json::text(open.who.as_str())),
        ("zone", Json::text(open.zone.as_str())),
        ("side", Json::text(open.side.as_str())),
        ("interface", Json::text(open.interface.as_str())),
        ("peers", Json::texts(open.peers.iter().cloned())),
        ("declared", Json::text(open.declared.as_str())),
        ("contracts", Json::texts(contracts.iter().cloned())),
    ]))
}
