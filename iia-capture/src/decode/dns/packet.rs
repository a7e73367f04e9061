//! A message of the DNS (RFC 1035, 4): header, questions, records.

use alloc::string::String;
use alloc::vec::Vec;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::name::name;
use crate::decode::Reader;

/// Questions and records of a message that are read at most.
pub const RECORDS_MAX: usize = 512;
/// The header (RFC 1035, 4.1.1).
pub const HEAD_LEN: usize = 12;

/// A message, as far as it can be read.
#[derive(Debug)]
pub struct Message<'a> {
    /// Which question an answer belongs to.
    pub id: u16,
    /// Flags, opcode and rcode.
    pub flags: u16,
    /// Questions, answers, authorities, additional records that there should be.
    pub counts: [u16; 4],
    /// The questions.
    pub questions: Vec<Question>,
    /// The records of all sections.
    pub records: Vec<Record<'a>>,
    /// Whether everything was there and kept the rules.
    pub whole: bool,
}

/// A question.
#[derive(Debug)]
pub struct Question {
    /// About whom.
    pub name: String,
    /// The type asked for.
    pub kind: u16,
    /// The class; multicast DNS has a flag in it.
    pub class: u16,
}

/// A record.
#[derive(Debug)]
pub struct Record<'a> {
    /// About whom.
    pub name: String,
    /// Its type.
    pub kind: u16,
    /// The class; multicast DNS has a flag in it, EDNS the size of datagrams.
    pub class: u16,
    /// How long it holds, in seconds; EDNS has flags here.
    pub ttl: u32,
    /// Bytes of its data.
    pub len: u16,
    /// What it says.
    pub data: Data<'a>,
}

/// What a record says.
#[derive(Debug)]
pub enum Data<'a> {
    /// An address.
    Ip(&'static str, IpAddr),
    /// A name.
    Name(&'static str, String),
    /// RFC 1035, 3.3.9.
    Mx(u16, String),
    /// RFC 2782: priority, weight, port, target.
    Srv([u16; 3], String),
    /// RFC 1035, 3.3.13.
    Soa([String; 2], [u32; 5]),
    /// RFC 1035, 3.3.14.
    Txt(Vec<&'a [u8]>),
    /// Anything else, or what breaks its type's rules.
    Other(&'a [u8]),
}

impl<'a> Message<'a> {
    /// Reads a message; `None` without a whole header.
    pub fn read(bytes: &'a [u8]) -> Option<Self> {
        let mut reader = Reader::new(bytes);
        let (id, flags) = (reader.be16()?, reader.be16()?);
        let counts = [
            reader.be16()?,
            reader.be16()?,
            reader.be16()?,
            reader.be16()?,
        ];
        let mut message = Self {
            id,
            flags,
            counts,
            questions: Vec::new(),
            records: Vec::new(),
            whole: false,
        };
        message.whole = message.sections(bytes).is_some();
        Some(message)
    }

    /// Whether it answers.
    pub const fn is_response(&self) -> bool {
        self.flags & 0x8000 != 0
    }

    fn sections(&mut self, bytes: &'a [u8]) -> Option<()> {
        let [asked, records @ ..] = self.counts;
        let records = records.into_iter().map(usize::from).sum::<usize>();
        let mut at = HEAD_LEN;
        for _ in 0..usize::from(asked).min(RECORDS_MAX) {
            let (question, after) = question(bytes, at)?;
            self.questions.push(question);
            at = after;
        }
        let room = RECORDS_MAX.saturating_sub(self.questions.len());
        let mut sound = true;
        for _ in 0..records.min(room) {
            let (record, after, fits) = record(bytes, at)?;
            self.records.push(record);
            at = after;
            sound &= fits;
        }
        (sound && usize::from(asked) + records <= RECORDS_MAX).then_some(())
    }
}

/// The question at a place, and where the next begins.
pub fn question(bytes: &[u8], at: usize) -> Option<(Question, usize)> {
    let (name, after) = name(bytes, at)?;
    let mut reader = Reader::new(bytes.get(after..)?);
    let (kind, class) = (reader.be16()?, reader.be16()?);
    Some((Question { name, kind, class }, after + 4))
}

/// The record at a place, where the next begins, and whether its data keep the rules of their type.
fn record(bytes: &[u8], at: usize) -> Option<(Record<'_>, usize, bool)> {
    let (name, after) = name(bytes, at)?;
    let mut reader = Reader::new(bytes.get(after..)?);
    let (kind, class, ttl, len) = (
        reader.be16()?,
        reader.be16()?,
        reader.be32()?,
        reader.be16()?,
    );
    let start = after + 10;
    let raw = reader.take(usize::from(len))?;
    let end = start + raw.len();
    // Names in the data may point anywhere before it, but nothing in it reaches behind it.
    let known = data(kind, bytes.get(..end)?, start, raw);
    // An update may name a record without data (RFC 2136, 2.4).
    let fits = known.is_some() || raw.is_empty();
    let record = Record {
        name,
        kind,
        class,
        ttl,
        len,
        data: known.unwrap_or(Data::Other(raw)),
    };
    Some((record, end, fits))
}

fn data<'a>(kind: u16, bytes: &[u8], start: usize, raw: &'a [u8]) -> Option<Data<'a>> {
    let mut reader = Reader::new(raw);
    let one = |at: usize| {
        let (text, after) = name(bytes, at)?;
        (after == bytes.len()).then_some(text)
    };
    Some(match kind {
        1 => {
            let address: [u8; 4] = raw.try_into().ok()?;
            Data::Ip("dns.a", IpAddr::V4(Ipv4Addr::from(address)))
        }
        28 => {
            let address: [u8; 16] = raw.try_into().ok()?;
            Data::Ip("dns.aaaa", IpAddr::V6(Ipv6Addr::from(address)))
        }
        2 => Data::Name("dns.ns", one(start)?),
        5 => Data::Name("dns.cname", one(start)?),
        12 => Data::Name("dns.ptr.domain_name", one(start)?),
        39 => Data::Name("dns.dname", one(start)?),
        15 => Data::Mx(reader.be16()?, one(start + 2)?),
        33 => {
            let numbers = [reader.be16()?, reader.be16()?, reader.be16()?];
            Data::Srv(numbers, one(start + 6)?)
        }
        6 => {
            let (first, after) = name(bytes, start)?;
            let (second, after) = name(bytes, after)?;
            let mut reader = Reader::new(bytes.get(after..)?);
            let mut numbers = [0; 5];
            for number in &mut numbers {
                *number = reader.be32()?;
            }
            reader.is_empty().then_some(())?;
            Data::Soa([first, second], numbers)
        }
        16 => {
            let mut texts = Vec::new();
            while !reader.is_empty() {
                let len = usize::from(reader.u8()?);
                texts.push(reader.take(len)?);
            }
            Data::Txt(texts)
        }
        _ => Data::Other(raw),
    })
}
