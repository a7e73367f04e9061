//! What birth certificates say: which alias stands for which metric, and of what type each is (Sparkplug 3.0.0, 6.4.6).

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;

use super::proto::{Message, Wire};
use super::{Known, Names, Topic};

/// Edge nodes whose births are known at most; beyond it the one that was born first is forgotten.
pub const NODES_MAX: usize = 1024;
/// Bytes of all names that are known at most; beyond it the nodes that were born first are forgotten, and of the only
/// one left further metrics are not learnt.
pub const BIRTHS_LEN_MAX: usize = 8 * 1024 * 1024;
/// What a metric costs beside its name.
const METRIC_LEN: usize = 64;

/// What is known of all edge nodes.
#[derive(Debug, Default)]
pub struct Births {
    nodes: BTreeMap<String, Node>,
    born: u64,
    len: usize,
}

#[derive(Debug, Default)]
struct Node {
    born: u64,
    len: usize,
    /// Aliases are unique in an edge node and its devices (6.4.6).
    aliases: BTreeMap<u64, (Arc<str>, Option<u32>)>,
    /// Types by device and name.
    types: BTreeMap<String, u32>,
}

/// What names a metric in a payload.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Head<'a> {
    pub(super) name: Option<&'a str>,
    pub(super) alias: Option<u64>,
    pub(super) datatype: Option<u32>,
}

impl<'a> Head<'a> {
    fn of(metric: &'a [u8]) -> Self {
        let mut head = Self::default();
        for (number, wire) in Message::new(metric) {
            match (number, wire) {
                (1, Wire::Bytes(name)) => head.name = core::str::from_utf8(name).ok(),
                (2, Wire::Varint(alias)) => head.alias = Some(alias),
                (4, Wire::Varint(datatype)) => head.datatype = u32::try_from(datatype).ok(),
                _ => {}
            }
        }
        head
    }
}

/// The metrics of a payload.
fn metrics(payload: &[u8]) -> impl Iterator<Item = Head<'_>> {
    Message::new(payload).filter_map(|field| match field {
        (2, Wire::Bytes(metric)) => Some(Head::of(metric)),
        _ => None,
    })
}

/// What a name costs.
const fn cost(name: &str) -> usize {
    METRIC_LEN + name.len()
}

impl Node {
    /// Learns a metric; what the node costs now.
    fn learn(&mut self, topic: &Topic<'_>, name: &str, head: Head<'_>) -> usize {
        let mut len = self.len;
        if let Some(alias) = head.alias {
            let before = self.aliases.insert(alias, (name.into(), head.datatype));
            len = (len + cost(name)).saturating_sub(before.map_or(0, |(before, _)| cost(&before)));
        }
        if let Some(datatype) = head.datatype {
            let place = place_of(topic, name);
            let added = cost(&place);
            let before = self.types.insert(place, datatype);
            len += before.map_or(added, |_| 0);
        }
        len
    }
}

fn node_of(topic: &Topic<'_>) -> String {
    format!("{}/{}", topic.group, topic.edge_node)
}

fn place_of(topic: &Topic<'_>, name: &str) -> String {
    format!("{}/{name}", topic.device.unwrap_or_default())
}

impl Births {
    /// Learns from a birth certificate; passes whatever is none.
    pub fn learn(&mut self, topic: &str, payload: &[u8]) {
        let Some(topic) = Topic::parse(topic) else {
            return;
        };
        let id = node_of(&topic);
        match topic.kind {
            // Everything is said anew (6.4.3).
            "NBIRTH" => self.forget(&id),
            "DBIRTH" => {}
            _ => return,
        }
        self.born += 1;
        let mut node = self.nodes.remove(&id).unwrap_or_default();
        node.born = self.born;
        while self.nodes.len() >= NODES_MAX {
            self.forget_oldest();
        }
        for head in metrics(payload) {
            let Some(name) = head.name else { continue };
            let cost = 2 * cost(name) + topic.device.map_or(0, str::len) + 1;
            while self.len + cost > BIRTHS_LEN_MAX && !self.nodes.is_empty() {
                self.forget_oldest();
            }
            if self.len + cost > BIRTHS_LEN_MAX {
                break;
            }
            let grown = node.learn(&topic, name, head);
            self.len = (self.len + grown).saturating_sub(node.len);
            node.len = grown;
        }
        self.nodes.insert(id, node);
    }

    /// What is known of each metric of a payload that does not say it itself.
    pub fn names(&self, topic: &str, payload: &[u8]) -> Names {
        let Some(topic) = Topic::parse(topic) else {
            return Names::new();
        };
        let node = self.nodes.get(&node_of(&topic));
        let known = |head: Head<'_>| {
            let aliased = || node?.aliases.get(&head.alias?);
            match (head.name, head.datatype) {
                (None, _) => aliased().map_or_else(Known::default, |(name, datatype)| Known {
                    name: Some(name.clone()),
                    datatype: *datatype,
                }),
                (Some(name), None) => Known {
                    name: None,
                    datatype: node
                        .and_then(|node| node.types.get(&place_of(&topic, name)).copied()),
                },
                _ => Known::default(),
            }
        };
        metrics(payload).map(known).collect()
    }

    fn forget(&mut self, id: &str) {
        if let Some(node) = self.nodes.remove(id) {
            self.len = self.len.saturating_sub(node.len);
        }
    }

    fn forget_oldest(&mut self) {
        let oldest = self.nodes.iter().min_by_key(|(_, node)| node.born);
        let Some(id) = oldest.map(|(id, _)| id.clone()) else {
            return;
        };
        self.forget(&id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    /// A payload of one metric with this name, alias and type.
    fn birth(name: &str, alias: u8, datatype: u8) -> Vec<u8> {
        let mut metric = alloc::vec![0x0a, u8::try_from(name.len()).unwrap_or(0)];
        metric.extend_from_slice(name.as_bytes());
        metric.extend_from_slice(&[0x10, alias, 0x20, datatype]);
        let mut payload = alloc::vec![0x12, u8::try_from(metric.len()).unwrap_or(0)];
        payload.extend_from_slice(&metric);
        payload
    }

    fn name(births: &Births, topic: &str) -> Option<Arc<str>> {
        let names = births.names(topic, &[0x12, 2, 0x10, 7]);
        names.into_iter().next().and_then(|known| known.name)
    }

    #[test]
    fn an_alias_has_the_name_of_the_last_birth_and_only_at_its_node() {
        let mut births = Births::default();
        births.learn("spBv1.0/g/NDATA/e", &birth("no birth", 7, 3));
        assert_eq!(name(&births, "spBv1.0/g/NDATA/e"), None);
        births.learn("spBv1.0/g/NBIRTH/e", &birth("pressure", 7, 3));
        assert_eq!(
            name(&births, "spBv1.0/g/NDATA/e").as_deref(),
            Some("pressure")
        );
        assert_eq!(name(&births, "spBv1.0/g/NDATA/other"), None);
        births.learn("spBv1.0/g/DBIRTH/e/d", &birth("level", 8, 3));
        assert_eq!(
            name(&births, "spBv1.0/g/DDATA/e/d").as_deref(),
            Some("pressure")
        );
        births.learn("spBv1.0/g/NBIRTH/e", &birth("level", 8, 3));
        assert_eq!(name(&births, "spBv1.0/g/NDATA/e"), None);
    }

    #[test]
    fn births_without_end_stay_within_the_limits() {
        let mut births = Births::default();
        let long = "n".repeat(120);
        for node in 0..NODES_MAX + 50 {
            births.learn(&format!("spBv1.0/g/NBIRTH/{node}"), &birth(&long, 7, 3));
            assert!(births.nodes.len() <= NODES_MAX && births.len <= BIRTHS_LEN_MAX);
        }
        assert_eq!(name(&births, "spBv1.0/g/NDATA/0"), None);
        assert!(name(&births, "spBv1.0/g/NDATA/60").is_some());
        for metric in 0..(BIRTHS_LEN_MAX / 300 + 10) {
            let name = format!("{metric:0>120}");
            births.learn(
                "spBv1.0/g/DBIRTH/one/d",
                &birth(&name, (metric % 100) as u8, 3),
            );
            assert!(births.len <= BIRTHS_LEN_MAX);
        }
    }
}
