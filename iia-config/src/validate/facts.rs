//! What a box knows beside the document.

use std::collections::BTreeSet;
use std::sync::Arc;

use iia_core::Timestamp;
use iia_core::digest::Digest;

use crate::parse::Document;

/// What the box knows beside the document; what it does not know is not judged.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Facts {
    /// The box's name.
    pub box_name: String,
    /// Named sets of boxes that it belongs to.
    pub fleets: Vec<String>,
    /// What is applied: revision and digest.
    pub applied: Option<(u64, Digest)>,
    /// The newest manifest seen: its revision.
    pub manifest: Option<u64>,
    /// The time, when it can be trusted.
    pub now: Option<Timestamp>,
    /// The document that is applied.
    pub previous: Option<Arc<Document>>,
    /// Contracts under which somebody is connected.
    pub live: BTreeSet<String>,
    /// Whether warnings reject.
    pub strict: bool,
}

impl Facts {
    /// A box of this name that knows nothing else.
    pub fn of_box(box_name: impl Into<String>) -> Self {
        Self {
            box_name: box_name.into(),
            ..Self::default()
        }
    }
}
