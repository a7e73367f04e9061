//! Layouts as data: what stands one behind the other in a block, and the one function that reads it.

use core::net::{IpAddr, Ipv4Addr};

use iia_core::observe::{Mac, Value};

use super::super::{Fields, Reader};

/// Blocks in blocks that are read at most.
pub(super) const DEPTH_MAX: u8 = 6;

/// The name that the standard gives a number.
pub(super) type Words = fn(u64) -> Option<&'static str>;

/// A number without names.
pub(super) const fn plain(_: u64) -> Option<&'static str> {
    None
}

/// Some bits of a number: name, lowest bit, how many, words.
pub(super) struct Bits(
    pub(super) &'static str,
    pub(super) u8,
    pub(super) u8,
    pub(super) Words,
);

/// One thing that stands in a layout.
pub(super) enum Step {
    /// A number of so many bytes, the highest first.
    Num(u8, &'static str),
    /// A number with words.
    Code(u8, &'static str, Words),
    /// A number and what its bits mean.
    Flags(u8, &'static str, &'static [Bits]),
    /// Only the bits of a number.
    Parts(u8, &'static [Bits]),
    /// A number with sign.
    Int(u8, &'static str),
    /// An Ethernet address.
    Mac(&'static str),
    /// An IPv4 address.
    Ip(&'static str),
    /// A UUID in the order in which it is written.
    Uuid(&'static str),
    /// Text of a fixed length, filled up with spaces or zeros.
    Text(usize, &'static str),
    /// The length of a text in so many bytes, under its own name, and the text.
    Name(u8, &'static str, &'static str),
    /// Bytes.
    Bytes(usize, &'static str),
    /// The length of bytes in so many bytes, under its own name, and the bytes.
    Sized(u8, &'static str, &'static str),
    /// Bytes that mean nothing.
    Pad(usize),
    /// To a multiple of four from where the block began.
    Align,
    /// A count in so many bytes, and the steps that often.
    Many(u8, &'static str, &'static [Step]),
    /// The steps of another layout.
    All(&'static [Step]),
    /// The steps until nothing is left.
    Each(&'static [Step]),
    /// All that is left, as text.
    Say(&'static str),
    /// All that is left, as bytes.
    Rest(&'static str),
    /// All that is left, as blocks.
    Blocks,
    /// What a table cannot say.
    Own(fn(&mut Walk<'_, '_>) -> Option<()>),
}

/// A walk over bytes that says each field on its way.
pub(super) struct Walk<'a, 'f> {
    pub(super) reader: Reader<'a>,
    pub(super) fields: &'f mut Fields<'a>,
    /// How deep in blocks it is.
    pub(super) depth: u8,
    /// Whether something broke the rules on the way, though reading went on.
    pub(super) broken: bool,
    /// All that is walked.
    pub(super) whole: &'a [u8],
    /// Bytes of the block before that.
    behind: usize,
}

impl<'a, 'f> Walk<'a, 'f> {
    /// Over bytes that stand `behind` bytes behind where they are aligned to.
    pub(super) const fn new(bytes: &'a [u8], behind: usize, fields: &'f mut Fields<'a>) -> Self {
        Self {
            reader: Reader::new(bytes),
            fields,
            depth: 0,
            broken: false,
            whole: bytes,
            behind,
        }
    }

    /// The same over a part of the bytes; how it went is carried back.
    pub(super) fn within<T>(
        &mut self,
        (bytes, behind): (&'a [u8], usize),
        work: impl FnOnce(&mut Walk<'a, '_>) -> T,
    ) -> T {
        let mut inner = Walk {
            depth: self.depth + 1,
            ..Walk::new(bytes, behind, self.fields)
        };
        let done = work(&mut inner);
        self.broken |= inner.broken;
        done
    }

    /// Walks a layout; `None` where the bytes end before it does.
    pub(super) fn steps(&mut self, steps: &[Step]) -> Option<()> {
        steps.iter().try_for_each(|step| self.step(step))
    }

    /// A number of so many bytes, the highest first.
    pub(super) fn number(&mut self, width: u8) -> Option<u64> {
        let bytes = self.reader.take(width.into())?;
        let shift = |number: u64, byte: &u8| number << 8 | u64::from(*byte);
        Some(bytes.iter().fold(0, shift))
    }

    /// A number that is said and looked at.
    pub(super) fn uint(&mut self, width: u8, name: &'static str) -> Option<u64> {
        let number = self.number(width)?;
        self.fields.uint(name, number);
        Some(number)
    }

    /// Steps over what fills up to a multiple of four; what is not there is not missed.
    pub(super) fn align(&mut self) {
        let past = self.behind + self.whole.len().saturating_sub(self.reader.len());
        let pad = past.next_multiple_of(4) - past;
        self.reader.take(pad.min(self.reader.len()));
    }

    fn step(&mut self, step: &Step) -> Option<()> {
        match *step {
            Step::Num(width, name) => self.uint(width, name).map(drop),
            Step::Code(width, name, words) => {
                let number = self.number(width)?;
                self.fields.code(name, number, words(number));
                Some(())
            }
            Step::Flags(width, name, bits) => self.bits_of(width, name, bits),
            Step::Parts(width, bits) => {
                let number = self.number(width)?;
                self.bits(number, bits);
                Some(())
            }
            Step::Int(width, name) => {
                let unused = 64 - 8 * u32::from(width);
                let number = self.number(width)? << unused;
                let signed = number as i64 >> unused;
                self.fields.add(name, Value::Int(signed));
                Some(())
            }
            Step::Many(width, name, steps) => {
                let count = self.uint(width, name)?;
                (0..count).try_for_each(|_| self.steps(steps))
            }
            Step::All(steps) => self.steps(steps),
            Step::Each(steps) => self.each(steps),
            Step::Pad(len) => self.reader.take(len).map(drop),
            Step::Align => {
                self.align();
                Some(())
            }
            Step::Blocks => {
                super::blocks::all(self);
                Some(())
            }
            Step::Own(own) => own(self),
            _ => self.value(step),
        }
    }

    /// Steps that are one value of bytes.
    fn value(&mut self, step: &Step) -> Option<()> {
        let (name, value) = match *step {
            Step::Mac(name) => (name, Value::Mac(Mac(self.reader.array()?))),
            Step::Ip(name) => {
                let address = Ipv4Addr::from(self.reader.array::<4>()?);
                (name, Value::Ip(IpAddr::V4(address)))
            }
            Step::Uuid(name) => (name, Value::Uuid(self.reader.array()?)),
            Step::Text(len, name) => (name, Value::text(trimmed(self.reader.take(len)?))),
            Step::Name(width, len, name) => {
                let len = usize::try_from(self.uint(width, len)?).ok()?;
                (name, Value::text(self.reader.take(len)?))
            }
            Step::Sized(width, len, name) => {
                let len = usize::try_from(self.uint(width, len)?).ok()?;
                (name, Value::Bytes(self.reader.take(len)?))
            }
            Step::Bytes(len, name) => (name, Value::Bytes(self.reader.take(len)?)),
            Step::Say(name) => (name, Value::text(self.reader.take(self.reader.len())?)),
            Step::Rest(name) => {
                let rest = self.reader.take(self.reader.len())?;
                if rest.is_empty() {
                    return Some(());
                }
                (name, Value::Bytes(rest))
            }
            _ => return Some(()),
        };
        self.fields.add(name, value);
        Some(())
    }

    fn each(&mut self, steps: &[Step]) -> Option<()> {
        while !self.reader.is_empty() {
            let before = self.reader.len();
            self.steps(steps)?;
            if self.reader.len() >= before {
                return None;
            }
        }
        Some(())
    }

    /// A number and what its bits mean.
    pub(super) fn bits_of(&mut self, width: u8, name: &'static str, bits: &[Bits]) -> Option<()> {
        let number = self.uint(width, name)?;
        self.bits(number, bits);
        Some(())
    }

    fn bits(&mut self, number: u64, bits: &[Bits]) {
        for Bits(name, low, count, words) in bits {
            let value = number >> low & ((1u64 << count) - 1);
            self.fields.code(name, value, words(value));
        }
    }
}

/// Text without what fills it up behind.
pub(super) fn trimmed(bytes: &[u8]) -> &[u8] {
    let full = |byte: &u8| !matches!(byte, 0 | b' ');
    let len = bytes.iter().rposition(full).map_or(0, |last| last + 1);
    bytes.get(..len).unwrap_or_default()
}
