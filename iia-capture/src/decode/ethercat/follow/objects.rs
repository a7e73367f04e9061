//! Objects read and written, and questions about what objects there are (ETG.1000.6, 5.6.2 and 5.6.3).

use iia_core::Timestamp;
use iia_core::observe::Value;

use super::Place;
use super::talks::{Talk, Talks};
use crate::decode::ethercat::codes;
use crate::decode::ethercat::mailbox::coe::{self, Object, Sdo};
use crate::decode::ethercat::mailbox::{Kind, objects};
use crate::decode::{Fields, Reader, Turn};

type When = (Place, Timestamp, bool);

/// Takes a message of CoE.
pub(super) fn message(talks: &mut Talks, turn: &mut Turn<'_>, when: When, body: &[u8]) {
    match coe::sdo(body) {
        Some((true, sdo)) if when.2 => request(talks, turn, when, sdo),
        Some((false, sdo)) if !when.2 => response(talks, turn, when, sdo),
        Some(_) => {}
        None => information(talks, turn, when, body),
    }
}

fn request(talks: &mut Talks, turn: &mut Turn<'_>, (place, ts, _): When, sdo: Sdo<'_>) {
    match sdo {
        Sdo::Upload(object) => {
            if let Some(talk) = talks.begin(turn, (place, ts), (Kind::Coe, "sdo_upload")) {
                talk.object = object;
            }
        }
        Sdo::Download(object, size, data) => {
            if let Some(talk) = talks.begin(turn, (place, ts), (Kind::Coe, "sdo_download")) {
                talk.object = object;
                talk.whole = size.map(u64::from);
                talk.add(data);
                talk.complete = talk.all_there();
            }
        }
        Sdo::DownloadSegment(data, last) => {
            if let Some(talk) = talks.of(place, Kind::Coe, turn.ts) {
                talk.add(data);
                talk.complete = last;
            }
        }
        Sdo::Abort(_, code) => over(talks, turn, place, Some(code)),
        _ => {
            talks.of(place, Kind::Coe, turn.ts);
        }
    }
}

fn response(talks: &mut Talks, turn: &mut Turn<'_>, (place, _, _): When, sdo: Sdo<'_>) {
    let Some(talk) = talks.of(place, Kind::Coe, turn.ts) else {
        return;
    };
    let done = match sdo {
        Sdo::Uploaded(_, size, data) => {
            talk.whole = size.map(u64::from);
            talk.add(data);
            talk.all_there()
        }
        Sdo::UploadedSegment(data, last) => {
            talk.add(data);
            last
        }
        Sdo::Downloaded(_) | Sdo::DownloadedSegment => talk.complete,
        Sdo::Abort(_, code) => return over(talks, turn, place, Some(code)),
        _ => false,
    };
    if done {
        over(talks, turn, place, None);
    }
}

fn over(talks: &mut Talks, turn: &mut Turn<'_>, place: Place, refused: Option<u32>) {
    if let Some(talk) = talks.take(place, Kind::Coe) {
        talk.over(turn, refused);
    }
}

/// A question about objects, or a piece of the answer.
fn information(talks: &mut Talks, turn: &mut Turn<'_>, (place, ts, asks): When, body: &[u8]) {
    let mut reader = Reader::new(body);
    let (Some(8), Some([operation, _]), Some(left)) = (
        reader.le16().map(|header| header >> 12),
        reader.array(),
        reader.le16(),
    ) else {
        return;
    };
    let what = match operation & 0x7f {
        1 => "sdo_information_object_list",
        3 => "sdo_information_object",
        5 => "sdo_information_entry",
        2 | 4 | 6 if !asks => return piece(talks, turn, place, (reader.rest(), left)),
        7 if !asks => return over(talks, turn, place, reader.le32()),
        _ => return,
    };
    if !asks {
        return;
    }
    if let Some(talk) = talks.begin(turn, (place, ts), (Kind::Coe, what)) {
        talk.object = Object {
            index: reader.le16().unwrap_or(0),
            sub: reader.u8().unwrap_or(0),
            complete: false,
        };
    }
}

fn piece(talks: &mut Talks, turn: &mut Turn<'_>, place: Place, (data, left): (&[u8], u16)) {
    let Some(talk) = talks.of(place, Kind::Coe, turn.ts) else {
        return;
    };
    talk.add(data);
    if left == 0 {
        over(talks, turn, place, None);
    }
}

/// What was asked for; what is to be written.
pub(super) fn head<'a>(fields: &mut Fields<'a>, talk: &'a Talk) {
    let Object {
        index,
        sub,
        complete,
    } = talk.object;
    match talk.what {
        "sdo_information_object_list" => {
            fields.code("iia.ecat.coe.list", index, codes::list(index.into()));
        }
        "sdo_information_object" => {
            fields.code("iia.ecat.coe.index", index, objects::name(index));
        }
        _ => {
            fields.code("iia.ecat.coe.index", index, objects::name(index));
            fields.uint("iia.ecat.coe.subindex", sub);
            fields.add("iia.ecat.coe.complete_access", Value::Bool(complete));
        }
    }
    if talk.what == "sdo_download" {
        value(fields, talk);
    }
}

/// What was read, or why it was not.
pub(super) fn result<'a>(fields: &mut Fields<'a>, talk: &'a Talk, refused: Option<u32>) {
    if let Some(code) = refused {
        let word = codes::abort(code.into());
        return fields.code("iia.ecat.coe.abort", code, word);
    }
    match talk.what {
        "sdo_download" => {}
        "sdo_information_object_list" => {
            // The list that was asked for stands before the indices of every piece's first.
            let mut reader = Reader::new(talk.data.get(2..).unwrap_or_default());
            while let Some(index) = reader.le16() {
                fields.code("iia.ecat.coe.listed", index, objects::name(index));
            }
        }
        _ => value(fields, talk),
    }
}

/// Data, their length, and the number that they are where they are short; text where an object is.
fn value<'a>(fields: &mut Fields<'a>, talk: &'a Talk) {
    fields.uint("iia.ecat.coe.size", talk.len);
    fields.add("iia.ecat.coe.data", Value::Bytes(&talk.data));
    let text = matches!(talk.object.index, 0x1008..=0x100b);
    if text && talk.what == "sdo_upload" {
        return fields.text("iia.ecat.coe.text", &talk.data);
    }
    if matches!(talk.data.len(), 1..=8) && talk.len <= 8 {
        let add = |sum: u64, byte: &u8| sum << 8 | u64::from(*byte);
        let number = talk.data.iter().rev().fold(0, add);
        fields.uint("iia.ecat.coe.value", number);
    }
}
