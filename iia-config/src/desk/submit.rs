//! From bytes to a staged artifact, in one durable move.

use iia_core::digest::Digest;
use iia_core::event::Event;
use iia_core::time::{Reading, SECOND_NS};

use super::{Desk, DeskError};
use crate::envelope::Armour;
use crate::lifecycle::{Rejected, Staged, Submitted, Validated, Verified, rejected};
use crate::limits::{DOCUMENT_LEN_DEFAULT, DOCUMENT_LEN_MAX};
use crate::stage::{Disk, Kept, StageError, State, Store};
use crate::trust::{Class, Trust};
use crate::validate::Facts;

/// How far an artifact may be written in the future, for operators whose clocks run ahead: five minutes.
pub const AHEAD_MAX_NS: i64 = 300 * SECOND_NS;

impl<D: Disk> Desk<D> {
    /// Takes an artifact from bytes to staged, beside what is applied of its class: a configuration, an image, a set of
    /// rules, or a trust document. Staging the same bytes again is harmless.
    ///
    /// # Errors
    /// [`DeskError`]; a refusal is told to the audit chain as well.
    pub fn submit(&mut self, bytes: Vec<u8>, now: Reading) -> Result<Digest, DeskError> {
        let mut state = self.next(now)?;
        let class = Armour::parse(&bytes).map_or(Class::Config, |armour| armour.class);
        let facts = self.facts(class, now)?;
        let outcome = intake(bytes.clone(), &self.trust, &facts, now, &mut |event| {
            state.tell(event);
        });
        let validated = match outcome.and_then(|validated| in_order(validated, &state, now)) {
            Ok(validated) => validated,
            Err(rejected) => return self.refuse(state, rejected.into()),
        };
        let (digest, revision) = (validated.digest(), validated.matter().revision());
        let issued = validated.matter().issued();
        let authors = validated.authors();
        let mut kept = Kept::new(class, (digest, revision), authors, facts.applied);
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

    /// What is staged of a class, through every step again: it is believed no more than on the first day.
    pub(super) fn staged(&self, class: Class, now: Reading) -> Result<Staged, Box<Rejected>> {
        let none = |why: String| rejected(now.wall, "stage", why, Vec::new());
        let kept = self.state.of(class).staged;
        let kept = kept.ok_or_else(|| none("nothing is staged".into()))?;
        let bytes = self.store.envelope(kept);
        let bytes = bytes.map_err(|error| none(error.to_string()))?;
        let facts = self.facts(class, now);
        let facts = facts.map_err(|error| none(error.to_string()))?;
        let validated = intake(bytes, &self.trust, &facts, now, &mut drop)?;
        Ok(validated.resume())
    }

    /// What the box keeps, by the facts of the day when it was staged.
    pub(super) fn recall(&self, kept: &Kept, now: Reading) -> Result<Staged, Box<Rejected>> {
        recalled(&self.store, (&self.trust, &self.site.box_name), kept, now)
    }
}

/// What a box keeps, by the facts of the day when it was staged.
pub(super) fn recalled<D: Disk>(
    store: &Store<D>,
    (trust, box_name): (&Trust, &str),
    kept: &Kept,
    now: Reading,
) -> Result<Staged, Box<Rejected>> {
    let bytes = store.envelope(kept);
    let bytes =
        bytes.map_err(|error| rejected(now.wall, "recall", error.to_string(), Vec::new()))?;
    let verified = Verified::recall(bytes, kept);
    // What has expired since must not keep the box from going back: the time is left out.
    let facts = Facts {
        fleets: trust.fleets_of(box_name),
        applied: kept.after(),
        ..Facts::of_box(box_name)
    };
    let (parsed, _) = verified.parse(DOCUMENT_LEN_MAX, now.wall)?;
    let (validated, _) = parsed.validate(&facts, now.wall)?;
    Ok(validated.resume())
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
    let (revision, issued) = (validated.matter().revision(), validated.matter().issued());
    if trusted && issued > now.wall + AHEAD_MAX_NS {
        let why = format!("issued in the future: {issued}");
        return Err(rejected(now.wall, "validate", why, Vec::new()));
    }
    let class = validated.matter().class();
    let highest = state.of(class).revision_highest;
    if revision <= highest {
        let why = format!("revision {revision} does not follow {highest}, which was in force once");
        return Err(rejected(now.wall, "validate", why, Vec::new()));
    }
    Ok(validated)
}
