//! A revocation takes effect with the one durable move that records it: nobody has to give leave, and no clock is asked.

use iia_core::event::{Event, EventKind};
use iia_core::time::Reading;

use super::{Desk, DeskError};
use crate::lifecycle::{Rejected, rejected};
use crate::revocation::{REVOCATIONS_MAX, Revocation, RevocationError};
use crate::stage::{Disk, StageError};
use crate::trust::Class;

impl<D: Disk> Desk<D> {
    /// Takes a revocation. The same again changes nothing and tells nothing.
    ///
    /// # Errors
    /// [`DeskError`]; a refusal is told to the audit chain as well.
    // IIA 9: a signed artifact, never a live API.
    pub fn revoke(&mut self, bytes: &[u8], now: Reading) -> Result<Revocation, DeskError> {
        let mut state = self.next(now)?;
        let revocation = match Revocation::verify(bytes, &self.trust) {
            Ok(revocation) => revocation,
            Err(error) => return self.refuse(state, DeskError::Rejected(refused(&error, now))),
        };
        let placed = self.store.keep(&state, bytes)?;
        if !state.put_revocation(&placed.file) {
            return Ok(revocation);
        }
        if state.revocations().count() > REVOCATIONS_MAX {
            let (what, max) = ("revocations that a box takes", REVOCATIONS_MAX);
            return Err(StageError::Full { what, max }.into());
        }
        let told = |kind| {
            Event::new(kind, now.wall)
                .with("class", Class::Revocation.name())
                .with("artifact", revocation.artifact.to_string())
                .with("operators", revocation.operators.join(" "))
        };
        state.tell(
            told(EventKind::ArtifactSubmitted)
                .with("path", placed.path)
                .with("digest", placed.digest.to_string()),
        );
        for id in &revocation.revoked.identities {
            let event = told(EventKind::Authorisation).with("outcome", "revoked");
            state.tell(event.with("id", id.as_str()));
        }
        for serial in &revocation.revoked.serials {
            let event = told(EventKind::Authorisation).with("outcome", "certificate_revoked");
            state.tell(event.with("serial", serial.as_str()));
        }
        self.turn(state)?;
        Ok(revocation)
    }
}

fn refused(error: &RevocationError, now: Reading) -> Box<Rejected> {
    use iia_core::code::Coded as _;
    let mut refused = rejected(now.wall, "revoke", error.to_string(), Vec::new());
    if matches!(error, RevocationError::Envelope(_)) {
        refused.event.kind = EventKind::SignatureFailed;
    }
    refused.event = refused.event.with("code", error.code().to_string());
    refused
}
