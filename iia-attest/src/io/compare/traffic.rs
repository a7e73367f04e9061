//! What is known of a contract's frames as a whole: who was heard when, and what happened to frames, not to values.

use alloc::boxed::Box;

use super::super::reading::PointId;
use super::class::Class;
use super::doubt::WINDOWS;
use super::pairs::{End, Held, Search};

/// A pause between frames beyond this is no pace.
pub const PERIOD_MAX_NS: i64 = 3_600_000_000_000;

/// When an end was heard.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Heard {
    /// When it began to be heard without a pause, when last; both by arrival.
    pub(super) ever: Option<(i64, i64)>,
    /// The time of the first frame since it began to be heard.
    pub(super) first_ns: i64,
    /// The time of the last frame itself.
    at_ns: i64,
    /// The longest time between frames of late.
    pub(super) period_ns: i64,
}

impl Heard {
    fn see(&mut self, now_ns: i64, at_ns: i64, limit: i64) {
        let Some((began, last)) = &mut self.ever else {
            self.ever = Some((now_ns, now_ns));
            (self.at_ns, self.first_ns) = (at_ns, at_ns);
            return;
        };
        let pause = now_ns.saturating_sub(*last);
        if pause > limit {
            *began = now_ns;
            self.first_ns = at_ns;
        }
        *last = now_ns;
        if at_ns != self.at_ns {
            let faded = self.period_ns - self.period_ns / 8;
            self.period_ns = if pause > PERIOD_MAX_NS {
                faded
            } else {
                pause.max(faded)
            };
            self.at_ns = at_ns;
        }
    }

    /// How long it may say nothing before it counts as silent.
    pub(super) const fn patience_ns(&self, window_ns: i64) -> i64 {
        window_ns.saturating_add(self.period_ns.saturating_mul(3))
    }
}

/// What happens to frames again and again is told once, and once more when it is over.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spell {
    pub(super) class: Class,
    /// Where it shows.
    pub(super) end: End,
    /// When the first was read.
    pub(super) since_ns: i64,
    /// When the last came.
    pub(super) last_ns: i64,
    /// Readings.
    pub(super) count: u64,
}

/// Readings that are the same and lie far apart in time. Old values that are played again meet present ones like that, and differ
/// from others: so it is told when a time has passed in which none differed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Suspect {
    pub(super) class: Class,
    /// The first of them, and how far it lay apart.
    pub(super) point: PointId,
    pub(super) held: Held,
    pub(super) apart_ns: i64,
    pub(super) since_ns: i64,
    /// Readings.
    pub(super) count: u64,
}

impl Suspect {
    fn due_ns(&self, window_ns: i64) -> i64 {
        self.since_ns
            .saturating_add(window_ns.saturating_mul(WINDOWS))
    }
}

/// The frames of a contract.
#[derive(Clone, Debug, Default)]
pub(super) struct Traffic {
    pub(super) device: Heard,
    pub(super) boxed: Heard,
    /// Few at a time, so a list.
    pub(super) spells: Option<Box<[Option<Spell>; 8]>>,
    suspect: Option<Box<Suspect>>,
    pub(super) queued: bool,
}

impl Traffic {
    /// Whether a spell of this class goes on at this end.
    pub(super) fn is_known(&self, class: Class, end: End) -> bool {
        let mut spells = self
            .spells
            .iter()
            .flat_map(|spells| spells.iter().flatten());
        spells.any(|spell| (spell.class, spell.end) == (class, end))
    }

    /// Counts a reading to what is suspected.
    pub(super) fn suspect(&mut self, suspect: Suspect) {
        match self.suspect.as_deref_mut() {
            Some(known) if known.class == suspect.class => known.count += 1,
            Some(_) => {}
            None => self.suspect = Some(Box::new(suspect)),
        }
    }

    /// A reading came otherwise, or not at all: then it was not the time alone.
    pub(super) fn refute(&mut self) {
        self.suspect = None;
    }

    /// Takes what was suspected and not refuted in its time.
    pub(super) fn ripe(&mut self, now_ns: i64, window_ns: i64) -> Option<Suspect> {
        let due = |suspect: &mut Box<Suspect>| suspect.due_ns(window_ns) <= now_ns;
        self.suspect.take_if(due).map(|suspect| *suspect)
    }

    /// Adds readings to a spell that goes on.
    pub(super) fn add(&mut self, class: Class, end: End, count: u64) {
        let spells = self
            .spells
            .iter_mut()
            .flat_map(|spells| spells.iter_mut().flatten());
        for spell in spells.filter(|spell| (spell.class, spell.end) == (class, end)) {
            spell.count = spell.count.saturating_add(count);
        }
    }
    pub(super) const fn heard(&self, end: End) -> &Heard {
        match end {
            End::Device => &self.device,
            End::Box => &self.boxed,
        }
    }

    pub(super) const fn search(&self, window_ns: i64, close_ns: i64) -> Search {
        Search {
            window_ns,
            close_ns,
            since_ns: [self.device.first_ns, self.boxed.first_ns],
        }
    }

    pub(super) fn see(&mut self, end: End, (now_ns, at_ns): (i64, i64), window_ns: i64) {
        // As long as a reading waits for either end, so that what it waits for does not begin anew meanwhile.
        let limit = self.patience_ns(window_ns);
        let heard = match end {
            End::Device => &mut self.device,
            End::Box => &mut self.boxed,
        };
        heard.see(now_ns, at_ns, limit);
    }

    /// Counts a reading to a spell; whether it is the first.
    pub(super) fn count(&mut self, class: Class, end: End, (now_ns, at_ns): (i64, i64)) -> bool {
        let spells = self.spells.get_or_insert_with(|| Box::new([None; 8]));
        let known = spells
            .iter_mut()
            .flatten()
            .find(|spell| (spell.class, spell.end) == (class, end));
        if let Some(spell) = known {
            spell.count += 1;
            spell.last_ns = now_ns;
            return false;
        }
        if let Some(free) = spells.iter_mut().find(|spell| spell.is_none()) {
            *free = Some(Spell {
                class,
                end,
                since_ns: at_ns,
                last_ns: now_ns,
                count: 1,
            });
        }
        true
    }

    /// How long after its last reading a spell is over.
    pub(super) fn calm_ns(&self, window_ns: i64) -> i64 {
        self.patience_ns(window_ns).saturating_add(window_ns)
    }

    /// How long either end may say nothing.
    fn patience_ns(&self, window_ns: i64) -> i64 {
        let device = self.device.patience_ns(window_ns);
        device.max(self.boxed.patience_ns(window_ns))
    }

    /// When the next spell is over, or a suspicion due.
    pub(super) fn due_ns(&self, window_ns: i64) -> Option<i64> {
        let spells = self
            .spells
            .iter()
            .flat_map(|spells| spells.iter().flatten());
        let first = spells.map(|spell| spell.last_ns).min();
        let over = first.map(|first| first.saturating_add(self.calm_ns(window_ns)));
        let suspect = self.suspect.as_ref().map(|one| one.due_ns(window_ns));
        over.into_iter().chain(suspect).min()
    }

    /// Takes a spell that is over.
    pub(super) fn over(&mut self, now_ns: i64, window_ns: i64) -> Option<Spell> {
        let calm_ns = self.calm_ns(window_ns);
        let spells = self.spells.as_deref_mut()?;
        let is_over = |spell: &Spell| spell.last_ns.saturating_add(calm_ns) <= now_ns;
        let over = spells
            .iter_mut()
            .find(|one| one.as_ref().is_some_and(is_over))?;
        over.take()
    }
}
