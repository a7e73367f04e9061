//! C019, C020: what is claimed about the security level.

use iia_core::level::{SecurityLevel, Topology, claim as claims};
use iia_core::zone::Zone as Role;

use super::Ground;

/// C020: of the four levels, software alone never claims the fourth, for the box or for a zone.
pub(super) fn claim(ground: &mut Ground<'_>) {
    let topology = ground
        .of_kind("policy")
        .find_map(|policy| policy.field("topology"));
    let topology = match topology.map_or("", |field| field.text()) {
        "two_box_diode" => Topology::TwoBoxDiode,
        _ => Topology::SingleBox,
    };
    for kind in ["policy", "zone"] {
        for entry in ground.of_kind(kind) {
            let Some(target) = entry.field("sl_target") else {
                continue;
            };
            let (message, help) = match SecurityLevel::numbered(target.text()) {
                None => (
                    format!("there is no level {}", target.text()),
                    "1, 2, 3 or 4",
                ),
                Some(level) => match claims(level, topology) {
                    Ok(_) => continue,
                    Err(error) => (error.to_string(), "sl_target 3, or topology two_box_diode"),
                },
            };
            ground.tell("C020", target.span(), message, help);
        }
    }
}

/// C019: the half of a level 4 pair that faces the control network has no way back.
pub(super) fn acs_half(ground: &mut Ground<'_>) {
    let half = |policy: &iia_contract::tree::Entry<'_>| {
        policy.text("sl_target") == "4" && policy.text("half") == "acs"
    };
    if !ground.of_kind("policy").any(|policy| half(&policy)) {
        return;
    }
    for zone in ground.of_kind("zone") {
        let role: Option<Role> = zone.text("role").parse().ok();
        if matches!(role, Some(Role::ItTunnel | Role::MgmtUi | Role::ItApi)) {
            let message = format!("zone {} would be a way back", zone.name);
            ground.tell(
                "C019",
                zone.head(),
                message,
                "behind a diode there is no tunnel, no UI and no query",
            );
        }
    }
    let external: Vec<&str> = ground
        .of_kind("interface")
        .filter(|entry| entry.text("kind") == "it")
        .map(|entry| entry.name)
        .collect();
    for endpoint in ground.of_kind("endpoint") {
        let listen = endpoint
            .field("listen")
            .filter(|_| external.contains(&endpoint.text("interface")));
        if let Some(field) = listen {
            ground.tell(
                "C019",
                field.span(),
                "a listener on the IT side",
                "behind a diode nothing comes in",
            );
        }
    }
    for contract in ground.scope("boundary") {
        let Some(profile) = contract.block("profile") else {
            continue;
        };
        let endpoint = profile.field("endpoint");
        let acknowledged = endpoint.filter(|field| !field.text().starts_with("udp/"));
        if profile.text("kind") != "diode" || acknowledged.is_some() {
            let span = acknowledged.map_or_else(|| profile.head(), |field| field.span());
            let help = "kind diode, endpoint udp/…: what needs an answer cannot pass";
            ground.tell("C019", span, "a transport that waits for an answer", help);
        }
    }
}
