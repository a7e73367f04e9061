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
