//! After a start of the machine: the kernel has forgotten its firewall, the desk has not.

use iia_core::digest::Digest;
use iia_core::event::{Event, EventKind};
use iia_core::time::Reading;

use super::{Desk, DeskError};
use crate::apply::{Calls, Plan};
use crate::stage::Disk;

impl<D: Disk> Desk<D> {
    /// Makes what is applied real again; what is real already is left as it is, and every call is an event as ever.
    ///
    /// # Errors
    /// [`DeskError`] when a call fails.
    pub fn restore(&mut self, calls: &mut dyn Calls, now: Reading) -> Result<Digest, DeskError> {
        let mut state = self.next(now)?;
        let applied = self.state.applied().cloned();
        let (plan, digest) = match &applied {
            Some(kept) => (self.recall(kept, now)?.plan(), kept.digest()),
            None => (Plan::nothing(), Digest::ZERO),
        };
        let events = plan.run(calls, "nobody: restored", digest, now.wall);
        events
            .map_err(DeskError::Apply)?
            .into_iter()
            .for_each(|event| state.tell(event));
        state.tell(
            Event::new(EventKind::ArtifactApplied, now.wall)
                .with("artifact", digest.to_string())
                .with("purpose", "restore"),
        );
        self.turn(state)?;
        Ok(digest)
    }
}
