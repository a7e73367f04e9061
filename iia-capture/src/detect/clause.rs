//! One thing that a rule asks of an observation.

use alloc::string::String;
use alloc::vec::Vec;
use core::net::IpAddr;

use iia_core::observe::{Mac, Observation, Value};

use super::field::{self, Half};

/// Values that a clause may name at most.
pub const VALUES_MAX: usize = 64;

/// A value, or several, that a field may have.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Pattern {
    /// Numbers from one to another, both among them.
    Number(u64, u64),
    /// An address.
    Ip(IpAddr),
    /// An Ethernet address.
    Mac(Mac),
    /// A name that a number has in its standard, or a text.
    Word(String),
}

impl Pattern {
    /// Reads `6`, `0x06`, `65..72`, an address, or a word.
    pub(super) fn parse(word: &str) -> Option<Self> {
        if let Some((from, to)) = word.split_once("..") {
            let (from, to) = (number(from)?, number(to)?);
            return (from <= to).then_some(Self::Number(from, to));
        }
        let number = number(word).map(|number| Self::Number(number, number));
        let address = || word.parse().ok().map(Self::Ip);
        let mac = || Mac::parse(word).map(Self::Mac);
        number
            .or_else(address)
            .or_else(mac)
            .or_else(|| Some(Self::Word(word.into())))
    }

    fn holds(&self, value: &Value<'_>) -> bool {
        match (self, value) {
            (Self::Number(from, to), _) => value
                .number()
                .is_some_and(|number| (*from..=*to).contains(&number)),
            (Self::Word(word), Value::Code(_, name)) => word == name,
            (Self::Word(word), Value::Text(text)) => word == text,
            (Self::Word(word), Value::Bool(flag)) => word == if *flag { "true" } else { "false" },
            (Self::Ip(own), Value::Ip(address)) => own == address,
            (Self::Mac(own), Value::Mac(mac)) => own == mac,
            _ => false,
        }
    }
}

/// A number in decimal, or behind `0x` in hexadecimal.
pub(super) fn number(word: &str) -> Option<u64> {
    let digits = |text: &str, base| {
        let sound = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        u64::from_str_radix(text, base).ok().filter(|_| sound)
    };
    match word.strip_prefix("0x") {
        Some(hex) => digits(hex, 16),
        None => digits(word, 10),
    }
}

/// That a field is there, with one of some values where any are named.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Clause {
    pub(super) half: Half,
    pub(super) field: String,
    pub(super) values: Vec<Pattern>,
}

impl Clause {
    pub(super) fn holds(&self, observation: &Observation<'_>) -> bool {
        field::values(observation, self.half, &self.field, &mut |value| {
            self.values.is_empty() || self.values.iter().any(|pattern| pattern.holds(value))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_holds_what_it_says_and_nothing_beside() {
        let code = Value::Code(7, "stop");
        for (word, value, holds) in [
            ("7", Value::Uint(7), true),
            ("0x07", code, true),
            ("stop", code, true),
            ("start", code, false),
            ("5..8", code, true),
            ("8..9", code, false),
            ("10.0.0.7", Value::Ip([10, 0, 0, 7].into()), true),
            ("10.0.0.7", Value::Text("10.0.0.7"), false),
            (
                "02:00:00:00:00:01",
                Value::Mac(Mac([2, 0, 0, 0, 0, 1])),
                true,
            ),
            ("true", Value::Bool(true), true),
            ("7", Value::Text("7"), false),
            ("7", Value::Int(7), false),
        ] {
            assert_eq!(Pattern::parse(word).unwrap().holds(&value), holds, "{word}");
        }
        for word in ["9..8", "..", "0x..2", "a..b"] {
            assert_eq!(Pattern::parse(word), None, "{word}");
        }
    }
}
