//! What registers stand for: the protocol carries words of 16 bits, the device's list of registers says what they are.
//!
//! A [`Point`] is one line of such a list. Whoever has the list applies it to the spans of an exchange; the decoder itself
//! never guesses.
//!
//! ```
//! use iia_capture::decode::modbus::values::{Kind, Order, Point};
//! use iia_core::observe::{Span, Table, Value, Values};
//!
//! let pressure = Point { table: Table::HoldingRegister, addr: 100, kind: Kind::F32(Order::LowFirst) };
//! let read = Span {
//!     table: Table::HoldingRegister,
//!     addr: 99,
//!     count: 3,
//!     values: Values::Words(&[0, 7, 0, 0, 0x41, 0x48]),
//! };
//! assert_eq!(pressure.value(&read), Some(Value::Float(12.5)));
//! ```

use iia_core::observe::{Span, Table, Value, Values};

/// In which order the four bytes of two registers make a number, A being the highest.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Order {
    /// ABCD: the first register is the higher one.
    #[default]
    HighFirst,
    /// CDAB: the second register is the higher one.
    LowFirst,
    /// BADC: as ABCD, with the bytes of each register exchanged.
    HighFirstSwapped,
    /// DCBA: as CDAB, with the bytes of each register exchanged.
    LowFirstSwapped,
}

impl Order {
    fn number(self, [a, b, c, d]: [u8; 4]) -> u32 {
        u32::from_be_bytes(match self {
            Self::HighFirst => [a, b, c, d],
            Self::LowFirst => [c, d, a, b],
            Self::HighFirstSwapped => [b, a, d, c],
            Self::LowFirstSwapped => [d, c, b, a],
        })
    }
}

/// What stands at an address.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kind {
    /// A number of 16 bits without sign.
    U16,
    /// A number of 16 bits with sign.
    I16,
    /// A number of 32 bits without sign, in two registers.
    U32(Order),
    /// A number of 32 bits with sign, in two registers.
    I32(Order),
    /// A floating-point number of 32 bits (IEEE 754), in two registers.
    F32(Order),
    /// A bit of a register, 0 being the lowest; of a coil or a discrete input, the bit itself.
    Bit(u8),
}

/// One line of a device's list of registers.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Point {
    /// Which table.
    pub table: Table,
    /// The address as on the wire, from 0.
    pub addr: u32,
    /// What stands there.
    pub kind: Kind,
}

impl Point {
    /// What a span says of this point; `None` where it does not hold all of it.
    pub fn value(&self, span: &Span<'_>) -> Option<Value<'static>> {
        if span.table != self.table {
            return None;
        }
        let at = usize::try_from(self.addr.checked_sub(span.addr)?).ok()?;
        match span.values {
            Values::None => None,
            Values::Bits(_) => match self.kind {
                Kind::Bit(_) => Some(Value::Bool(span.iter().nth(at)? != 0)),
                _ => None,
            },
            Values::Words(_) => self.words(span.iter().skip(at)),
        }
    }

    fn words(&self, mut words: impl Iterator<Item = u16>) -> Option<Value<'static>> {
        let first = words.next()?;
        let mut both = |order: Order| {
            let ([a, b], [c, d]) = (first.to_be_bytes(), words.next()?.to_be_bytes());
            Some(order.number([a, b, c, d]))
        };
        Some(match self.kind {
            Kind::U16 => Value::Uint(first.into()),
            Kind::I16 => Value::Int((first as i16).into()),
            Kind::U32(order) => Value::Uint(both(order)?.into()),
            Kind::I32(order) => Value::Int((both(order)? as i32).into()),
            Kind::F32(order) => Value::Float(f32::from_bits(both(order)?).into()),
            Kind::Bit(bit) => Value::Bool(first.checked_shr(bit.into())? & 1 == 1),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(values: Values<'_>) -> Span<'_> {
        Span {
            table: Table::HoldingRegister,
            addr: 10,
            count: 3,
            values,
        }
    }

    #[test]
    fn registers_are_read_as_the_list_says() {
        let words = span(Values::Words(&[0xff, 0xfe, 0xc1, 0x48, 0x00, 0x01]));
        for (addr, kind, value) in [
            (10, Kind::U16, Some(Value::Uint(0xfffe))),
            (10, Kind::I16, Some(Value::Int(-2))),
            (10, Kind::Bit(0), Some(Value::Bool(false))),
            (10, Kind::Bit(15), Some(Value::Bool(true))),
            (10, Kind::Bit(16), None),
            (
                11,
                Kind::U32(Order::HighFirst),
                Some(Value::Uint(0xc148_0001)),
            ),
            (
                11,
                Kind::U32(Order::LowFirst),
                Some(Value::Uint(0x0001_c148)),
            ),
            (
                11,
                Kind::U32(Order::HighFirstSwapped),
                Some(Value::Uint(0x48c1_0100)),
            ),
            (
                11,
                Kind::U32(Order::LowFirstSwapped),
                Some(Value::Uint(0x0100_48c1)),
            ),
            (
                10,
                Kind::I32(Order::HighFirst),
                Some(Value::Int(-0x0001_3eb8)),
            ),
            (12, Kind::U32(Order::HighFirst), None),
            (9, Kind::U16, None),
            (13, Kind::U16, None),
        ] {
            let table = Table::HoldingRegister;
            let point = Point { table, addr, kind };
            assert_eq!(point.value(&words), value, "{addr} {kind:?}");
        }
    }

    #[test]
    fn bits_are_bits() {
        let bits = span(Values::Bits(&[0b101]));
        let of = |addr, kind| {
            let table = Table::HoldingRegister;
            Point { table, addr, kind }.value(&bits)
        };
        assert_eq!(of(12, Kind::Bit(0)), Some(Value::Bool(true)));
        assert_eq!(of(11, Kind::Bit(0)), Some(Value::Bool(false)));
        assert_eq!((of(13, Kind::Bit(0)), of(10, Kind::U16)), (None, None));
    }
}
