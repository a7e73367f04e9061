//! Pieces of a log on their way to a mirror: bytes of a segment as they lie on disk, in whole records.

use iia_core::canon::minicbor;
use minicbor::bytes::ByteVec;
use minicbor::{Decode, Encode};

use crate::frame::{BODY_MAX, HEAD_LEN};

/// Bytes of a chunk at most, unless one record or header is longer.
pub const CHUNK_LEN: usize = 256 * 1024;
/// Bytes of any chunk at most.
pub const CHUNK_LEN_MAX: usize = CHUNK_LEN + crate::segment::HEADER_LEN_MAX + BODY_MAX + HEAD_LEN;

/// A byte of a log: both sides hold the same files.
#[derive(Clone, Copy, Debug, Decode, Default, Encode, Eq, Ord, PartialEq, PartialOrd)]
pub struct Position {
    /// Number of the segment's first record.
    #[n(0)]
    pub segment: u64,
    /// The byte in its file; 0 is where its header begins.
    #[n(1)]
    pub offset: u64,
}

/// A piece of a log.
#[derive(Clone, Debug, Decode, Encode, Eq, PartialEq)]
pub struct Chunk {
    /// Where it belongs.
    #[n(0)]
    pub at: Position,
    /// A header (at offset 0), then whole records.
    #[n(1)]
    pub bytes: ByteVec,
}

impl Chunk {
    /// The position behind it.
    pub fn end(&self) -> Position {
        Position {
            segment: self.at.segment,
            offset: self.at.offset + self.bytes.len() as u64,
        }
    }
}
