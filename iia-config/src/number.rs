//! Numbers with units, read with nom, and written in their largest exact unit.

use iia_contract::raw::{Number, Per, Unit};
use nom::branch::alt;
use nom::bytes::complete::{tag, take_while_m_n, take_while1};
use nom::combinator::{all_consuming, opt, value};
use nom::sequence::{preceded, terminated};
use nom::{IResult, Parser as _};

const MICROS: i64 = 1_000_000;

/// Reads a number; `None` when the text is none or does not fit.
pub(crate) fn parse(text: &str) -> Option<Number> {
    let (_, (whole, fraction, unit, per)) = all_consuming(number).parse(text).ok()?;
    let sound = whole == "0" || !whole.starts_with('0');
    let whole: i64 = whole.parse().ok().filter(|_| sound)?;
    let fraction = fraction.map_or(Some(0), |digits| {
        format!("{digits:0<6}").parse::<i64>().ok()
    })?;
    let micros = whole.checked_mul(MICROS)?.checked_add(fraction)?;
    Some(Number {
        micros,
        unit: unit.unwrap_or(Unit::None),
        per,
    })
}

type Parts<'a> = (&'a str, Option<&'a str>, Option<Unit>, Option<Per>);

fn number(input: &str) -> IResult<&str, Parts<'_>> {
    let digits = |c: char| c.is_ascii_digit();
    let fraction = preceded(tag("."), take_while_m_n(1, 6, digits));
    (
        take_while1(digits),
        opt(fraction),
        opt(unit),
        opt(preceded(tag("/"), per)),
    )
        .parse(input)
}

fn unit(input: &str) -> IResult<&str, Unit> {
    let word = |text: &'static str, unit: Unit| value(unit, tag(text));
    alt((
        alt((
            word("us", Unit::Us),
            word("ms", Unit::Ms),
            word("KiB", Unit::KiB),
            word("MiB", Unit::MiB),
        )),
        alt((
            word("GiB", Unit::GiB),
            word("TiB", Unit::TiB),
            word("Kbps", Unit::Kbps),
            word("Mbps", Unit::Mbps),
        )),
        alt((
            word("Gbps", Unit::Gbps),
            word("bps", Unit::Bps),
            word("ppm", Unit::Ppm),
            word("%", Unit::Percent),
        )),
        alt((
            word("s", Unit::S),
            word("m", Unit::M),
            word("h", Unit::H),
            word("d", Unit::D),
            word("B", Unit::B),
        )),
    ))
    .parse(input)
}

fn per(input: &str) -> IResult<&str, Per> {
    terminated(
        alt((
            value(Per::Second, tag("s")),
            value(Per::Minute, tag("m")),
            value(Per::Hour, tag("h")),
            value(Per::Day, tag("d")),
        )),
        nom::combinator::eof,
    )
    .parse(input)
}

/// Units of one kind, largest first, each in the smallest.
const FAMILIES: [&[(Unit, i64)]; 4] = [
    &[
        (Unit::D, 86_400_000_000),
        (Unit::H, 3_600_000_000),
        (Unit::M, 60_000_000),
        (Unit::S, 1_000_000),
        (Unit::Ms, 1000),
        (Unit::Us, 1),
    ],
    &[
        (Unit::TiB, 1 << 40),
        (Unit::GiB, 1 << 30),
        (Unit::MiB, 1 << 20),
        (Unit::KiB, 1 << 10),
        (Unit::B, 1),
    ],
    &[
        (Unit::Gbps, 1_000_000_000),
        (Unit::Mbps, 1_000_000),
        (Unit::Kbps, 1000),
        (Unit::Bps, 1),
    ],
    &[(Unit::Percent, 10_000), (Unit::Ppm, 1)],
];

/// The canonical text: the largest unit in which it is a whole number, as it stands when there is none.
pub(crate) fn canonical(number: Number) -> String {
    let family = FAMILIES
        .iter()
        .find(|family| family.iter().any(|(unit, _)| *unit == number.unit));
    let (micros, unit) = family
        .and_then(|family| largest(number, family))
        .unwrap_or((number.micros, number.unit));
    let mut text = (micros / MICROS).to_string();
    let fraction = micros % MICROS;
    if fraction > 0 {
        let digits = format!("{fraction:06}");
        text.push('.');
        text.push_str(digits.trim_end_matches('0'));
    }
    text.push_str(unit_text(unit));
    if let Some(per) = number.per {
        text.push('/');
        text.push(per_text(per));
    }
    text
}

fn largest(number: Number, family: &[(Unit, i64)]) -> Option<(i64, Unit)> {
    let (_, factor) = family.iter().find(|(unit, _)| *unit == number.unit)?;
    let smallest = i128::from(number.micros) * i128::from(*factor);
    if smallest == 0 {
        return None;
    }
    let (unit, factor) = family
        .iter()
        .find(|(_, factor)| smallest % (i128::from(*factor) * i128::from(MICROS)) == 0)?;
    Some((i64::try_from(smallest / i128::from(*factor)).ok()?, *unit))
}

const fn unit_text(unit: Unit) -> &'static str {
    match unit {
        Unit::None => "",
        Unit::Us => "us",
        Unit::Ms => "ms",
        Unit::S => "s",
        Unit::M => "m",
        Unit::H => "h",
        Unit::D => "d",
        Unit::B => "B",
        Unit::KiB => "KiB",
        Unit::MiB => "MiB",
        Unit::GiB => "GiB",
        Unit::TiB => "TiB",
        Unit::Percent => "%",
        Unit::Ppm => "ppm",
        Unit::Bps => "bps",
        Unit::Kbps => "Kbps",
        Unit::Mbps => "Mbps",
        Unit::Gbps => "Gbps",
    }
}

const fn per_text(per: Per) -> char {
    match per {
        Per::Second => 's',
        Per::Minute => 'm',
        Per::Hour => 'h',
        Per::Day => 'd',
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_in_their_largest_exact_unit() {
        for (text, want) in [
            ("60s", "1m"),
            ("90s", "90s"),
            ("1.5h", "90m"),
            ("24h", "1d"),
            ("1024KiB", "1MiB"),
            ("99.50%", "995000ppm"),
            ("99%", "99%"),
            ("50/s", "50/s"),
            ("0", "0"),
            ("0s", "0s"),
            ("500ms", "500ms"),
            ("0.5", "0.5"),
            ("1000Mbps", "1Gbps"),
        ] {
            assert_eq!(parse(text).map(canonical).as_deref(), Some(want), "{text}");
        }
        for text in [
            "",
            "01",
            "1.",
            ".5",
            "1.1234567",
            "5x",
            "5 s",
            "-1",
            "1/x",
            "99999999999999999999",
            "1s/",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
