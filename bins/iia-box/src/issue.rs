//! The issuer of a box with its log: what was given out is durable in the log before anybody has it, and nothing is given out
//! on a machine that is not as it should be.

use std::fmt;
use std::sync::{Mutex, PoisonError};

use iia_core::code::{Code, Coded};
use iia_core::event::{Event, EventKind};
use iia_core::gate::Gate;
use iia_core::issuance::Issuance;
use iia_core::time::Reading;
use iia_core::{SpiffeId, Timestamp};
use iia_identity::IdentityError;
use iia_identity::issue::Issuer;
use iia_identity::journal::Journal;

use crate::boxdir::BoxDir;
use crate::node::Node;

/// The issuer and its log.
pub(crate) struct Authority {
    issuer: Issuer,
    journal: Mutex<Journal>,
    node: Node,
}

/// What a workload gets, and what is known about it.
pub(crate) struct Given {
    pub(crate) chain: Vec<Vec<u8>>,
    pub(crate) told: Told,
}

/// What is told of what was given out.
#[derive(Clone, Debug)]
pub(crate) struct Told {
    record: Issuance,
    /// What attests the machine that it was given out on.
    node: String,
}

/// Why nothing is given out.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{reason}")]
pub(crate) struct Denied {
    pub(crate) code: Code,
    reason: String,
}

impl<E: Coded + fmt::Display> From<E> for Denied {
    fn from(error: E) -> Self {
        Self {
            code: error.code(),
            reason: error.to_string(),
        }
    }
}

impl Denied {
    /// Something that it takes is not to be had.
    pub(crate) fn for_want_of(what: &'static str, error: &anyhow::Error) -> Self {
        Self {
            code: IdentityError::Environment { what }.code(),
            reason: format!("{what}: {error:#}"),
        }
    }

    /// The record of the audit chain that says so.
    pub(crate) fn event(&self, id: &SpiffeId, now: Timestamp) -> Event {
        Event::new(EventKind::SvidRefused, now)
            .with("id", id.as_str())
            .with("code", self.code.to_string())
            .with("reason", self.reason.as_str())
    }
}

impl Authority {
    /// The issuer of the box in `dir`.
    pub(crate) fn open(issuer: Issuer, dir: &BoxDir) -> Result<Self, IdentityError> {
        let journal = Journal::open(&dir.state().join("issuance"))?;
        Ok(Self {
            issuer,
            journal: Mutex::new(journal),
            node: Node::of(dir),
        })
    }

    /// The list of revoked SVIDs with these serial numbers, DER.
    pub(crate) fn crl(&self, serials: &[[u8; 16]], now: Reading) -> Result<Vec<u8>, IdentityError> {
        self.issuer.crl(serials, now)
    }

    /// Issues an SVID on a machine that is as it should be, and writes it into the log; what cannot be written is not given.
    pub(crate) fn issue(
        &self,
        csr: &[u8],
        id: &SpiffeId,
        gate: &dyn Gate,
        now: Reading,
    ) -> Result<Given, Denied> {
        let node = self.node.attest()?;
        let issued = self.issuer.issue(csr, id, gate, now)?;
        let mut journal = self.journal.lock().unwrap_or_else(PoisonError::into_inner);
        let mut kept = journal.append([issued.issuance])?;
        let record = kept.pop().ok_or(IdentityError::Environment {
            what: "write the issuance log",
        })?;
        Ok(Given {
            chain: issued.chain,
            told: Told { record, node },
        })
    }
}

/// The record of the audit chain that says what was given out.
pub(crate) fn event(Told { record, node }: &Told) -> Event {
    let now = Timestamp::from_ns(record.ts_ns);
    let until = Timestamp::from_ns(record.not_after_ns);
    Event::new(EventKind::SvidIssued, now)
        .with("id", record.id.as_str())
        .with("serial", record.serial.as_str())
        .with("not_after", until.to_string())
        .with("issuance", record.seq.to_string())
        .with("admitted", record.admitted.as_str())
        .with("node", node.as_str())
}
