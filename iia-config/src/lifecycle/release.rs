//! From leave to confirmed state, or back.

use iia_core::code::Coded as _;
use iia_core::digest::Digest;
use iia_core::event::{Event, EventKind};
use iia_core::time::Reading;
use iia_core::{SpiffeId, Timestamp};

use super::{Origin, Staged, Step, rejected};
use crate::apply::{ApplyError, Calls, Plan};
use crate::approval::{self, Approval, Memory, Purpose, Wanted};
use crate::trust::{Class, Trust};
use crate::validate::Checked;

/// A configuration that may be applied now.
#[derive(Debug)]
pub struct Authorised {
    checked: Checked,
    origin: Origin,
    approval: Approval,
}

/// A configuration that is in force, on trial until it is confirmed.
#[derive(Debug)]
pub struct Applied {
    /// What is in force.
    pub checked: Checked,
    /// Its digest.
    pub digest: Digest,
    /// When the trial ends.
    pub until: Timestamp,
}

/// A configuration that an observer saw in force.
#[derive(Debug)]
pub struct Confirmed {
    /// What is in force.
    pub checked: Checked,
    /// Its digest.
    pub digest: Digest,
}

/// What the configuration attestation observer says (001:500-505): the running state is that of this artifact.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Confirmation {
    /// Which artifact the running state matches.
    pub artifact: Digest,
    /// Who saw it, by its certificate.
    pub observer: SpiffeId,
}

/// A trial that goes on, or has run out.
#[derive(Debug)]
pub struct Unconfirmed {
    /// What is in force still.
    pub applied: Applied,
    /// Why it is not confirmed.
    pub why: &'static str,
}

impl Staged {
    /// The artifact that waits.
    pub const fn digest(&self) -> Digest {
        self.origin.digest
    }

    /// Its revision.
    pub const fn revision(&self) -> u64 {
        self.checked.revision
    }

    /// The calls that make it so; for going back to what was authorised before.
    #[cfg(feature = "std")]
    pub(crate) fn plan(&self) -> Plan {
        Plan::of(&self.checked)
    }

    /// What was applied before this process began.
    #[cfg(feature = "std")]
    pub(crate) fn resume(self, until: Timestamp) -> Applied {
        Applied {
            digest: self.origin.digest,
            checked: self.checked,
            until,
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
            class: Class::Config,
            artifact: self.origin.digest,
            authors: &self.origin.authors,
            newer: applied.is_none_or(|applied| self.checked.revision > applied),
        };
        let checked = approval::check(approval, &wanted, (trust, memory), now);
        let approval = checked.map_err(|error| {
            let mut refused = rejected(now.wall, "authorise", error.to_string(), Vec::new());
            refused.event = refused
                .event
                .with("code", error.code().to_string())
                .with("artifact", self.origin.digest.to_string());
            refused
        })?;
        let event = Event::new(EventKind::ArtifactAuthorised, now.wall)
            .with("artifact", self.origin.digest.to_string())
            .with("approval", approval.digest.to_string())
            .with("operators", approval.operators.join(" "))
            .with("purpose", purpose(&approval));
        Ok((
            Authorised {
                checked: self.checked,
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
        Plan::of(&self.checked)
    }

    /// The artifact.
    pub const fn digest(&self) -> Digest {
        self.origin.digest
    }

    /// Its revision.
    pub const fn revision(&self) -> u64 {
        self.checked.revision
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
                .with("artifact", digest.to_string())
                .with("revision", self.checked.revision.to_string())
                .with("operators", operators)
                .with("confirm_until", until.to_string()),
        );
        let applied = Applied {
            checked: self.checked,
            digest,
            until,
        };
        Ok((applied, events))
    }
}

impl Applied {
    /// Ends the trial: an observer saw this artifact in force, in time.
    ///
    /// # Errors
    /// [`Unconfirmed`] with the value, so that nothing but time is lost.
    pub fn confirm(
        self,
        by: &Confirmation,
        now: Reading,
    ) -> Result<(Confirmed, Event), Box<Unconfirmed>> {
        let why = if by.artifact != self.digest {
            Some("another artifact was seen in force")
        } else if self.is_overdue(now) {
            Some("the trial has run out")
        } else {
            None
        };
        if let Some(why) = why {
            let applied = self;
            return Err(Box::new(Unconfirmed { applied, why }));
        }
        let event = Event::new(EventKind::ArtifactConfirmed, now.wall)
            .with("artifact", self.digest.to_string())
            .with("observer", by.observer.as_str());
        let confirmed = Confirmed {
            checked: self.checked,
            digest: self.digest,
        };
        Ok((confirmed, event))
    }

    /// Whether the trial has run out. When time is not trusted it has.
    pub fn is_overdue(&self, now: Reading) -> bool {
        !now.state.is_trusted() || now.wall > self.until
    }
}
