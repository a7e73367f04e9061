//! What the catalog says, and how it is found: the contract that covers, or the one that came nearest.

use super::Clause;

/// What the catalog says of an observation.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Verdict {
    /// A contract covers it; of several, the first in the catalog's order.
    Covered {
        /// The contract's index in the catalog.
        contract: u32,
        /// The clause of it that lists what was done.
        clause: Clause,
    },
    /// None does.
    Violation {
        /// The contract that came nearest to covering it; of several, the first in the catalog's order.
        nearest: Option<u32>,
        /// The clause of it that failed.
        clause: Clause,
    },
}

impl Verdict {
    /// Whether a contract covers it.
    pub const fn is_covered(&self) -> bool {
        matches!(self, Self::Covered { .. })
    }
}

/// What one contract says: the clause that covers, or the one that fails.
pub(super) type Says = Result<Clause, Clause>;

/// The best that any contract has said so far.
#[derive(Clone, Copy)]
pub(super) struct Best {
    covered: Option<(u32, Clause)>,
    nearest: Option<u32>,
    clause: Clause,
}

impl Best {
    /// Before anybody was asked: `clause` fails when nobody comes nearer.
    pub(super) const fn new(clause: Clause) -> Self {
        Self {
            covered: None,
            nearest: None,
            clause,
        }
    }

    /// Takes what a contract says.
    #[inline]
    pub(super) fn take(&mut self, contract: u32, says: Says) {
        match says {
            Ok(clause) => {
                if self.covered.is_none_or(|(before, _)| contract < before) {
                    self.covered = Some((contract, clause));
                }
            }
            Err(clause) => self.refuse(contract, clause),
        }
    }

    fn refuse(&mut self, contract: u32, clause: Clause) {
        let nearer = clause > self.clause;
        let first = clause == self.clause && self.nearest.is_none_or(|before| contract < before);
        if nearer || first {
            (self.nearest, self.clause) = (Some(contract), clause);
        }
    }

    /// Takes what a contract says, if there is one.
    pub(super) fn refuse_by(&mut self, contract: Option<u32>, clause: Clause) {
        if let Some(contract) = contract {
            self.refuse(contract, clause);
        }
    }

    /// Whether some contract covers.
    pub(super) const fn is_covered(&self) -> bool {
        self.covered.is_some()
    }

    /// The verdict.
    pub(super) const fn verdict(self) -> Verdict {
        match self.covered {
            Some((contract, clause)) => Verdict::Covered { contract, clause },
            None => Verdict::Violation {
                nearest: self.nearest,
                clause: self.clause,
            },
        }
    }
}
