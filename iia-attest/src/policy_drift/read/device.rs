//! Chains of single devices, which see frames before the firewall does or after it: they may drop everything, and nothing
//! else.

use alloc::collections::BTreeMap;
use alloc::string::{String, ToString as _};

use serde_json::Value;

use super::{Loaded, Outline, word};

/// What a rule may do in a chain that drops: nothing else leads a frame elsewhere, or lets it through.
const HARMLESS: [&str; 5] = ["counter", "drop", "limit", "log", "match"];

/// By table and name.
#[derive(Clone, Debug, Default)]
pub(super) struct Devices(BTreeMap<(String, String), Chain>);

#[derive(Clone, Debug, Default)]
struct Chain {
    hook: String,
    drops: bool,
    /// Whether a rule does something else than drop.
    leaks: bool,
}

impl Devices {
    pub(super) fn chain(&mut self, body: &Value, table: &str) {
        let chain = self.of(table, word(body, "name"));
        chain.hook = word(body, "hook").to_string();
        chain.drops = word(body, "policy") == "drop";
    }

    pub(super) fn rule(&mut self, body: &Value, table: &str) {
        let statements = body.get("expr").and_then(Value::as_array);
        let keys = statements.into_iter().flatten().map(|one| {
            let first = one.as_object().and_then(|one| one.keys().next());
            first.map_or("", String::as_str)
        });
        let leaks = keys.into_iter().any(|key| !HARMLESS.contains(&key));
        self.of(table, word(body, "chain")).leaks |= leaks;
    }

    fn of(&mut self, table: &str, chain: &str) -> &mut Chain {
        let key = (table.to_string(), chain.to_string());
        self.0.entry(key).or_default()
    }

    /// Which devices are silent and deaf by them; what is neither is told as it is.
    pub(super) fn settle(self, outline: &Outline, loaded: &mut Loaded) {
        for ((table, name), chain) in self.0 {
            let words = ["chain ", &name, " of ", &table, " at ", &chain.hook].concat();
            let device = outline.devices.get(&(table, name));
            match (chain.drops && !chain.leaks, chain.hook.as_str(), device) {
                // A table that sleeps drops nothing.
                (_, _, Some(device)) if device.sleeps => {}
                (true, "egress", Some(device)) => drop(loaded.silent.insert(device.name.clone())),
                (true, "ingress", Some(device)) => {
                    loaded.deaf.insert(device.name.clone(), words);
                }
                _ => drop(loaded.unread.insert(words)),
            }
        }
    }
}
