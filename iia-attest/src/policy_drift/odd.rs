//! What the listing itself names: addresses, ports and interfaces, so that what was opened by hand is asked about.

use alloc::collections::BTreeSet;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use core::net::IpAddr;

use iia_contract::topology::L4;
use serde_json::Value;

use super::read::{Loaded, word};

/// Addresses, ports and interfaces that are asked about beside those of elements, each at most.
const ODD_MAX: usize = 64;

/// What an element names.
pub(super) struct Element {
    pub(super) source: Option<IpAddr>,
    pub(super) destination: IpAddr,
    pub(super) l4: L4,
    pub(super) port: u16,
}

/// What the listing names.
#[derive(Default)]
pub(super) struct Odd {
    /// Elements that stand for one connection.
    pub(super) elements: Vec<Element>,
    /// What rules and wide elements name.
    pub(super) addrs: BTreeSet<IpAddr>,
    pub(super) ports: BTreeSet<(L4, u16)>,
    pub(super) interfaces: BTreeSet<String>,
}

impl Odd {
    pub(super) fn read(loaded: &Loaded) -> Self {
        let mut odd = Self::default();
        for table in loaded.tables.values() {
            for lookup in table.sets.values() {
                let elements = lookup.exact.keys().filter_map(|key| element(key));
                odd.elements.extend(elements);
                lookup.wide.iter().for_each(|(key, _)| odd.take(key));
            }
            for rule in table.chains.values().flat_map(|chain| &chain.rules) {
                rule.iter().for_each(|statement| odd.rule(statement));
            }
        }
        odd
    }

    /// What a statement matches, and what its own sets and maps have.
    fn rule(&mut self, statement: &Value) {
        if let Some(body) = statement.get("match") {
            let right = body.get("right");
            let meta = body.get("left").and_then(|left| left.get("meta"));
            match meta.map(|meta| word(meta, "key")) {
                Some("iifname" | "oifname") => self.interface(right),
                _ => right.into_iter().for_each(|right| self.take(right)),
            }
        }
        let data = statement.get("vmap").and_then(|vmap| vmap.get("data"));
        data.into_iter().for_each(|data| self.take(data));
    }

    fn interface(&mut self, right: Option<&Value>) {
        let Some(name) = right.and_then(Value::as_str) else {
            return;
        };
        if !name.starts_with('@') && self.interfaces.len() < ODD_MAX {
            self.interfaces
                .insert(name.trim_end_matches('*').to_string());
        }
    }

    /// Addresses and ports, however deep: at most as deep as the parser of JSON goes.
    fn take(&mut self, value: &Value) {
        match value {
            Value::String(text) => {
                if let Ok(addr) = text.parse()
                    && self.addrs.len() < ODD_MAX
                {
                    self.addrs.insert(addr);
                }
            }
            Value::Number(number) => {
                let port = number
                    .as_u64()
                    .and_then(|number| u16::try_from(number).ok());
                for l4 in [L4::Tcp, L4::Udp] {
                    if let Some(port) = port
                        && self.ports.len() < ODD_MAX
                    {
                        self.ports.insert((l4, port));
                    }
                }
            }
            Value::Array(many) => many.iter().for_each(|one| self.take(one)),
            Value::Object(object) => object.values().for_each(|one| self.take(one)),
            Value::Null | Value::Bool(_) => {}
        }
    }
}

/// What the words of an element stand for, where they are addresses, a transport and a port.
fn element(key: &str) -> Option<Element> {
    let mut addrs: Vec<IpAddr> = Vec::new();
    let (mut l4, mut port) = (None, None);
    for word in key.split(" . ") {
        match (word.parse(), word.parse()) {
            (Ok(addr), _) => addrs.push(addr),
            (_, Ok(number)) => port = Some(number),
            _ => l4 = named(word),
        }
    }
    let destination = addrs.pop()?;
    Some(Element {
        source: addrs.pop(),
        destination,
        l4: l4.unwrap_or(L4::Tcp),
        port: port?,
    })
}

fn named(word: &str) -> Option<L4> {
    [L4::Tcp, L4::Udp, L4::Sctp]
        .into_iter()
        .find(|l4| l4.name() == word)
}
