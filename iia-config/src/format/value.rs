//! One value in its canonical form.

use std::borrow::Cow;
use std::net::IpAddr;

use iia_contract::raw::{Kind, Number, Unit};
use iia_contract::tree::{Field, Value};
use unicode_normalization::{UnicodeNormalization as _, is_nfc};

const MICROS: i64 = 1_000_000;

/// The canonical line of a field, without indentation.
pub(super) fn line(field: &Field<'_>) -> String {
    if field.values().all(|value| is_canonical(&value)) {
        return field.line().to_owned();
    }
    let mut text = String::from(field.key);
    for value in field.values() {
        text.push(' ');
        let body = canonical(&value);
        match value.kind {
            Kind::String => {
                text.push('"');
                text.push_str(&body);
                text.push('"');
            }
            _ => text.push_str(&body),
        }
    }
    text
}

/// The canonical text of a value, of a string without its quotes.
pub(super) fn canonical<'t>(value: &Value<'t>) -> Cow<'t, str> {
    let text = value.text;
    let new = match value.kind {
        Kind::Number(number) => Some(self::number(number)),
        Kind::Hash => Some(text.to_ascii_lowercase()),
        Kind::Net if text.contains(':') => net(text),
        Kind::Port if text.contains('[') => port(text),
        Kind::String if !text.is_ascii() => Some(text.nfc().collect()),
        _ => None,
    };
    match new {
        Some(new) if new != text => Cow::Owned(new),
        _ => Cow::Borrowed(text),
    }
}

/// Whether a value stands in its canonical form, without writing it.
pub(super) fn is_canonical(value: &Value<'_>) -> bool {
    let text = value.text;
    match value.kind {
        Kind::Number(number) => is_canonical_number(number, text),
        Kind::Hash => !text.bytes().any(|b| b.is_ascii_uppercase()),
        Kind::String => text.is_ascii() || is_nfc(text),
        Kind::Net if text.as_bytes().contains(&b':') => net(text).is_none_or(|new| new == text),
        Kind::Port if text.as_bytes().contains(&b'[') => port(text).is_none_or(|new| new == text),
        _ => true,
    }
}

fn net(text: &str) -> Option<String> {
    let (addr, prefix) = text.split_once('/').unwrap_or((text, ""));
    let addr: IpAddr = addr.parse().ok()?;
    let slash = if prefix.is_empty() { "" } else { "/" };
    Some(format!("{addr}{slash}{prefix}"))
}

fn port(text: &str) -> Option<String> {
    let (protocol, socket) = text.split_once('/')?;
    let (addr, number) = socket.rsplit_once(':')?;
    let addr: std::net::Ipv6Addr = addr.trim_matches(['[', ']']).parse().ok()?;
    Some(format!("{protocol}/[{addr}]:{number}"))
}

/// The language has one way to write the digits of a whole number, so only its unit is looked at; the rest is written
/// and compared.
fn is_canonical_number(number: Number, text: &str) -> bool {
    match text.as_bytes().contains(&b'.') {
        false => in_unit(number) == (number.micros, number.unit),
        true => self::number(number) == text,
    }
}

/// The number in its canonical unit, in millionths.
fn in_unit(number: Number) -> (i64, Unit) {
    match number.unit.family() {
        [] => (number.micros, number.unit),
        [Unit::Percent, ..] => ratio(number),
        family => largest(number, family),
    }
}

/// A number in its largest exact unit; ratios are in % from 0.01% on.
pub(super) fn number(number: Number) -> String {
    let (micros, unit) = in_unit(number);
    let mut text = format!("{}", micros / MICROS);
    if micros < 0 && micros > -MICROS {
        text.insert(0, '-');
    }
    let fraction = (micros % MICROS).unsigned_abs();
    if fraction > 0 {
        let digits = format!("{fraction:06}");
        text.push('.');
        text.push_str(digits.trim_end_matches('0'));
    }
    text.push_str(unit.text());
    if let Some(per) = number.per {
        text.push('/');
        text.push(per.text());
    }
    text
}

/// The number in another unit of its kind, in millionths, when that is exact.
fn exact(smallest: i128, unit: Unit) -> Option<i64> {
    let factor = unit.factor();
    // Nearly every number fits into 64 bits, whose division is much faster.
    match i64::try_from(smallest) {
        Ok(smallest) => Some(smallest / factor).filter(|_| smallest % factor == 0),
        Err(_) => {
            let factor = i128::from(factor);
            let micros = i64::try_from(smallest / factor).ok();
            micros.filter(|_| smallest % factor == 0)
        }
    }
}

fn largest(number: Number, family: &[Unit]) -> (i64, Unit) {
    let smallest = number.in_smallest();
    if smallest == 0 {
        let base = match number.unit.is_duration() {
            true => Unit::S,
            false => family.last().copied().unwrap_or(number.unit),
        };
        return (0, base);
    }
    let whole = |unit: &Unit| exact(smallest, *unit).filter(|micros| micros % MICROS == 0);
    let found = family.iter().find_map(|unit| Some((whole(unit)?, *unit)));
    // Not whole even in the smallest unit: that one holds it with the fewest decimals.
    let smallest_unit = family.last().copied().unwrap_or(number.unit);
    found
        .or_else(|| exact(smallest, smallest_unit).map(|micros| (micros, smallest_unit)))
        .unwrap_or((number.micros, number.unit))
}

/// One ppm in millionths of itself, times what 0.01% is.
const PERCENT_FROM: i128 = 100 * 1_000_000;

fn ratio(number: Number) -> (i64, Unit) {
    let smallest = number.in_smallest();
    let percent =
        exact(smallest, Unit::Percent).filter(|_| smallest == 0 || smallest.abs() >= PERCENT_FROM);
    percent
        .map(|micros| (micros, Unit::Percent))
        .or_else(|| exact(smallest, Unit::Ppm).map(|micros| (micros, Unit::Ppm)))
        .unwrap_or((number.micros, number.unit))
}
