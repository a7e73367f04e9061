//! Capture files: pcap and pcapng, either byte order, micro- and nanoseconds. The blocks are parsed by `pcap-parser`;
//! here is the bounded buffer they are read through.

use std::io::Read;
use std::ops::Range;

use iia_core::Timestamp;
use iia_core::time::SECOND_NS;
use pcap_parser::{Block, PcapHeader};

use super::{LinkType, Packet};
use crate::CaptureError;

/// Largest packet or block in bytes; also the buffer's size.
pub const BLOCK_LEN_MAX: usize = 4 * 1024 * 1024;
const BUFFER_LEN: usize = 256 * 1024;
/// Interfaces of a pcapng section at most.
pub const INTERFACES_MAX: usize = 4096;

/// A capture file under reading.
pub struct PcapSource<R> {
    reader: R,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    ended: bool,
    format: Format,
    packets: u64,
}

enum Format {
    Legacy {
        header: PcapHeader,
        link: LinkType,
        big_endian: bool,
    },
    Ng {
        interfaces: Vec<Interface>,
        big_endian: bool,
    },
}

#[derive(Clone, Copy)]
struct Interface {
    link: LinkType,
    units: u64,
    offset: i64,
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
        let format = Format::Ng {
            interfaces: Vec::new(),
            big_endian: false,
        };
        let buffer = vec![0; BUFFER_LEN];
        let mut source = Self {
            reader,
            buffer,
            start: 0,
            end: 0,
            ended: false,
            format,
            packets: 0,
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
        let (_, header) =
            pcap_parser::parse_pcap_header(head).map_err(|_| CaptureError::NotCapture)?;
        let big_endian = header.is_bigendian();
        let link = LinkType(u16::try_from(header.network.0 & 0xffff).unwrap_or(u16::MAX));
        source.start = header.size();
        source.format = Format::Legacy {
            header,
            link,
            big_endian,
        };
        Ok(source)
    }

    /// The next packet; `None` at the end.
    ///
    /// # Errors
    /// What is wrong from here on; the packets before were good.
    pub fn next_packet(&mut self) -> Result<Option<Packet<'_>>, CaptureError> {
        let found = loop {
            match self.step()? {
                Step::Packet(found) => break found,
                Step::Other(len) => self.start += len,
                Step::Incomplete if !self.ended => self.fill()?,
                Step::Incomplete if self.start == self.end => return Ok(None),
                Step::Incomplete => {
                    return Err(CaptureError::Truncated {
                        packets: self.packets,
                    });
                }
            }
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

    /// Packets read so far.
    pub const fn packets(&self) -> u64 {
        self.packets
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
        let step = match &mut self.format {
            Format::Legacy {
                header,
                link,
                big_endian,
            } => legacy(bytes, header, *link, *big_endian),
            Format::Ng {
                interfaces,
                big_endian,
            } => block(bytes, interfaces, big_endian),
        };
        step.ok_or(CaptureError::Damaged {
            packets: self.packets,
        })
    }
}

fn legacy(bytes: &[u8], header: &PcapHeader, link: LinkType, big_endian: bool) -> Option<Step> {
    let parsed = match (header.is_modified_format(), big_endian) {
        (true, _) => pcap_parser::pcap::parse_pcap_frame_modified(bytes),
        (false, false) => pcap_parser::parse_pcap_frame(bytes),
        (false, true) => pcap_parser::parse_pcap_frame_be(bytes),
    };
    let (rest, frame) = match parsed {
        Ok(parsed) => parsed,
        Err(pcap_parser::nom::Err::Incomplete(_)) => return Some(Step::Incomplete),
        Err(_) => return None,
    };
    let unit_ns = if header.is_nanosecond_precision() {
        1
    } else {
        1000
    };
    let ts = i64::from(frame.ts_sec) * SECOND_NS + i64::from(frame.ts_usec) * unit_ns;
    let data = range(bytes, frame.data)?;
    let (len, ts) = (bytes.len() - rest.len(), Timestamp::from_ns(ts));
    Some(Step::Packet(Found {
        len,
        ts,
        link,
        orig_len: frame.origlen,
        data,
    }))
}

/// Where a part lies within the whole.
fn range(whole: &[u8], part: &[u8]) -> Option<Range<usize>> {
    let start = (part.as_ptr() as usize).checked_sub(whole.as_ptr() as usize)?;
    (start + part.len() <= whole.len()).then_some(start..start + part.len())
}

fn block(bytes: &[u8], interfaces: &mut Vec<Interface>, big_endian: &mut bool) -> Option<Step> {
    let parsed = if *big_endian {
        pcap_parser::parse_block_be(bytes)
    } else {
        pcap_parser::parse_block_le(bytes)
    };
    let (rest, block) = match parsed {
        Ok(parsed) => parsed,
        Err(pcap_parser::nom::Err::Incomplete(_)) => return Some(Step::Incomplete),
        Err(_) => return None,
    };
    let len = bytes.len() - rest.len();
    match block {
        Block::SectionHeader(header) => {
            *big_endian = header.big_endian();
            interfaces.clear();
        }
        Block::InterfaceDescription(description) => {
            if interfaces.len() >= INTERFACES_MAX {
                return None;
            }
            let link = LinkType(u16::try_from(description.linktype.0 & 0xffff).unwrap_or(u16::MAX));
            let units = description
                .ts_resolution()
                .filter(|units| *units > 0)
                .unwrap_or(1_000_000);
            interfaces.push(Interface {
                link,
                units,
                offset: description.ts_offset(),
            });
        }
        Block::EnhancedPacket(packet) => {
            let interface = *interfaces.get(usize::try_from(packet.if_id).ok()?)?;
            let ticks = u64::from(packet.ts_high) << 32 | u64::from(packet.ts_low);
            let captured = packet.data.get(..packet.caplen as usize)?;
            let (ts, data) = (interface.time(ticks), range(bytes, captured)?);
            return Some(Step::Packet(Found {
                len,
                ts,
                link: interface.link,
                orig_len: packet.origlen,
                data,
            }));
        }
        Block::SimplePacket(packet) => {
            let interface = *interfaces.first()?;
            let captured = packet.data.len().min(packet.origlen as usize);
            let data = range(bytes, packet.data.get(..captured)?)?;
            let ts = Timestamp::default();
            return Some(Step::Packet(Found {
                len,
                ts,
                link: interface.link,
                orig_len: packet.origlen,
                data,
            }));
        }
        _ => {}
    }
    Some(Step::Other(len))
}

impl Interface {
    fn time(self, ticks: u64) -> Timestamp {
        let ns = u128::from(ticks) * 1_000_000_000 / u128::from(self.units);
        let ns = i64::try_from(ns).unwrap_or(i64::MAX);
        Timestamp::from_ns(ns.saturating_add(self.offset.saturating_mul(SECOND_NS)))
    }
}
