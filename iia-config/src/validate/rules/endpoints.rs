//! C002, C012, C025, C034: listeners are those that contracts ask for, no more and no fewer.

use std::rc::Rc;

use hashbrown::{HashMap, HashSet};

use iia_contract::schema::HTTP;
use iia_core::zone::{Side, Zone as Role};

use super::Ground;
use crate::validate::read;

/// C025: an endpoint says where.
pub(super) fn places(ground: &mut Ground<'_>) {
    for entry in ground.of_kind("endpoint") {
        if read::address(&entry).is_none() {
            let message = format!("endpoint {} does not say where", entry.name);
            let help = "either `listen tls/ADDRESS:PORT` or `connect tls/ADDRESS:PORT`";
            ground.tell("C025", entry.head(), message, help);
        }
    }
}

/// C025: whoever is contracted to be asked answers somewhere, and nobody else does.
// IIA 2: minimum surface.
pub(super) fn derived(ground: &mut Ground<'_>) {
    let mut asked: HashSet<&str> = HashSet::new();
    let listening: HashSet<&str> = ground
        .of_kind("endpoint")
        .filter(|entry| entry.field("listen").is_some())
        .map(|entry| entry.text("workload"))
        .collect();
    // Within the box whoever speaks first is asked nothing.
    let parties = Rc::clone(&ground.parties);
    for party in parties.iter().filter(|party| party.key != "source") {
        let id = party.id;
        asked.insert(id);
        let silent = party.key == "destination" && !listening.contains(id);
        if silent && ground.role(id).is_some() {
            let span = ground.contract_of(party).map(|contract| contract.head());
            let message = format!("nothing says where {id} answers");
            let help = "add an endpoint with `listen`";
            ground.tell("C025", span.unwrap_or_default(), message, help);
        }
    }
    for entry in ground.of_kind("endpoint") {
        let Some(listen) = entry.field("listen") else {
            continue;
        };
        // Services of a cell and the local UI are reached from outside the catalog; a tunnel has a rule of its own.
        let role = ground.role(entry.text("workload"));
        let apart = matches!(
            role,
            Some(Role::AcsNetservices | Role::MgmtUi | Role::ItTunnel)
        );
        if !apart && !asked.contains(entry.text("workload")) {
            let message = format!("no contract asks anything of {}", entry.text("workload"));
            ground.tell(
                "C025",
                listen.span(),
                message,
                "contract it, or take the endpoint out",
            );
        }
    }
}

/// C002: endpoints of the IT and ACS side speak no HTTP.
pub(super) fn http(ground: &mut Ground<'_>) {
    for entry in ground.of_kind("endpoint") {
        let Some(protocol) = entry.field("protocol") else {
            continue;
        };
        let side = ground.role(entry.text("workload")).map(Role::side);
        if side != Some(Side::Management) && HTTP.contains(&protocol.text()) {
            let message = format!("endpoint {} speaks {}", entry.name, protocol.text());
            ground.tell(
                "C002",
                protocol.span(),
                message,
                "only the local UI speaks HTTPS, on the management side",
            );
        }
    }
}

/// C034: as many ends as the contract says.
pub(super) fn cardinality(ground: &mut Ground<'_>) {
    let mut ends: HashMap<&str, usize> = HashMap::new();
    for entry in ground
        .of_kind("endpoint")
        .filter(|entry| entry.field("listen").is_some())
    {
        *ends.entry(entry.text("workload")).or_default() += 1;
    }
    for contract in ground.scope("internal") {
        let Some(field) = contract.field("cardinality") else {
            continue;
        };
        let count = ends.get(contract.text("destination")).copied().unwrap_or(0);
        let one = matches!(field.text(), "one_to_one" | "many_to_one");
        if one && count > 1 || !one && count == 1 {
            let message = format!(
                "{} with {count} places where the destination answers",
                field.text()
            );
            let help = match one {
                true => "one endpoint, or cardinality one_to_many",
                false => "several endpoints, or cardinality one_to_one",
            };
            ground.tell("C034", field.span(), message, help);
        }
    }
}

/// C012: a contract that nothing carries out.
pub(super) fn dead(ground: &mut Ground<'_>) {
    let conduits: HashSet<&str> = ground
        .of_kind("conduit")
        .flat_map(|entry| entry.fields("contract"))
        .map(|field| field.text())
        .collect();
    for contract in ground.scope("device") {
        if contract.field("collector").is_none() && !conduits.contains(contract.name) {
            let message = format!("nobody observes what contract {} allows", contract.name);
            ground.warn(
                "C012",
                contract.head(),
                message,
                "add collector, or name it in a conduit",
            );
        }
    }
}
