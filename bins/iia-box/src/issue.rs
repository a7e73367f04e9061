//! The issuer of a box with its log: what was given out is durable in the log before anybody has it.

use std::sync::{Mutex, PoisonError};

use iia_core::SpiffeId;
use iia_core::event::{Event, EventKind};
use iia_core::gate::Gate;
use iia_core::issuance::Issuance;
use iia_core::time::Reading;
use iia_identity::IdentityError;
use iia_identity::issue::Issuer;
use iia_identity::journal::Journal;

use crate::boxdir::BoxDir;

/// The issuer and its log.
pub(crate) struct Authority {
    issuer: Issuer,
    journal: Mutex<Journal>,
}

/// What a workload gets, and what is known about it.
pub(crate) struct Given {
    pub(crate) chain: Vec<Vec<u8>>,
    pub(crate) record: Issuance,
}

impl Authority {
    /// The issuer of the box in `dir`.
    pub(crate) fn open(issuer: Issuer, dir: &BoxDir) -> Result<Self, IdentityError> {
        let journal = Journal::open(&dir.state().join("issuance"))?;
        Ok(Self {
            issuer,
            journal: Mutex::new(journal),
        })
    }

    /// The list of revoked SVIDs with these serial numbers, DER.
    pub(crate) fn crl(&self, serials: &[[u8; 16]], now: Reading) -> Result<Vec<u8>, IdentityError> {
        self.issuer.crl(serials, now)
    }

    /// Issues an SVID and writes it into the log; what cannot be written is not given.
    pub(crate) fn issue(
        &self,
        csr: &[u8],
        id: &SpiffeId,
        gate: &dyn Gate,
        now: Reading,
    ) -> Result<Given, IdentityError> {
        let issued = self.issuer.issue(csr, id, gate, now)?;
        let mut journal = self.journal.lock().unwrap_or_else(PoisonError::into_inner);
        let mut kept = journal.append([issued.issuance])?;
        let record = kept.pop().ok_or(IdentityError::Environment {
            what: "write the issuance log",
        })?;
        Ok(Given {
            chain: issued.chain,
            record,
        })
    }
}

/// The record of the audit chain that says what was given out.
pub(crate) fn event(record: &Issuance) -> Event {
    let now = iia_core::Timestamp::from_ns(record.ts_ns);
    let until = iia_core::Timestamp::from_ns(record.not_after_ns);
    Event::new(EventKind::SvidIssued, now)
        .with("id", record.id.as_str())
        .with("serial", record.serial.as_str())
        .with("not_after", until.to_string())
        .with("issuance", record.seq.to_string())
        .with("admitted", record.admitted.as_str())
}
