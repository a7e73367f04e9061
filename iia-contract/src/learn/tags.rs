//! Values that were asked for or set by their name, and how far they went.

use alloc::collections::BTreeMap;
use alloc::string::{String, ToString as _};
use core::fmt::Write as _;

use iia_core::Timestamp;
use iia_core::observe::Access;
use iia_core::time::SECOND_NS;

use super::{Pair, write};

/// Names learnt of one client at one server at most; accesses to further ones are counted.
pub const TAGS_MAX: usize = 4096;
/// Bytes of a name at most, as far as the language takes one.
const NAME_LEN_MAX: usize = 256;

/// What was seen of a name.
#[derive(Clone, Copy, Debug, Default)]
struct Seen {
    write: bool,
    range: Option<(i64, i64)>,
    count: i64,
    span: Option<(Timestamp, Timestamp)>,
}

impl Seen {
    /// How often, in nanoseconds: on average, and once a second where it came once.
    fn rate_ns(&self) -> i64 {
        let (gaps, span) = (self.count - 1, self.span);
        let whole = span.map_or(0, |(first, last)| last.since_ns(first));
        let mean = if gaps > 0 { whole / gaps } else { SECOND_NS };
        write::rounded(mean.max(1_000_000))
    }
}

/// What became of an access.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Taken {
    Learnt,
    NoRoom,
    /// The language has no way to write the name.
    Unwritable,
}

/// Names by pair.
#[derive(Debug, Default)]
pub(super) struct Tags {
    seen: BTreeMap<Pair, BTreeMap<String, Seen>>,
}

impl Tags {
    /// Takes an access; tells what became of it.
    pub(super) fn observe(&mut self, pair: Pair, access: &Access<'_>) -> Taken {
        if !is_name(access.tag) {
            return Taken::Unwritable;
        }
        let names = self.seen.entry(pair).or_default();
        if names.len() >= TAGS_MAX && !names.contains_key(access.tag) {
            return Taken::NoRoom;
        }
        let seen = names.entry(access.tag.to_string()).or_default();
        seen.write |= access.write;
        seen.count += 1;
        let (first, last) = seen.span.unwrap_or((access.ts, access.ts));
        seen.span = Some((first.min(access.ts), last.max(access.ts)));
        if let Some(value) = access.value_micros {
            let (low, high) = seen.range.unwrap_or((value, value));
            seen.range = Some((low.min(value), high.max(value)));
        }
        Taken::Learnt
    }

    pub(super) fn has(&self, pair: &Pair) -> bool {
        self.seen.contains_key(pair)
    }

    /// The blocks of a pair's contract: numbers by what was seen of them, anything else as text. What a number's unit is,
    /// the wire does not say.
    pub(super) fn write(&self, pair: &Pair, out: &mut String) {
        for (name, seen) in self.seen.get(pair).into_iter().flatten() {
            let kind = if seen.range.is_some() {
                "float64"
            } else {
                "string"
            };
            let _ = write!(out, "  tag {name} {{\n    type {kind}\n");
            if seen.range.is_some() {
                out.push_str("    unit unknown\n");
            }
            let _ = writeln!(out, "    rate {}", write::span_of(seen.rate_ns()));
            // One value alone is no range.
            if let Some((low, high)) = seen.range.filter(|(low, high)| low < high) {
                let _ = write!(
                    out,
                    "    low {}\n    high {}\n",
                    decimal(low),
                    decimal(high)
                );
            }
            if seen.write {
                out.push_str("    write on\n");
            }
            out.push_str("  }\n");
        }
    }
}

/// A name that the language can write as it is: words with dots between.
fn is_name(name: &str) -> bool {
    let word = |part: &str| {
        !part.is_empty()
            && part.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
            && part
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
    };
    name.len() <= NAME_LEN_MAX && name.split('.').all(word)
}

/// Millionths as a decimal number without more digits than it has.
fn decimal(micros: i64) -> String {
    let (whole, rest) = (
        micros.unsigned_abs() / 1_000_000,
        micros.unsigned_abs() % 1_000_000,
    );
    let mut text = String::new();
    let minus = if micros < 0 { "-" } else { "" };
    let _ = write!(text, "{minus}{whole}");
    if rest > 0 {
        let digits = alloc::format!("{rest:06}");
        let _ = write!(text, ".{}", digits.trim_end_matches('0'));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_have_the_digits_they_need() {
        for (micros, text) in [
            (0, "0"),
            (1_500_000, "1.5"),
            (-1, "-0.000001"),
            (-2_000_000, "-2"),
            (21_040_000, "21.04"),
        ] {
            assert_eq!(decimal(micros), text);
        }
    }

    #[test]
    fn names_are_those_that_the_language_takes() {
        for (name, is) in [
            ("press.pressure", true),
            ("_a", true),
            ("", false),
            ("a..b", false),
            ("1a", false),
            ("a b", false),
            ("a{", false),
            ("line-3.press-1", true),
            ("a-", true),
            ("a--b", true),
            ("-a", false),
            ("a.-b", false),
            ("a.", false),
        ] {
            assert_eq!(is_name(name), is, "{name}");
        }
    }
}
