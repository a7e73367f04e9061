//! The catalog: every contract of a deployment, checked together.

use alloc::format;
use alloc::vec::Vec;

use crate::raw::{self, DEFECTS_MAX, Defect};
use crate::read::{self, Ids};
use crate::rules::{self, Found};
use crate::schema::CONTRACT;
use crate::scope::Contract;
use crate::tree::{Entry, Tree};
use crate::{clash, shape};

/// Contracts in a catalog at most (GRAMMAR section 3).
pub const CONTRACTS_MAX: usize = 65_535;

/// A checked catalog; contracts are in order of their ids, and of their versions under one id.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Catalog {
    contracts: Vec<Contract>,
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
        Self::of_some(tree, &|_| true)
    }

    /// Checks those contracts of a document that `take` takes, by their position among its entries.
    ///
    /// # Errors
    /// Every defect that rejects, and the warnings with them.
    pub fn of_some(
        tree: &Tree,
        take: &dyn Fn(u32) -> bool,
    ) -> Result<(Self, Vec<Defect>), Vec<Defect>> {
        let contracts = Contracts::of(tree, take);
        let mut found = Found::default();
        let mut catalog = Self {
            contracts: Vec::with_capacity(contracts.len().min(CONTRACTS_MAX)),
        };
        let (mut ids, mut before) = (Ids::default(), None);
        for entry in contracts.iter() {
            if found.defects.len() >= DEFECTS_MAX {
                break;
            }
            unique(&entry, before.replace(entry), &mut found);
            catalog.add(&entry, &mut ids, &mut found);
        }
        clash::check(&contracts, &mut found);
        let defects = found.defects;
        match defects.iter().any(|defect| defect.rejects) {
            true => Err(defects),
            false => Ok((catalog, defects)),
        }
    }

    fn add<'t>(&mut self, entry: &Entry<'t>, ids: &mut Ids<'t>, found: &mut Found) {
        let defects = shape::check(&CONTRACT, entry);
        if !defects.is_empty() {
            return found.defects.extend(defects);
        }
        rules::check(entry, found);
        if self.contracts.len() >= CONTRACTS_MAX {
            let message = format!("more than {CONTRACTS_MAX} contracts");
            return found.reject("C030", entry.head(), message, "split the catalog");
        }
        self.contracts.extend(read::contract(entry, ids));
    }

    /// Every contract, in order of id; the position is the contract's index.
    pub fn contracts(&self) -> &[Contract] {
        &self.contracts
    }

    /// The newest contract with this id.
    pub fn by_id(&self, id: &str) -> Option<&Contract> {
        let found = self.upto(id).last();
        found.filter(|contract| contract.id == id)
    }

    /// Every contract whose id does not come behind this one.
    fn upto(&self, id: &str) -> &[Contract] {
        let last = self
            .contracts
            .partition_point(|contract| contract.id.as_str() <= id);
        self.contracts.get(..last).unwrap_or_default()
    }

    /// Every version in force of the contract with this id, the newest first.
    pub fn versions<'c>(&'c self, id: &'c str) -> impl Iterator<Item = &'c Contract> {
        self.upto(id)
            .iter()
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

/// The contracts of a document in order of id and version, by their positions.
pub(crate) struct Contracts<'t> {
    tree: &'t Tree,
    order: Vec<u32>,
}

impl<'t> Contracts<'t> {
    fn of(tree: &'t Tree, take: &dyn Fn(u32) -> bool) -> Self {
        let mine = tree.places_of(CONTRACT.kind).filter(|at| take(*at));
        let mut order: Vec<u32> = mine.collect();
        let key = |at: &u32| tree.entry(*at).map(|entry| (entry.name, entry.version));
        if !order.is_sorted_by_key(key) {
            order.sort_by_key(key);
        }
        Self { tree, order }
    }

    pub(crate) fn len(&self) -> usize {
        self.order.len()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = Entry<'t>> + '_ {
        self.order.iter().filter_map(|at| self.tree.entry(*at))
    }

    pub(crate) fn get(&self, index: u32) -> Option<Entry<'t>> {
        self.tree.entry(*self.order.get(index as usize)?)
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
