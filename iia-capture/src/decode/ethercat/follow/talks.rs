//! Transfers through mailboxes: the messages of each put together until it is over.

use alloc::vec::Vec;

use iia_core::Timestamp;
use iia_core::observe::Outcome;
use iia_core::time::SECOND_NS;

use super::{Place, asked, files, objects, parameters};
use crate::decode::ethercat::mailbox::coe::Object;
use crate::decode::ethercat::mailbox::{Kind, Message};
use crate::decode::{Fields, Turn};

/// Transfers that are followed at a time; beyond it the oldest is told as unanswered.
pub const TALKS_MAX: usize = 64;
/// Bytes of a transfer that are kept; of a longer one the beginning is told, and how long it was.
pub const TALK_DATA_MAX: usize = 4096;
/// A transfer in which nothing is said for this long is over.
pub const TALK_MAX_NS: i64 = 10 * SECOND_NS;

/// A transfer.
#[derive(Debug)]
pub(super) struct Talk {
    pub(super) place: Place,
    pub(super) kind: Kind,
    pub(super) what: &'static str,
    /// When it began, and when something was said last.
    pub(super) since: Timestamp,
    pub(super) last: Timestamp,
    /// Whether the side that opened the flow asks.
    pub(super) from_orig: bool,
    /// Of which object, or which parameter.
    pub(super) object: Object,
    /// Of which file.
    pub(super) name: Vec<u8>,
    /// What goes there or comes back, as far as it is kept.
    pub(super) data: Vec<u8>,
    /// Bytes so far, bytes in all where that was said, and packets so far.
    pub(super) len: u64,
    pub(super) whole: Option<u64>,
    pub(super) packets: u32,
    /// Whether the last piece has been sent.
    pub(super) complete: bool,
}

impl Talk {
    /// More of what is transferred.
    pub(super) fn add(&mut self, data: &[u8]) {
        let room = TALK_DATA_MAX.saturating_sub(self.data.len());
        let kept = data.get(..room).unwrap_or(data);
        self.data.extend_from_slice(kept);
        self.len += data.len() as u64;
        self.packets = self.packets.saturating_add(1);
    }

    /// Whether as much has come as there is.
    pub(super) fn all_there(&self) -> bool {
        self.whole.is_none_or(|whole| self.len >= whole)
    }

    fn unanswered(&self, turn: &mut Turn<'_>) {
        let fields = self.head(turn);
        turn.unanswered(self.what, (&asked(self.since, self.from_orig), fields));
    }

    fn head(&self, turn: &mut Turn<'_>) -> Fields<'_> {
        let mut fields = turn.fields();
        self.place.tell(&mut fields);
        match self.kind {
            Kind::Foe => files::head(&mut fields, self),
            Kind::Soe => parameters::head(&mut fields, self),
            _ => objects::head(&mut fields, self),
        }
        fields
    }

    /// The transfer is over: `tell` says how.
    pub(super) fn over(&self, turn: &mut Turn<'_>, refused: Option<u32>) {
        let before = self.head(turn);
        let mut after = turn.fields();
        match self.kind {
            Kind::Foe => files::result(&mut after, self, refused),
            Kind::Soe => parameters::result(&mut after, self, refused),
            _ => objects::result(&mut after, self, refused),
        }
        let outcome = refused.map_or(Outcome::Answered, Outcome::Refused);
        let asked = asked(self.since, self.from_orig);
        turn.join((self.what, outcome), (&asked, before), after);
    }
}

/// The transfers that are not over, oldest first.
#[derive(Debug, Default)]
pub(super) struct Talks {
    talks: Vec<Talk>,
}

impl Talks {
    /// Takes a message: where, when it was sent, whether the master says it; and whether it fills its buffer.
    pub(super) fn message(
        &mut self,
        turn: &mut Turn<'_>,
        (place, ts, asks): (Place, Timestamp, bool),
        message: &Message<'_>,
        full: bool,
    ) {
        if !message.whole() {
            return;
        }
        let when = (place, ts, asks);
        match message.kind() {
            Some(Kind::Coe) => objects::message(self, turn, when, message.body),
            Some(Kind::Foe) => files::message(self, turn, when, (message.body, full)),
            Some(Kind::Soe) => parameters::message(self, turn, when, message.body),
            _ => {}
        }
    }

    /// A transfer begins; one of the same kind that was not over is unanswered, as is the oldest of too many.
    pub(super) fn begin(
        &mut self,
        turn: &mut Turn<'_>,
        (place, since): (Place, Timestamp),
        (kind, what): (Kind, &'static str),
    ) -> Option<&mut Talk> {
        let before = self.take(place, kind);
        let pushed = (self.talks.len() >= TALKS_MAX).then(|| self.talks.remove(0));
        for talk in [before, pushed].into_iter().flatten() {
            talk.unanswered(turn);
        }
        self.talks.push(Talk {
            place,
            kind,
            what,
            since,
            last: since,
            from_orig: turn.from_orig,
            object: Object::default(),
            name: Vec::new(),
            data: Vec::new(),
            len: 0,
            whole: None,
            packets: 0,
            complete: false,
        });
        self.talks.last_mut()
    }

    /// The transfer of a kind with a station, of which something is said now.
    pub(super) fn of(&mut self, place: Place, kind: Kind, now: Timestamp) -> Option<&mut Talk> {
        let same = |talk: &&mut Talk| (talk.place, talk.kind) == (place, kind);
        let talk = self.talks.iter_mut().find(same)?;
        talk.last = now;
        Some(talk)
    }

    /// Takes the transfer out.
    pub(super) fn take(&mut self, place: Place, kind: Kind) -> Option<Talk> {
        let same = |talk: &Talk| (talk.place, talk.kind) == (place, kind);
        let at = self.talks.iter().position(same)?;
        Some(self.talks.remove(at))
    }

    pub(super) fn tick(&mut self, turn: &mut Turn<'_>) {
        let now = turn.ts;
        let late = |talk: &Talk| now.since_ns(talk.last) > TALK_MAX_NS;
        while let Some(at) = self.talks.iter().position(late) {
            self.talks.remove(at).unanswered(turn);
        }
    }

    pub(super) fn end(&mut self, turn: &mut Turn<'_>) {
        for talk in core::mem::take(&mut self.talks) {
            talk.unanswered(turn);
        }
    }

    pub(super) fn held(&self) -> usize {
        self.talks
            .iter()
            .map(|talk| talk.data.len() + talk.name.len())
            .sum()
    }
}
