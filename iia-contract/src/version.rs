//! What kind of change lies between two versions of a contract, and which version is due for it (001:241).

use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::cmp::Ordering;

use crate::tree::{Block, Entry, Field};

/// What kind of change it is.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Change {
    /// Nothing changes.
    None,
    /// Who agreed before still agrees: a minor version is due.
    Compatible,
    /// Somebody gets less, or something else: a major version is due. The field says where.
    Breaking(String),
}

impl Change {
    /// Where it breaks; empty when it does not.
    pub fn what(&self) -> &str {
        match self {
            Self::Breaking(what) => what,
            _ => "",
        }
    }
}

/// Fields that may change at will: people, contacts, dates and agreements.
const FREE: &[&str] = &[
    "contact",
    "on_call",
    "escalation",
    "published",
    "enabled",
    "deprecated",
    "acknowledged",
];
/// Blocks that may change at will.
const FREE_BLOCKS: &[&str] = &["raci"];
/// Limits of which more is looser: whoever kept the old one keeps the new one.
const ROOM: &[&str] = &[
    "rows",
    "rows_max",
    "queries",
    "timeout",
    "complexity_max",
    "payload_max",
    "max_size",
    "rate",
    "buffer_records",
    "buffer_age",
    "on_box",
    "buffer",
    "deprecation_overlap",
    "silence",
];
/// Promises of which less is tighter: whoever relied on the old one may rely on the new one.
const PROMISE: &[&str] = &[
    "lag_max",
    "head_period",
    "publisher_ttl",
    "query_latency_p99_max",
    "verify_every",
    "check_period",
];

/// Compares two versions of a contract.
pub fn change(old: &Entry<'_>, new: &Entry<'_>) -> Change {
    let mut found = Found::default();
    found.fields(
        "",
        &old.all().collect::<Vec<_>>(),
        &new.all().collect::<Vec<_>>(),
    );
    let blocks = |entry: &Entry<'_>| -> BTreeSet<(String, String)> {
        let names = entry
            .blocks()
            .map(|block| (block.key.into(), block.name.unwrap_or_default().into()));
        names.collect()
    };
    for (key, name) in blocks(old).union(&blocks(new)) {
        let same = |block: &Block<'_>| block.key == key && block.name.unwrap_or_default() == name;
        let (before, after) = (old.blocks().find(same), new.blocks().find(same));
        if FREE_BLOCKS.contains(&key.as_str()) {
            let text = |block: Option<Block<'_>>| block.map(|block| lines(&block));
            found.more |= text(before) != text(after);
            continue;
        }
        match (before, after) {
            (Some(before), Some(after)) => {
                let (before, after): (Vec<_>, Vec<_>) =
                    (before.all().collect(), after.all().collect());
                found.fields(key, &before, &after);
            }
            (Some(_), None) => found.breaks(format!("`{key} {name}` goes")),
            _ => found.more = true,
        }
    }
    match (found.breaking, found.more) {
        (Some(what), _) => Change::Breaking(what),
        (None, true) => Change::Compatible,
        (None, false) => Change::None,
    }
}

fn lines(block: &Block<'_>) -> Vec<String> {
    block.all().map(|field| field.line().into()).collect()
}

#[derive(Default)]
struct Found {
    breaking: Option<String>,
    more: bool,
}

impl Found {
    fn breaks(&mut self, what: String) {
        self.breaking.get_or_insert(what);
    }

    fn fields(&mut self, place: &str, old: &[Field<'_>], new: &[Field<'_>]) {
        let keys: BTreeSet<&str> = old.iter().chain(new).map(|field| field.key).collect();
        for key in keys {
            let of = |fields: &[Field<'_>]| -> BTreeSet<String> {
                let same = fields.iter().filter(|field| field.key == key);
                same.map(|field| field.line().into()).collect()
            };
            let (before, after) = (of(old), of(new));
            if before == after {
                continue;
            }
            if FREE.contains(&key)
                || before.is_subset(&after) && !(place.is_empty() && key == "exclude")
            {
                self.more = true;
                continue;
            }
            let first = |fields: &[Field<'_>]| {
                fields
                    .iter()
                    .find(|field| field.key == key)
                    .and_then(|field| field.number(0))
            };
            let order = first(old)
                .zip(first(new))
                .and_then(|(old, new)| new.order(old));
            let looser = ROOM.contains(&key) && order == Some(Ordering::Greater)
                || PROMISE.contains(&key) && order == Some(Ordering::Less);
            match looser {
                true => self.more = true,
                false if place.is_empty() => self.breaks(format!("`{key}`")),
                false => self.breaks(format!("`{key}` of `{place}`")),
            }
        }
    }
}

/// Obligations by block, name and key; `true` when more is a stronger one.
const OBLIGATIONS: &[(&str, &str, &str, bool)] = &[
    ("retention", "", "on_box", true),
    ("gap", "", "buffer", true),
    ("evolution", "", "deprecation_overlap", true),
    ("freshness", "", "lag_max", false),
    ("audit", "", "head_period", false),
    ("upstream", "connectivity", "bandwidth_min", true),
    ("upstream", "connectivity", "latency_p99_max", false),
    ("upstream", "connectivity", "uptime_min", true),
    ("upstream", "ack", "window_max", false),
    ("upstream", "query", "query_response_max", false),
    ("upstream", "incident", "response_max", false),
    ("upstream", "capacity", "sustained_rows", true),
    ("upstream", "audit", "verify_every", false),
    ("upstream", "auth", "rotation", false),
];

/// The first obligation that a new version loosens; nothing when all of them hold or grow.
pub fn loosened(old: &Entry<'_>, new: &Entry<'_>) -> Option<String> {
    let number = |entry: &Entry<'_>, block: &str, name: &str, key: &str| {
        let mut blocks = entry.blocks();
        let found =
            blocks.find(|other| other.key == block && other.name.unwrap_or_default() == name)?;
        found.field(key)?.number(0)
    };
    OBLIGATIONS.iter().find_map(|(block, name, key, more)| {
        let before = number(old, block, name, key)?;
        let weaker = match number(new, block, name, key) {
            None => true,
            Some(after) => match after.order(before) {
                Some(Ordering::Less) => *more,
                Some(Ordering::Greater) => !*more,
                Some(Ordering::Equal) => false,
                None => true,
            },
        };
        weaker.then(|| {
            format!(
                "`{key}` of `{block}{}{name}`",
                if name.is_empty() { "" } else { " " }
            )
        })
    })
}
