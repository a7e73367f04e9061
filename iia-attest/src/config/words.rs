//! What is said of elements that are not as they should be.

use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

use super::element::{Aspect, Element, State, shown};

/// Deltas that a sentence names at most; evidence has more of them.
const NAMED_MAX: usize = 8;
/// Deltas in the evidence of one finding at most.
pub(super) const EVIDENCE_MAX: usize = 64;

/// What is the likely cause.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Cause {
    /// It was as intended, and is not any more.
    OutOfBand,
    /// It is still as it was before the artifact was applied.
    Partial,
    /// It was made, and not as the artifact says.
    Applier,
}

impl Cause {
    pub(super) const fn clause(self) -> &'static str {
        match self {
            Self::OutOfBand => "out_of_band",
            Self::Partial => "partial_apply",
            Self::Applier => "applier",
        }
    }
}

/// An element that is not as it should be.
#[derive(Clone, Debug)]
pub(super) struct Delta {
    pub(super) element: Element,
    /// As it should be; `None` for one that should not be there.
    pub(super) intended: Option<State>,
    /// As it is; `None` for one that is not there.
    pub(super) running: Option<State>,
    pub(super) cause: Cause,
}

impl Delta {
    /// The delta as a sentence without its end.
    pub(super) fn words(&self) -> String {
        let element = shown(&self.element.to_string());
        match (&self.intended, &self.running) {
            (None, Some(running)) => {
                let count = running.get(Aspect::Count).filter(|count| *count != "1");
                let times = count.map_or_else(String::new, |count| format!(" {count} times"));
                format!("{element} is there{times} and is not intended")
            }
            (Some(intended), Some(running)) => match intended.differs(running) {
                Some(aspect) => format!(
                    "{element}: {} intended, {} running",
                    intended.word(aspect),
                    running.word(aspect)
                ),
                None => format!("{element} differs"),
            },
            (_, None) => format!("{element} is intended and is not there"),
        }
    }
}

/// The reason of one that was changed while the box ran.
pub(super) fn out_of_band(delta: &Delta, artifact: &str) -> String {
    format!(
        "changed beside the artifact: {}; it was as {artifact} wants it before",
        delta.words()
    )
}

/// The reason of all that one application left wrong.
pub(super) fn left(cause: Cause, deltas: &[Delta], made: usize, artifact: &str) -> String {
    let count = deltas.len();
    let what = match cause {
        Cause::Partial if made == 0 => {
            format!("{artifact} is applied and none of its changes is in force")
        }
        Cause::Partial => format!(
            "{artifact} is half applied: {made} changes are in force, {count} elements are still as they were before"
        ),
        _ => format!("{count} elements were not made as {artifact} says"),
    };
    let named: Vec<String> = deltas.iter().take(NAMED_MAX).map(Delta::words).collect();
    let more = match count.saturating_sub(NAMED_MAX) {
        0 => String::new(),
        more => format!("; and {more} more"),
    };
    format!("{what}: {}{more}", named.join("; "))
}
