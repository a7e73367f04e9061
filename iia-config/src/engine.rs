//! Detection engines that a configuration names, and which rules each of them reads.

use crate::parse::Document;

/// The engine that comes with the box: rules over what was said (`iia_capture::detect`).
pub const DETECT: &str = "iia_detect";
/// One engine of a configuration.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Engine {
    /// The name of its rules.
    pub name: String,
    /// Which engine reads them, such as [`DETECT`].
    pub engine: String,
    /// The workload that runs it.
    pub observer: String,
    /// What its rules must be, such as `sha256:…`; nothing where they come with it.
    pub digest: Option<String>,
}

impl Engine {
    /// Every engine that a configuration names.
    pub fn all(document: &Document) -> Vec<Self> {
        let engine = |entry: iia_contract::tree::Entry<'_>| Self {
            name: entry.name.into(),
            engine: entry.text("engine").into(),
            observer: entry.text("observer").into(),
            digest: entry.field("digest").map(|field| field.text().into()),
        };
        document.of_kind("ruleset").map(engine).collect()
    }
}
