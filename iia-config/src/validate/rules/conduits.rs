//! C001, C011: what joins zones, and that it goes through the middle.

use hashbrown::HashMap;

use iia_contract::tree::Entry;
use iia_core::zone::Conduit;

use super::{Ground, parties};

/// C001: nothing joins the inbound and the outbound side without the DMZ, in either direction.
// IIA 4: all inter-zone traffic transits the internal DMZ.
pub(super) fn crossings(ground: &mut Ground<'_>) {
    let help = "go through ot.dmz.bus";
    for contract in ground.scope("internal") {
        let ends = (
            ground.role(contract.text("source")),
            ground.role(contract.text("destination")),
        );
        if let (Some(source), Some(destination)) = ends
            && Conduit::new(source, destination).is_err()
        {
            let message = format!(
                "contract {} joins {source} and {destination} past the DMZ",
                contract.name
            );
            ground.tell("C001", contract.head(), message, help);
        }
    }
    for conduit in ground.of_kind("conduit") {
        let role = |key: &str| {
            ground
                .zones
                .get(conduit.text(key))?
                .text("role")
                .parse()
                .ok()
        };
        if let (Some(from), Some(to)) = (role("from"), role("to"))
            && Conduit::new(from, to).is_err()
        {
            let message = format!(
                "conduit {} joins {from} and {to} past the DMZ",
                conduit.name
            );
            ground.tell("C001", conduit.head(), message, help);
        }
    }
}

/// C011: a conduit is there for contracts, whose ends lie in its zones.
pub(super) fn contracts(ground: &mut Ground<'_>) {
    let by_name: HashMap<&str, Entry<'_>> = match ground.of_kind("conduit").next() {
        Some(_) => ground
            .contracts()
            .map(|entry| (entry.name, entry))
            .collect(),
        None => return,
    };
    for conduit in ground.of_kind("conduit") {
        if conduit.field("contract").is_none() {
            let message = format!("conduit {} is there for nothing", conduit.name);
            ground.tell(
                "C011",
                conduit.head(),
                message,
                "name the contracts that use it",
            );
        }
        let zones = [conduit.text("from"), conduit.text("to")];
        for field in conduit.fields("contract") {
            let Some(contract) = by_name.get(field.text()) else {
                continue;
            };
            let own = parties(0, contract).filter_map(|party| ground.own(party.id));
            let elsewhere = own.map(|(zone, _)| zone).find(|zone| !zones.contains(zone));
            let backwards = contract.text("scope") == "internal"
                && ground
                    .own(contract.text("source"))
                    .is_some_and(|(zone, _)| zone != conduit.text("from"));
            if let Some(zone) = elsewhere {
                let message = format!("contract {} has an end in zone {zone}", field.text());
                ground.tell(
                    "C011",
                    field.span(),
                    message,
                    "a conduit carries contracts between its own zones",
                );
            } else if backwards {
                let message = format!("contract {} goes the other way", field.text());
                ground.tell(
                    "C011",
                    field.span(),
                    message,
                    "a conduit has one direction: from whoever speaks first",
                );
            }
        }
    }
}
