//! C053, C062, C063, C073: who answers, how they are reached, and what data is for.

use hashbrown::HashSet;

use iia_contract::schema::CONTACT_SCHEMES;
use iia_contract::tree::{Block, Entry};

use super::Ground;

/// C063: somebody is reached there.
pub(super) fn contacts(ground: &mut Ground<'_>) {
    for entry in ground.of_kind("party") {
        let Some(contact) = entry.field("contact") else {
            let message = format!("nothing says how {} is reached", entry.name);
            ground.tell(
                "C063",
                entry.head(),
                message,
                "add contact, such as oncall://site/ops",
            );
            continue;
        };
        let (scheme, rest) = contact.text().split_once("://").unwrap_or_default();
        if !CONTACT_SCHEMES.contains(&scheme) || rest.is_empty() {
            let message = format!("`{}` reaches nobody", contact.text());
            let help = format!("one of {}", CONTACT_SCHEMES.join(", "));
            ground.tell("C063", contact.span(), message, &help);
        }
    }
}

/// C062: whoever is accountable stands in the directory, on the right side.
pub(super) fn accountable(ground: &mut Ground<'_>) {
    let parties: HashSet<(&str, &str)> = ground
        .of_kind("party")
        .map(|entry| (entry.name, entry.text("side")))
        .collect();
    for contract in ground.scope("boundary") {
        for block in contract.blocks_of("raci") {
            for (key, side) in [
                ("acs_accountable", "acs"),
                ("upstream_accountable", "upstream"),
            ] {
                for field in block.fields(key) {
                    if !parties.contains(&(field.text(), side)) {
                        let message = format!("`{}` is no party of side {side}", field.text());
                        ground.tell(
                            "C062",
                            field.span(),
                            message,
                            "add it: party with its contact",
                        );
                    }
                }
            }
        }
    }
}

/// C053: whoever is called is somebody.
pub(super) fn on_call(ground: &mut Ground<'_>) {
    let contacts: HashSet<&str> = ground
        .of_kind("party")
        .map(|entry| entry.text("contact"))
        .collect();
    for contract in ground.scope("boundary") {
        let Some(block) = contract.named("upstream", "incident") else {
            continue;
        };
        for field in ["on_call", "escalation"]
            .into_iter()
            .filter_map(|key| block.field(key))
        {
            if !contacts.contains(field.text()) {
                let message = format!("`{}` is the contact of no party", field.text());
                ground.tell(
                    "C053",
                    field.span(),
                    message,
                    "add a party with this contact",
                );
            }
        }
    }
}

fn not_for_control(contract: &Entry<'_>) -> bool {
    let says = |block: Block<'_>| block.is_on("not_for_control");
    contract.block("use").is_some_and(says)
}

/// C073: what is never for control stays so for whoever takes it.
pub(super) fn never_control(ground: &mut Ground<'_>) {
    let never = |entry: &Entry<'_>| entry.text("classification") == "io_only_never_control";
    let devices = ground.scope("device");
    let streams = devices
        .filter(|entry| never(entry))
        .flat_map(|entry| entry.fields("stream"));
    let streams: Vec<&str> = streams.map(|field| field.text()).collect();
    if streams.is_empty() {
        return;
    }
    for contract in ground
        .scope("boundary")
        .filter(|entry| !not_for_control(entry))
    {
        let Some(inventory) = contract.block("inventory") else {
            continue;
        };
        let excluded = |stream: &str| {
            inventory
                .fields("exclude")
                .any(|out| within(stream, out.text()))
        };
        for field in inventory.fields("include") {
            let meets =
                |stream: &&&str| within(stream, field.text()) || within(field.text(), stream);
            if let Some(stream) = streams
                .iter()
                .filter(meets)
                .find(|stream| !excluded(stream))
            {
                let message = format!(
                    "`{}` exposes {stream}, which is never for control",
                    field.text()
                );
                ground.tell(
                    "C073",
                    field.span(),
                    message,
                    "add block use with not_for_control on",
                );
            }
        }
    }
}

/// Whether everything under one pattern is also under the other.
fn within(inner: &str, outer: &str) -> bool {
    let stem = |text: &'_ str| text.strip_suffix(".*").map(str::to_owned);
    match stem(outer) {
        Some(outer) => {
            let inner = inner.strip_suffix(".*").unwrap_or(inner);
            inner == outer
                || inner
                    .strip_prefix(outer.as_str())
                    .is_some_and(|rest| rest.starts_with('.'))
        }
        None => inner == outer,
    }
}
