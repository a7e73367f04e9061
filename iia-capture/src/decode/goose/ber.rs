//! Tags, lengths and values (X.690, 8.1), as far as they go: no recursion, nothing beyond the end.

use crate::decode::Reader;

/// Bytes of a length at most behind the first; a frame is shorter than two of them can say.
const LENGTH_LEN_MAX: u8 = 4;

/// A tag and what is under it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Element<'a> {
    /// Class, form and number in one byte; numbers of more than 30 do not occur.
    pub(super) tag: u8,
    /// The value; of one that is cut, what is there.
    pub(super) body: &'a [u8],
    /// Whether all of it is there.
    pub(super) whole: bool,
}

impl<'a> Element<'a> {
    /// The next element; `None` at the end, or where no tag and length can be read.
    pub(super) fn next(reader: &mut Reader<'a>) -> Option<Self> {
        let mut ahead = *reader;
        let tag = ahead.u8().filter(|tag| tag & 0x1f != 0x1f)?;
        let len = length(&mut ahead)?;
        let (body, whole) = match ahead.take(len) {
            Some(body) => (body, true),
            None => (ahead.take(ahead.len())?, false),
        };
        *reader = ahead;
        Some(Self { tag, body, whole })
    }

    /// The number that the value is, with its sign, where it has eight bytes at most.
    pub(super) fn int(&self) -> Option<i64> {
        let first = self.body.first().filter(|_| self.body.len() <= 8)?;
        let start = if first & 0x80 != 0 { -1 } else { 0 };
        let add = |sum: i64, byte: &u8| sum << 8 | i64::from(*byte);
        Some(self.body.iter().fold(start, add))
    }

    /// The number without a sign: what must not be negative is read so even where the leading zero was forgotten.
    pub(super) fn uint(&self) -> Option<u64> {
        let digits = self.body.iter().skip_while(|byte| **byte == 0).count();
        let add = |sum: u64, byte: &u8| sum << 8 | u64::from(*byte);
        (digits <= 8 && !self.body.is_empty()).then(|| self.body.iter().fold(0, add))
    }

    /// The flag that the value is.
    pub(super) const fn flag(&self) -> Option<bool> {
        match self.body {
            [byte] => Some(*byte != 0),
            _ => None,
        }
    }
}

/// A length in the short form, or in the long one with as many bytes as a frame can need.
fn length(reader: &mut Reader<'_>) -> Option<usize> {
    let first = reader.u8()?;
    if first < 0x80 {
        return Some(first.into());
    }
    let count = Some(first & 0x7f).filter(|count| (1..=LENGTH_LEN_MAX).contains(count))?;
    let bytes = reader.take(count.into())?;
    Some(
        bytes
            .iter()
            .fold(0, |sum, byte| sum << 8 | usize::from(*byte)),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn element(bytes: &[u8]) -> Option<Element<'_>> {
        Element::next(&mut Reader::new(bytes))
    }

    #[test]
    fn what_is_no_element_is_none() {
        let cases: [&[u8]; 6] = [
            &[],
            &[0x80],
            &[0x9f, 1, 0],
            &[0x80, 0x80],
            &[0x80, 0x85, 0, 0, 0, 0, 1],
            &[0x80, 0x82, 1],
        ];
        for bytes in cases {
            assert_eq!(element(bytes), None, "{bytes:?}");
        }
    }

    #[test]
    fn lengths_have_two_forms_and_what_is_cut_says_so() {
        for (bytes, len, whole) in [
            (&[0x80, 1, 7][..], 1, true),
            (&[0x80, 0x81, 1, 7], 1, true),
            (&[0x80, 0x82, 0, 2, 7], 1, false),
        ] {
            let one = element(bytes).unwrap();
            assert_eq!((one.body.len(), one.whole), (len, whole));
        }
    }

    #[test]
    fn numbers_have_a_sign_or_none() {
        for (body, int, uint) in [
            (&[0xff][..], Some(-1), Some(255)),
            (
                &[0, 0xff, 0xff, 0xff, 0xff],
                Some(0xffff_ffff),
                Some(0xffff_ffff),
            ),
            (&[0x80, 0, 0, 0], Some(-0x8000_0000), Some(0x8000_0000)),
            (&[], None, None),
            (&[1; 9], None, None),
        ] {
            let one = Element {
                tag: 0x85,
                body,
                whole: true,
            };
            assert_eq!((one.int(), one.uint()), (int, uint));
        }
    }
}
