//! Parameters of drives, read and written (ETG.1000.6, 5.9).

use iia_core::Timestamp;
use iia_core::observe::Value;

use super::Place;
use super::talks::{Talk, Talks};
use crate::decode::ethercat::codes;
use crate::decode::ethercat::mailbox::Kind;
use crate::decode::ethercat::mailbox::coe::Object;
use crate::decode::ethercat::mailbox::soe::{self, Head};
use crate::decode::{Fields, Reader, Turn};

/// Takes a message of SoE.
pub(super) fn message(
    talks: &mut Talks,
    turn: &mut Turn<'_>,
    (place, ts, asks): (Place, Timestamp, bool),
    body: &[u8],
) {
    let Some((head, data)) = soe::parse(body) else {
        return;
    };
    match (asks, head.operation) {
        (true, 1) => begin(talks, turn, (place, ts, "soe_read"), (head, data)),
        (true, 3) => begin(talks, turn, (place, ts, "soe_write"), (head, data)),
        (false, 2 | 4) => answer(talks, turn, place, (head, data)),
        _ => {}
    }
}

/// A request, or a further piece of one. While more follows, the number says how many pieces, not which parameter.
fn begin(
    talks: &mut Talks,
    turn: &mut Turn<'_>,
    (place, ts, what): (Place, Timestamp, &'static str),
    (head, data): (Head, &[u8]),
) {
    let now = turn.ts;
    let going = talks
        .of(place, Kind::Soe, now)
        .filter(|talk| !talk.complete);
    let talk = match going {
        Some(_) => talks.of(place, Kind::Soe, now),
        None => talks.begin(turn, (place, ts), (Kind::Soe, what)),
    };
    let Some(talk) = talk else { return };
    talk.object = Object {
        index: if head.incomplete { 0 } else { head.number },
        sub: head.elements,
        complete: false,
    };
    talk.complete = !head.incomplete;
    if what == "soe_write" {
        talk.add(data);
    }
}

fn answer(talks: &mut Talks, turn: &mut Turn<'_>, place: Place, (head, data): (Head, &[u8])) {
    let Some(talk) = talks.of(place, Kind::Soe, turn.ts) else {
        return;
    };
    if !head.error && talk.what == "soe_read" {
        talk.add(data);
    }
    if head.incomplete {
        return;
    }
    if let Some(talk) = talks.take(place, Kind::Soe) {
        let code = Reader::new(data).le16().unwrap_or(0);
        talk.over(turn, head.error.then_some(code.into()));
    }
}

/// Which parameter, which of its elements, and what is written.
pub(super) fn head<'a>(fields: &mut Fields<'a>, talk: &'a Talk) {
    let word = codes::idn(talk.object.index.into());
    fields.code("iia.ecat.soe.idn", talk.object.index, word);
    fields.uint("iia.ecat.soe.elements", talk.object.sub);
    if talk.what == "soe_write" {
        fields.add("iia.ecat.soe.data", Value::Bytes(&talk.data));
    }
}

/// What was read, or why it was not.
pub(super) fn result<'a>(fields: &mut Fields<'a>, talk: &'a Talk, refused: Option<u32>) {
    if let Some(code) = refused {
        let word = codes::soe_error(code.into());
        return fields.code("iia.ecat.soe.error", code, word);
    }
    if talk.what == "soe_read" {
        fields.add("iia.ecat.soe.data", Value::Bytes(&talk.data));
    }
}
