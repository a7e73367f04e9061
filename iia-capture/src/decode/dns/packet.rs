//! A message of the DNS (RFC 1035, 4): header, questions, records.

use alloc::string::String;
use alloc::vec::Vec;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::name::write_name;
use crate::decode::Reader;

/// Questions and records of a message that are read at most.
pub const RECORDS_MAX: usize = 512;
/// The header (RFC 1035, 4.1.1).
pub const HEAD_LEN: usize = 12;
/// Bytes of names that room is kept for; what a longer message needed goes with it.
const KEPT_LEN: usize = 16 * 1024;

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
    /// All names, one behind the other.
    names: String,
}

/// A name in a message; [`Message::text`] spells it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Name {
    start: usize,
    end: usize,
}

/// A question.
#[derive(Clone, Copy, Debug)]
pub struct Question {
    /// About whom.
    pub name: Name,
    /// The type asked for.
    pub kind: u16,
    /// The class; multicast DNS has a flag in it.
    pub class: u16,
}

/// A record.
#[derive(Clone, Copy, Debug)]
pub struct Record<'a> {
    /// About whom.
    pub name: Name,
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
#[derive(Clone, Copy, Debug)]
pub enum Data<'a> {
    /// An address.
    Ip(&'static str, IpAddr),
    /// A name.
    Name(&'static str, Name),
    /// RFC 1035, 3.3.9.
    Mx(u16, Name),
    /// RFC 2782: priority, weight, port, target.
    Srv([u16; 3], Name),
    /// RFC 1035, 3.3.13.
    Soa([Name; 2], [u32; 5]),
    /// RFC 1035, 3.3.14: texts behind their lengths; [`texts`] tells them apart.
    Txt(&'a [u8]),
    /// Anything else, or what breaks its type's rules.
    Other(&'a [u8]),
}

/// What messages are read into, used again for each.
#[derive(Debug, Default)]
pub struct Rooms {
    names: String,
    questions: Vec<Question>,
    records: Vec<Record<'static>>,
}

impl<'a> Message<'a> {
    /// Reads a message; `None` without a whole header.
    pub fn read(bytes: &'a [u8]) -> Option<Self> {
        Self::read_into(Rooms::default(), bytes)
    }

    /// As [`read`](Message::read), into rooms that [`rooms`](Message::rooms) gave back.
    pub fn read_into(rooms: Rooms, bytes: &'a [u8]) -> Option<Self> {
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
            questions: rooms.questions,
            records: rooms.records,
            whole: false,
            names: rooms.names,
        };
        message.whole = message.sections(bytes).is_some();
        Some(message)
    }

    /// The rooms of a message that is done with.
    pub fn rooms(self) -> Rooms {
        let (mut names, mut questions, mut records) = (self.names, self.questions, self.records);
        if names.capacity() > KEPT_LEN {
            return Rooms::default();
        }
        names.clear();
        questions.clear();
        records.clear();
        Rooms {
            names,
            questions,
            records: records.into_iter().map_while(|_| None).collect(),
        }
    }

    /// How a name of this message is written.
    pub fn text(&self, name: Name) -> &str {
        self.names.get(name.start..name.end).unwrap_or_default()
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
            let (question, after) = question(&mut self.names, bytes, at)?;
            self.questions.push(question);
            at = after;
        }
        let room = RECORDS_MAX.saturating_sub(self.questions.len());
        let mut sound = true;
        for _ in 0..records.min(room) {
            let (record, after, fits) = record(&mut self.names, bytes, at)?;
            self.records.push(record);
            at = after;
            sound &= fits;
        }
        (sound && usize::from(asked) + records <= RECORDS_MAX).then_some(())
    }
}

/// The texts of a record, each behind its length.
pub fn texts(raw: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut reader = Reader::new(raw);
    core::iter::from_fn(move || {
        let len = usize::from(reader.u8()?);
        reader.take(len)
    })
}

/// The name at a place, written behind those before it, and where what follows it begins.
fn named(names: &mut String, bytes: &[u8], at: usize) -> Option<(Name, usize)> {
    let start = names.len();
    let after = write_name(names, bytes, at)?;
    let end = names.len();
    Some((Name { start, end }, after))
}

/// The question at a place, and where the next begins.
pub fn question(names: &mut String, bytes: &[u8], at: usize) -> Option<(Question, usize)> {
    let (name, after) = named(names, bytes, at)?;
    let mut reader = Reader::new(bytes.get(after..)?);
    let (kind, class) = (reader.be16()?, reader.be16()?);
    Some((Question { name, kind, class }, after + 4))
}

/// The record at a place, where the next begins, and whether its data keep the rules of their type.
fn record<'a>(names: &mut String, bytes: &'a [u8], at: usize) -> Option<(Record<'a>, usize, bool)> {
    let (name, after) = named(names, bytes, at)?;
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
    let known = data(names, kind, (bytes.get(..end)?, start), raw);
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

fn data<'a>(
    names: &mut String,
    kind: u16,
    (bytes, start): (&[u8], usize),
    raw: &'a [u8],
) -> Option<Data<'a>> {
    let mut reader = Reader::new(raw);
    let mut one = |at: usize| {
        let (name, after) = named(names, bytes, at)?;
        (after == bytes.len()).then_some(name)
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
            let (first, after) = named(names, bytes, start)?;
            let (second, after) = named(names, bytes, after)?;
            let mut reader = Reader::new(bytes.get(after..)?);
            let mut numbers = [0; 5];
            for number in &mut numbers {
                *number = reader.be32()?;
            }
            reader.is_empty().then_some(())?;
            Data::Soa([first, second], numbers)
        }
        16 => {
            let told = texts(raw).map(|text| text.len() + 1).sum::<usize>();
            (told == raw.len()).then_some(Data::Txt(raw))?
        }
        _ => Data::Other(raw),
    })
}
