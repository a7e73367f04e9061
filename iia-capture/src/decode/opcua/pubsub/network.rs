//! The headers of a network message (OPC 10000-14, 7.2.4.4).

use alloc::vec::Vec;

use iia_core::observe::Value;

use super::super::shape::Kind;
use super::super::value::Teller;
use super::data_set;
use super::pieces::Piece;
use crate::decode::Reader;

/// The version of UADP that there is.
const VERSION: u8 = 1;

/// What the headers say of the rest.
#[derive(Debug, Default)]
pub(super) struct Network<'a> {
    kind: u8,
    chunk: bool,
    /// Writers of the data set messages that follow, where they are named.
    pub(super) writers: Option<Vec<u16>>,
    /// Whether the rest is encrypted.
    pub(super) sealed: bool,
    /// Whether a signature, and perhaps a footer, stands at the end.
    pub(super) signed: bool,
    /// Who publishes, as it stands there.
    publisher: &'a [u8],
    /// The piece of a longer message that this one is.
    pub(super) piece: Option<Piece<'a>>,
}

impl<'a> Network<'a> {
    /// What it is, in the standard's words.
    pub(super) const fn what(&self) -> &'static str {
        match (self.kind, self.chunk) {
            (_, true) => "chunk",
            (0, _) => "data_set_messages",
            (1, _) => "discovery_probe",
            (2, _) => "discovery_announcement",
            _ => "network_message",
        }
    }

    /// Reads and tells every header ahead of the payload.
    pub(super) fn read(&mut self, teller: &mut Teller<'_, 'a>) -> Option<()> {
        let first = teller.reader.u8()?;
        teller.fields.uint("iia.uadp.version", first & 0x0f);
        teller.fields.uint("iia.uadp.flags", first >> 4);
        if first & 0x0f != VERSION {
            return None;
        }
        let has = |bit: u8| first & bit != 0;
        let extended = flags(teller, has(0x80), "iia.uadp.extended_flags1")?;
        let second = flags(teller, extended & 0x80 != 0, "iia.uadp.extended_flags2")?;
        self.chunk = second & 1 != 0;
        self.kind = second >> 2 & 7;
        if second & 0xe0 != 0 || self.kind > 2 {
            return None;
        }
        if has(0x10) {
            let before = teller.reader.rest();
            publisher(teller, extended & 7)?;
            let len = before.len() - teller.reader.len();
            self.publisher = before.get(..len)?;
        }
        if extended & 0x08 != 0 {
            teller.value(Kind::Guid, "iia.uadp.data_set_class_id")?;
        }
        if has(0x20) {
            group(teller)?;
        }
        if has(0x40) {
            self.payload_header(teller)?;
        }
        if extended & 0x20 != 0 {
            teller.value(Kind::DateTime, "iia.uadp.timestamp")?;
        }
        if extended & 0x40 != 0 {
            teller.value(Kind::UInt16, "iia.uadp.picoseconds")?;
        }
        if second & 2 != 0 {
            promoted(teller)?;
        }
        if extended & 0x10 != 0 {
            self.security(teller)?;
        }
        Some(())
    }

    /// Whose data set messages follow (OPC 10000-14, 7.2.4.4.2 and 7.2.4.5.2); a chunk belongs to one.
    fn payload_header(&mut self, teller: &mut Teller<'_, '_>) -> Option<()> {
        let count = match (self.kind, self.chunk) {
            (0, false) => teller.reader.u8()?,
            (0, true) => 1,
            // Discovery has none.
            _ => return None,
        };
        let mut writers = Vec::new();
        for _ in 0..count {
            let writer = teller.reader.le16()?;
            teller.fields.uint("iia.uadp.data_set_writer_id", writer);
            writers.push(writer);
        }
        self.writers = Some(writers);
        Some(())
    }

    /// How the rest is secured (OPC 10000-14, 7.2.4.4.3).
    fn security(&mut self, teller: &mut Teller<'_, '_>) -> Option<()> {
        let flags = flags(teller, true, "iia.uadp.security_flags")?;
        if flags & 0xf0 != 0 {
            return None;
        }
        teller.value(Kind::UInt32, "iia.uadp.security_token_id")?;
        let len = teller.reader.u8()?;
        let nonce = teller.reader.take(len.into())?;
        teller.fields.add("iia.uadp.nonce", Value::Bytes(nonce));
        if flags & 4 != 0 {
            teller.value(Kind::UInt16, "iia.uadp.security_footer_size")?;
        }
        self.sealed = flags & 2 != 0;
        self.signed = flags & 1 != 0;
        Some(())
    }

    /// What the headers are about.
    pub(super) fn payload(&mut self, teller: &mut Teller<'_, 'a>) -> Option<()> {
        match (self.kind, self.chunk) {
            (_, true) => self.chunk(teller),
            (0, _) => self.data_sets(teller),
            (1, _) => probe(teller),
            _ => announcement(teller),
        }
    }

    /// What pieces are when they are put together: one data set message, or one of discovery.
    pub(super) fn whole(&mut self, teller: &mut Teller<'_, '_>) -> Option<()> {
        self.chunk = false;
        match self.kind {
            0 => data_set::tell(teller),
            1 => probe(teller),
            _ => announcement(teller),
        }
    }

    /// A piece of a message that was too long (OPC 10000-14, 7.2.4.4.4).
    fn chunk(&mut self, teller: &mut Teller<'_, 'a>) -> Option<()> {
        let mut ahead = teller.reader;
        let (number, offset, total) = (ahead.le16()?, ahead.le32()?, ahead.le32()?);
        teller.value(Kind::UInt16, "iia.uadp.chunk.message_sequence_number")?;
        teller.value(Kind::UInt32, "iia.uadp.chunk.offset")?;
        teller.value(Kind::UInt32, "iia.uadp.chunk.total_size")?;
        let bytes = teller.bytes()?;
        teller.fields.uint("iia.uadp.chunk.len", bytes.len() as u64);
        let writer = self.writers.as_ref().and_then(|all| all.first().copied());
        self.piece = Some(Piece {
            publisher: self.publisher,
            writer,
            number,
            offset,
            total,
            bytes,
        });
        Some(())
    }

    /// Data set messages: of several the sizes stand ahead (OPC 10000-14, 7.2.4.5.3).
    fn data_sets(&self, teller: &mut Teller<'_, '_>) -> Option<()> {
        let count = self.writers.as_ref().map_or(1, Vec::len);
        if count == 1 {
            return data_set::tell(teller);
        }
        let mut sizes = Vec::new();
        for _ in 0..count {
            sizes.push(teller.reader.le16()?);
        }
        for size in sizes {
            let part = teller.reader.part(size.into())?;
            let behind = core::mem::replace(&mut teller.reader, part);
            let told = data_set::tell(teller);
            let ends = teller.reader.is_empty();
            teller.reader = behind;
            told.filter(|()| ends)?;
        }
        Some(())
    }
}

/// A byte of flags, where it is there.
fn flags(teller: &mut Teller<'_, '_>, there: bool, name: &'static str) -> Option<u8> {
    if !there {
        return Some(0);
    }
    let flags = teller.reader.u8()?;
    teller.fields.uint(name, flags);
    Some(flags)
}

/// Who says it: a number of one of four sizes, or a name.
fn publisher(teller: &mut Teller<'_, '_>, kind: u8) -> Option<()> {
    let kind = match kind {
        0 => Kind::Byte,
        1 => Kind::UInt16,
        2 => Kind::UInt32,
        3 => Kind::UInt64,
        4 => Kind::String,
        _ => return None,
    };
    teller.value(kind, "iia.uadp.publisher_id")
}

/// The group of writers (OPC 10000-14, 7.2.4.4.2).
fn group(teller: &mut Teller<'_, '_>) -> Option<()> {
    let flags = flags(teller, true, "iia.uadp.group_flags")?;
    if flags & 0xf0 != 0 {
        return None;
    }
    let parts = [
        (1, Kind::UInt16, "iia.uadp.writer_group_id"),
        (2, Kind::UInt32, "iia.uadp.group_version"),
        (4, Kind::UInt16, "iia.uadp.network_message_number"),
        (8, Kind::UInt16, "iia.uadp.sequence_number"),
    ];
    let mut there = parts.iter().filter(|part| flags & part.0 != 0);
    there.try_for_each(|part| teller.value(part.1, part.2))
}

/// Fields of the data set that routers may read; their size stands ahead.
fn promoted(teller: &mut Teller<'_, '_>) -> Option<()> {
    let size = teller.reader.le16()?;
    let part = teller.reader.part(size.into())?;
    let behind = core::mem::replace(&mut teller.reader, part);
    while !teller.reader.is_empty() {
        let name = Value::Text("PromotedFields");
        teller.fields.add(super::super::value::MEMBER, name);
        teller.variant()?;
    }
    teller.reader = behind;
    Some(())
}

/// Somebody asks what there is (OPC 10000-14, 7.2.4.6.12).
fn probe(teller: &mut Teller<'_, '_>) -> Option<()> {
    teller.value(Kind::Byte, "iia.uadp.probe_type")?;
    let kind = teller.reader.u8()?;
    let name = "iia.uadp.information_type";
    teller.fields.code(name, kind, information(kind));
    if matches!(kind, 2 | 3) {
        return teller.value(Kind::Many(&Kind::UInt16), "iia.uadp.data_set_writer_id");
    }
    rest(teller)
}

/// Somebody says what there is (OPC 10000-14, 7.2.4.6.2).
fn announcement(teller: &mut Teller<'_, '_>) -> Option<()> {
    let kind = teller.reader.u8()?;
    let name = "iia.uadp.announcement_type";
    teller.fields.code(name, kind, information(kind));
    teller.value(Kind::UInt16, "iia.uadp.sequence_number")?;
    if kind == 2 {
        teller.value(Kind::UInt16, "iia.uadp.data_set_writer_id")?;
    }
    rest(teller)
}

/// What follows is not read.
pub(super) fn rest(teller: &mut Teller<'_, '_>) -> Option<()> {
    let len = teller.reader.len();
    teller.fields.uint("iia.uadp.unread", len as u64);
    teller.reader = Reader::new(&[]);
    Some(())
}

/// What is asked for or announced, in the standard's words.
const fn information(kind: u8) -> Option<&'static str> {
    Some(match kind {
        1 => "publisher_endpoints",
        2 => "data_set_meta_data",
        3 => "data_set_writer_configuration",
        4 => "pub_sub_connections",
        5 => "application_information",
        _ => return None,
    })
}
