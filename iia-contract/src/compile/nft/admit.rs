//! Whether a ruleset lets a connection be opened; for connections that are open already.

use alloc::format;
use core::net::IpAddr;

use super::ruleset::{Map, Ruleset, Table};
use crate::scope::Net;
use crate::topology::L4;

/// A connection as the kernel tracks it, in the direction in which it was opened.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Opened<'a> {
    /// Who opened it.
    pub source: IpAddr,
    /// Who answers.
    pub destination: IpAddr,
    /// The transport.
    pub l4: L4,
    /// The port that answers.
    pub port: u16,
    /// The interface by which it came, where that is known: the kernel does not list it with a connection.
    pub from: Option<&'a str>,
    /// The interface by which it was sent on, where that is known and it was.
    pub to: Option<&'a str>,
}

impl Opened<'_> {
    /// Whether a map stands at the end of its way; any does at the end of one that is not known.
    fn comes_to(&self, map: &str) -> bool {
        let mut names = map.split('/');
        let is_way = names.next() == Some("way");
        let mut is = |known: Option<&str>| {
            let name = names.next();
            known.is_none_or(|known| name == Some(known))
        };
        is_way && is(self.from) && is(self.to)
    }

    /// Whether a rule for what is meant for the box itself is for its interface.
    fn is_met_by(&self, rule: &str) -> bool {
        let name = rule
            .strip_prefix("iifname \"")
            .and_then(|rest| rest.split_once('"'));
        let from = self
            .from
            .is_none_or(|from| name.is_some_and(|(name, _)| name == from));
        from && self.to.is_none()
    }
}

impl Ruleset {
    /// Whether some contract or service lets this connection be opened: on its way where its interfaces are known, and on
    /// any way where they are not.
    pub fn admits(&self, opened: &Opened<'_>) -> bool {
        let Opened {
            source,
            destination,
            l4,
            port,
            ..
        } = opened;
        let l4 = l4.name();
        let anybody = format!("{destination} . {l4} . {port}");
        let somebody = format!("{source} . {anybody}");
        self.tables.values().any(|table| {
            let mut maps = table.maps.iter().filter(|(name, _)| opened.comes_to(name));
            maps.any(|(_, map)| {
                has(map, &somebody) || has(map, &anybody) || within(map, *source, &anybody)
            }) || served(table, opened, &format!("{l4} . {port}"))
        })
    }
}

fn has(map: &Map, key: &str) -> bool {
    map.elements
        .get(key)
        .is_some_and(|element| element.verdict == "accept")
}

/// Whether some network that may come has this source in it.
fn within(map: &Map, source: IpAddr, rest: &str) -> bool {
    map.interval
        && map.elements.keys().any(|key| {
            let (network, to) = key.split_once(" . ").unwrap_or_default();
            to == rest && Net::parse(network).is_some_and(|net| net.contains(source))
        })
}

/// Whether a service of the cell is asked by somebody of that cell.
fn served(table: &Table, opened: &Opened<'_>, key: &str) -> bool {
    let Some(input) = table.chains.get("input") else {
        return false;
    };
    input.rules.iter().any(|rule| {
        let network = rule
            .text
            .split_once("saddr ")
            .and_then(|(_, rest)| rest.split(' ').next());
        let map = rule.text.split_once("vmap @").map(|(_, map)| map);
        let within = network
            .and_then(Net::parse)
            .is_some_and(|net| net.contains(opened.source));
        let elements = map.and_then(|map| table.maps.get(map));
        within && opened.is_met_by(&rule.text) && elements.is_some_and(|map| has(map, key))
    })
}
