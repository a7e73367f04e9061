//! What old versions of nft leave out of their JSON: tables that sleep, and the devices of chains.

use alloc::collections::BTreeSet;
use alloc::string::String;

/// From the text of `nft -t list ruleset`.
#[derive(Clone, Debug, Default)]
pub(super) struct Outline {
    /// Tables that filter nothing, by family and name.
    pub(super) dormant: BTreeSet<String>,
    /// Devices at whose egress a chain drops whatever no rule of it accepts.
    pub(super) silent: BTreeSet<String>,
}

impl Outline {
    pub(super) fn read(text: &str) -> Self {
        let mut outline = Self::default();
        let mut table = "";
        for line in text.lines() {
            let words = line.trim();
            if let Some(name) = line.strip_prefix("table ") {
                table = name.trim_end_matches(" {");
            } else if let Some(flags) = words.strip_prefix("flags ") {
                // Sets have flags as well, one step further in.
                if line.starts_with("\tflags") && flags.contains("dormant") {
                    outline.dormant.insert(table.into());
                }
            } else if words.starts_with("type filter hook egress ") {
                outline.silent.extend(device(words));
            }
        }
        outline
    }
}

/// The device of a chain that drops.
fn device(words: &str) -> Option<String> {
    let (_, rest) = words.split_once("device \"")?;
    let (device, rest) = rest.split_once('"')?;
    rest.contains("policy drop").then(|| device.into())
}
