//! Who answers for a finding, as the boundary contracts of the catalog say it (001:258-274).

use alloc::string::String;
use alloc::vec::Vec;

use iia_contract::answer::{Named, Raci};
use iia_core::finding::{Conclusion, Finding};
use iia_core::stream::Stream;

/// Roles that are named with a finding at most.
pub const NAMED_MAX: usize = 4;

/// One role on the hook.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Accountable {
    /// The role.
    pub role: String,
    /// The path on which it is reached; empty where the catalog has none.
    pub contact: String,
}

/// The catalog's answers, event by event.
#[derive(Clone, Debug, Default)]
pub struct Answers(Vec<Raci>);

impl Answers {
    /// From the rows of every event ([`Raci::of`]).
    pub const fn new(rows: Vec<Raci>) -> Self {
        Self(rows)
    }

    /// Who is accountable on the box's own side: under the contract that a finding names, or else under any. Each role is
    /// named once, and [`NAMED_MAX`] of them at most.
    pub fn of(&self, finding: &Finding) -> Vec<Accountable> {
        let event = raci_event(finding);
        let rows = || {
            let occurs = |row: &&Raci| row.event == event && row.not_applicable.is_empty();
            self.0.iter().filter(occurs)
        };
        let of_contract = || rows().filter(|row| row.contract == finding.contract);
        let named: Vec<&Named> = match of_contract().next() {
            Some(_) => of_contract().flat_map(|row| &row.accountable.acs).collect(),
            None => rows().flat_map(|row| &row.accountable.acs).collect(),
        };
        let mut all: Vec<Accountable> = Vec::new();
        for Named { role, contact } in named {
            if all.len() < NAMED_MAX && all.iter().all(|known| known.role != *role) {
                let (role, contact) = (role.clone(), contact.clone());
                all.push(Accountable { role, contact });
            }
        }
        all
    }
}

/// For which event of the responsibility matrix a finding counts.
pub fn raci_event(finding: &Finding) -> &'static str {
    let is = |stream: &Stream| finding.is_on(stream);
    let missing = finding.conclusion == Conclusion::Missing;
    match finding.clause.as_str() {
        super::CLAUSE_ROOM => "capacity_exhaustion",
        super::CLAUSE_SINK => "box_outage",
        "silence" => "connectivity_loss",
        "continuity" if missing => "cert_expiry",
        _ if is(&Stream::ATTEST_AUDIT_CHAIN) => "audit_chain_mismatch",
        _ => "data_integrity",
    }
}
