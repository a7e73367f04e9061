//! Lists, networks and limits as they are written.

use alloc::format;
use alloc::string::{String, ToString as _};
use core::fmt;

use crate::matcher::Clause;
use crate::matcher::meter::rate;
use crate::raw::Number;
use crate::scope::{Contract, Net, Terms};

/// Items told one by one at most.
const ITEMS_MAX: usize = 24;

/// Items with commas between them; `nothing` when there are none.
pub(super) fn list<T: fmt::Display>(items: impl IntoIterator<Item = T>) -> String {
    let mut text = String::new();
    let mut items = items.into_iter();
    for item in items.by_ref().take(ITEMS_MAX) {
        if !text.is_empty() {
            text.push_str(", ");
        }
        text.push_str(&item.to_string());
    }
    let more = items.count();
    if text.is_empty() {
        "nothing".into()
    } else if more > 0 {
        format!("{text} and {more} more")
    } else {
        text
    }
}

/// The limits of a contract that hold in every scope.
pub(super) fn limit(contract: &Contract, clause: Clause) -> Option<String> {
    match clause {
        Clause::Rate => rate(contract).map(|rate| format!("allows {}", number(rate))),
        Clause::Payload => payload(contract).map(|most| format!("allows {most} bytes at most")),
        _ => None,
    }
}

fn payload(contract: &Contract) -> Option<u64> {
    match &contract.terms {
        Terms::Internal(terms) => terms.payload.max_len,
        Terms::Boundary(terms) => terms.obligations.quota.payload_len_max,
        Terms::Inbound(terms) => Some(terms.artifact.len_max),
        Terms::Device(_) => None,
    }
}

fn number(number: Number) -> String {
    let per = number.per.map(|per| format!("/{}", per.text()));
    format!(
        "{}{}{}",
        micros(number.micros),
        number.unit.text(),
        per.unwrap_or_default()
    )
}

/// Millionths as a number without trailing zeros.
pub(super) fn micros(micros: i64) -> String {
    let (whole, rest) = (micros / 1_000_000, micros.unsigned_abs() % 1_000_000);
    let sign = if micros < 0 && whole == 0 { "-" } else { "" };
    let text = format!("{sign}{whole}.{rest:06}");
    text.trim_end_matches('0').trim_end_matches('.').into()
}

/// An address alone, or with the bits that count.
impl fmt::Display for Net {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whole = if self.addr.is_ipv4() { 32 } else { 128 };
        write!(f, "{}", self.addr)?;
        if self.prefix == whole {
            Ok(())
        } else {
            write!(f, "/{}", self.prefix)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_people_do() {
        for (value, want) in [
            (0, "0"),
            (10_000_000, "10"),
            (-500_000, "-0.5"),
            (-1_500_000, "-1.5"),
            (1, "0.000001"),
        ] {
            assert_eq!(micros(value), want);
        }
    }

    #[test]
    fn long_lists_end() {
        assert_eq!(list([1, 2]), "1, 2");
        assert!(list(0..=24).ends_with("22, 23 and 1 more"));
        assert!(list(0..24).ends_with("22, 23"));
        assert_eq!(list([0; 0]), "nothing");
    }
}
