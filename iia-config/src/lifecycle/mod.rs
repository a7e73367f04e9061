//! The life of an artifact as types: a step is only there on the value that the step before gave (001:462-481).
//!
//! submitted → verified → parsed → validated → staged → authorised → applied → confirmed. Every step gives the event
//! that belongs into the audit chain; a refusal gives one as well. Nothing here reads a clock or a disk.

mod confirmation;
mod intake;
mod matter;
mod release;

use iia_core::Timestamp;
use iia_core::digest::Digest;
use iia_core::event::{Event, EventKind};

pub use self::confirmation::{ConfirmError, Confirmation};
pub use self::intake::{Parsed, Staged, Submitted, Validated, Verified};
pub use self::matter::Matter;
pub use self::release::{Applied, Authorised, Confirmed, Trial, Unconfirmed};
use crate::diagnostic::Diagnostic;
use crate::trust::Class;

/// A step that was refused: why in words, and the event that says so.
#[derive(Clone, Debug)]
pub struct Rejected {
    /// Why, for people.
    pub why: String,
    /// What is wrong with the text, when it came so far.
    pub diagnostics: Vec<Diagnostic>,
    /// For the audit chain.
    pub event: Event,
}

/// A step that was taken, and the event that says so.
pub type Step<T> = Result<(T, Event), Box<Rejected>>;

/// What all later steps carry along: which bytes, and who signed them.
#[derive(Clone, Debug)]
pub(crate) struct Origin {
    pub(crate) class: Class,
    pub(crate) digest: Digest,
    pub(crate) authors: Vec<String>,
}

/// Longest reason in an event, in characters.
const WHY_MAX: usize = 512;

pub(crate) fn rejected(
    now: Timestamp,
    step: &str,
    why: String,
    diagnostics: Vec<Diagnostic>,
) -> Box<Rejected> {
    let first = diagnostics.first().map_or("", |diagnostic| diagnostic.code);
    let mut event = Event::new(EventKind::ArtifactRejected, now)
        .with("step", step)
        .with("why", why.chars().take(WHY_MAX).collect::<String>());
    if !first.is_empty() {
        event = event.with("rule", first);
    }
    Box::new(Rejected {
        why,
        diagnostics,
        event,
    })
}
