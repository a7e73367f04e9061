//! The few shapes of DER (X.690) that a certificate is made of: bounded by the bytes, no recursion.

/// Tags of what is read here.
pub mod tag {
    /// A sequence.
    pub const SEQUENCE: u8 = 0x30;
    /// A set.
    pub const SET: u8 = 0x31;
    /// An object identifier.
    pub const OID: u8 = 0x06;
    /// An integer.
    pub const INTEGER: u8 = 0x02;
    /// A moment of this century or the last, by two digits of the year.
    pub const UTC_TIME: u8 = 0x17;
    /// A moment.
    pub const GENERALIZED_TIME: u8 = 0x18;
    /// Bytes.
    pub const OCTETS: u8 = 0x04;
    /// A flag.
    pub const BOOLEAN: u8 = 0x01;
}

/// Values one after the other.
#[derive(Clone, Copy, Debug)]
pub struct Der<'a>(pub &'a [u8]);

impl<'a> Der<'a> {
    /// The next value: its tag and its content. Only lengths that DER allows are read: of one byte, or as short as can be.
    pub fn value(&mut self) -> Option<(u8, &'a [u8])> {
        let (tag, rest) = self.0.split_first()?;
        // Tags of more than one byte are in no certificate.
        if tag & 0x1f == 0x1f {
            return None;
        }
        let (first, rest) = rest.split_first()?;
        let (len, rest) = match first {
            0..=0x7f => (usize::from(*first), rest),
            0x81..=0x83 => {
                let (bytes, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
                let fold = |sum: usize, byte: &u8| sum << 8 | usize::from(*byte);
                let len = bytes.iter().fold(0, fold);
                let shortest = match bytes.len() {
                    1 => 0x80,
                    2 => 0x100,
                    _ => 0x1_0000,
                };
                (len >= shortest).then_some((len, rest))?
            }
            _ => return None,
        };
        let (value, rest) = rest.split_at_checked(len)?;
        self.0 = rest;
        Some((*tag, value))
    }

    /// The content of the next value, when it has this tag.
    pub fn take(&mut self, tag: u8) -> Option<&'a [u8]> {
        let mut ahead = *self;
        let (_, value) = ahead.value().filter(|(found, _)| *found == tag)?;
        *self = ahead;
        Some(value)
    }

    /// What is within the next value, when it has this tag.
    pub fn within(&mut self, tag: u8) -> Option<Self> {
        self.take(tag).map(Self)
    }
}
