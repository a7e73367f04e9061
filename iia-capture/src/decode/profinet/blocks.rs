//! Blocks (IEC 61158-6-10, 5.1.2): a type, a length and a version before whatever they hold.

use iia_core::observe::Value;

use super::layout;
use super::names;
use super::walk::{DEPTH_MAX, Walk};

/// Bytes of a block's header; the length in it counts from the version on.
const HEADER_LEN: usize = 6;
/// Blocks whose record stands behind them, not in them.
const WRITE: u16 = 0x0008;
const READ_ANSWER: u16 = 0x8009;
/// The record whose data are write requests again.
const MULTIPLE_WRITE: u64 = 0xe040;

/// What a header of a record says of the data that follows it.
struct Record {
    index: u64,
    len: usize,
}

/// Says every block that is left, one behind the other.
pub(super) fn all(walk: &mut Walk<'_, '_>) {
    while !walk.reader.is_empty() {
        // What is too short for a header fills up to a multiple of four.
        if walk.reader.len() < 4 && walk.reader.rest().iter().all(|byte| *byte == 0) {
            return;
        }
        if one(walk).is_none() {
            walk.broken = true;
            rest(walk);
            return;
        }
    }
}

/// Says a block, and the record behind it where it is the header of one; `None` where it ends before it should.
pub(super) fn one(walk: &mut Walk<'_, '_>) -> Option<()> {
    let kind = walk.reader.be16()?;
    walk.fields
        .code("pn_io.block_type", kind, names::block(kind.into()));
    let len = walk.uint(2, "pn_io.block_length")?;
    walk.uint(1, "pn_io.block_version_high")?;
    let version = walk.uint(1, "pn_io.block_version_low")?;
    let len = usize::try_from(len).ok()?.checked_sub(2)?;
    let body = walk.reader.take(len)?;
    if walk.depth >= DEPTH_MAX {
        walk.fields
            .add("iia.profinet.block_data", Value::Bytes(body));
        return Some(());
    }
    let head = record(kind, body);
    walk.within((body, HEADER_LEN), |inner| {
        match layout::of(kind, version) {
            Some(steps) => {
                if inner.steps(steps).is_none() {
                    inner.broken = true;
                }
                rest(inner);
            }
            None => rest(inner),
        }
    });
    match head {
        Some(head) => data(walk, &head),
        None => Some(()),
    }
}

/// What is left of a block, unless it only fills up.
fn rest(walk: &mut Walk<'_, '_>) {
    let rest = walk.reader.take(walk.reader.len()).unwrap_or_default();
    if rest.iter().any(|byte| *byte != 0) {
        walk.fields
            .add("iia.profinet.block_data", Value::Bytes(rest));
    }
}

/// The index and the length of the record behind a header (IEC 61158-6-10, 5.2.26).
fn record(kind: u16, body: &[u8]) -> Option<Record> {
    if !matches!(kind, WRITE | READ_ANSWER) {
        return None;
    }
    let index = u16::from_be_bytes(*body.get(28..)?.first_chunk()?);
    let len = u32::from_be_bytes(*body.get(30..)?.first_chunk()?);
    Some(Record {
        index: index.into(),
        len: usize::try_from(len).ok()?,
    })
}

/// The data of a record: blocks where the standard defines its index and they add up, bytes where not.
fn data(walk: &mut Walk<'_, '_>, head: &Record) -> Option<()> {
    let whole = walk.reader.len() >= head.len;
    let data = walk.reader.take(head.len.min(walk.reader.len()))?;
    if walk.depth < DEPTH_MAX && head.index == MULTIPLE_WRITE {
        walk.within((data, 0), writes);
    } else if walk.depth < DEPTH_MAX && head.index >= 0x8000 && are_blocks(data) {
        walk.within((data, 0), all);
    } else if !data.is_empty() {
        walk.fields
            .add("iia.profinet.record_data", Value::Bytes(data));
    }
    whole.then_some(())
}

/// Write requests in one, each with its data, each at a multiple of four.
fn writes(walk: &mut Walk<'_, '_>) {
    while walk.reader.len() >= HEADER_LEN {
        if one(walk).is_none() {
            walk.broken = true;
            return;
        }
        walk.align();
    }
}

/// Whether bytes are blocks one behind the other to their very end.
pub(super) fn are_blocks(bytes: &[u8]) -> bool {
    let mut left = bytes;
    while let Some(([_, _, high, low, _, _], _)) = left.split_first_chunk::<HEADER_LEN>() {
        let len = usize::from(u16::from_be_bytes([*high, *low])) + 4;
        let Some(behind) = left.get(len.max(HEADER_LEN)..) else {
            return false;
        };
        left = behind;
    }
    !bytes.is_empty() && left.len() < 4 && left.iter().all(|byte| *byte == 0)
}
