//! Where the bytes of a frame lie (ETG.1000.4, 5.3 and 5.4; IEC 61158-4-12): header, datagrams. No meaning here.

use crate::decode::Reader;

/// Bytes of the header of a frame.
pub const HEADER_LEN: usize = 2;
/// Bytes of a datagram without its data: the header, and the working counter behind the data.
pub const DATAGRAM_LEN_MIN: usize = 12;

/// The header of a frame: eleven bits of length, one that is reserved, four of type.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Header(u16);

impl Header {
    /// Reads a header and gives what is behind it, as long as it says; shorter where bytes are missing.
    pub fn parse(frame: &[u8]) -> Option<(Self, &[u8])> {
        let mut reader = Reader::new(frame);
        let header = Self(reader.le16()?);
        let rest = reader.rest();
        let body = rest.get(..usize::from(header.length())).unwrap_or(rest);
        Some((header, body))
    }

    /// The header of a frame of datagrams whose body has so many bytes.
    pub const fn datagrams(len: usize) -> Self {
        Self(1 << 12 | len as u16 & 0x07ff)
    }

    /// Bytes behind the header, without padding.
    pub const fn length(self) -> u16 {
        self.0 & 0x07ff
    }

    /// A bit that must be zero.
    pub const fn reserved(self) -> u16 {
        self.0 >> 11 & 1
    }

    /// What is behind it.
    pub const fn kind(self) -> u16 {
        self.0 >> 12
    }
}

/// One command in a frame.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Datagram<'a> {
    /// Its place in the frame, from 1.
    pub place: u16,
    /// What is to be done.
    pub command: u8,
    /// The number by which the master knows it again.
    pub index: u8,
    /// The address: station or position and offset, or a logical one.
    pub address: [u8; 4],
    /// Length and flags as they are on the wire.
    pub flags: u16,
    /// The interrupts of all slaves.
    pub interrupt: u16,
    /// What is read, written, or both.
    pub data: &'a [u8],
    /// How often it was done.
    pub counter: u16,
}

impl Datagram<'_> {
    /// The station's address, or its position; counted up by every slave where it is a position or a broadcast.
    pub const fn station(&self) -> u16 {
        let [a, b, _, _] = self.address;
        u16::from_le_bytes([a, b])
    }

    /// The place in the station's memory.
    pub const fn offset(&self) -> u16 {
        let [_, _, a, b] = self.address;
        u16::from_le_bytes([a, b])
    }

    /// The place in the process image of all.
    pub const fn logical(&self) -> u32 {
        u32::from_le_bytes(self.address)
    }

    /// Whether another datagram follows.
    pub const fn more(&self) -> bool {
        self.flags & 0x8000 != 0
    }

    /// Whether it has been round once: only a ring that is open somewhere shows this.
    pub const fn circulating(&self) -> bool {
        self.flags & 0x4000 != 0
    }

    /// Three bits that must be zero.
    pub const fn reserved(&self) -> u16 {
        self.flags >> 11 & 7
    }
}

/// The datagrams of a frame, one after the other.
#[derive(Clone, Copy, Debug)]
pub struct Datagrams<'a> {
    reader: Reader<'a>,
    place: u16,
    more: bool,
}

impl<'a> Datagrams<'a> {
    /// Those in the body of a frame.
    pub const fn new(body: &'a [u8]) -> Self {
        Self {
            reader: Reader::new(body),
            place: 0,
            more: true,
        }
    }

    /// What is left when the last was taken: none, or bytes that are no datagram.
    pub const fn rest(&self) -> &'a [u8] {
        self.reader.rest()
    }

    /// Whether the last one that was taken says that another follows.
    pub const fn expects_more(&self) -> bool {
        self.more
    }

    fn read(reader: &mut Reader<'a>, place: u16) -> Option<Datagram<'a>> {
        let [command, index] = reader.array()?;
        let address = reader.array()?;
        let (flags, interrupt) = (reader.le16()?, reader.le16()?);
        let data = reader.take(usize::from(flags & 0x07ff))?;
        Some(Datagram {
            place,
            command,
            index,
            address,
            flags,
            interrupt,
            data,
            counter: reader.le16()?,
        })
    }
}

impl<'a> Iterator for Datagrams<'a> {
    type Item = Datagram<'a>;

    fn next(&mut self) -> Option<Datagram<'a>> {
        if !self.more {
            return None;
        }
        let mut reader = self.reader;
        let datagram = Self::read(&mut reader, self.place.saturating_add(1))?;
        self.reader = reader;
        self.place = datagram.place;
        self.more = datagram.more();
        Some(datagram)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A write of two bytes, then a read of one.
    const BODY: [u8; 27] = [
        5, 1, 1, 16, 0x20, 1, 2, 0x80, 0, 0, 8, 0, 1, 0, //
        4, 2, 2, 16, 0x11, 1, 1, 0, 0, 0, 0x5a, 2, 0,
    ];

    #[test]
    fn datagrams_are_found_one_behind_the_other() {
        let mut all = Datagrams::new(&BODY);
        let first = all.next().unwrap();
        assert_eq!((first.station(), first.offset()), (0x1001, 0x0120));
        assert_eq!((first.data, first.counter), (&[8, 0][..], 1));
        let second = all.next().unwrap();
        assert_eq!(
            (second.place, second.data, second.counter),
            (2, &[0x5a][..], 2)
        );
        assert!(all.next().is_none() && all.rest().is_empty() && !all.expects_more());
    }

    #[test]
    fn a_datagram_that_is_cut_is_none() {
        for len in 0..BODY.len() {
            let mut all = Datagrams::new(&BODY[..len]);
            let whole = all.by_ref().count();
            assert_eq!(whole, usize::from(len >= 14), "{len}");
            assert!(all.expects_more(), "{len}");
        }
    }
}
