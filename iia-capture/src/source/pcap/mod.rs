//! Capture files: pcap and pcapng in all their forms, either byte order, plain or compressed, and the bounded buffer they
//! are read through.

mod blocks;
mod legacy;
mod notes;

use std::io::Read;
use std::ops::Range;

use iia_core::Timestamp;

use super::compressed::Unpacked;
use super::{Batch, LinkType, Packet};
use crate::CaptureError;
pub use blocks::INTERFACES_MAX;
use blocks::Section;
use legacy::Header;
pub use notes::{COMMENT_LEN_MAX, COMMENTS_MAX, Comment, Notes, Place};

/// Largest packet or block in bytes; also the buffer's size.
pub const BLOCK_LEN_MAX: usize = 4 * 1024 * 1024;
const BUFFER_LEN: usize = 256 * 1024;

/// A capture file under reading.
pub struct PcapSource<R> {
    reader: R,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    ended: bool,
    format: Format,
    packets: u64,
    notes: Notes,
}

enum Format {
    Legacy(Header),
    Ng(Section),
}

impl Format {
    /// What stands at the start of some bytes; `None` where that is wrong.
    #[inline]
    fn step(&mut self, bytes: &[u8], packets: u64, notes: &mut Notes) -> Option<Step> {
        match self {
            Self::Legacy(header) => header.step(bytes),
            Self::Ng(section) => section.step(bytes, packets, notes),
        }
    }
}

/// What stands at the start of the buffer.
enum Step {
    Packet(Found),
    Other(usize),
    Incomplete,
}

struct Found {
    len: usize,
    ts: Timestamp,
    link: LinkType,
    orig_len: u32,
    data: Range<usize>,
}

impl<R: Read> PcapSource<R> {
    /// Reads the file's first bytes.
    ///
    /// # Errors
    /// [`CaptureError::Empty`], [`CaptureError::NotCapture`], [`CaptureError::Read`].
    pub fn open(reader: R) -> Result<Self, CaptureError> {
        let format = Format::Ng(Section::default());
        let buffer = vec![0; BUFFER_LEN];
        let mut source = Self {
            reader,
            buffer,
            start: 0,
            end: 0,
            ended: false,
            format,
            packets: 0,
            notes: Notes::default(),
        };
        while source.end < 24 && !source.ended {
            source.fill()?;
        }
        let head = source.bytes();
        if head.is_empty() {
            return Err(CaptureError::Empty);
        }
        if head.starts_with(&[0x0a, 0x0d, 0x0d, 0x0a]) {
            return Ok(source);
        }
        let header = Header::read(head).ok_or(CaptureError::NotCapture)?;
        source.start = legacy::HEAD_LEN;
        source.format = Format::Legacy(header);
        Ok(source)
    }

    /// The next packet; `None` at the end.
    ///
    /// # Errors
    /// What is wrong from here on; the packets before were good.
    pub fn next_packet(&mut self) -> Result<Option<Packet<'_>>, CaptureError> {
        let Some(found) = self.found()? else {
            return Ok(None);
        };
        let base = self.start;
        self.start += found.len;
        self.packets += 1;
        let data = self
            .buffer
            .get(base + found.data.start..base + found.data.end)
            .unwrap_or_default();
        Ok(Some(Packet {
            ts: found.ts,
            link: found.link,
            orig_len: found.orig_len,
            data,
        }))
    }

    /// The next packets, as many as were read from the file already, and one at least; none at the end.
    ///
    /// # Errors
    /// As [`next_packet`](PcapSource::next_packet).
    pub fn next_packets(&mut self) -> Result<Batch<'_>, CaptureError> {
        let mut batch = Batch::default();
        let Some(first) = self.found()? else {
            return Ok(batch);
        };
        let bytes = self.buffer.get(..self.end).unwrap_or_default();
        let mut found = Some(first);
        while let Some(one) = found {
            let at = self.start + one.data.start..self.start + one.data.end;
            self.start += one.len;
            self.packets += 1;
            let room = batch.push(Packet {
                ts: one.ts,
                link: one.link,
                orig_len: one.orig_len,
                data: bytes.get(at).unwrap_or_default(),
            });
            if !room {
                break;
            }
            found = loop {
                // What is wrong or not here yet is found again when it is its turn.
                let rest = bytes.get(self.start..).unwrap_or_default();
                match self.format.step(rest, self.packets, &mut self.notes) {
                    Some(Step::Packet(found)) => break Some(found),
                    Some(Step::Other(len)) => self.start += len,
                    Some(Step::Incomplete) | None => break None,
                }
            };
        }
        Ok(batch)
    }

    /// Packets read so far.
    pub const fn packets(&self) -> u64 {
        self.packets
    }

    /// What the file says besides packets, as far as it was read.
    pub fn notes(&self) -> Notes {
        let mut notes = self.notes.clone();
        if let Format::Ng(section) = &self.format {
            section.counted(&mut notes);
        }
        notes
    }

    /// Where the next packet stands.
    #[inline(always)]
    fn found(&mut self) -> Result<Option<Found>, CaptureError> {
        loop {
            match self.step()? {
                Step::Packet(found) => return Ok(Some(found)),
                Step::Other(len) => self.start += len,
                Step::Incomplete if !self.ended => self.fill()?,
                Step::Incomplete if self.start == self.end => return Ok(None),
                Step::Incomplete => {
                    return Err(CaptureError::Truncated {
                        packets: self.packets,
                    });
                }
            }
        }
    }

    fn bytes(&self) -> &[u8] {
        self.buffer.get(self.start..self.end).unwrap_or_default()
    }

    /// Makes room and reads more; a block that needs more than the largest buffer is refused.
    fn fill(&mut self) -> Result<(), CaptureError> {
        if self.start > 0 {
            self.buffer.copy_within(self.start..self.end, 0);
            (self.start, self.end) = (0, self.end - self.start);
        }
        if self.end == self.buffer.len() {
            if self.buffer.len() >= BLOCK_LEN_MAX {
                return Err(CaptureError::TooLarge {
                    packets: self.packets,
                    max: BLOCK_LEN_MAX,
                });
            }
            self.buffer
                .resize((self.buffer.len() * 2).min(BLOCK_LEN_MAX), 0);
        }
        let room = self.buffer.get_mut(self.end..).unwrap_or_default();
        match self.reader.read(room) {
            Ok(0) => self.ended = true,
            Ok(read) => self.end += read,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(_) => {
                return Err(CaptureError::Read {
                    packets: self.packets,
                });
            }
        }
        Ok(())
    }

    fn step(&mut self) -> Result<Step, CaptureError> {
        let bytes = self.buffer.get(self.start..self.end).unwrap_or_default();
        let step = self.format.step(bytes, self.packets, &mut self.notes);
        step.ok_or(CaptureError::Damaged {
            packets: self.packets,
        })
    }
}

impl<R: Read> PcapSource<Unpacked<R>> {
    /// As [`open`](PcapSource::open), of a file that may be compressed: gzip and zstd are recognised by their first bytes.
    ///
    /// # Errors
    /// As there.
    pub fn unpack(reader: R) -> Result<Self, CaptureError> {
        let unpacked = Unpacked::new(reader).map_err(|_| CaptureError::Read { packets: 0 })?;
        Self::open(unpacked)
    }
}

/// Two and four bytes in a file's order.
#[derive(Clone, Copy, Debug, Default)]
struct Order {
    big_endian: bool,
}

impl Order {
    fn u16(self, bytes: &[u8], at: usize) -> Option<u16> {
        let bytes = *bytes.get(at..)?.first_chunk()?;
        Some(match self.big_endian {
            true => u16::from_be_bytes(bytes),
            false => u16::from_le_bytes(bytes),
        })
    }

    fn u32(self, bytes: &[u8], at: usize) -> Option<u32> {
        let bytes = *bytes.get(at..)?.first_chunk()?;
        Some(match self.big_endian {
            true => u32::from_be_bytes(bytes),
            false => u32::from_le_bytes(bytes),
        })
    }

    /// Four numbers of four bytes.
    #[inline]
    fn words(self, bytes: &[u8; 16]) -> [u32; 4] {
        let [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p] = *bytes;
        let little = [[a, b, c, d], [e, f, g, h], [i, j, k, l], [m, n, o, p]];
        match self.big_endian {
            true => little.map(u32::from_be_bytes),
            false => little.map(u32::from_le_bytes),
        }
    }

    fn u64(self, bytes: &[u8], at: usize) -> Option<u64> {
        let bytes = *bytes.get(at..)?.first_chunk()?;
        Some(match self.big_endian {
            true => u64::from_be_bytes(bytes),
            false => u64::from_le_bytes(bytes),
        })
    }
}

fn link_type(number: u32) -> LinkType {
    LinkType(u16::try_from(number & 0xffff).unwrap_or(u16::MAX))
}
