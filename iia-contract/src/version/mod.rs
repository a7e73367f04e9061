//! What kind of change lies between two versions of a contract, and which version is due for it (001:241).

mod compare;
pub mod effect;
pub mod history;

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::cmp::Ordering;

use crate::raw::Version;
use crate::tree::{Entry, Field};
use compare::Fields;
use effect::effect;

pub use history::History;

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

/// A field that says something else than before.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Difference {
    /// Where: its key, and the block that it stands in.
    pub place: String,
    /// Whether somebody gets less, or something else.
    pub breaks: bool,
}

/// Every field that differs between two versions of a contract, those of the contract itself first.
pub fn differences(old: &Entry<'_>, new: &Entry<'_>) -> Vec<Difference> {
    let (before, after) = (fields(old), fields(new));
    let places: BTreeSet<&Place<'_>> = before.keys().chain(after.keys()).collect();
    let differ = |place: &Place<'_>| {
        let (before, after) = (of(&before, place), of(&after, place));
        let (block, name, key) = *place;
        let effect = effect(block, key);
        if compare::are_same(effect, before, after) {
            return None;
        }
        let breaks = compare::breaks(effect, before, after);
        Some(Difference {
            place: words(block, name, key),
            breaks,
        })
    };
    places.into_iter().filter_map(differ).collect()
}

/// Block, its name, key.
type Place<'t> = (&'t str, &'t str, &'t str);

fn of<'a, 't>(all: &'a BTreeMap<Place<'t>, Vec<Field<'t>>>, place: &Place<'t>) -> Fields<'a, 't> {
    all.get(place).map_or(&[], Vec::as_slice)
}

/// Every field, also those in blocks; a block that is not there has none.
fn fields<'t>(entry: &Entry<'t>) -> BTreeMap<Place<'t>, Vec<Field<'t>>> {
    let mut all = BTreeMap::<_, Vec<_>>::new();
    let mut add = |block, name, field: Field<'t>| {
        all.entry((block, name, field.key)).or_default().push(field);
    };
    entry.all().for_each(|field| add("", "", field));
    for block in entry.blocks() {
        let name = block.name.unwrap_or_default();
        block.all().for_each(|field| add(block.key, name, field));
    }
    all
}

fn words(block: &str, name: &str, key: &str) -> String {
    match (block.is_empty(), name.is_empty()) {
        (true, _) => format!("`{key}`"),
        (false, true) => format!("`{key}` of `{block}`"),
        (false, false) => format!("`{key}` of `{block} {name}`"),
    }
}

/// Compares two versions of a contract.
pub fn change(old: &Entry<'_>, new: &Entry<'_>) -> Change {
    let differences = differences(old, new);
    if differences.is_empty() {
        return Change::None;
    }
    let breaking = differences.into_iter().find(|one| one.breaks);
    breaking.map_or(Change::Compatible, |one| Change::Breaking(one.place))
}

/// A contract's step from one version to another.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Step {
    /// The version before.
    pub before: Version,
    /// The version after.
    pub after: Version,
    /// What kind of change it is.
    pub change: Change,
}

/// What is wrong with a step.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Fault {
    /// The version decreases.
    Back,
    /// One version says two things.
    Again,
    /// The version does not say that somebody gets less.
    HidesBreak,
    /// The version does not say that more is said.
    HidesMore,
}

impl Step {
    /// The step between two contracts of one id.
    pub fn between(old: &Entry<'_>, new: &Entry<'_>) -> Self {
        let version = |entry: &Entry<'_>| entry.version.unwrap_or(Version::NONE);
        Self {
            before: version(old),
            after: version(new),
            change: change(old, new),
        }
    }

    /// The lowest version that says what kind of change it is.
    pub fn due(&self) -> Version {
        let before = self.before;
        match &self.change {
            Change::None => before,
            Change::Compatible => Version {
                minor: before.minor.saturating_add(1),
                patch: 0,
                ..before
            },
            Change::Breaking(_) => Version {
                major: before.major.saturating_add(1),
                ..Version::NONE
            },
        }
    }

    /// What is wrong with it; nothing when the version says what kind of change it is.
    pub fn fault(&self) -> Option<Fault> {
        if self.after < self.before {
            return Some(Fault::Back);
        }
        if self.after >= self.due() {
            return None;
        }
        match &self.change {
            _ if self.after == self.before => Some(Fault::Again),
            Change::Breaking(_) => Some(Fault::HidesBreak),
            _ => Some(Fault::HidesMore),
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
