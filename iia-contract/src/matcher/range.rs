//! Values within the sound range that their tags declare.

use alloc::boxed::Box;

use iia_core::observe::{Span, Table, Values};

use crate::scope::{Device, Tag};

/// The tags of a device that have an address and a range, by address.
#[derive(Clone, Debug, Default)]
pub(super) struct Ranges(Box<[Ranged]>);

#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
struct Ranged {
    table: Table,
    address: u32,
    form: Form,
    low_micros: i64,
    high_micros: i64,
}

/// How a number lies in registers; of several registers the high one comes first.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Form {
    Signed(u8),
    Unsigned(u8),
    Float32,
    Float64,
}

impl Form {
    fn named(kind: &str) -> Option<Self> {
        Some(match kind {
            "bool" | "uint8" | "uint16" => Self::Unsigned(1),
            "uint32" => Self::Unsigned(2),
            "uint64" => Self::Unsigned(4),
            "int8" | "int16" => Self::Signed(1),
            "int32" => Self::Signed(2),
            "int64" => Self::Signed(4),
            "float32" => Self::Float32,
            "float64" => Self::Float64,
            _ => return None,
        })
    }

    const fn registers(self) -> u32 {
        match self {
            Self::Signed(count) | Self::Unsigned(count) => count as u32,
            Self::Float32 => 2,
            Self::Float64 => 4,
        }
    }

    /// The number in millionths, the nearest that there is; nothing when it is no number.
    fn micros(self, raw: u64) -> Option<i64> {
        let float = match self {
            Self::Unsigned(_) => {
                let number = i64::try_from(raw).unwrap_or(i64::MAX);
                return Some(number.saturating_mul(1_000_000));
            }
            Self::Signed(count) => {
                let unused = 64 - 16 * u32::from(count);
                let number = raw.checked_shl(unused)?.cast_signed() >> unused;
                return Some(number.saturating_mul(1_000_000));
            }
            Self::Float32 => f64::from(f32::from_bits(u32::try_from(raw).ok()?)),
            Self::Float64 => f64::from_bits(raw),
        };
        (!float.is_nan()).then_some((float * 1e6) as i64)
    }
}

impl Ranges {
    pub(super) fn new(device: &Device) -> Self {
        let tags = device.observed.as_ref().map(|observed| &observed.tags);
        let mut ranges: alloc::vec::Vec<Ranged> = tags
            .into_iter()
            .flat_map(|tags| tags.values())
            .filter_map(ranged)
            .collect();
        ranges.sort_unstable();
        Self(ranges.into())
    }

    /// Whether every whole value that the span carries lies within its range.
    #[inline]
    pub(super) fn hold(&self, span: Option<&Span<'_>>) -> bool {
        match span {
            Some(span) if !self.0.is_empty() && span.values != Values::None => self.check(span),
            _ => true,
        }
    }

    fn check(&self, span: &Span<'_>) -> bool {
        let begins = (span.table, span.addr);
        let first = self
            .0
            .partition_point(|range| (range.table, range.address) < begins);
        let from = self.0.get(first..).unwrap_or_default().iter();
        from.take_while(|range| range.table == span.table && range.address <= span.last())
            .all(|range| range.holds(span))
    }
}

impl Ranged {
    /// Whether the value of a span is sound, when the span carries all of it.
    fn holds(&self, span: &Span<'_>) -> bool {
        let offset = self.address.checked_sub(span.addr);
        let raw = offset.and_then(|offset| raw(span, offset, self.form.registers()));
        raw.is_none_or(|raw| {
            let micros = self.form.micros(raw);
            micros.is_some_and(|micros| (self.low_micros..=self.high_micros).contains(&micros))
        })
    }
}

/// The first tag by name whose value in a span is not sound.
pub(crate) fn unsound<'a>(device: &'a Device, span: &Span<'_>) -> Option<(&'a str, &'a Tag)> {
    let tags = &device.observed.as_ref()?.tags;
    let mut tags = tags.iter().map(|(name, tag)| (name.as_str(), tag));
    tags.find(|(_, tag)| {
        ranged(tag).is_some_and(|range| range.table == span.table && !range.holds(span))
    })
}

fn ranged(tag: &Tag) -> Option<Ranged> {
    if tag.low_micros.is_none() && tag.high_micros.is_none() {
        return None;
    }
    Some(Ranged {
        table: tag.table?,
        address: u32::try_from(tag.address?).ok()?,
        form: Form::named(&tag.kind)?,
        low_micros: tag.low_micros.unwrap_or(i64::MIN),
        high_micros: tag.high_micros.unwrap_or(i64::MAX),
    })
}

/// The value at an offset of the span, when all of it was seen.
fn raw(span: &Span<'_>, offset: u32, registers: u32) -> Option<u64> {
    if offset.checked_add(registers)? > span.count {
        return None;
    }
    let offset = offset as usize;
    match span.values {
        Values::None => None,
        Values::Bits(bytes) => bytes
            .get(offset / 8)
            .map(|byte| u64::from(byte >> (offset % 8) & 1)),
        Values::Words(bytes) => {
            let bytes = bytes.get(offset * 2..(offset + registers as usize) * 2)?;
            let number = bytes
                .iter()
                .fold(0, |number, byte| number << 8 | u64::from(*byte));
            Some(number)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    fn words(bytes: &[u8]) -> Span<'_> {
        Span {
            table: Table::HoldingRegister,
            addr: 100,
            count: u32::try_from(bytes.len() / 2).unwrap(),
            values: Values::Words(bytes),
        }
    }

    /// Each type by its name, what lies in the registers, and the number in millionths.
    #[test]
    fn every_type_is_read_as_its_name_says() {
        for (kind, bytes, micros) in [
            ("bool", &[0, 1][..], Some(1_000_000)),
            ("uint8", &[0, 255], Some(255_000_000)),
            ("uint16", &[0xff, 0xfe], Some(65_534_000_000)),
            (
                "uint32",
                &[0xff, 0xff, 0xff, 0xfe],
                Some(4_294_967_294_000_000),
            ),
            ("uint64", &[0, 0, 0, 0, 0, 0, 1, 0], Some(256_000_000)),
            ("uint64", &[0xff; 8], Some(i64::MAX)),
            ("int8", &[0xff, 0xfe], Some(-2_000_000)),
            ("int16", &[0x80, 0], Some(-32_768_000_000)),
            ("int32", &[0xff, 0xff, 0xff, 0xfd], Some(-3_000_000)),
            ("int32", &[0x80, 0, 0, 1], Some(-2_147_483_647_000_000)),
            (
                "int64",
                &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfc],
                Some(-4_000_000),
            ),
            ("float32", &[0x3f, 0xc0, 0, 0], Some(1_500_000)),
            ("float32", &[0x7f, 0xc0, 0, 0], None),
            ("float64", &[0xc0, 0x04, 0, 0, 0, 0, 0, 0], Some(-2_500_000)),
            ("float64", &[0x7f, 0xf0, 0, 0, 0, 0, 0, 0], Some(i64::MAX)),
        ] {
            let form = Form::named(kind).unwrap();
            assert_eq!(form.registers() as usize * 2, bytes.len(), "{kind}");
            let raw = raw(&words(bytes), 0, form.registers()).unwrap();
            assert_eq!(form.micros(raw), micros, "{kind} {bytes:?}");
        }
        assert_eq!(Form::named("string"), None);
    }

    #[test]
    fn bits_and_registers_are_found_at_their_offset_and_only_when_all_were_seen() {
        let bits = Span {
            table: Table::Coil,
            addr: 0,
            count: 12,
            values: Values::Bits(&[0b1000_0010, 0b0000_0100]),
        };
        let ones: Vec<u32> = (0..12).filter(|at| raw(&bits, *at, 1) == Some(1)).collect();
        assert_eq!(ones, [1, 7, 10]);
        assert_eq!(raw(&bits, 0, 1), Some(0));
        assert_eq!(raw(&bits, 12, 1), None);
        let span = words(&[0, 1, 0, 2, 0, 3]);
        assert_eq!(raw(&span, 1, 2), Some(0x0002_0003));
        assert_eq!(raw(&span, 2, 2), None);
        assert_eq!(raw(&span, u32::MAX, 2), None);
        let unseen = Span {
            values: Values::None,
            ..span
        };
        assert_eq!(raw(&unseen, 0, 1), None);
    }

    fn tag(address: u64, low_micros: Option<i64>, high_micros: Option<i64>) -> Tag {
        Tag {
            kind: "uint16".into(),
            table: Some(Table::HoldingRegister),
            address: Some(address),
            low_micros,
            high_micros,
            ..Tag::default()
        }
    }

    /// Each of several tags is found by its address, with a bound on either side or on both.
    #[test]
    fn every_tag_that_a_span_carries_is_held_to_its_range() {
        let tags = [
            tag(100, Some(2_000_000), None),
            tag(101, None, Some(5_000_000)),
            tag(103, Some(1_000_000), Some(3_000_000)),
            tag(102, None, None),
        ];
        let mut ranges: Vec<Ranged> = tags.iter().filter_map(ranged).collect();
        ranges.sort_unstable();
        assert_eq!(ranges.len(), 3);
        let ranges = Ranges(ranges.into());
        let holds = |addr, bytes: &[u8]| {
            let span = words(bytes);
            ranges.hold(Some(&Span { addr, ..span }))
        };
        assert!(holds(100, &[0, 2, 0, 5, 0xff, 0xff, 0, 3]));
        for (place, value) in [(1, 1), (3, 6), (7, 0), (7, 4)] {
            let mut bytes = [0, 2, 0, 5, 0xff, 0xff, 0, 3];
            bytes[place] = value;
            assert!(!holds(100, &bytes), "{place} {value}");
        }
        // Whoever reads less is held to less; other tables are not held at all.
        assert!(holds(101, &[0, 5, 0, 0]) && !holds(101, &[0, 6]) && holds(104, &[0, 9]));
        let span = Span {
            table: Table::InputRegister,
            ..words(&[0, 0, 0, 9])
        };
        assert!(ranges.hold(Some(&span)) && ranges.hold(None));
    }
}
