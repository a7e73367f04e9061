//! Sparkplug B (Sparkplug 3.0.0): what a plant's edge nodes and devices publish, on topics that say who and in payloads of
//! Protocol Buffers that say what.

mod births;
mod payload;
mod proto;
mod state;
mod value;

use alloc::sync::Arc;
use alloc::vec::Vec;

use iia_core::observe::Value;

use super::super::Fields;
pub use births::{BIRTHS_LEN_MAX, Births, NODES_MAX};
pub use payload::DEPTH_MAX;
pub use state::HostState;

/// What every topic begins with (Sparkplug 3.0.0, 4.1.1).
const NAMESPACE: &str = "spBv1.0/";

/// The types of messages (Sparkplug 3.0.0, 4.1.3).
const TYPES: [&str; 8] = [
    "NBIRTH", "NDEATH", "DBIRTH", "DDEATH", "NDATA", "DDATA", "NCMD", "DCMD",
];

/// Who says what, as the topic has it (Sparkplug 3.0.0, 4.1).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Topic<'a> {
    /// The group of edge nodes.
    pub group: &'a str,
    /// The type of the message.
    pub kind: &'a str,
    /// The edge node.
    pub edge_node: &'a str,
    /// The device behind it.
    pub device: Option<&'a str>,
}

impl<'a> Topic<'a> {
    /// Reads `spBv1.0/group/type/edge node/device`.
    pub fn parse(topic: &'a str) -> Option<Self> {
        let mut levels = topic.strip_prefix(NAMESPACE)?.split('/');
        let (group, kind, edge_node) = (levels.next()?, levels.next()?, levels.next()?);
        let device = levels.next();
        let of_device = kind.starts_with('D');
        let known = TYPES.contains(&kind) && of_device == device.is_some();
        (known && levels.next().is_none()).then_some(Self {
            group,
            kind,
            edge_node,
            device,
        })
    }

    fn tell(&self, fields: &mut Fields<'a>) {
        fields.add("iia.sparkplug.group", Value::Text(self.group));
        fields.add("iia.sparkplug.type", Value::Text(self.kind));
        fields.add("iia.sparkplug.edge_node", Value::Text(self.edge_node));
        if let Some(device) = self.device {
            fields.add("iia.sparkplug.device", Value::Text(device));
        }
    }
}

/// What births say about a metric that has only its alias, or lacks its type.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// Its name.
    pub name: Option<Arc<str>>,
    /// Its type.
    pub datatype: Option<u32>,
}

/// What births say about each metric of a payload, in order.
pub type Names = Vec<Known>;

/// Whether a topic is one of Sparkplug whose payload is not JSON.
pub fn is_topic(topic: &str) -> bool {
    Topic::parse(topic).is_some()
}

/// Tells a message: who, and each metric with its value. Whether it is one to its end.
pub fn tell<'a>(
    fields: &mut Fields<'a>,
    topic: &'a str,
    bytes: &'a [u8],
    names: &'a [Known],
) -> bool {
    let Some(topic) = Topic::parse(topic) else {
        return false;
    };
    topic.tell(fields);
    payload::tell(fields, bytes, names)
}
