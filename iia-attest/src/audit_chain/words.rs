//! What is said, in words that name what was done.

use alloc::format;
use alloc::string::String;

use super::marks::Deed;

/// The clauses of this stream.
pub(super) mod clause {
    pub(crate) const TRUNCATED: &str = "truncated";
    pub(crate) const EDITED: &str = "edited";
    pub(crate) const REORDERED: &str = "reordered";
    pub(crate) const INSERTED: &str = "inserted";
    pub(crate) const REMOVED: &str = "removed";
    pub(crate) const ROLLED_BACK: &str = "rolled_back";
    pub(crate) const FORKED: &str = "forked";
    pub(crate) const SIGNATURE: &str = "signature";
    pub(crate) const EVIDENCE: &str = "evidence";
    pub(crate) const CADENCE: &str = "cadence";
    pub(crate) const CLOCK: &str = "clock";
    pub(crate) const OBSERVER: &str = "observer";
    pub(crate) const PROOF: &str = "proof";
}

/// Clause and words for what records show of a log whose every link holds: whoever did it could chain anew.
pub(super) fn deed(deed: Deed, seq: u64) -> (&'static str, String) {
    let anew = "and everything behind it was chained anew";
    match deed {
        Deed::Edited => (
            clause::EDITED,
            format!("record {seq} has another content than was first seen, {anew}"),
        ),
        Deed::Rewritten => (
            clause::EDITED,
            format!(
                "record {seq} says what it said and was written anew, with another time or behind another record, {anew}"
            ),
        ),
        Deed::Reordered(to) => (
            clause::REORDERED,
            format!("record {seq} stands at {to} now, {anew}"),
        ),
        Deed::Inserted => (
            clause::INSERTED,
            format!("a record was put in at {seq}, {anew}"),
        ),
        Deed::Removed(count) => (
            clause::REMOVED,
            format!("{count} records from {seq} on were taken out, {anew}"),
        ),
        Deed::Replaced => (
            clause::ROLLED_BACK,
            format!(
                "nothing that stood from record {seq} on is there any more: an older state of {seq} records was put back, \
                 and the log went on from it"
            ),
        ),
    }
}

pub(super) fn broken(seq: u64, why: &str) -> String {
    format!("record {seq} was changed where it lies: {why}")
}

pub(super) fn moved(seq: u64, stored: u64) -> String {
    format!("record {stored} lies where record {seq} belongs: records were moved")
}

pub(super) fn truncated(held: u64, stated: u64) -> String {
    format!("the log ends at {held} records and states {stated} itself: its end was cut off")
}

pub(super) fn rolled_back(held: u64, stated: u64, by: &str) -> String {
    format!(
        "the log ends at {held} records, of one piece, and {by} holds its head of {stated}: an older state was put back, \
         or the end was cut off together with its heads"
    )
}

pub(super) fn forked(size: u64, one: &str, other: &str) -> String {
    format!("the log signed two heads of {size} records: one {one} holds, another {other} has")
}

pub(super) fn parted((from, to): (u64, u64), by: &str) -> String {
    format!(
        "the log does not contain its head of {to} records that {by} holds: somewhere from record {from} on it was \
         written anew, and signed anew with its key"
    )
}

pub(super) fn other_root((from, to): (u64, u64), by: &str) -> String {
    format!(
        "records {from} to {last} are not those under the head of {to} records that {by} holds: written anew",
        last = to.saturating_sub(1)
    )
}

pub(super) fn late(name: &str, here: bool, seconds: i64) -> String {
    match here {
        true => format!(
            "the log {name} has shown no new head for {seconds} s, and one is due each minute"
        ),
        false => format!(
            "{name} has held no newer head for {seconds} s: what is written meanwhile nobody else has seen"
        ),
    }
}
