//! The catalog: every contract of a deployment, checked together.

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use crate::raw::{self, DEFECTS_MAX, Defect};
use crate::rules::{self, Found};
use crate::schema::CONTRACT;
use crate::scope::Contract;
use crate::tree::{Entry, Tree};
use crate::{clash, read, shape};

/// Contracts in a catalog at most (GRAMMAR section 3).
pub const CONTRACTS_MAX: usize = 65_535;

/// A checked catalog; contracts are in order of their ids, and of their versions under one id.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Catalog {
    contracts: Vec<Contract>,
    by_id: BTreeMap<String, u32>,
}

impl Catalog {
    /// Checks entries that were made by hand; see [`Catalog::of`].
    ///
    /// # Errors
    /// Every defect that rejects, and the warnings with them.
    pub fn check(entries: &[raw::Entry]) -> Result<(Self, Vec<Defect>), Vec<Defect>> {
        Self::of(&Tree::from(entries))
    }

    /// Checks the entries of kind `contract`, others are passed over; gives the catalog and its warnings.
    ///
    /// # Errors
    /// Every defect that rejects, and the warnings with them.
    pub fn of(tree: &Tree) -> Result<(Self, Vec<Defect>), Vec<Defect>> {
        Self::of_entries(tree.of_kind(CONTRACT.kind))
    }

    /// Checks contracts.
    ///
    /// # Errors
    /// Every defect that rejects, and the warnings with them.
    pub fn of_entries<'t>(
        contracts: impl Iterator<Item = Entry<'t>>,
    ) -> Result<(Self, Vec<Defect>), Vec<Defect>> {
        let mut found = Found::default();
        let mut entries: Vec<Entry<'_>> = contracts.collect();
        if !entries.is_sorted_by_key(|entry| (entry.name, entry.version)) {
            entries.sort_by_key(|entry| (entry.name, entry.version));
        }
        let mut catalog = Self {
            contracts: Vec::with_capacity(entries.len().min(CONTRACTS_MAX)),
            by_id: BTreeMap::new(),
        };
        let mut before = None;
        for entry in &entries {
            if found.defects.len() >= DEFECTS_MAX {
                break;
            }
            unique(entry, before.replace(*entry), &mut found);
            catalog.add(entry, &mut found);
        }
        clash::check(&entries, &mut found);
        let defects = found.defects;
        if defects.iter().any(|defect| defect.rejects) {
            return Err(defects);
        }
        catalog.index();
        Ok((catalog, defects))
    }

    fn add(&mut self, entry: &Entry<'_>, found: &mut Found) {
        let defects = shape::check(&CONTRACT, entry);
        if !defects.is_empty() {
            return found.defects.extend(defects);
        }
        rules::check(entry, found);
        if self.contracts.len() >= CONTRACTS_MAX {
            let message = format!("more than {CONTRACTS_MAX} contracts");
            return found.reject("C030", entry.head(), message, "split the catalog");
        }
        self.contracts.extend(read::contract(entry));
    }

    fn index(&mut self) {
        let ids = self.contracts.iter().map(|contract| contract.id.clone());
        self.by_id = ids.zip(0..).collect();
    }

    /// Every contract, in order of id; the position is the contract's index.
    pub fn contracts(&self) -> &[Contract] {
        &self.contracts
    }

    /// The newest contract with this id.
    pub fn by_id(&self, id: &str) -> Option<&Contract> {
        self.by_id
            .get(id)
            .and_then(|index| self.contracts.get(*index as usize))
    }

    /// Every version in force of the contract with this id, the newest first.
    pub fn versions<'c>(&'c self, id: &'c str) -> impl Iterator<Item = &'c Contract> {
        let last = self.by_id.get(id).map_or(0, |index| *index as usize + 1);
        let upto = self.contracts.get(..last).unwrap_or_default();
        upto.iter()
            .rev()
            .take_while(move |contract| contract.id == id)
    }

    /// The id of the contract at `index`; empty when there is none.
    pub fn name(&self, index: u32) -> &str {
        self.contracts
            .get(index as usize)
            .map_or("", |contract| contract.id.as_str())
    }
}

/// C030: one version of a major is in force at a time.
fn unique(entry: &Entry<'_>, before: Option<Entry<'_>>, found: &mut Found) {
    let major = |entry: &Entry<'_>| entry.version.map(|version| version.major);
    let again =
        before.is_some_and(|other| other.name == entry.name && major(&other) == major(entry));
    if again {
        let message = format!("contract {} stands twice", entry.name);
        let help = "one version of a major is in force at a time";
        found.reject("C030", entry.name_span(), message, help);
    }
}
