//! From staged to applied, on trial, to confirmed.

use iia_core::Timestamp;
use iia_core::code::Coded as _;
use iia_core::digest::Digest;
use iia_core::event::Event;
use iia_core::time::Reading;

use super::{Desk, DeskError, Remembered};
use crate::apply::{ApplyError, Calls};
use crate::approval::{ApprovalError, Grant};
use crate::envelope::open;
use crate::lifecycle::{
    Applied, Authorised, ConfirmError, Confirmation, Rejected, Staged, Trial, rejected,
};
use crate::stage::{Disk, Kept, Phase, State};
use crate::trust::Class;

/// What came of a release.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Released {
    /// What is in force.
    pub artifact: Digest,
    /// When it goes back by itself unless it is confirmed.
    pub until: Timestamp,
}

impl<D: Disk> Desk<D> {
    /// Applies what an approval names: what is staged, or what the box held. First the leave is durable, then the
    /// calls are made, then the result is durable; a box that wakes up in between goes back ([`Desk::settle`]).
    ///
    /// # Errors
    /// [`DeskError`]. When a call failed, what was in force is in force again and the approval is not used up.
    pub fn release(
        &mut self,
        approval: &[u8],
        calls: &mut dyn Calls,
        now: Reading,
    ) -> Result<Released, DeskError> {
        if !matches!(self.state.phase, Phase::Rest) {
            let what =
                "another configuration is on trial or being applied: confirm it or let it go back";
            return Err(DeskError::Busy { what });
        }
        let mut state = self.next(now)?;
        let authorised = match self.authorise(approval, &mut state, now) {
            Ok(authorised) => authorised,
            Err(rejected) => return self.refuse(state, rejected.into()),
        };
        self.begin_applying(state, approval, &authorised)?;
        self.carry_out(authorised, calls, now)
    }

    /// Leave for what the approval names. Its envelope is opened first: the name of the artifact stands in its text.
    fn authorise(
        &self,
        approval: &[u8],
        state: &mut State,
        now: Reading,
    ) -> Result<Authorised, Box<Rejected>> {
        let refuse = |error: ApprovalError| {
            let mut refused = rejected(now.wall, "authorise", error.to_string(), Vec::new());
            refused.event = refused
                .event
                .with("code", error.code().to_string())
                .with("rule", error.rule());
            refused
        };
        let opened = open(approval, Class::Approval, &self.trust);
        let opened = opened.map_err(|error| refuse(error.into()))?;
        let grant = Grant::parse(opened.body).map_err(refuse)?;
        let staged = self.named(&grant, now)?;
        let staged = staged.ok_or_else(|| refuse(ApprovalError::OtherArtifact))?;
        let remembered = Remembered::of(state);
        let memory = remembered.memory(state, &self.site);
        let highest = state.of(grant.class).revision_highest;
        let highest = Some(highest).filter(|highest| *highest > 0);
        let (authorised, event) =
            staged.authorise(approval, (&self.trust, &memory), highest, now)?;
        state.tell(event);
        Ok(authorised)
    }

    /// The artifact that an approval names, when it is staged or was held.
    fn named(&self, grant: &Grant, now: Reading) -> Result<Option<Staged>, Box<Rejected>> {
        let is_named =
            |kept: &&Kept| (kept.class(), kept.digest()) == (grant.class, grant.artifact);
        if self.state.of(grant.class).staged.filter(is_named).is_some() {
            return self.staged(grant.class, now).map(Some);
        }
        let mut kept = self.state.kept().iter();
        let held = kept.find(|kept| kept.held && is_named(kept));
        held.map(|kept| self.recall(kept, now)).transpose()
    }

    /// From here on a crash leads back to what is in force now.
    fn begin_applying(
        &mut self,
        mut state: State,
        approval: &[u8],
        authorised: &Authorised,
    ) -> Result<(), DeskError> {
        let placed = self.store.keep(&state, approval)?;
        state.put_approval(&placed.file);
        if let Some(event) = state.outbox.last_mut() {
            let told = event.clone();
            *event = told
                .with("path", placed.path)
                .with("digest", placed.digest.to_string());
        }
        state.raise_floor(authorised.approval().grant.issued);
        state.phase = Phase::Applying {
            class: authorised.class().name().into(),
            artifact: authorised.digest().to_string(),
        };
        self.turn(state)
    }

    fn carry_out(
        &mut self,
        authorised: Authorised,
        calls: &mut dyn Calls,
        now: Reading,
    ) -> Result<Released, DeskError> {
        let used = authorised.approval().used();
        let (class, digest) = (authorised.class(), authorised.digest());
        let revision = authorised.revision();
        let (applied, events) = match authorised.apply(calls, self.site.trial_ns, now.wall) {
            Ok(done) => done,
            Err(error) => return self.undo(error, calls, now),
        };
        let mut state = self.state.clone();
        events.into_iter().for_each(|event| state.tell(event));
        state.remember(&used);
        state.put_applied((class, digest), revision);
        let Trial { since, until } = applied.trial();
        state.phase = Phase::Trial {
            class: class.name().into(),
            artifact: digest.to_string(),
            since_ns: since.as_ns(),
            until_ns: until.as_ns(),
        };
        self.turn(state)?;
        self.trial_from = Some(now.monotonic_ns);
        Ok(Released {
            artifact: digest,
            until,
        })
    }

    /// A call failed: what was done before it is told, and undone.
    fn undo<T>(
        &mut self,
        error: ApplyError,
        calls: &mut dyn Calls,
        now: Reading,
    ) -> Result<T, DeskError> {
        let mut state = self.state.clone();
        error
            .events
            .iter()
            .for_each(|event| state.tell(event.clone()));
        self.state = state;
        self.go_back(&error.to_string(), calls, now)?;
        Err(DeskError::Apply(error))
    }

    /// Ends the trial: an observer's signed answer says that what is applied is in force. An answer that does not say
    /// so is told to the audit chain, and the trial goes on.
    ///
    /// # Errors
    /// [`DeskError::Busy`] when nothing is on trial, [`DeskError::Unconfirmed`] when the answer confirms nothing.
    pub fn confirm(&mut self, answer: &[u8], now: Reading) -> Result<(), DeskError> {
        let mut state = self.next(now)?;
        let what = "nothing is on trial";
        let applied = self.on_trial(now)?.ok_or(DeskError::Busy { what })?;
        match self.confirmed(applied, answer, now) {
            Ok(event) => state.tell(event),
            Err(error) => {
                let refused = rejected(now.wall, "confirm", error.to_string(), Vec::new());
                state.tell(refused.event.with("code", error.code().to_string()));
                self.turn(state)?;
                return Err(DeskError::Unconfirmed(error));
            }
        }
        state.phase = Phase::Rest;
        self.turn(state)?;
        self.trial_from = None;
        Ok(())
    }

    fn confirmed(
        &self,
        applied: Applied,
        answer: &[u8],
        now: Reading,
    ) -> Result<Event, ConfirmError> {
        let by = Confirmation::verify(answer, &self.trust)?;
        if self.is_overdue(now) {
            return Err(ConfirmError::Late);
        }
        let now = self.state.floor().judge(now);
        match applied.confirm(&by, &self.site.box_name, now) {
            Ok((_, event)) => Ok(event),
            Err(unconfirmed) => Err(unconfirmed.why),
        }
    }

    /// What is on trial, as the type that can be confirmed.
    fn on_trial(&self, now: Reading) -> Result<Option<Applied>, DeskError> {
        let Phase::Trial {
            since_ns, until_ns, ..
        } = self.state.phase
        else {
            return Ok(None);
        };
        let class = self.state.phase.class();
        let Some(kept) = class.and_then(|class| self.state.of(class).applied) else {
            return Ok(None);
        };
        let trial = Trial {
            since: Timestamp::from_ns(since_ns),
            until: Timestamp::from_ns(until_ns),
        };
        Ok(Some(self.recall(kept, now)?.resume(trial)))
    }
}
