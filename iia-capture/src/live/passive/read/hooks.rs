//! What the kernel's firewall does with the frames of an interface, as its rules are listed in JSON (`nft -j list ruleset`).

use serde_json::Value;

/// Bytes of a listing at most.
pub const LISTING_LEN_MAX: usize = 16 * 1024 * 1024;

/// What becomes of frames at one hook of an interface.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Hook {
    /// Nobody looked.
    Unknown,
    /// Some may pass.
    Open,
    /// All are dropped.
    Shut,
}

/// What becomes of frames that leave through an interface, and of those that come in behind whoever observes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Hooks {
    /// On the way out.
    pub egress: Hook,
    /// On the way to the host's own protocols.
    pub ingress: Hook,
}

impl Hooks {
    /// Nobody looked.
    pub const UNKNOWN: Self = Self {
        egress: Hook::Unknown,
        ingress: Hook::Unknown,
    };

    /// Reads a listing. What it does not say for sure is open; what is no listing says nothing.
    pub fn read(listing: &[u8], interface: &str) -> Self {
        if listing.len() > LISTING_LEN_MAX {
            return Self::UNKNOWN;
        }
        let listing: Option<Value> = serde_json::from_slice(listing).ok();
        let Some(objects) = listing
            .as_ref()
            .and_then(|listing| listing.get("nftables")?.as_array())
        else {
            return Self::UNKNOWN;
        };
        let at = |hook| match objects
            .iter()
            .any(|object| shuts(object, objects, (hook, interface)))
        {
            true => Hook::Shut,
            false => Hook::Open,
        };
        Self {
            egress: at("egress"),
            ingress: at("ingress"),
        }
    }
}

/// Whether this object is a chain at the hook that drops everything.
fn shuts(object: &Value, objects: &[Value], (hook, interface): (&str, &str)) -> bool {
    let Some(chain) = object.get("chain") else {
        return false;
    };
    let is = |key: &str, value: &str| chain.get(key).and_then(Value::as_str) == Some(value);
    let here = is("family", "netdev") && is("type", "filter") && is("hook", hook);
    here && is("policy", "drop")
        && covers(chain.get("dev"), interface)
        && objects
            .iter()
            .filter_map(|object| object.get("rule"))
            .filter(|rule| belongs(rule, chain))
            .all(only_drops)
}

/// A chain names one interface or several.
fn covers(device: Option<&Value>, interface: &str) -> bool {
    match device {
        Some(Value::String(name)) => name == interface,
        Some(Value::Array(names)) => names.iter().any(|name| name == interface),
        _ => false,
    }
}

fn belongs(rule: &Value, chain: &Value) -> bool {
    let same = |here: &str, there: &str| rule.get(here) == chain.get(there);
    same("family", "family") && same("table", "table") && same("chain", "name")
}

/// Whether nothing in a rule lets a frame pass, copies it or sends it elsewhere.
fn only_drops(rule: &Value) -> bool {
    const HARMLESS: [&str; 5] = ["counter", "drop", "log", "match", "limit"];
    let Some(statements) = rule.get("expr").and_then(Value::as_array) else {
        return false;
    };
    let mut names = statements.iter().map(Value::as_object);
    names.all(|statement| {
        statement.is_some_and(|statement| {
            statement
                .keys()
                .all(|name| HARMLESS.contains(&name.as_str()))
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listing(chain: &str, rules: &[&str]) -> String {
        let rules: String = rules
            .iter()
            .map(|expr| {
                format!(
                    r#",{{"rule":{{"family":"netdev","table":"t","chain":"out","expr":[{expr}]}}}}"#
                )
            })
            .collect();
        format!(
            r#"{{"nftables":[{{"metainfo":{{}}}},{{"table":{{"family":"netdev","name":"t"}}}},{{"chain":{{{chain}}}}}{rules}]}}"#
        )
    }

    const CHAIN: &str = r#""family":"netdev","table":"t","name":"out","dev":"eth1","type":"filter","hook":"egress","prio":-500,"policy":"drop""#;

    #[test]
    fn a_chain_that_drops_everything_shuts_its_hook() {
        let good = [
            listing(CHAIN, &[]),
            listing(CHAIN, &[r#"{"counter":{"packets":1}},{"drop":null}"#]),
            listing(&CHAIN.replace(r#""eth1""#, r#"["eth0","eth1"]"#), &[]),
        ];
        for text in good {
            let hooks = Hooks::read(text.as_bytes(), "eth1");
            assert_eq!((hooks.egress, hooks.ingress), (Hook::Shut, Hook::Open));
        }
    }

    #[test]
    fn anything_that_could_pass_leaves_it_open() {
        let bad = [
            listing(&CHAIN.replace("\"drop\"", "\"accept\""), &[]),
            listing(&CHAIN.replace("eth1", "eth2"), &[]),
            listing(&CHAIN.replace("netdev", "inet"), &[]),
            listing(&CHAIN.replace("egress", "ingress"), &[]),
            listing(&CHAIN.replace(r#""policy":"drop""#, r#""x":1"#), &[]),
            listing(CHAIN, &[r#"{"accept":null}"#]),
            listing(CHAIN, &[r#"{"drop":null}"#, r#"{"fwd":{"dev":"eth1"}}"#]),
            listing(CHAIN, &[r#"{"dup":{"dev":"eth2"}}"#]),
            listing(CHAIN, &[r#"{"jump":{"target":"x"}}"#]),
            listing(CHAIN, &[r#"7"#]),
            r#"{"nftables":[]}"#.to_owned(),
        ];
        for text in bad {
            assert_eq!(
                Hooks::read(text.as_bytes(), "eth1").egress,
                Hook::Open,
                "{text}"
            );
        }
    }

    #[test]
    fn what_is_no_listing_says_nothing() {
        for text in ["", "{}", "[]", "nftables", r#"{"nftables":{}}"#] {
            assert_eq!(
                Hooks::read(text.as_bytes(), "eth1"),
                Hooks::UNKNOWN,
                "{text}"
            );
        }
        let long = vec![b' '; LISTING_LEN_MAX + 1];
        assert_eq!(Hooks::read(&long, "eth1"), Hooks::UNKNOWN);
    }
}
