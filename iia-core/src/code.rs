//! Stable error codes: `IIA-<crate>-<nnnn>`, the hundreds say who acts.

use core::fmt;

/// The class of an error, read from the hundreds of its number.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[non_exhaustive]
pub enum Class {
    /// 0xx: the bytes are not what the format says.
    Malformed,
    /// 1xx: a proof is missing or wrong.
    Unverified,
    /// 2xx: sound alone, but in conflict with something else.
    Inconsistent,
    /// 3xx: right, but not now or not in this order.
    OutOfOrder,
    /// 4xx: a named limit is reached.
    OverLimit,
    /// 5xx: the machine, the disk, the network or the clock.
    Environment,
    /// 9xx: a defect of ours.
    Internal,
}

/// A stable error code such as `IIA-AUD-0101`; codes are public API, texts are not.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Code {
    area: &'static str,
    number: u16,
}

impl Code {
    /// Makes the code `IIA-<area>-<number>`.
    pub const fn new(area: &'static str, number: u16) -> Self {
        Self { area, number }
    }

    /// The three letters that name the crate, such as `AUD`.
    pub const fn area(self) -> &'static str {
        self.area
    }

    /// The number, 0 to 9999.
    pub const fn number(self) -> u16 {
        self.number
    }

    /// The class that the hundreds name.
    pub const fn class(self) -> Class {
        match self.number % 1000 / 100 {
            0 => Class::Malformed,
            1 => Class::Unverified,
            2 => Class::Inconsistent,
            3 => Class::OutOfOrder,
            4 => Class::OverLimit,
            5 => Class::Environment,
            _ => Class::Internal,
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "IIA-{}-{:04}", self.area, self.number)
    }
}

/// An error that carries a stable code.
pub trait Coded {
    /// The code; it never changes for the same kind of defect.
    fn code(&self) -> Code;
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn the_hundreds_give_the_class() {
        for (number, want) in [
            (1, Class::Malformed),
            (101, Class::Unverified),
            (299, Class::Inconsistent),
            (300, Class::OutOfOrder),
            (404, Class::OverLimit),
            (500, Class::Environment),
            (900, Class::Internal),
            (1101, Class::Unverified),
        ] {
            assert_eq!(Code::new("COR", number).class(), want, "{number}");
        }
    }

    #[test]
    fn a_code_prints_four_digits() {
        assert_eq!(Code::new("AUD", 101).to_string(), "IIA-AUD-0101");
    }
}
