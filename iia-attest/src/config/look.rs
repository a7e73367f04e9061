//! One look at everything that runs, and what it comes to at its end.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use iia_core::Timestamp;

use super::element::{Element, Kind, Running, State};
use super::words::{Cause, Delta};
use super::{Config, DELTAS_MAX, ELEMENTS_MAX, Held};

/// What a look has found so far beside what is right.
#[derive(Clone, Debug)]
pub(super) struct Look {
    pub(super) began: Timestamp,
    pub(super) number: u32,
    /// Elements that are known and differ.
    pub(super) differ: Vec<(Element, Option<State>)>,
    /// Elements that nobody knows.
    pub(super) strangers: BTreeMap<Element, State>,
    /// Those that found no room.
    pub(super) more: u64,
}

impl Config {
    /// Takes one element of a look.
    pub(super) fn meet(&mut self, running: Running) {
        let Some(look) = &mut self.look else { return };
        let Running { element, state } = running;
        let Some(held) = self.elements.get_mut(&element) else {
            let Some(state) =
                state.filter(|_| element.kind.is_stated() || element.kind.is_pinned())
            else {
                return;
            };
            if look.strangers.len() < DELTAS_MAX + ELEMENTS_MAX.saturating_sub(self.elements.len())
            {
                look.strangers.insert(element, state);
            } else {
                look.more = look.more.saturating_add(1);
            }
            return;
        };
        let differs = state
            .as_ref()
            .is_none_or(|state| held.state.differs(state).is_some());
        held.seen = look.number;
        if !differs {
            if !held.right {
                held.fresh = state;
            }
        } else if look.differ.len() < DELTAS_MAX {
            look.differ.push((element, state));
        } else {
            look.more = look.more.saturating_add(1);
        }
    }

    /// Everything that is not as it should be, once a look is over.
    pub(super) fn deltas(&mut self, look: &mut Look, unseen: &[Kind]) -> Vec<Delta> {
        let absent = self
            .elements
            .iter()
            .filter(|(element, held)| held.seen != look.number && !unseen.contains(&element.kind));
        let room = DELTAS_MAX.saturating_sub(look.differ.len());
        let absent: Vec<_> = absent.map(|(element, _)| element.clone()).collect();
        look.more = look
            .more
            .saturating_add(absent.len().saturating_sub(room) as u64);
        look.differ
            .extend(absent.into_iter().take(room).map(|element| (element, None)));
        let mut deltas = Vec::new();
        for (element, running) in core::mem::take(&mut look.differ) {
            deltas.extend(self.delta(element, running));
        }
        let strangers = core::mem::take(&mut look.strangers);
        for (element, state) in strangers {
            match self.may_be_pinned(&element, &state) {
                true => drop(look.strangers.insert(element, state)),
                false if deltas.len() < DELTAS_MAX => {
                    deltas.extend(self.delta(element, Some(state)))
                }
                false => look.more = look.more.saturating_add(1),
            }
        }
        deltas.sort_by(|one, other| one.element.cmp(&other.element));
        without_echoes(deltas)
    }

    /// Whether an element that nobody named is what an artifact was compiled to.
    pub(super) fn may_be_pinned(&self, element: &Element, state: &State) -> bool {
        let is_new = element.kind == Kind::Kernel || !self.pinned.contains(&element.kind);
        let mut every = self.every.iter().filter(|(kind, _)| *kind == element.kind);
        // A file of a form without comments states no revision.
        let as_stated =
            every.all(|(_, every)| every.beyond(state) == *every || every.differs(state).is_none());
        element.kind.is_pinned() && is_new && as_stated
    }

    pub(super) fn delta(&self, element: Element, running: Option<State>) -> Option<Delta> {
        let held = self.elements.get(&element);
        let intended = held.map(|held| held.state.clone());
        let cause = self.cause(&element, held, running.as_ref());
        (intended.is_some() || running.is_some()).then_some(Delta {
            element,
            intended,
            running,
            cause,
        })
    }

    fn cause(&self, element: &Element, held: Option<&Held>, running: Option<&State>) -> Cause {
        use super::element::Aspect::{Revision, Value};
        let was_right = match held {
            Some(held) => held.right,
            None => self.pinned.contains(&element.kind) || self.converged,
        };
        // Made for this artifact by its own record, and not what was made any more.
        let changed_since = |held: &Held, is: &State| {
            element.kind == Kind::Call
                && held.state.get(Revision) == is.get(Revision)
                && is.get(Value).is_some()
        };
        if was_right
            || held
                .zip(running)
                .is_some_and(|(held, is)| changed_since(held, is))
        {
            return Cause::OutOfBand;
        }
        let as_before = match (self.previous.get(element), running) {
            (Some(before), Some(is)) => before.differs(is).is_none(),
            (None, None) => true,
            _ => false,
        };
        match as_before {
            true => Cause::Partial,
            false => Cause::Applier,
        }
    }

    /// A look found everything right: what the artifact leaves open is from now on as it is now.
    pub(super) fn pin(&mut self, look: &mut Look, unseen: &[Kind]) {
        for held in self
            .elements
            .values_mut()
            .filter(|held| held.seen == look.number)
        {
            settle(held);
        }
        for (element, state) in core::mem::take(&mut look.strangers) {
            if self.elements.len() >= ELEMENTS_MAX {
                look.more = look.more.saturating_add(1);
                continue;
            }
            let held = Held {
                right: true,
                seen: look.number,
                ..Held::of(state)
            };
            self.elements.insert(element, held);
        }
        let seen = Kind::ALL.into_iter().filter(|kind| !unseen.contains(kind));
        self.pinned.extend(seen.filter(|kind| kind.is_pinned()));
        if unseen.is_empty() {
            self.previous.clear();
        }
    }

    /// What is right while other things are not is pinned where it stands by itself.
    pub(super) fn pin_each(&mut self, number: u32) {
        let held = self.elements.values_mut();
        held.filter(|held| held.seen == number && held.fresh.is_some())
            .for_each(settle);
    }
}

fn settle(held: &mut Held) {
    held.right = true;
    held.told = None;
    if let Some(fresh) = held.fresh.take() {
        held.state = held.state.and(&fresh);
    }
}

/// One change shows in several elements: the record of a call and the order of a chain say no more than what changed in them.
fn without_echoes(mut deltas: Vec<Delta>) -> Vec<Delta> {
    use super::element::Aspect::{Order, Revision};
    let is_order = |delta: &Delta| {
        let states = [&delta.intended, &delta.running];
        states
            .into_iter()
            .flatten()
            .any(|state| state.get(Order).is_some())
    };
    let is_record = |delta: &Delta| {
        delta.element.kind == Kind::Call
            && delta
                .intended
                .as_ref()
                .zip(delta.running.as_ref())
                .is_some_and(|(want, is)| want.get(Revision) == is.get(Revision))
    };
    let rules = deltas
        .iter()
        .any(|delta| delta.element.kind == Kind::Rule && !is_order(delta));
    let others = deltas.iter().any(|delta| delta.element.kind != Kind::Call);
    deltas.retain(|delta| !(rules && is_order(delta) || others && is_record(delta)));
    without_parts(deltas)
}

/// Of a table or chain of the firewall that is gone, what was in it is gone too: `deltas` are in order, the whole before its
/// parts.
fn without_parts(mut deltas: Vec<Delta>) -> Vec<Delta> {
    let mut gone: Option<Box<str>> = None;
    deltas.retain(|delta| {
        if delta.element.kind != Kind::Rule || delta.running.is_some() {
            return true;
        }
        let rest = gone
            .as_ref()
            .and_then(|whole| delta.element.name.strip_prefix(&**whole));
        let is_part = rest.is_some_and(|rest| rest.starts_with([' ', ':']));
        if !is_part {
            gone = Some(delta.element.name.clone());
        }
        !is_part
    });
    deltas
}
