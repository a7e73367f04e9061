//! Whether a host application is there: a STATE message, JSON since Sparkplug 3.0.0 (tck-id-host-topic-phid-birth-payload), one
//! word before it (2.2, 16.3).

use iia_core::observe::Value;
use serde_json::Value as Json;

use super::super::super::Fields;
use super::{NAMESPACE, value};

/// What a STATE message says.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct HostState {
    online: bool,
    /// Milliseconds since 1970.
    timestamp: Option<u64>,
}

/// The host application of a topic `spBv1.0/STATE/host`, or of version 2.2 `STATE/host`.
fn host(topic: &str) -> Option<&str> {
    let topic = topic.strip_prefix(NAMESPACE).unwrap_or(topic);
    let host = topic.strip_prefix("STATE/")?;
    (!host.is_empty() && !host.contains('/')).then_some(host)
}

impl HostState {
    /// Reads a message on a topic; `None` where it is no STATE, or breaks its rules.
    pub fn parse(topic: &str, payload: &[u8]) -> Option<Self> {
        host(topic)?;
        let word = |online| Self {
            online,
            timestamp: None,
        };
        match (payload, topic.starts_with(NAMESPACE)) {
            (b"ONLINE", false) => Some(word(true)),
            (b"OFFLINE", false) => Some(word(false)),
            (_, false) => None,
            (_, true) => {
                let json: Json = serde_json::from_slice(payload).ok()?;
                Some(Self {
                    online: json.get("online")?.as_bool()?,
                    timestamp: Some(json.get("timestamp")?.as_u64()?),
                })
            }
        }
    }

    /// Tells it.
    pub fn tell<'a>(&self, fields: &mut Fields<'a>, topic: &'a str) {
        let Some(host) = host(topic) else {
            return;
        };
        fields.add("iia.sparkplug.type", Value::Text("STATE"));
        fields.add("iia.sparkplug.host", Value::Text(host));
        fields.add("iia.sparkplug.online", Value::Bool(self.online));
        if let Some(timestamp) = self.timestamp {
            fields.add("iia.sparkplug.timestamp", value::time(timestamp));
        }
    }
}
