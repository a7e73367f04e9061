//! The state machine of each slave (ETG.1000.6, 6.4.1): what the master wants, what the slave does.

use alloc::vec::Vec;

use hashbrown::HashMap;
use iia_core::Timestamp;
use iia_core::observe::{Outcome, Value};
use iia_core::time::SECOND_NS;

use super::{Act, Place, STATIONS_MAX, Station, asked};
use crate::decode::ethercat::{names, register};
use crate::decode::{Fields, Turn};

/// A slave takes no longer than this for a transition (ETG.1020, 24).
const WAIT_MAX_NS: i64 = 10 * SECOND_NS;
const CONTROL: u16 = 0x0120;
const STATUS: u16 = 0x0130;
const CODE: u16 = 0x0134;
/// The bits of a state; the one that says error, or acknowledges it.
const STATE: u16 = 0x0f;
const ERROR: u16 = 0x10;

/// What is known of a slave.
#[derive(Clone, Copy, Debug, Default)]
struct State {
    /// What the master wants, and since when.
    wanted: Option<(u16, Timestamp)>,
    /// What the slave said last.
    status: Option<u16>,
}

/// What is known of all slaves.
#[derive(Debug, Default)]
pub(super) struct States {
    stations: HashMap<Place, State>,
}

impl States {
    pub(super) fn act(&mut self, turn: &mut Turn<'_>, act: &Act<'_>) {
        let word = |at| register::word_at(act.offset, act.data, at);
        if let Some(control) = word(CONTROL).filter(|_| act.effect.writes) {
            self.want(turn, (act.place, act.sent), control);
        }
        if let Some(status) = word(STATUS).filter(|_| act.effect.reads) {
            self.says(turn, act, (status, word(CODE)));
        }
    }

    /// The master wants a state; one that it wanted before and did not get is told.
    fn want(&mut self, turn: &mut Turn<'_>, (place, ts): (Place, Timestamp), control: u16) {
        let Some(state) = self.of(place) else { return };
        match state.wanted.replace((control, ts)) {
            Some(before) if before.0 & STATE == control & STATE => state.wanted = Some(before),
            Some(before) => forgotten(turn, place, before),
            None => {}
        }
    }

    /// A slave says its state, and perhaps why. All slaves together say the sum of their states: where that is a single
    /// one, all are there.
    fn says(&mut self, turn: &mut Turn<'_>, act: &Act<'_>, (status, code): (u16, Option<u16>)) {
        let said = (status, code);
        let single = matches!(status & (STATE | ERROR), 1 | 2 | 4 | 8);
        if act.place.station == Station::All && single {
            self.all_say(turn, act.place.ring, said);
        }
        let place = act.place;
        let Some(state) = self.of(place) else { return };
        let before = state.status.replace(status);
        match state.wanted.filter(|wanted| ends(wanted.0, before, said)) {
            Some(wanted) => {
                state.wanted = None;
                reached(turn, (place, wanted), said);
            }
            None if before.is_some_and(|before| before != status) => {
                changed(turn, (place, before), said);
            }
            None => {}
        }
    }

    fn all_say(&mut self, turn: &mut Turn<'_>, ring: u64, said: (u16, Option<u16>)) {
        let of_ring = self
            .stations
            .iter_mut()
            .filter(|(place, _)| place.ring == ring);
        let mut there = Vec::new();
        for (place, state) in of_ring.filter(|(place, _)| place.station != Station::All) {
            let before = state.status.replace(said.0);
            if let Some(wanted) = state.wanted.filter(|wanted| ends(wanted.0, before, said)) {
                state.wanted = None;
                there.push((*place, wanted));
            }
        }
        there.sort_by_key(|(_, wanted)| wanted.1);
        for one in there {
            reached(turn, one, said);
        }
    }

    fn of(&mut self, place: Place) -> Option<&mut State> {
        if self.stations.len() >= STATIONS_MAX && !self.stations.contains_key(&place) {
            return None;
        }
        Some(self.stations.entry(place).or_default())
    }

    pub(super) fn tick(&mut self, turn: &mut Turn<'_>) {
        let now = turn.ts;
        self.forget(turn, |since| now.since_ns(since) > WAIT_MAX_NS);
    }

    pub(super) fn end(&mut self, turn: &mut Turn<'_>) {
        self.forget(turn, |_| true);
    }

    fn forget(&mut self, turn: &mut Turn<'_>, over: impl Fn(Timestamp) -> bool) {
        let mut late: Vec<(Place, (u16, Timestamp))> = Vec::new();
        for (place, state) in &mut self.stations {
            if let Some(wanted) = state.wanted.filter(|wanted| over(wanted.1)) {
                state.wanted = None;
                late.push((*place, wanted));
            }
        }
        late.sort_by_key(|(_, wanted)| wanted.1);
        for (place, wanted) in late {
            forgotten(turn, place, wanted);
        }
    }
}

/// Whether a status ends what was wanted: the state is there, or an error is new. Controllers without a device behind
/// them repeat the acknowledgement in the place of the error, with no code.
fn ends(control: u16, before: Option<u16>, (status, code): (u16, Option<u16>)) -> bool {
    let failed = fails(control, (status, code));
    match failed {
        true => before.is_some_and(|before| before != status),
        false => control & STATE == status & STATE,
    }
}

fn fails(control: u16, (status, code): (u16, Option<u16>)) -> bool {
    let repeated = control & ERROR != 0 && code.unwrap_or(0) == 0;
    let there = control & STATE == status & STATE;
    status & ERROR != 0 && !(there && repeated)
}

fn request<'a>(turn: &mut Turn<'_>, place: Place, control: u16) -> Fields<'a> {
    let mut fields = turn.fields();
    place.tell(&mut fields);
    let state = control & STATE;
    fields.code(
        "iia.ecat.al.requested",
        state,
        names::al_state(state.into()),
    );
    fields.add("iia.ecat.al.acknowledge", Value::Bool(control & ERROR != 0));
    fields
}

fn answer<'a>(turn: &mut Turn<'_>, status: u16, code: Option<u16>) -> Fields<'a> {
    let mut fields = turn.fields();
    let state = status & STATE;
    fields.code("iia.ecat.al.state", state, names::al_state(state.into()));
    fields.add("iia.ecat.al.error", Value::Bool(status & ERROR != 0));
    if let Some(code) = code {
        let word = names::al_status_code(code.into());
        fields.code("iia.ecat.al.code", code, word);
    }
    fields
}

/// A slave is where the master wants it, or will not go there.
fn reached(
    turn: &mut Turn<'_>,
    (place, (control, ts)): (Place, (u16, Timestamp)),
    (status, code): (u16, Option<u16>),
) {
    let before = request(turn, place, control);
    let after = answer(turn, status, code);
    let outcome = match fails(control, (status, code)) {
        false => Outcome::Answered,
        true => Outcome::Refused(code.unwrap_or(0).into()),
    };
    let asked = asked(ts, true);
    turn.join(("al_state_request", outcome), (&asked, before), after);
}

/// A slave changes its state and nobody asked it to.
fn changed(
    turn: &mut Turn<'_>,
    (place, before): (Place, Option<u16>),
    (status, code): (u16, Option<u16>),
) {
    let mut fields = answer(turn, status, code);
    place.tell(&mut fields);
    if let Some(before) = before {
        let state = before & STATE;
        fields.code("iia.ecat.al.before", state, names::al_state(state.into()));
    }
    turn.tell("al_state_changed", Outcome::Stated, fields);
}

/// Nobody saw that the slave obeyed. Of all slaves together none may have been asked.
fn forgotten(turn: &mut Turn<'_>, place: Place, (control, ts): (u16, Timestamp)) {
    let fields = request(turn, place, control);
    match place.station {
        Station::All => turn.tell("al_state_request", Outcome::Stated, fields),
        _ => turn.unanswered("al_state_request", (&asked(ts, true), fields)),
    }
}
