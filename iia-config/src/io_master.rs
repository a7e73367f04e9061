//! The IO masters of a configuration: who they are, with which key they sign, and how far their readings may lie from the
//! box's.

use iia_core::SpiffeId;
use iia_core::sign::PublicKey;

use crate::parse::Document;
use crate::trust::parse_key;

/// One IO master, as its `io_tolerance` says.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct IoMaster {
    /// The name by which device contracts call it (`via`).
    pub name: String,
    /// Who it is.
    pub observer: SpiffeId,
    /// How far two readings may lie apart where the contract does not say it, in millionths of the whole.
    pub tolerance_ppm: i64,
    /// How far two clocks may lie apart, in nanoseconds, where it is said.
    pub skew_ns: Option<i64>,
    /// Its own key. Without one nobody can believe it.
    pub key: Option<PublicKey>,
}

impl IoMaster {
    /// Those that a configuration names, in the order of the text.
    pub fn all(document: &Document) -> Vec<Self> {
        let entries = document.of_kind("io_tolerance");
        let read = |entry: iia_contract::tree::Entry<'_>| {
            let ratio = entry.field("tolerance")?.number(0)?.in_smallest() / 1_000_000;
            Some(Self {
                name: entry.name.to_owned(),
                observer: entry.text("observer").parse().ok()?,
                tolerance_ppm: i64::try_from(ratio).ok()?,
                skew_ns: entry.field("skew").and_then(|field| field.ns()),
                key: entry.field("key").and_then(|field| parse_key(field.text())),
            })
        };
        entries.filter_map(read).collect()
    }
}
