//! From bytes to a staged artifact, in one durable move.

use iia_core::digest::Digest;
use iia_core::event::{Event, EventKind};
use iia_core::time::{Reading, SECOND_NS};

use super::{Desk, DeskError, Remembered};
use crate::approval::{self, Wanted};
use crate::envelope::Armour;
use crate::lifecycle::{Rejected, Staged, Submitted, Validated, Verified, rejected};
use crate::limits::{DOCUMENT_LEN_DEFAULT, DOCUMENT_LEN_MAX};
use crate::stage::{Disk, Kept, Slot, StageError, State};
use crate::trust::{Class, Trust, succeed};
use crate::validate::Facts;

/// How far an artifact may be written in the future, for operators whose clocks run ahead: five minutes.
pub const AHEAD_MAX_NS: i64 = 300 * SECOND_NS;

impl<D: Disk> Desk<D> {
    /// Takes a configuration from bytes to staged, beside what is applied. Staging the same bytes again is harmless.
    ///
    /// # Errors
    /// [`DeskError`]; a refusal is told to the audit chain as well.
    pub fn submit(&mut self, bytes: Vec<u8>, now: Reading) -> Result<Digest, DeskError> {
        let mut state = self.next(now)?;
        let facts = self.facts(now)?;
        let outcome = intake(bytes.clone(), &self.trust, &facts, now, &mut |event| {
            state.tell(event);
        });
        let validated = match outcome.and_then(|validated| in_order(validated, &state, now)) {
            Ok(validated) => validated,
            Err(rejected) => return self.refuse(state, rejected.into()),
        };
        let (digest, revision) = (validated.digest(), validated.checked().revision);
        let issued = validated.checked().issued;
        let mut kept = Kept::new(
            Class::Config,
            (digest, revision),
            validated.authors(),
            facts.applied,
        );
        let placed = self.store.keep(&state, &bytes)?;
        let (_, event) = validated.stage(now.wall, |_| {
            Ok::<_, StageError>((placed.path.clone(), placed.digest))
        })?;
        state.tell(event);
        kept.set_file(placed.file);
        state.put_staged(kept);
        state.raise_floor(issued);
        self.turn(state)?;
        Ok(digest)
    }

    /// Takes a trust document in the place of the one in force: signed by enough operators of both, and approved.
    ///
    /// # Errors
    /// [`DeskError`]; a refusal is told to the audit chain as well.
    pub fn succeed(
        &mut self,
        bytes: &[u8],
        approval: &[u8],
        now: Reading,
    ) -> Result<Digest, DeskError> {
        let mut state = self.next(now)?;
        let new = match succeed(&self.trust, bytes) {
            Ok(new) => new,
            Err(error) => {
                let mut refused = rejected(now.wall, "verify", error.to_string(), Vec::new());
                refused.event.kind = EventKind::SignatureFailed;
                state.tell(refused.event);
                self.turn(state)?;
                return Err(DeskError::Succession(error));
            }
        };
        let armour = Armour::parse(bytes).map_err(crate::trust::SuccessionError::Old);
        let digest = armour.map_err(DeskError::Succession)?.digest();
        let authors = crate::envelope::signers_of(bytes, &self.trust);
        let wanted = Wanted {
            class: Class::Trust,
            artifact: digest,
            authors: &authors,
            newer: true,
        };
        let remembered = Remembered::of(&state);
        let memory = remembered.memory(&state, &self.site);
        let leave = match approval::check(approval, &wanted, (&self.trust, &memory), now) {
            Ok(leave) => leave,
            Err(error) => {
                let refused = rejected(now.wall, "authorise", error.to_string(), Vec::new());
                return self.refuse(state, refused.into());
            }
        };
        let placed = self.store.keep_in(&mut state, Slot::Trust, bytes)?;
        let event = Event::new(EventKind::ArtifactApplied, now.wall)
            .with("class", Class::Trust.name())
            .with("artifact", digest.to_string())
            .with("revision", new.revision.to_string())
            .with(
                "operators",
                format!(
                    "{} approved by {}",
                    authors.join(" "),
                    leave.operators.join(" ")
                ),
            )
            .with("path", placed.path)
            .with("digest", placed.digest.to_string());
        state.tell(event);
        state.remember(&leave.used());
        state.raise_floor(new.issued.min(now.wall));
        self.turn(state)?;
        self.trust = new;
        Ok(digest)
    }

    /// What is staged, through every step again: it is believed no more than on the first day.
    pub(super) fn staged(&self, now: Reading) -> Result<Staged, Box<Rejected>> {
        let none = |why: String| rejected(now.wall, "stage", why, Vec::new());
        let kept = self.state.staged();
        let kept = kept.ok_or_else(|| none("nothing is staged".into()))?;
        let bytes = self.store.envelope(kept);
        let bytes = bytes.map_err(|error| none(error.to_string()))?;
        let facts = self.facts(now).map_err(|error| none(error.to_string()))?;
        let validated = intake(bytes, &self.trust, &facts, now, &mut drop)?;
        Ok(validated.resume())
    }

    /// What the box keeps, by the facts of the day when it was staged.
    pub(super) fn recall(&self, kept: &Kept, now: Reading) -> Result<Staged, Box<Rejected>> {
        let none = |why: String| rejected(now.wall, "recall", why, Vec::new());
        let bytes = self.store.envelope(kept);
        let bytes = bytes.map_err(|error| none(error.to_string()))?;
        let verified = Verified::recall(bytes, &kept.authors);
        let verified = verified.ok_or_else(|| none("not an envelope".into()))?;
        // What has expired since must not keep the box from going back: the time is left out.
        let facts = Facts {
            fleets: self.trust.fleets_of(&self.site.box_name),
            applied: kept.after(),
            ..Facts::of_box(self.site.box_name.as_str())
        };
        let (parsed, _) = verified.parse(DOCUMENT_LEN_MAX, now.wall)?;
        let (validated, _) = parsed.validate(&facts, now.wall)?;
        Ok(validated.resume())
    }
}

/// Submitted, verified, parsed, validated; every event is told as it happens.
fn intake(
    bytes: Vec<u8>,
    trust: &Trust,
    facts: &Facts,
    now: Reading,
    tell: &mut dyn FnMut(Event),
) -> Result<Validated, Box<Rejected>> {
    let (submitted, event) = Submitted::new(bytes, now.wall);
    tell(event);
    let (verified, event) = submitted.verify(trust, now.wall)?;
    tell(event);
    let (parsed, event) = verified.parse(len_max(facts), now.wall)?;
    tell(event);
    let (validated, event) = parsed.validate(facts, now.wall)?;
    tell(event);
    Ok(validated)
}

/// The largest document: what the policy in force says, 256 KiB where it says nothing.
fn len_max(facts: &Facts) -> usize {
    let policy = facts.previous.as_ref().and_then(|document| {
        let mut policies = document.of_kind("policy");
        policies.find_map(|policy| policy.field("document_max")?.number(0)?.as_bytes())
    });
    let max = policy.and_then(|max| usize::try_from(max).ok());
    max.unwrap_or(DOCUMENT_LEN_DEFAULT).min(DOCUMENT_LEN_MAX)
}

/// An artifact from the future would raise the floor of time beyond the present, and lock the box until then.
/// D20: a revision that was in force once is spent, also on a box that went back to having nothing.
fn in_order(validated: Validated, state: &State, now: Reading) -> Result<Validated, Box<Rejected>> {
    let trusted = state.floor().judge(now).state.is_trusted();
    if trusted && validated.checked().issued > now.wall + AHEAD_MAX_NS {
        let why = format!("issued in the future: {}", validated.checked().issued);
        return Err(rejected(now.wall, "validate", why, Vec::new()));
    }
    let (revision, highest) = (validated.checked().revision, state.revision_highest());
    if revision <= highest {
        let why = format!("revision {revision} does not follow {highest}, which was in force once");
        return Err(rejected(now.wall, "validate", why, Vec::new()));
    }
    Ok(validated)
}
