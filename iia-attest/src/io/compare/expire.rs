//! What becomes of readings whose time is over, and of what happens to frames.

use alloc::format;
use core::cmp::Reverse;

use iia_core::Timestamp;

use super::super::reading::{PointId, Station};
use super::pairs::{End, Held, Timing, timing};
use super::traffic::Suspect;
use super::{Class, Due, Io, end, words};

/// What is known of a reading whose other half did not come.
enum Alone {
    /// It is told.
    Told(Class),
    /// Nobody can say.
    Unseen,
    /// The other end was not yet heard then.
    Early,
    /// The other end has said nothing since: it may still turn out to be silent.
    Later,
}

impl Io {
    /// A pair that is the same: its times are looked at.
    pub(super) fn agreed(&mut self, point: PointId, one: &Held, other: &Held) {
        self.counts.agreed += 1;
        let (device, boxed) = match one.end {
            End::Device => (one, other),
            End::Box => (other, one),
        };
        let Some(known) = self.points.get_mut(point.0 as usize) else {
            return;
        };
        let skew_ns = known.tolerance.skew_ns;
        let settled = !known.pending.has_before(one.at_ns.min(other.at_ns));
        let (now, tolerance) = ((self.now_ns, self.window_ns), known.tolerance);
        let verdict = settled
            .then(|| known.network.agree(device.micros, now, &tolerance))
            .flatten();
        if let Some(verdict) = verdict {
            let ends = (Station::Device, Station::Box);
            let finding = known.named(&self.contracts).verdict(ends, &verdict);
            self.report(finding);
        }
        let apart = boxed.at_ns.saturating_sub(device.at_ns);
        match timing(one, other, skew_ns) {
            Timing::Late => self.spell(point, Class::LateFrame, boxed, apart),
            Timing::Later => self.suspect(point, Class::LateFrame, boxed, apart),
            Timing::Skewed => self.suspect(point, Class::ClockSkew, boxed, apart),
            Timing::InTime | Timing::Stale => {}
        }
    }

    /// The times of a pair lie apart, and nothing but they say so: told when no value differs for a while, or where it is
    /// known.
    fn suspect(&mut self, point: PointId, class: Class, held: &Held, apart_ns: i64) {
        let Some(number) = self
            .points
            .get(point.0 as usize)
            .map(|known| known.contract)
        else {
            return;
        };
        let (since_ns, window_ns) = (self.now_ns, self.window_ns);
        let Some((_, traffic)) = self.contracts.get_mut(number as usize) else {
            return;
        };
        if traffic.is_known(class, held.end) {
            return self.spell(point, class, held, apart_ns);
        }
        traffic.suspect(Suspect {
            class,
            point,
            held: *held,
            apart_ns,
            since_ns,
            count: 1,
        });
        if !core::mem::replace(&mut traffic.queued, true) {
            let due = traffic.due_ns(window_ns).unwrap_or(since_ns);
            self.queue.push(Reverse((due, Due::Contract(number))));
        }
    }

    /// What was suspected is told.
    fn confirm(&mut self, number: u32, suspect: &Suspect) {
        let (class, end) = (suspect.class, suspect.held.end);
        self.spell(suspect.point, class, &suspect.held, suspect.apart_ns);
        if let Some((_, traffic)) = self.contracts.get_mut(number as usize) {
            traffic.add(class, end, suspect.count.saturating_sub(1));
        }
    }

    fn refute(&mut self, point: PointId) {
        let contract = self
            .points
            .get(point.0 as usize)
            .map(|known| known.contract);
        let traffic = contract.and_then(|number| self.contracts.get_mut(number as usize));
        if let Some((_, traffic)) = traffic {
            traffic.refute();
        }
    }

    /// Counts a reading to what happens to the frames of its contract; the first is told.
    fn spell(&mut self, point: PointId, class: Class, held: &Held, delta_ns: i64) {
        let (now_ns, window_ns) = (self.now_ns, self.window_ns);
        let Some(known) = self.points.get(point.0 as usize) else {
            return;
        };
        let number = known.contract;
        let Some((_, traffic)) = self.contracts.get_mut(number as usize) else {
            return;
        };
        let first = traffic.count(class, held.end, (now_ns, held.at_ns));
        if !core::mem::replace(&mut traffic.queued, true) {
            let due = traffic.due_ns(window_ns).unwrap_or(now_ns);
            self.queue.push(Reverse((due, Due::Contract(number))));
        }
        if first {
            let spell = super::traffic::Spell {
                class,
                end: held.end,
                since_ns: held.at_ns,
                last_ns: now_ns,
                count: 1,
            };
            let named = known.named(&self.contracts);
            let finding = named.spell(&spell, held.micros, delta_ns);
            self.report(finding);
        }
    }

    /// A tap lost packets: what is missing for a window is nobody's doing.
    pub(super) fn hole(&mut self, station: Station, count: u64) {
        let until = self.now_ns.saturating_add(self.window_ns);
        let hole = end(station).and_then(|end| self.holes.get_mut(end as usize));
        let known = hole.is_some_and(|hole| hole.replace(until).is_some());
        if !known {
            let now = Timestamp::from_ns(self.now_ns);
            let place = station.name();
            let what = format!(
                "{count} packet(s) were lost by whoever reads at the {place}: frames that are missing there are not told for now"
            );
            self.report(words::blind(now, what));
        }
    }

    /// Everything that is due.
    pub(super) fn expire(&mut self) {
        for hole in &mut self.holes {
            *hole = hole.filter(|until| *until >= self.now_ns);
        }
        while let Some(Reverse((due, what))) = self.queue.peek().copied() {
            // The end of time does not come.
            if due > self.now_ns || due == i64::MAX {
                break;
            }
            self.queue.pop();
            match what {
                Due::Point(number) => self.point_due(PointId(number)),
                Due::Contract(number) => self.contract_due(number),
            }
        }
    }

    fn contract_due(&mut self, number: u32) {
        let (now_ns, window_ns) = (self.now_ns, self.window_ns);
        loop {
            let Some((name, traffic)) = self.contracts.get_mut(number as usize) else {
                return;
            };
            if let Some(suspect) = traffic.ripe(now_ns, window_ns) {
                self.confirm(number, &suspect);
                continue;
            }
            if let Some(spell) = traffic.over(now_ns, window_ns) {
                let finding = words::over(name, &spell);
                self.report(finding);
                continue;
            }
            let due = traffic.due_ns(window_ns);
            traffic.queued = due.is_some();
            if let Some(due) = due {
                self.queue.push(Reverse((due, Due::Contract(number))));
            }
            return;
        }
    }

    fn point_due(&mut self, point: PointId) {
        let (now_ns, window_ns) = (self.now_ns, self.window_ns);
        let mut later = None;
        while let Some(known) = self.points.get_mut(point.0 as usize) {
            let Some(held) = known.pending.overdue(now_ns.saturating_sub(window_ns)) else {
                break;
            };
            self.pending -= 1;
            if let Some(held) = self.judge(point, held) {
                later = Some(now_ns.saturating_add(window_ns / 4 + 1));
                if let Some(known) = self.points.get_mut(point.0 as usize) {
                    known.pending.give_back(held);
                    self.pending += 1;
                }
                break;
            }
        }
        let Some(known) = self.points.get_mut(point.0 as usize) else {
            return;
        };
        let findings = known.handle_timeout((now_ns, window_ns), &self.contracts);
        let due = known
            .due_ns(window_ns)
            .map(|due| due.max(later.unwrap_or(due)));
        known.queued = due.is_some();
        if let Some(due) = due {
            self.queue.push(Reverse((due, Due::Point(point.0))));
        } else if self.pending < super::PENDING_ALL_MAX / 2 {
            self.full = false;
        }
        findings
            .into_iter()
            .flatten()
            .for_each(|one| self.report(one));
    }

    /// What became of a reading whose other half did not come; it is given back when that cannot be said yet.
    pub(super) fn judge(&mut self, point: PointId, held: Held) -> Option<Held> {
        let known = self.points.get_mut(point.0 as usize)?;
        let skew_ns = known.tolerance.skew_ns;
        let window_ns = self.window_ns;
        let (_, traffic) = self.contracts.get(known.contract as usize)?;
        let search = traffic.search(window_ns, window_ns);
        let other = known.pending.same(&held, search, &known.tolerance);
        if let Some(other) = other {
            self.pending -= 1;
            self.agreed(point, &held, &other);
            return None;
        }
        // While ends begin to be heard, halves of different frames are left over.
        if search.is_early(&held, skew_ns) {
            return None;
        }
        if let Some(other) = known.pending.instead(&held, skew_ns) {
            self.pending -= 1;
            self.differed(point, &held, &other);
            return None;
        }
        let contract = known.contract;
        match self.alone(contract, &held, skew_ns) {
            Alone::Told(class) => {
                self.refute(point);
                self.spell(point, class, &held, 0);
            }
            Alone::Unseen => self.counts.unseen += 1,
            Alone::Early => {}
            Alone::Later => return Some(held),
        }
        None
    }

    fn differed(&mut self, point: PointId, one: &Held, other: &Held) {
        self.counts.differed += 1;
        self.refute(point);
        let Some(known) = self.points.get_mut(point.0 as usize) else {
            return;
        };
        let Some(verdict) = known.differ(one, other, self.window_ns) else {
            return;
        };
        let ends = match one.way {
            super::super::wire::Way::Said => (Station::Device, Station::Box),
            super::super::wire::Way::Told => (Station::Box, Station::Device),
        };
        let finding = known.named(&self.contracts).verdict(ends, &verdict);
        self.report(finding);
    }

    /// Why a reading stayed alone.
    fn alone(&self, contract: u32, held: &Held, skew_ns: i64) -> Alone {
        let other = held.end.other();
        let hole = |end: End| self.holes.get(end as usize).copied().flatten();
        if hole(other).is_some() || hole(held.end).is_some() {
            return Alone::Unseen;
        }
        let Some((_, traffic)) = self.contracts.get(contract as usize) else {
            return Alone::Unseen;
        };
        let class = match held.end.is_origin(held.way) {
            true => Class::DroppedFrame,
            false => Class::ManInTheMiddle,
        };
        let alive = self.alive.get(other as usize).copied().flatten();
        let hears = alive.is_some_and(|at| at >= held.came_ns);
        let patience_ns = traffic.heard(held.end).patience_ns(self.window_ns);
        let there = traffic.heard(other);
        let since = there.first_ns.saturating_add(skew_ns);
        match there.ever {
            // What came before may have been kept for the observer, so its own time counts as well.
            Some((began, _)) if held.came_ns < began || held.at_ns < since => Alone::Early,
            Some((_, last)) if last >= held.came_ns || hears => Alone::Told(class),
            Some((_, last)) if self.now_ns.saturating_sub(last) <= patience_ns => Alone::Later,
            None if hears => Alone::Told(class),
            None if self.now_ns.saturating_sub(held.came_ns) <= patience_ns => Alone::Later,
            _ => Alone::Told(Class::Silent),
        }
    }
}
