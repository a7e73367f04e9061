//! Whether a ruleset lets a connection be opened; for connections that are open already.

use alloc::format;
use core::net::IpAddr;

use super::ruleset::{Map, Ruleset, Table};
use crate::scope::Net;
use crate::topology::L4;

/// A connection as the kernel tracks it, in the direction in which it was opened.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Opened {
    /// Who opened it.
    pub source: IpAddr,
    /// Who answers.
    pub destination: IpAddr,
    /// The transport.
    pub l4: L4,
    /// The port that answers.
    pub port: u16,
}

impl Ruleset {
    /// Whether some contract or service lets this connection be opened.
    pub fn admits(&self, opened: &Opened) -> bool {
        let Opened {
            source,
            destination,
            l4,
            port,
        } = opened;
        let l4 = l4.name();
        let anybody = format!("{destination} . {l4} . {port}");
        let somebody = format!("{source} . {anybody}");
        self.tables.values().any(|table| {
            let mut maps = table.maps.values();
            maps.any(|map| {
                has(map, &somebody) || has(map, &anybody) || within(map, *source, &anybody)
            }) || served(table, *source, &format!("{l4} . {port}"))
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
fn served(table: &Table, source: IpAddr, key: &str) -> bool {
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
            .is_some_and(|net| net.contains(source));
        let elements = map.and_then(|map| table.maps.get(map));
        within && elements.is_some_and(|map| has(map, key))
    })
}
