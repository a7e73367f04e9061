//! The body of a record, read where it lies: deterministic CBOR (RFC 8949 4.2.1) of a source and its event.
//!
//! Reads exactly what [`crate::frame::Body`] encodes to, and copies nothing: a log of many gigabytes is verified by it.

use alloc::string::String;
use alloc::vec::Vec;

use iia_core::event::{Event, EventKind, FIELDS_MAX, Field, check_field};

use crate::frame::Body;

/// A body that keeps to every limit.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct View<'a> {
    /// The source's SPIFFE ID, as text.
    pub source: &'a str,
    /// What happened.
    pub kind: EventKind,
    /// When, as the source knows it; nanoseconds since the epoch.
    pub ts_ns: i64,
    /// The source's own number for it.
    pub source_seq: u64,
    fields: Cursor<'a>,
    count: usize,
}

impl<'a> View<'a> {
    /// Reads a body; `None` for bytes that no body encodes to.
    pub fn parse(bytes: &'a [u8]) -> Option<Self> {
        let mut cursor = Cursor(bytes);
        cursor.array(2)?;
        let source = cursor.text()?;
        cursor.array(4)?;
        let kind = EventKind::from_number(cursor.head(UNSIGNED)?.try_into().ok()?)?;
        let ts_ns = cursor.signed()?;
        let source_seq = cursor.head(UNSIGNED)?;
        let count = usize::try_from(cursor.head(ARRAY)?).ok()?;
        let fields = cursor;
        (count <= FIELDS_MAX).then_some(())?;
        for _ in 0..count {
            let (key, value) = cursor.field()?;
            check_field(key, value).ok()?;
        }
        cursor.0.is_empty().then_some(Self {
            source,
            kind,
            ts_ns,
            source_seq,
            fields,
            count,
        })
    }

    /// Name and value of each field, in their order.
    pub fn fields(&self) -> impl Iterator<Item = (&'a str, &'a str)> + use<'a> {
        let mut cursor = self.fields;
        (0..self.count).map_while(move |_| cursor.field())
    }

    /// The value of a field.
    pub fn field(&self, name: &str) -> Option<&'a str> {
        self.fields()
            .find(|(key, _)| *key == name)
            .map(|(_, value)| value)
    }

    /// The same, owned.
    pub fn to_body(&self) -> Body {
        let owned = |(key, value)| Field {
            key: String::from(key),
            value: String::from(value),
        };
        Body {
            source: self.source.into(),
            event: Event {
                kind: self.kind,
                ts_ns: self.ts_ns,
                source_seq: self.source_seq,
                fields: self.fields().map(owned).collect::<Vec<_>>(),
            },
        }
    }
}

const UNSIGNED: u8 = 0;
const NEGATIVE: u8 = 1;
const TEXT: u8 = 3;
const ARRAY: u8 = 4;

/// What is left to read.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Cursor<'a>(&'a [u8]);

impl<'a> Cursor<'a> {
    fn take(&mut self, len: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        Some(taken)
    }

    /// The number of an item of a major type, in its shortest form.
    fn head(&mut self, major: u8) -> Option<u64> {
        let (number, len) = self.any_head()?;
        (len == major).then_some(number)
    }

    /// The number of any item, and its major type.
    fn any_head(&mut self) -> Option<(u64, u8)> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        let (major, low) = (first >> 5, first & 31);
        let len = match low {
            0..24 => return Some((low.into(), major)),
            24..28 => 1usize << (low - 24),
            _ => return None,
        };
        let number = self
            .take(len)?
            .iter()
            .fold(0, |number, byte| number << 8 | u64::from(*byte));
        let shorter = match len {
            1 => 24,
            len => 1u64 << (4 * len),
        };
        (number >= shorter).then_some((number, major))
    }

    fn signed(&mut self) -> Option<i64> {
        let (number, major) = self.any_head()?;
        let number = i64::try_from(number).ok()?;
        match major {
            UNSIGNED => Some(number),
            NEGATIVE => Some(-1 - number),
            _ => None,
        }
    }

    fn array(&mut self, len: u64) -> Option<()> {
        (self.head(ARRAY)? == len).then_some(())
    }

    fn text(&mut self) -> Option<&'a str> {
        let len = usize::try_from(self.head(TEXT)?).ok()?;
        core::str::from_utf8(self.take(len)?).ok()
    }

    fn field(&mut self) -> Option<(&'a str, &'a str)> {
        self.array(2)?;
        Some((self.text()?, self.text()?))
    }
}

#[cfg(test)]
mod tests {
    use iia_core::canon;

    use super::*;

    fn body(fields: usize) -> Body {
        let mut event = Event::new(EventKind::IoFault, iia_core::Timestamp::from_ns(-3));
        for field in 0..fields {
            event = event.with("name", "\u{e9}".repeat(field * 40));
        }
        event.source_seq = fields as u64 * 100_000;
        Body {
            source: "spiffe://iia.local/a".into(),
            event,
        }
    }

    #[test]
    fn a_view_is_its_body_and_every_other_byte_is_judged_alike() {
        for fields in 0..6 {
            let body = body(fields);
            let bytes = canon::encode(&body);
            let view = View::parse(&bytes).unwrap();
            assert_eq!(view.to_body(), body);
            assert_eq!(view.field("name"), body.event.field("name"));
            for at in 0..bytes.len().min(220) {
                for value in 0..=255 {
                    let mut bytes = bytes.clone();
                    bytes[at] = value;
                    let theirs = canon::decode::<Body>(&bytes).ok();
                    let theirs = theirs.filter(|body| body.event.check().is_ok());
                    assert_eq!(
                        View::parse(&bytes).map(|view| view.to_body()),
                        theirs,
                        "{at} {value}"
                    );
                }
                assert_eq!(View::parse(&bytes[..at]), None);
            }
        }
    }
}
