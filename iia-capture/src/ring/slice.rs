//! A range of time cut out of the ring, and what proves it: the bytes of the leaves that it is in, as they stand in the file, and
//! of the rest of the tree only digests and times.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom, Write};
use std::path::Path;

use iia_core::{Digest, Timestamp};

use super::leaves::{LEAF_LEN, leaf};
use super::pcapng::{PACKET_LEN_MAX, packet_len};
use super::recover::read;
use super::seal::{Row, Seal};
use super::tree::{Held, LEAVES_MAX, Node, beside, reach};
use super::writer::capture_path;
use super::{Ring, RingError};

/// Bytes of a leaf at most, one with a long packet included.
const LEAF_BYTES_MAX: usize = {
    let packet = packet_len(PACKET_LEN_MAX);
    if packet > LEAF_LEN { packet } else { LEAF_LEN }
};

/// What was cut out, beside its bytes.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Slice {
    /// From when on, in nanoseconds since 1970.
    pub from: i64,
    /// Until when, not included.
    pub to: i64,
    /// The parts, one a file, in the order of the bytes.
    pub parts: Vec<Part>,
}

/// What proves one part.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Part {
    /// The seal of the file that it is of.
    pub seal: Seal,
    /// The first leaf that is here after the head, by its place in the file.
    pub first: u32,
    /// How long each leaf is that is here; the first is the head.
    pub lens: Vec<u32>,
    /// The rest of the tree, from left to right.
    pub beside: Vec<Node>,
}

/// What a slice was found to be.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Verified {
    /// Packets in the range.
    pub packets: u64,
    /// Packets outside it, which are in the same leaves.
    pub around: u64,
    /// Packets lost before they came to the ring, of all files that are touched.
    pub lost: u64,
    /// The digests of the seals, in order: to be compared with those that a record of evidence names.
    pub seals: Vec<Digest>,
}

impl Ring {
    /// Writes every packet from `from` on and before `to` that is in a sealed file, as pcapng, and answers what proves it. Packets
    /// of the same leaf come with them. The file that is being written is no part of it: [`Ring::seal`] closes it.
    ///
    /// # Errors
    /// [`RingError::Altered`] and [`RingError::Seal`] where a file is not what was sealed; [`RingError::Disk`].
    pub fn slice(
        &self,
        (from, to): (Timestamp, Timestamp),
        out: &mut impl Write,
    ) -> Result<Slice, RingError> {
        let (from, to) = (from.as_ns(), to.as_ns());
        let touched = self.seals().filter(|seal| seal.span.meets(from, to));
        let numbers: Vec<u64> = touched.map(|seal| seal.number).collect();
        // What lies between two that are touched belongs to them, also when its own times do not: clocks are set.
        let between = numbers.first().copied().zip(numbers.last().copied());
        let mut parts = Vec::new();
        for seal in self.seals() {
            if between.is_some_and(|(first, last)| (first..=last).contains(&seal.number)) {
                parts.push(part(self.folder(), seal, (from, to), out)?);
            }
        }
        Ok(Slice { from, to, parts })
    }
}

fn part(
    folder: &Path,
    seal: &Seal,
    (from, to): (i64, i64),
    out: &mut impl Write,
) -> Result<Part, RingError> {
    let path = capture_path(folder, seal.number);
    let (found, rows) = read(folder, seal.number)?
        .filter(|(found, _)| found == seal)
        .ok_or_else(|| RingError::Seal { path: path.clone() })?;
    let held = held(&rows, from, to);
    let mut file = File::open(&path).map_err(RingError::disk(&path))?;
    let (mut lens, mut bytes) = (Vec::new(), Vec::new());
    let mut at = 0;
    for (place, row) in rows.iter().enumerate() {
        if place == 0 || (held.from..held.to).contains(&place) {
            bytes.resize(row.len as usize, 0);
            file.seek(SeekFrom::Start(at))
                .and_then(|_| file.read_exact(&mut bytes))
                .map_err(|why| match why.kind() {
                    std::io::ErrorKind::UnexpectedEof => RingError::Altered { path: path.clone() },
                    _ => RingError::disk(&path)(why),
                })?;
            if Node::leaf(row.node.span, &bytes) != row.node {
                return Err(RingError::Altered { path });
            }
            out.write_all(&bytes)
                .map_err(RingError::disk("the slice"))?;
            lens.push(row.len);
        }
        at += u64::from(row.len);
    }
    let nodes: Vec<Node> = rows.iter().map(|row| row.node).collect();
    Ok(Part {
        seal: found,
        first: u32::try_from(held.from).unwrap_or(u32::MAX),
        lens,
        beside: beside(&nodes, held),
    })
}

/// The leaves from the first to the last that have something in common with the range; none, behind the head, where none has.
fn held(rows: &[Row], from: i64, to: i64) -> Held {
    let meets = |row: &Row| row.node.span.meets(from, to);
    let first = rows.iter().position(meets);
    let last = rows.iter().rposition(meets);
    match (first, last) {
        (Some(from), Some(last)) => Held { from, to: last + 1 },
        _ => Held { from: 1, to: 1 },
    }
}

/// Verifies that `bytes` are parts of the files that were sealed, and that nothing of the range was left out of these files.
/// Whether the seals are those that were given out is for the caller to compare; files before the first and after the last are
/// told of by their own seals. Pure: it needs no ring.
///
/// # Errors
/// [`RingError::NotPart`], [`RingError::Incomplete`], [`RingError::Gap`].
pub fn verify(bytes: &[u8], slice: &Slice) -> Result<Verified, RingError> {
    let mut verified = Verified {
        packets: 0,
        around: 0,
        lost: 0,
        seals: Vec::new(),
    };
    let (mut rest, mut before) = (bytes, None::<&Seal>);
    for (number, part) in slice.parts.iter().enumerate() {
        let follows = before.is_none_or(|before| {
            before.number.checked_add(1) == Some(part.seal.number)
                && part.seal.previous == before.digest()
        });
        if !follows {
            return Err(RingError::Gap { part: number });
        }
        let (times, left) = part
            .times(rest)
            .ok_or(RingError::NotPart { part: number })?;
        let more = |node: &Node| node.span.meets(slice.from, slice.to);
        if part.beside.iter().any(more) {
            return Err(RingError::Incomplete { part: number });
        }
        let inside = |at: &&i64| (slice.from..slice.to).contains(*at);
        let packets = times.iter().filter(inside).count();
        verified.packets += packets as u64;
        verified.around += (times.len() - packets) as u64;
        verified.lost = verified.lost.saturating_add(part.seal.lost);
        verified.seals.push(part.seal.digest());
        (rest, before) = (left, Some(&part.seal));
    }
    match rest {
        [] => Ok(verified),
        _ => Err(RingError::NotPart {
            part: slice.parts.len(),
        }),
    }
}

impl Part {
    /// The times of its packets, and what is behind it; `None` where it does not reach the top that was sealed.
    fn times<'a>(&self, mut bytes: &'a [u8]) -> Option<(Vec<i64>, &'a [u8])> {
        let count = usize::try_from(self.seal.leaves).ok()?;
        let from = usize::try_from(self.first).ok()?;
        let to = from.checked_add(self.lens.len().checked_sub(1)?)?;
        if count > LEAVES_MAX || from == 0 || to > count.max(from) {
            return None;
        }
        let (mut nodes, mut times) = (Vec::new(), Vec::new());
        for (place, len) in self.lens.iter().enumerate() {
            let len = usize::try_from(*len).ok()?;
            let (one, rest) = bytes.split_at_checked(len)?;
            if len > LEAF_BYTES_MAX {
                return None;
            }
            let (node, at) = leaf(one, place == 0)?;
            nodes.push(node);
            times.extend(at);
            bytes = rest;
        }
        let top = reach(count, Held { from, to }, &nodes, &self.beside)?;
        (top == self.seal.top()).then_some((times, bytes))
    }
}
