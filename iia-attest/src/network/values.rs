//! Declared values: names, and the range that a sound value lies in.

use alloc::boxed::Box;
use alloc::vec::Vec;

use iia_contract::scope::{Device, Tag, Text};
use iia_core::observe::Table;

use super::deed::Touched;

/// The tags of a contract.
#[derive(Clone, Debug, Default)]
pub(super) struct Declared {
    /// By name.
    named: Box<[Named]>,
    /// Those of them that have an address and a range.
    placed: Box<[Placed]>,
}

#[derive(Clone, Debug)]
struct Named {
    name: Text,
    write: bool,
    range: (i64, i64),
}

#[derive(Clone, Debug)]
struct Placed {
    table: Table,
    address: u32,
    form: Form,
    range: (i64, i64),
}

/// How a number lies in registers, the high one first.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Form {
    Integer { registers: u32, signed: bool },
    Float { registers: u32 },
}

/// What a contract says of a value by its name.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Says {
    Fine,
    NotDeclared,
    ReadOnly,
    OutOfRange,
}

impl Declared {
    pub(super) fn new(device: &Device) -> Self {
        let Some(observed) = &device.observed else {
            return Self::default();
        };
        let named = observed.tags.iter().map(|(name, tag)| Named {
            name: name.clone(),
            write: tag.write,
            range: range(tag),
        });
        let placed: Vec<Placed> = observed.tags.values().filter_map(placed).collect();
        Self {
            named: named.collect(),
            placed: placed.into(),
        }
    }

    /// Whether nothing is declared.
    pub(super) fn is_empty(&self) -> bool {
        self.named.is_empty() && self.placed.is_empty()
    }

    /// Whether a value may be asked for or set.
    pub(super) fn access(&self, name: &str, write: bool, value_micros: Option<i64>) -> Says {
        let found = self
            .named
            .binary_search_by(|named| named.name.as_str().cmp(name));
        let Some(named) = found.ok().and_then(|at| self.named.get(at)) else {
            return Says::NotDeclared;
        };
        let (low, high) = named.range;
        match value_micros {
            _ if write && !named.write => Says::ReadOnly,
            Some(value) if !(low..=high).contains(&value) => Says::OutOfRange,
            _ => Says::Fine,
        }
    }

    /// Whether every declared value among those seen is sound.
    pub(super) fn sound(&self, touched: Option<&Touched>) -> bool {
        touched.is_none_or(|touched| {
            touched.values.is_empty() || self.placed.iter().all(|placed| placed.sound(touched))
        })
    }
}

const fn range(tag: &Tag) -> (i64, i64) {
    let low = match tag.low_micros {
        Some(low) => low,
        None => i64::MIN,
    };
    let high = match tag.high_micros {
        Some(high) => high,
        None => i64::MAX,
    };
    (low, high)
}

fn placed(tag: &Tag) -> Option<Placed> {
    let is_bound = tag.low_micros.is_some() || tag.high_micros.is_some();
    let signed = |registers| Form::Integer {
        registers,
        signed: true,
    };
    let unsigned = |registers| Form::Integer {
        registers,
        signed: false,
    };
    let form = match tag.kind.as_str() {
        "bool" | "uint8" | "uint16" => unsigned(1),
        "uint32" => unsigned(2),
        "uint64" => unsigned(4),
        "int8" | "int16" => signed(1),
        "int32" => signed(2),
        "int64" => signed(4),
        "float32" => Form::Float { registers: 2 },
        "float64" => Form::Float { registers: 4 },
        _ => return None,
    };
    Some(Placed {
        table: tag.table?,
        address: u32::try_from(tag.address?).ok()?,
        form,
        range: is_bound.then(|| range(tag))?,
    })
}

impl Placed {
    fn sound(&self, touched: &Touched) -> bool {
        if touched.run.table != self.table {
            return true;
        }
        let Some(offset) = self.address.checked_sub(touched.run.first) else {
            return true;
        };
        let registers = match self.form {
            Form::Integer { registers, .. } | Form::Float { registers } => registers,
        };
        let (from, until) = (offset as usize, offset.saturating_add(registers) as usize);
        let Some(words) = touched.values.get(from..until) else {
            // It was not read as a whole, so that nothing is known of it.
            return true;
        };
        let (low, high) = self.range;
        self.form
            .micros(words)
            .is_none_or(|micros| (low..=high).contains(&micros))
    }
}

impl Form {
    /// The number in millionths, at most what fits; nothing for what is no number.
    fn micros(self, words: &[u16]) -> Option<i64> {
        let raw = words
            .iter()
            .fold(0u64, |raw, word| raw << 16 | u64::from(*word));
        let float = match self {
            Self::Integer { registers, signed } => {
                let bits = registers * 16;
                let number = if signed && raw >> (bits - 1) & 1 == 1 {
                    i128::from(raw) - (1i128 << bits)
                } else {
                    i128::from(raw)
                };
                let micros = number.saturating_mul(1_000_000);
                let fit = micros.clamp(i128::from(i64::MIN), i128::from(i64::MAX));
                return i64::try_from(fit).ok();
            }
            Self::Float { registers: 2 } => f64::from(f32::from_bits(u32::try_from(raw).ok()?)),
            Self::Float { .. } => f64::from_bits(raw),
        };
        // A conversion that keeps to the limits of what it converts to.
        (!float.is_nan()).then_some((float * 1e6) as i64)
    }
}
