//! Files that go to a slave or come from it (ETG.1000.6, 5.8): firmware above all.

use iia_core::Timestamp;

use super::Place;
use super::talks::{Talk, Talks};
use crate::decode::ethercat::codes;
use crate::decode::ethercat::mailbox::Kind;
use crate::decode::ethercat::mailbox::foe::{self, File};
use crate::decode::{Fields, Turn};

/// Takes a message of FoE. A packet that does not fill its buffer is the last; it is over once that is acknowledged.
pub(super) fn message(
    talks: &mut Talks,
    turn: &mut Turn<'_>,
    (place, ts, asks): (Place, Timestamp, bool),
    (body, full): (&[u8], bool),
) {
    let Some(file) = foe::parse(body) else { return };
    let what = match file {
        File::Read(_) => "foe_read",
        File::Write(_) => "foe_write",
        _ => return step(talks, turn, (place, asks), (file, full)),
    };
    let (File::Read(name) | File::Write(name)) = file else {
        return;
    };
    if !asks {
        return;
    }
    if let Some(talk) = talks.begin(turn, (place, ts), (Kind::Foe, what)) {
        talk.name.extend_from_slice(name);
    }
}

fn step(
    talks: &mut Talks,
    turn: &mut Turn<'_>,
    (place, asks): (Place, bool),
    (file, full): (File<'_>, bool),
) {
    let Some(talk) = talks.of(place, Kind::Foe, turn.ts) else {
        return;
    };
    let writes = talk.what == "foe_write";
    match file {
        File::Data(_, data) if writes == asks => {
            let first = talk.packets == 0;
            let shorter = !first && (data.len() as u64) < talk.whole.unwrap_or(0);
            talk.whole = talk.whole.or(Some(data.len() as u64));
            talk.add(data);
            talk.complete = !full || shorter;
        }
        File::Ack(_) if writes != asks && talk.complete => over(talks, turn, place, None),
        File::Error(code) => over(talks, turn, place, Some(code)),
        _ => {}
    }
}

fn over(talks: &mut Talks, turn: &mut Turn<'_>, place: Place, refused: Option<u32>) {
    if let Some(talk) = talks.take(place, Kind::Foe) {
        talk.over(turn, refused);
    }
}

/// Which file.
pub(super) fn head<'a>(fields: &mut Fields<'a>, talk: &'a Talk) {
    fields.text("iia.ecat.foe.name", &talk.name);
}

/// How much of it, or why not.
pub(super) fn result(fields: &mut Fields<'_>, talk: &Talk, refused: Option<u32>) {
    fields.uint("iia.ecat.foe.size", talk.len);
    fields.uint("iia.ecat.foe.packets", talk.packets);
    if let Some(code) = refused {
        let word = codes::foe_error(code.into());
        fields.code("iia.ecat.foe.error", code, word);
    }
}
