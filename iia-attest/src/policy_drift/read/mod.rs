//! What the kernel has loaded, as `nft -j list ruleset` lists it, read by the observer itself.

mod device;
mod outline;

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

use serde_json::Value;

use self::device::Devices;
use self::outline::Outline;
use crate::policy_drift::packet::Hook;

/// Bytes of a listing at most.
pub const LISTING_LEN_MAX: usize = 64 * 1024 * 1024;

/// A listing that is none.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("what was read is no listing of nft, or longer than {LISTING_LEN_MAX} bytes")]
pub struct Unreadable;

/// Families whose chains see packets of IP.
const IP_FAMILIES: [&str; 3] = ["inet", "ip", "ip6"];

/// What is loaded.
#[derive(Clone, Debug, Default)]
pub(in crate::policy_drift) struct Loaded {
    /// By family and name, such as `inet iia`.
    pub(in crate::policy_drift) tables: BTreeMap<String, Table>,
    /// Devices from which nothing leaves.
    pub(in crate::policy_drift) silent: BTreeSet<String>,
    /// Devices at which the host hears nothing of what comes in, each with the chain that drops it.
    pub(in crate::policy_drift) deaf: BTreeMap<String, String>,
    devices: Devices,
    /// What is loaded and is not read here, in words.
    pub(in crate::policy_drift) unread: BTreeSet<String>,
}

#[derive(Clone, Debug, Default)]
pub(in crate::policy_drift) struct Table {
    pub(in crate::policy_drift) chains: BTreeMap<String, Chain>,
    pub(in crate::policy_drift) sets: BTreeMap<String, Lookup>,
}

#[derive(Clone, Debug, Default)]
pub(in crate::policy_drift) struct Chain {
    pub(in crate::policy_drift) base: Option<Base>,
    pub(in crate::policy_drift) rules: Vec<Rule>,
}

#[derive(Clone, Debug)]
pub(in crate::policy_drift) struct Base {
    pub(in crate::policy_drift) hook: Hook,
    pub(in crate::policy_drift) priority: i64,
    pub(in crate::policy_drift) drops: bool,
}

/// Statements, in order.
pub(in crate::policy_drift) type Rule = Vec<Value>;

/// A set or a map, whose elements are found by their words or, where they are ranges, one after the other.
#[derive(Clone, Debug, Default)]
pub(in crate::policy_drift) struct Lookup {
    /// What an element leads to; null in a set.
    pub(in crate::policy_drift) exact: BTreeMap<String, Value>,
    pub(in crate::policy_drift) wide: Vec<(Value, Value)>,
}

impl Loaded {
    pub(in crate::policy_drift) fn read(listing: &[u8], outline: &str) -> Result<Self, Unreadable> {
        if listing.len() > LISTING_LEN_MAX {
            return Err(Unreadable);
        }
        let listing: Value = serde_json::from_slice(listing).map_err(|_| Unreadable)?;
        let items = listing.get("nftables").and_then(Value::as_array);
        let mut loaded = Self::default();
        for item in items.ok_or(Unreadable)? {
            let one = item.as_object().and_then(|one| one.iter().next());
            let (kind, body) = one.ok_or(Unreadable)?;
            loaded.take(kind, body);
        }
        // A table that sleeps filters nothing.
        let outline = Outline::read(outline);
        loaded
            .tables
            .retain(|name, _| !outline.dormant.contains(name));
        let devices = core::mem::take(&mut loaded.devices);
        devices.settle(&outline, &mut loaded);
        Ok(loaded)
    }

    fn take(&mut self, kind: &str, body: &Value) {
        let of = if kind == "table" { "name" } else { "table" };
        let (family, table) = (word(body, "family"), word(body, of));
        let name = [family, table].join(" ");
        match (kind, family) {
            ("metainfo", _) => {}
            ("chain", "netdev") => self.devices.chain(body, &name),
            ("rule", "netdev") => self.devices.rule(body, &name),
            ("table", "netdev") => {}
            ("table", _) if IP_FAMILIES.contains(&family) => {
                self.tables.entry(name).or_default();
            }
            ("chain", _) if IP_FAMILIES.contains(&family) => self.chain(body, name),
            ("rule", _) if IP_FAMILIES.contains(&family) => {
                let rule = body.get("expr").and_then(Value::as_array);
                let chain = word(body, "chain").to_string();
                let chains = &mut self.tables.entry(name).or_default().chains;
                let chain = chains.entry(chain).or_default();
                chain.rules.push(rule.cloned().unwrap_or_default());
            }
            ("set" | "map", _) if IP_FAMILIES.contains(&family) => {
                let set = word(body, "name").to_string();
                let sets = &mut self.tables.entry(name).or_default().sets;
                sets.insert(set, Lookup::read(body));
            }
            ("counter" | "quota" | "ct helper" | "ct timeout", _) => {}
            _ => {
                self.unread.insert([kind, " of ", &name].concat());
            }
        }
    }

    fn chain(&mut self, body: &Value, table: String) {
        let name = word(body, "name").to_string();
        let hook = body.get("hook").and_then(Value::as_str);
        let known = Hook::ALL.into_iter().find(|one| hook == Some(one.name()));
        let filters = word(body, "type") == "filter";
        let base = known.filter(|_| filters).map(|hook| Base {
            hook,
            priority: body.get("prio").and_then(Value::as_i64).unwrap_or_default(),
            drops: word(body, "policy") == "drop",
        });
        if hook.is_some() && base.is_none() {
            let hook = hook.unwrap_or_default();
            self.unread
                .insert(["chain ", &name, " of ", &table, " at ", hook].concat());
        }
        let chains = &mut self.tables.entry(table).or_default().chains;
        chains.entry(name).or_default().base = base;
    }

    /// The base chains at a hook in the order in which the kernel asks them.
    pub(in crate::policy_drift) fn at(&self, hook: Hook) -> Vec<(&str, &Table, &str, &Chain)> {
        let tables = self.tables.iter();
        let mut chains: Vec<_> = tables
            .flat_map(|(table, body)| {
                let chains = body.chains.iter();
                chains.map(move |(name, chain)| (table.as_str(), body, name.as_str(), chain))
            })
            .filter(|(.., chain)| chain.base.as_ref().is_some_and(|base| base.hook == hook))
            .collect();
        let priority = |chain: &Chain| chain.base.as_ref().map(|base| base.priority);
        chains.sort_by_key(|(.., chain)| priority(chain));
        chains
    }
}

impl Lookup {
    fn read(body: &Value) -> Self {
        let elements = body.get("elem").and_then(Value::as_array);
        let mut lookup = Self::default();
        for element in elements.into_iter().flatten() {
            let (key, leads) = match element.as_array().map(Vec::as_slice) {
                Some([key, leads]) if body.get("map").is_some() => (key, leads.clone()),
                _ => (element, Value::Null),
            };
            lookup.add(key, leads);
        }
        lookup
    }

    /// Adds an element; its value is inside where it has a comment, a counter or a time.
    pub(in crate::policy_drift) fn add(&mut self, key: &Value, leads: Value) {
        let inner = key.get("elem").and_then(|elem| elem.get("val"));
        let key = inner.unwrap_or(key);
        // A name that ends in an asterisk stands for many.
        match exact(key).filter(|word| !word.ends_with('*')) {
            Some(word) => {
                self.exact.insert(word, leads);
            }
            None => self.wide.push((key.clone(), leads)),
        }
    }
}

/// The words of a value that is one value; nothing where it is a range, a network, or something else.
pub(in crate::policy_drift) fn exact(value: &Value) -> Option<String> {
    match value {
        Value::String(word) => Some(word.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Object(object) => {
            let parts = object.get("concat")?.as_array()?;
            let words: Option<Vec<String>> = parts.iter().map(exact).collect();
            Some(words?.join(" . "))
        }
        _ => None,
    }
}

pub(in crate::policy_drift) fn word<'a>(body: &'a Value, key: &str) -> &'a str {
    body.get(key).and_then(Value::as_str).unwrap_or_default()
}
