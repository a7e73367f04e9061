//! What the loaded policy would do with a packet: the kernel's own walk, over the listing.

use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use core::net::IpAddr;

use iia_contract::scope::Net;
use serde_json::Value;

use super::packet::Packet;
use super::read::{Chain, Loaded, Lookup, Rule, Table, exact, word};

/// Chains within chains at most; the kernel's own limit.
const DEPTH_MAX: usize = 16;

/// What becomes of a packet, and what decided it, in words.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Verdict {
    Passes(String),
    Dropped(String),
    /// The observer does not know what this statement does.
    Unclear(String),
}

/// Whether a statement is true of a packet; nothing where the observer cannot tell.
type Truth = Option<bool>;

/// Where a walk through a chain ends.
enum End {
    Accept(String),
    Drop(String),
    Unclear(String),
    /// Back to whoever led here, or to the policy of the base chain.
    Return,
}

/// What the policy does with the packet: every base chain at its hook must let it pass.
pub(super) fn verdict(loaded: &Loaded, packet: &Packet) -> Verdict {
    let mut passed = String::from("no chain filters there");
    for (table, body, name, chain) in loaded.at(packet.hook) {
        if table.starts_with("ip ") && !packet.source.is_ipv4()
            || table.starts_with("ip6 ") && packet.source.is_ipv4()
        {
            continue;
        }
        let walk = Walk {
            table,
            body,
            packet,
        };
        match walk.chain(name, chain, 0) {
            End::Accept(by) => passed = by,
            End::Drop(by) => return Verdict::Dropped(by),
            End::Unclear(by) => return Verdict::Unclear(by),
            End::Return => {
                let by = format!("the policy of chain {name} of {table}");
                match chain.base.as_ref().is_some_and(|base| base.drops) {
                    true => return Verdict::Dropped(by),
                    false => passed = by,
                }
            }
        }
    }
    Verdict::Passes(passed)
}

struct Walk<'a> {
    table: &'a str,
    body: &'a Table,
    packet: &'a Packet,
}

impl Walk<'_> {
    fn chain(&self, name: &str, chain: &Chain, depth: usize) -> End {
        if depth > DEPTH_MAX {
            return End::Unclear(format!("chains of {} lead to each other", self.table));
        }
        for (number, rule) in chain.rules.iter().enumerate() {
            let number = number + 1;
            let by = || format!("rule {number} of chain {name} of {}", self.table);
            match self.rule(rule, depth, &by) {
                Some(End::Return) => return End::Return,
                Some(end) => return end,
                None => {}
            }
        }
        End::Return
    }

    /// Where a rule ends the walk; nothing where it lets it go on.
    fn rule(&self, rule: &Rule, depth: usize, by: &dyn Fn() -> String) -> Option<End> {
        let mut is_sure = true;
        for statement in rule {
            let (kind, body) = statement.as_object()?.iter().next()?;
            match kind.as_str() {
                "match" => match self.holds(body) {
                    Some(true) => {}
                    Some(false) => return None,
                    None => is_sure = false,
                },
                "counter" | "log" | "comment" => {}
                _ => {
                    if !is_sure {
                        return Some(End::Unclear(by()));
                    }
                    return self.ends(kind, body, depth, by);
                }
            }
        }
        None
    }

    fn ends(&self, kind: &str, body: &Value, depth: usize, by: &dyn Fn() -> String) -> Option<End> {
        match kind {
            "accept" => Some(End::Accept(by())),
            "drop" | "reject" => Some(End::Drop(by())),
            "return" => Some(End::Return),
            "goto" => Some(self.to(word(body, "target"), depth)),
            "jump" => match self.to(word(body, "target"), depth) {
                End::Return => None,
                end => Some(end),
            },
            "vmap" => self.mapped(body, depth, by),
            _ => Some(End::Unclear(by())),
        }
    }

    fn to(&self, target: &str, depth: usize) -> End {
        match self.body.chains.get(target) {
            Some(chain) => self.chain(target, chain, depth + 1),
            None => End::Unclear(format!("chain {target} of {} is not listed", self.table)),
        }
    }

    /// A verdict map: what has no element goes on.
    fn mapped(&self, body: &Value, depth: usize, by: &dyn Fn() -> String) -> Option<End> {
        let leads = match self.look(body.get("key")?, body.get("data")?) {
            Ok(leads) => leads?,
            Err(()) => return Some(End::Unclear(by())),
        };
        let (kind, inner) = leads.as_object()?.iter().next()?;
        let key = self.words(body.get("key")?).unwrap_or_default();
        let at = || format!("element {} of {}", key.join(" . "), self.table);
        self.ends(kind, inner, depth, &at)
    }

    /// What a key leads to in a set or map; an error where the observer cannot tell.
    fn look(&self, key: &Value, data: &Value) -> Result<Option<Value>, ()> {
        // A packet that has no such field is in no set.
        let Some(words) = self.words(key) else {
            return if self.is_known(key) {
                Ok(None)
            } else {
                Err(())
            };
        };
        let made;
        let lookup = match data {
            Value::String(name) => {
                let name = name.strip_prefix('@').ok_or(())?;
                self.body.sets.get(name).ok_or(())?
            }
            other => {
                made = listed(other).ok_or(())?;
                &made
            }
        };
        if let Some(leads) = lookup.exact.get(&words.join(" . ")) {
            return Ok(Some(leads.clone()));
        }
        for (wide, leads) in &lookup.wide {
            if within(&words, wide).ok_or(())? {
                return Ok(Some(leads.clone()));
            }
        }
        Ok(None)
    }

    fn holds(&self, body: &Value) -> Truth {
        let (left, right) = (body.get("left")?, body.get("right")?);
        let found = self.is_in(left, right);
        match word(body, "op") {
            "==" | "in" => found,
            // A packet without the field is not different from anything: the kernel goes to the next rule.
            "!=" if self.words(left).is_none() && self.is_known(left) => Some(false),
            "!=" => found.map(|found| !found),
            _ => None,
        }
    }

    fn is_in(&self, left: &Value, right: &Value) -> Truth {
        let one;
        let right = match right {
            Value::String(name) if name.starts_with('@') => right,
            Value::Array(_) => {
                one = serde_json::json!({ "set": right });
                &one
            }
            Value::Object(object) if object.contains_key("set") => right,
            _ => {
                one = serde_json::json!({ "set": [right] });
                &one
            }
        };
        self.look(left, right).ok().map(|found| found.is_some())
    }

    /// The packet's own words for a key; nothing where it has no such field, or the observer does not know it.
    fn words(&self, key: &Value) -> Option<Vec<String>> {
        let (kind, body) = key.as_object()?.iter().next()?;
        let packet = self.packet;
        let name = |name: &String| (!name.is_empty()).then(|| name.clone());
        let word = match (kind.as_str(), field(kind, body)) {
            ("concat", _) => {
                let parts = body.as_array()?.iter().map(|part| self.words(part));
                return parts
                    .collect::<Option<Vec<_>>>()
                    .map(|parts| parts.concat());
            }
            ("meta", (_, "iifname")) => name(&packet.from),
            ("meta", (_, "oifname")) => name(&packet.to),
            ("meta", (_, "l4proto")) => Some(packet.l4.name().into()),
            ("meta", (_, "nfproto")) => {
                let family = if packet.source.is_ipv4() {
                    "ipv4"
                } else {
                    "ipv6"
                };
                Some(family.into())
            }
            // The first packet of a connection.
            ("ct", (_, "state")) => Some("new".into()),
            ("payload", ("ip" | "ip6", "saddr")) => self.addr(body, packet.source),
            ("payload", ("ip" | "ip6", "daddr")) => self.addr(body, packet.destination),
            ("payload", (l4, "sport")) => self.port(l4, packet.source_port),
            ("payload", (l4, "dport")) => self.port(l4, packet.port),
            _ => None,
        };
        word.map(|word| Vec::from([word]))
    }

    fn addr(&self, body: &Value, addr: IpAddr) -> Option<String> {
        let v4 = word(body, "protocol") == "ip";
        (v4 == addr.is_ipv4()).then(|| addr.to_string())
    }

    fn port(&self, l4: &str, port: u16) -> Option<String> {
        (l4 == "th" || l4 == self.packet.l4.name()).then(|| port.to_string())
    }

    /// Whether the observer knows this key, so that a packet without the field is a packet without the field.
    fn is_known(&self, key: &Value) -> bool {
        let Some((kind, body)) = key.as_object().and_then(|key| key.iter().next()) else {
            return false;
        };
        match (kind.as_str(), field(kind, body)) {
            ("concat", _) => {
                let parts = body.as_array();
                parts.is_some_and(|parts| parts.iter().all(|part| self.is_known(part)))
            }
            ("meta", (_, "iifname" | "oifname" | "l4proto" | "nfproto")) => true,
            ("payload", ("ip" | "ip6", "saddr" | "daddr")) => true,
            ("payload", ("th" | "tcp" | "udp" | "sctp", "sport" | "dport")) => true,
            // What only other transports have, and a packet of these does not.
            ("payload", ("icmp" | "icmpv6" | "arp", _)) => true,
            ("payload", ("tcp" | "udp" | "sctp", _)) => {
                field(kind, body).0 != self.packet.l4.name()
            }
            _ => false,
        }
    }
}

fn field<'a>(kind: &str, body: &'a Value) -> (&'a str, &'a str) {
    match kind {
        "payload" => (word(body, "protocol"), word(body, "field")),
        _ => ("", word(body, "key")),
    }
}

/// A set or map that stands in the rule itself.
fn listed(value: &Value) -> Option<Lookup> {
    let mut lookup = Lookup::default();
    for element in value.get("set")?.as_array()? {
        match element.as_array().map(Vec::as_slice) {
            Some([key, leads]) => lookup.add(key, leads.clone()),
            _ => lookup.add(element, Value::Null),
        }
    }
    Some(lookup)
}

/// Whether words are within a wide element; nothing where the observer cannot tell.
fn within(words: &[String], wide: &Value) -> Truth {
    if let Some(parts) = wide.get("concat").and_then(Value::as_array) {
        if parts.len() != words.len() {
            return Some(false);
        }
        let mut all = true;
        for (word, part) in words.iter().zip(parts) {
            all &= covers(word, part)?;
        }
        return Some(all);
    }
    covers(words.first()?, wide)
}

fn covers(word: &str, wide: &Value) -> Truth {
    if let Some(one) = exact(wide) {
        // A name that ends in an asterisk stands for all that begin so.
        return Some(match one.strip_suffix('*') {
            Some(begin) => word.starts_with(begin),
            None => one == word,
        });
    }
    if let Some(prefix) = wide.get("prefix") {
        let text = format!(
            "{}/{}",
            prefix.get("addr")?.as_str()?,
            prefix.get("len")?.as_u64()?
        );
        return Some(Net::parse(&text)?.contains(word.parse().ok()?));
    }
    let [from, to] = wide.get("range")?.as_array()?.as_slice() else {
        return None;
    };
    let (from, to) = (exact(from)?, exact(to)?);
    if let Ok(number) = word.parse::<u64>() {
        return Some((from.parse().ok()?..=to.parse().ok()?).contains(&number));
    }
    let addr = |text: &str| text.parse::<IpAddr>().ok();
    Some((addr(&from)?..=addr(&to)?).contains(&addr(word)?))
}
