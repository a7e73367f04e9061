//! What old versions of nft leave out of their JSON: tables that sleep, and the devices of chains.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::{String, ToString as _};

/// From the text of `nft -t list ruleset`.
#[derive(Clone, Debug, Default)]
pub(super) struct Outline {
    /// Tables that filter nothing, by family and name.
    pub(super) dormant: BTreeSet<String>,
    /// The devices of chains, by table and name of the chain.
    pub(super) devices: BTreeMap<(String, String), Device>,
}

/// What a chain is at.
#[derive(Clone, Debug)]
pub(super) struct Device {
    pub(super) name: String,
    /// Whether its table does.
    pub(super) sleeps: bool,
}

impl Outline {
    pub(super) fn read(text: &str) -> Self {
        let mut outline = Self::default();
        let (mut table, mut chain) = ("", "");
        for line in text.lines() {
            let words = line.trim();
            if let Some(name) = line.strip_prefix("table ") {
                table = name.trim_end_matches(" {");
            } else if let Some(flags) = words.strip_prefix("flags ") {
                // Sets have flags as well, one step further in.
                if line.starts_with("\tflags") && flags.contains("dormant") {
                    outline.dormant.insert(table.into());
                }
            } else if let Some(name) = line.strip_prefix("\tchain ") {
                chain = name.trim_end_matches(" {");
            } else if let Some(name) = device(words) {
                let sleeps = outline.dormant.contains(table);
                let device = Device { name, sleeps };
                let key = (table.to_string(), chain.to_string());
                outline.devices.insert(key, device);
            }
        }
        outline
    }
}

/// The device of a chain at one.
fn device(words: &str) -> Option<String> {
    let words = words.strip_prefix("type filter hook ")?;
    let (_, rest) = words.split_once(" device \"")?;
    let (device, _) = rest.split_once('"')?;
    Some(device.into())
}
