//! The catalog: every contract of a deployment, checked together.

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use crate::raw::{Defect, Entry};
use crate::schema::CONTRACT;
use crate::scope::Contract;
use crate::{read, shape};

/// Contracts in a catalog at most (GRAMMAR section 3).
pub const CONTRACTS_MAX: usize = 65_535;

/// A checked catalog; contracts are in order of their ids.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Catalog {
    contracts: Vec<Contract>,
    by_id: BTreeMap<String, u32>,
}

impl Catalog {
    /// Checks the entries of kind `contract`, others are passed over; gives the catalog and its warnings.
    ///
    /// # Errors
    /// Every defect that rejects, and the warnings with them.
    pub fn check(entries: &[Entry]) -> Result<(Self, Vec<Defect>), Vec<Defect>> {
        let mut defects = Vec::new();
        let mut catalog = Self::default();
        let mut contracts: Vec<&Entry> =
            entries.iter().filter(|e| e.kind == CONTRACT.kind).collect();
        contracts.sort_by(|left, right| left.name.cmp(&right.name));
        for entry in contracts {
            catalog.add(entry, &mut defects);
        }
        if defects.iter().any(|defect| defect.rejects) {
            Err(defects)
        } else {
            Ok((catalog, defects))
        }
    }

    fn add(&mut self, entry: &Entry, defects: &mut Vec<Defect>) {
        let mut found = shape::check(&CONTRACT, entry);
        if found.is_empty() {
            let (contract, more) = read::contract(entry);
            found = more;
            let fresh = !self.by_id.contains_key(&entry.name);
            match contract {
                Some(contract) if fresh && self.contracts.len() < CONTRACTS_MAX => {
                    let index = u32::try_from(self.contracts.len()).unwrap_or(u32::MAX);
                    self.by_id.insert(contract.id.clone(), index);
                    self.contracts.push(contract);
                }
                Some(_) => found.push(Defect {
                    rule: "C030",
                    rejects: true,
                    span: entry.span,
                    message: format!(
                        "contract {} stands twice, or there are too many",
                        entry.name
                    ),
                    help: "one version of a contract is in force at a time".into(),
                }),
                None => {}
            }
        }
        defects.append(&mut found);
    }

    /// Every contract, in order of id; the position is the contract's index.
    pub fn contracts(&self) -> &[Contract] {
        &self.contracts
    }

    /// The contract with this id.
    pub fn by_id(&self, id: &str) -> Option<&Contract> {
        self.by_id
            .get(id)
            .and_then(|index| self.contracts.get(*index as usize))
    }

    /// The id of the contract at `index`; empty when there is none.
    pub fn name(&self, index: u32) -> &str {
        self.contracts
            .get(index as usize)
            .map_or("", |contract| contract.id.as_str())
    }
}
