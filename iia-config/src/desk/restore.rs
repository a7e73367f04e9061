//! After a start of the machine: the kernel has forgotten its firewall, the desk has not.

use iia_core::digest::Digest;
use iia_core::event::{Event, EventKind};
use iia_core::time::Reading;

use super::{Desk, DeskError};
use crate::apply::{Calls, Plan};
use crate::stage::{Disk, State};
use crate::trust::Class;

impl<D: Disk> Desk<D> {
    /// Makes what is applied real again, class by class, the configuration last; what is real already is left as it is,
    /// and every call is an event as ever. Gives the configuration in force.
    ///
    /// # Errors
    /// [`DeskError`] when a call fails.
    pub fn restore(&mut self, calls: &mut dyn Calls, now: Reading) -> Result<Digest, DeskError> {
        let mut state = self.next(now)?;
        for class in [Class::Trust, Class::Image, Class::Ruleset] {
            if self.state.of(class).applied.is_some() {
                self.restore_class(class, &mut state, calls, now)?;
            }
        }
        let digest = self.restore_class(Class::Config, &mut state, calls, now)?;
        self.turn(state)?;
        Ok(digest)
    }

    fn restore_class(
        &self,
        class: Class,
        state: &mut State,
        calls: &mut dyn Calls,
        now: Reading,
    ) -> Result<Digest, DeskError> {
        let (plan, digest) = match self.state.of(class).applied {
            Some(kept) => (self.recall(kept, now)?.plan(), kept.digest()),
            None => (Plan::nothing(class), Digest::ZERO),
        };
        let events = plan.run(calls, "nobody: restored", digest, now.wall);
        events
            .map_err(DeskError::Apply)?
            .into_iter()
            .for_each(|event| state.tell(event));
        state.tell(
            Event::new(EventKind::ArtifactApplied, now.wall)
                .with("class", class.name())
                .with("artifact", digest.to_string())
                .with("purpose", "restore"),
        );
        Ok(digest)
    }
}
