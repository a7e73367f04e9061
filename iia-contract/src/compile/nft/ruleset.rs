//! A ruleset as a value.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

use crate::catalog::Catalog;
use crate::compile::policy::{Drift, Target};
use crate::scope::Text;
use crate::topology::Topology;

/// The tables of the box, by family and name such as `inet iia`.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Ruleset {
    /// The tables.
    pub tables: BTreeMap<String, Table>,
    /// Tables beside them, by family and name: nobody's contract.
    pub others: BTreeSet<String>,
}

impl Target for Ruleset {
    fn compile(catalog: &Catalog, topology: &Topology) -> (Self, Vec<String>) {
        super::ruleset(catalog, topology)
    }

    fn write(&self) -> String {
        self.to_string()
    }

    /// Reads the compiler's own text, and everything else as `nft -j list ruleset` lists it.
    #[cfg(feature = "std")]
    fn read(loaded: &[u8]) -> Result<Self, crate::compile::policy::ReadError> {
        let text = crate::compile::policy::text(loaded, super::read::WHAT)?;
        Self::parse(text).map_or_else(|| super::read(loaded), Ok)
    }

    fn drift(&self, is: &Self) -> Vec<Drift> {
        super::drift(self, is)
    }
}

/// A table.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Table {
    /// Sets of interface names, by name.
    pub sets: BTreeMap<String, BTreeSet<String>>,
    /// Verdict maps, by name.
    pub maps: BTreeMap<String, Map>,
    /// Chains, by name.
    pub chains: BTreeMap<String, Chain>,
    /// What stands in the table and is nothing that the compiler ever writes, in nft's own words.
    pub foreign: Vec<String>,
}

/// A verdict map.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Map {
    /// The type of its keys.
    pub key_type: String,
    /// Whether a part of a key may be a network.
    pub interval: bool,
    /// Where each key leads.
    pub elements: BTreeMap<String, Element>,
}

/// What a key of a verdict map leads to.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Element {
    /// `accept`, or `goto CHAIN`.
    pub verdict: Text,
    /// The contracts that allow it.
    pub comment: String,
    /// Packets that took it, when the ruleset was read from a kernel.
    pub packets: u64,
}

/// A chain.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Chain {
    /// Where it hooks in; `None` for chains that others lead to.
    pub hook: Option<Hook>,
    /// Its rules, in order.
    pub rules: Vec<Rule>,
}

/// Where a base chain hooks in.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Hook {
    /// Such as `forward`.
    pub hook: String,
    /// The device of a netdev chain.
    pub device: Option<String>,
    /// Such as -10.
    pub priority: i64,
    /// Whether what no rule decides is dropped.
    pub drops: bool,
}

/// A rule.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Rule {
    /// Matches and statements, without counts.
    pub text: String,
    /// Why it stands there.
    pub comment: String,
    /// Packets that it counted, when it counts and was read from a kernel.
    pub packets: u64,
}

impl Rule {
    /// A rule without a comment.
    pub(super) fn new(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            ..Self::default()
        }
    }

    /// Says why.
    pub(super) fn because(mut self, comment: &str) -> Self {
        self.comment = comment.into();
        self
    }
}

impl Ruleset {
    /// The same without counts, which differ between any two readings.
    #[must_use]
    pub fn uncounted(mut self) -> Self {
        for table in self.tables.values_mut() {
            for map in table.maps.values_mut() {
                map.elements
                    .values_mut()
                    .for_each(|element| element.packets = 0);
            }
            for chain in table.chains.values_mut() {
                chain.rules.iter_mut().for_each(|rule| rule.packets = 0);
            }
        }
        self
    }

    /// Everything that is accepted by contract: map, key and element.
    pub fn accepted(&self) -> impl Iterator<Item = (&str, &str, &Element)> {
        let maps = self.tables.values().flat_map(|table| &table.maps);
        let elements = maps.flat_map(|(name, map)| {
            let elements = map.elements.iter();
            elements.map(move |(key, element)| (name.as_str(), key.as_str(), element))
        });
        elements.filter(|(_, _, element)| element.verdict == "accept")
    }
}
