//! C017, C018, C071: who watches, apart from what is watched.

use hashbrown::HashSet;

use iia_contract::raw::Span;
use iia_contract::tree::Entry;
use iia_core::zone::Zone as Role;

use super::Ground;

/// C017: a box that cannot witness what it does is refused.
pub(super) fn exist(ground: &mut Ground<'_>) {
    let carries = ground
        .workloads
        .values()
        .any(|role| *role == Some(Role::DmzBus));
    if !carries {
        return;
    }
    for role in [Role::DmzAudit, Role::DmzAttest] {
        if !ground.workloads.values().any(|other| *other == Some(role)) {
            let help = "prevention is assumed to leak: an observer is required";
            ground.tell(
                "C017",
                Span::default(),
                format!("no zone has role {role}"),
                help,
            );
        }
    }
    let sounds = |entry: iia_contract::tree::Entry<'_>| {
        entry.text("kind") == "ids" && entry.field("alerts").is_some()
    };
    if !ground.of_kind("ruleset").any(sounds) {
        let help = "add a ruleset of kind ids with its observer and alerts";
        ground.tell(
            "C017",
            Span::default(),
            "no detection engine raises alerts",
            help,
        );
    }
    for entry in ground.of_kind("ruleset") {
        sinks(ground, &entry);
    }
}

/// The engine that this box is itself.
const OWN_ENGINE: &str = "iia_attest";
/// Fields of alert sinks that are paths.
const PATHS: [&str; 3] = ["journal_path", "relay_program", "relay_line"];

/// C017: what watches can alert, without anybody who has to ask (001:36, 001:322).
fn sinks(ground: &mut Ground<'_>, entry: &Entry<'_>) {
    let own = entry.text("kind") == "ids" && entry.text("engine") == OWN_ENGINE;
    let named = ["journal", "relay_program", "relay_line"];
    if own && named.iter().all(|key| entry.field(key).is_none()) {
        let message = format!("ruleset {} has no alert sink", entry.name);
        let help = "add `journal file`, or a relay: an observer that cannot alert is none";
        ground.tell("C017", entry.head(), message, help);
    }
    for field in PATHS.iter().filter_map(|key| entry.field(key)) {
        if !crate::alert::is_sound(field.text()) {
            let message = format!("`{}` leads elsewhere than it says", field.text());
            let help = "an absolute path, or one below the directory of the box, 100 bytes at most";
            ground.tell("C017", field.span(), message, help);
        }
    }
}

/// C018: the IO master sees with its own eyes and signs with its own key.
pub(super) fn io_master(ground: &mut Ground<'_>) {
    shared_nic(ground);
    let mut keys: HashSet<&str> = ground
        .of_kind("key")
        .chain(ground.of_kind("idp"))
        .flat_map(|entry| entry.every_field())
        .filter(|field| matches!(field.key, "public" | "key"))
        .map(|field| field.text())
        .collect();
    for entry in ground.of_kind("io_tolerance") {
        let observer = entry.text("observer");
        if ground.role(observer) != Some(Role::AcsIoMaster) {
            let message = format!("{observer} is no workload of a zone with role ot.acs.io_master");
            ground.tell(
                "C018",
                entry.head(),
                message,
                "the IO master has an identity of its own",
            );
        }
        if let Some(key) = entry
            .field("key")
            .filter(|field| !keys.insert(field.text()))
        {
            ground.tell(
                "C018",
                key.span(),
                "somebody else has the same key",
                "the IO master has a key of its own",
            );
        }
    }
}

/// The IO master captures on a NIC that nobody else captures on; VLANs of one NIC (`eth1.7`) are one NIC.
fn shared_nic(ground: &mut Ground<'_>) {
    let nic = |name: &str| name.split('.').next().unwrap_or_default().to_owned();
    let mut others = HashSet::new();
    let mut masters = Vec::new();
    for entry in ground.of_kind("interface") {
        for field in entry.fields("capture") {
            match ground.role(field.text()) {
                Some(Role::AcsIoMaster) => masters.push(entry),
                _ => drop(others.insert(nic(entry.name))),
            }
        }
    }
    for entry in masters {
        if others.contains(&nic(entry.name)) {
            let message = format!(
                "interface {} is shared by the IO master and another",
                entry.name
            );
            ground.tell(
                "C018",
                entry.head(),
                message,
                "the IO master has a tap of its own",
            );
        }
    }
}

/// C071: tolerances are more than nothing and less than everything, and who is named is there.
pub(super) fn tolerances(ground: &mut Ground<'_>) {
    for entry in ground.of_kind("io_tolerance") {
        let field = entry.field("tolerance");
        let ppm = field
            .and_then(|field| field.number(0))
            .map(|number| number.in_smallest() / 1_000_000);
        if !ppm.is_some_and(|ppm| ppm > 0 && ppm <= 1_000_000) {
            let span = field.map_or_else(|| entry.head(), |field| field.span());
            ground.tell(
                "C071",
                span,
                "a tolerance of nothing, or of more than everything",
                "more than 0, 100% at most",
            );
        }
    }
    for contract in ground.scope("device") {
        let Some(block) = contract
            .block("io_attestation")
            .filter(|block| block.is_on("enabled"))
        else {
            continue;
        };
        let Some(via) = block.field("via") else {
            continue;
        };
        if !ground
            .of_kind("io_tolerance")
            .any(|entry| entry.name == via.text())
        {
            let message = format!("there is no io_tolerance {}", via.text());
            ground.tell(
                "C071",
                via.span(),
                message,
                "add it with its observer and tolerance",
            );
        }
    }
}
