//! From leave to confirmed state, or back.

use iia_core::Timestamp;
use iia_core::code::Coded as _;
use iia_core::digest::Digest;
use iia_core::event::{Event, EventKind};
use iia_core::time::Reading;

use super::{ConfirmError, Confirmation, Matter, Origin, Staged, Step, rejected};
use crate::apply::{ApplyError, Calls, Plan};
use crate::approval::{self, Approval, Memory, Purpose, Wanted};
use crate::trust::{Class, Trust};

/// How far an observer's clock may run ahead of ours: a second, the unit in which it writes.
const AHEAD_NS: i64 = iia_core::time::SECOND_NS;

/// An artifact that may be applied now.
#[derive(Debug)]
pub struct Authorised {
    matter: Matter,
    origin: Origin,
    approval: Approval,
}

/// The span of a trial.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Trial {
    /// When it began.
    pub since: Timestamp,
    /// When it ends.
    pub until: Timestamp,
}

/// An artifact that is in force, on trial until it is confirmed.
#[derive(Debug)]
pub struct Applied {
    matter: Matter,
    origin: Origin,
    trial: Trial,
}

/// An artifact that an observer saw in force.
#[derive(Debug)]
pub struct Confirmed {
    /// What is in force.
    pub matter: Matter,
    /// Its digest.
    pub digest: Digest,
}

/// A trial that goes on, or has run out.
#[derive(Debug)]
pub struct Unconfirmed {
    /// What is in force still.
    pub applied: Applied,
    /// Why it is not confirmed.
    pub why: ConfirmError,
}

impl Staged {
    /// The artifact that waits.
    pub const fn digest(&self) -> Digest {
        self.origin.digest
    }

    /// Its revision.
    pub fn revision(&self) -> u64 {
        self.matter.revision()
    }

    /// Its class.
    pub const fn class(&self) -> Class {
        self.origin.class
    }

    /// The calls that make it so; for going back to what was authorised before.
    #[cfg(feature = "std")]
    pub(crate) fn plan(&self) -> Plan {
        self.matter.plan()
    }

    /// What was applied before this process began.
    #[cfg(feature = "std")]
    pub(crate) fn resume(self, trial: Trial) -> Applied {
        Applied {
            matter: self.matter,
            origin: self.origin,
            trial,
        }
    }

    /// Looks for leave to apply it. `applied` is the highest revision that ever was in force here.
    ///
    /// # Errors
    /// [`super::Rejected`]; the artifact stays staged on disk.
    pub fn authorise(
        self,
        approval: &[u8],
        (trust, memory): (&Trust, &Memory<'_>),
        applied: Option<u64>,
        now: Reading,
    ) -> Step<Authorised> {
        let wanted = Wanted {
            class: self.origin.class,
            artifact: self.origin.digest,
            authors: &self.origin.authors,
            newer: applied.is_none_or(|applied| self.matter.revision() > applied),
        };
        let checked = approval::check(approval, &wanted, (trust, memory), now);
        let approval = checked.map_err(|error| {
            let mut refused = rejected(now.wall, "authorise", error.to_string(), Vec::new());
            refused.event = refused
                .event
                .with("code", error.code().to_string())
                .with("rule", error.rule())
                .with("artifact", self.origin.digest.to_string());
            refused
        })?;
        let event = Event::new(EventKind::ArtifactAuthorised, now.wall)
            .with("class", self.origin.class.name())
            .with("artifact", self.origin.digest.to_string())
            .with("approval", approval.digest.to_string())
            .with("operators", approval.operators.join(" "))
            .with("purpose", purpose(&approval));
        Ok((
            Authorised {
                matter: self.matter,
                origin: self.origin,
                approval,
            },
            event,
        ))
    }
}

fn purpose(approval: &Approval) -> &'static str {
    match approval.grant.purpose {
        Purpose::Apply => "apply",
        Purpose::Revert => "revert",
    }
}

impl Authorised {
    /// The calls that make it so.
    pub fn plan(&self) -> Plan {
        self.matter.plan()
    }

    /// The artifact.
    pub const fn digest(&self) -> Digest {
        self.origin.digest
    }

    /// Its class.
    pub const fn class(&self) -> Class {
        self.origin.class
    }

    /// Its revision.
    pub fn revision(&self) -> u64 {
        self.matter.revision()
    }

    /// The leave.
    pub const fn approval(&self) -> &Approval {
        &self.approval
    }

    /// Who signed and who approved.
    pub fn operators(&self) -> String {
        format!(
            "{} approved by {}",
            self.origin.authors.join(" "),
            self.approval.operators.join(" ")
        )
    }

    /// Applies it through the gated calls; each is an event with before, after, artifact, validation and operators.
    /// What is in force is on trial for `trial_ns`.
    ///
    /// # Errors
    /// The first call that fails; the events of those before it come with it.
    pub fn apply(
        self,
        calls: &mut dyn Calls,
        trial_ns: u64,
        now: Timestamp,
    ) -> Result<(Applied, Vec<Event>), ApplyError> {
        let operators = self.operators();
        let digest = self.origin.digest;
        let mut events = self.plan().run(calls, &operators, digest, now)?;
        let until = now + i64::try_from(trial_ns).unwrap_or(i64::MAX);
        events.push(
            Event::new(EventKind::ArtifactApplied, now)
                .with("class", self.origin.class.name())
                .with("artifact", digest.to_string())
                .with("revision", self.matter.revision().to_string())
                .with("operators", operators)
                .with("confirm_until", until.to_string()),
        );
        let applied = Applied {
            matter: self.matter,
            origin: self.origin,
            trial: Trial { since: now, until },
        };
        Ok((applied, events))
    }
}

impl Applied {
    /// When its trial began, and when it ends.
    pub const fn trial(&self) -> Trial {
        self.trial
    }

    /// Ends the trial: an observer saw this artifact in force on this box, after it was applied and in time.
    ///
    /// # Errors
    /// [`Unconfirmed`] with the value, so that nothing but time is lost.
    pub fn confirm(
        self,
        by: &Confirmation,
        box_name: &str,
        now: Reading,
    ) -> Result<(Confirmed, Event), Box<Unconfirmed>> {
        if let Err(why) = self.is_confirmed(by, box_name, now) {
            let applied = self;
            return Err(Box::new(Unconfirmed { applied, why }));
        }
        let event = Event::new(EventKind::ArtifactConfirmed, now.wall)
            .with("class", self.origin.class.name())
            .with("artifact", self.origin.digest.to_string())
            .with("observer", by.observer.as_str())
            .with("operators", by.operators.join(" "));
        let confirmed = Confirmed {
            matter: self.matter,
            digest: self.origin.digest,
        };
        Ok((confirmed, event))
    }

    fn is_confirmed(
        &self,
        by: &Confirmation,
        box_name: &str,
        now: Reading,
    ) -> Result<(), ConfirmError> {
        let origin = &self.origin;
        if (by.class, by.artifact) != (origin.class, origin.digest) {
            return Err(ConfirmError::OtherArtifact);
        }
        if by.box_name != box_name {
            return Err(ConfirmError::OtherBox);
        }
        if by
            .operators
            .iter()
            .any(|name| origin.authors.contains(name))
        {
            return Err(ConfirmError::Author);
        }
        // An answer is written in whole seconds: one from within the first second of the trial may be from before.
        if by.seen < self.trial.since || by.seen > now.wall + AHEAD_NS {
            return Err(ConfirmError::Stale);
        }
        if self.is_overdue(now) {
            return Err(ConfirmError::Late);
        }
        Ok(())
    }

    /// Whether the trial has run out. When time is not trusted it has.
    pub fn is_overdue(&self, now: Reading) -> bool {
        !now.state.is_trusted() || now.wall > self.trial.until
    }
}
