//! A record as a row, and back.

use alloc::string::{String, ToString as _};
use alloc::vec;
use alloc::vec::Vec;

use iia_core::digest::Digest;

use super::json;
use super::schema::Cell;
use crate::envelope::{BARE_LEN, Envelope, Shown, kind_of};
use crate::frame::{self, ENVELOPE_LEN, HEAD_LEN, Record, SALT_LEN, Written};

/// Cells before the record as stored.
const READABLE: usize = 10;

/// The row of a record that links to the one before it.
pub(super) fn of(shown: &Shown, frame: &[u8]) -> Vec<Cell> {
    let mut row = readable(shown);
    let part =
        |from: usize, to: usize| Cell::Bytes(frame.get(from..to).unwrap_or_default().to_vec());
    row.push(part(ENVELOPE_LEN, BARE_LEN));
    row.push(part(0, ENVELOPE_LEN));
    match shown {
        Shown::Whole(_) => {
            let len = frame.get(44..48).and_then(|len| len.try_into().ok());
            let len = u32::from_le_bytes(len.unwrap_or_default()) as usize;
            row.push(part(BARE_LEN, HEAD_LEN));
            row.push(part(HEAD_LEN, HEAD_LEN + len));
        }
        Shown::Bare(_) => row.extend([Cell::Empty, Cell::Empty]),
    }
    row
}

/// The cells that repeat what the record says.
fn readable(shown: &Shown) -> Vec<Cell> {
    let text = |text: &str| Cell::Bytes(text.as_bytes().to_vec());
    let Written {
        utc_ns,
        boottime_ns,
        boot,
        error_us,
    } = shown.written();
    let mut row = vec![
        Cell::Number(shown.seq()),
        Cell::Number(utc_ns.cast_unsigned()),
        Cell::Number(error_us.into()),
        Cell::Number(boottime_ns),
        Cell::Number(boot.into()),
        text(&kind(shown)),
    ];
    match shown {
        Shown::Bare(_) => row.resize(READABLE, Cell::Empty),
        Shown::Whole(record) => {
            let event = &record.body.event;
            row.push(text(record.source()));
            row.push(Cell::Number(event.ts_ns.cast_unsigned()));
            row.push(Cell::Number(event.source_seq));
            row.push(text(&json::fields(&event.fields)));
        }
    }
    row
}

/// The name of the kind; its number for a redacted record of a kind that this version does not know.
fn kind(shown: &Shown) -> String {
    match shown {
        Shown::Whole(record) => record.body.event.kind.name().to_string(),
        Shown::Bare(bare) => match kind_of(bare.kind) {
            Some(kind) => kind.name().to_string(),
            None => bare.kind.to_string(),
        },
    }
}

/// Reads record `seq` from a row; it must link to the one before it, and every cell must say what it says.
pub(super) fn read(row: &[Cell], chain: (&[u8; 32], &Digest), seq: u64) -> Result<Shown, String> {
    let (said, stored) = row.split_at_checked(READABLE).ok_or("is no row")?;
    let [hash, envelope, salt, body] = stored else {
        return Err("is no row".into());
    };
    let bare = [envelope.bytes(), hash.bytes()].concat();
    let shown = match (salt, body) {
        (Cell::Empty, Cell::Empty) => {
            let envelope = Envelope::read(&bare, chain, seq);
            Shown::Bare(envelope.map_err(|error| error.to_string())?)
        }
        _ => Shown::Whole(whole(&bare, (salt.bytes(), body.bytes()), chain, seq)?),
    };
    match readable(&shown) == said {
        true => Ok(shown),
        false => Err(alloc::format!(
            "record {seq}: a cell says otherwise than the record"
        )),
    }
}

fn whole(
    bare: &[u8],
    (salt, body): (&[u8], &[u8]),
    chain: (&[u8; 32], &Digest),
    seq: u64,
) -> Result<Record, String> {
    if bare.len() != BARE_LEN || salt.len() != SALT_LEN {
        return Err("is no row".into());
    }
    let mut bytes = [bare, salt, body].concat();
    bytes.resize(frame::len_of(body.len()), 0);
    let record = frame::decode(&bytes, chain, seq).map_err(|error| error.to_string())?;
    // The bytes are the record's own and no padding was taken for a body.
    let len = bare.get(44..48).and_then(|len| len.try_into().ok());
    match len.map(u32::from_le_bytes) == u32::try_from(body.len()).ok() {
        true => Ok(record),
        false => Err(alloc::format!(
            "record {seq}: body of another length than its envelope says"
        )),
    }
}
