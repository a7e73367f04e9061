//! Going back: after a crash in the middle, after a call that failed, after a trial that nobody confirmed.

use iia_core::digest::Digest;
use iia_core::event::{Event, EventKind};
use iia_core::time::Reading;

use super::{Desk, DeskError};
use crate::apply::{Calls, Plan};
use crate::lifecycle::rejected;
use crate::stage::{Disk, Phase};

/// What [`Desk::settle`] had to do.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Settled {
    /// Nothing.
    AtRest,
    /// A trial goes on.
    OnTrial,
    /// The box went back to what was in force before.
    WentBack,
}

impl<D: Disk> Desk<D> {
    /// Sees to it that the box is whole: call it first after opening, and then whenever time has passed. A half-made
    /// change is undone; a trial that has run out goes back.
    ///
    /// # Errors
    /// [`DeskError`] when going back fails; calling it again tries again.
    pub fn settle(&mut self, calls: &mut dyn Calls, now: Reading) -> Result<Settled, DeskError> {
        match self.state.phase {
            Phase::Rest => Ok(Settled::AtRest),
            Phase::Trial { .. } if !self.is_overdue(now) => Ok(Settled::OnTrial),
            Phase::Trial { .. } => self.go_back("not confirmed in time", calls, now),
            Phase::Applying { .. } => self.go_back("interrupted while being applied", calls, now),
        }
    }

    /// Whether the trial has run out: by the wall clock, by the monotonic clock of this process, or because the time
    /// is not known (a clock that was set back must not make a trial longer).
    pub(super) fn is_overdue(&self, now: Reading) -> bool {
        let Phase::Trial { until_ns, .. } = self.state.phase else {
            return false;
        };
        let now = self.state.floor().judge(now);
        let long = |from: u64| now.monotonic_ns.saturating_sub(from) > self.site.trial_ns;
        !now.state.is_trusted() || now.wall.as_ns() > until_ns || self.trial_from.is_some_and(long)
    }

    /// Makes the calls of what was in force before, then says so in one move.
    pub(super) fn go_back(
        &mut self,
        why: &str,
        calls: &mut dyn Calls,
        now: Reading,
    ) -> Result<Settled, DeskError> {
        let on_trial = matches!(self.state.phase, Phase::Trial { .. });
        let (Phase::Applying { artifact, .. } | Phase::Trial { artifact, .. }, Some(class)) =
            (&self.state.phase, self.state.phase.class())
        else {
            return Ok(Settled::AtRest);
        };
        let artifact = artifact.clone();
        let stand = self.state.of(class);
        let target = if on_trial {
            stand.previous
        } else {
            stand.applied
        };
        let target = target.cloned();
        let (plan, digest) = match &target {
            Some(kept) => (self.recall(kept, now)?.plan(), kept.digest()),
            None => (Plan::nothing(class), Digest::ZERO),
        };
        let operators = format!("nobody: {why}");
        let events = plan.run(calls, &operators, digest, now.wall);
        let events = events.map_err(DeskError::Apply)?;
        let mut state = self.state.clone();
        let refused = rejected(now.wall, "confirm", why.to_owned(), Vec::new());
        state.tell(refused.event.with("artifact", artifact));
        events.into_iter().for_each(|event| state.tell(event));
        state.tell(
            Event::new(EventKind::ArtifactApplied, now.wall)
                .with("class", class.name())
                .with("artifact", digest.to_string())
                .with("purpose", "go_back")
                .with("why", why),
        );
        if on_trial {
            state.take_back(class);
        }
        state.phase = Phase::Rest;
        self.turn(state)?;
        self.trial_from = None;
        Ok(Settled::WentBack)
    }
}
