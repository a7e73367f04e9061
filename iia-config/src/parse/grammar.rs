//! The productions of the grammar that lie within a line, one function each, named as in `icl.ebnf`.
//!
//! A line has 512 bytes at most, so everything here is bounded by that; nothing recurs and nothing allocates.

use iia_contract::raw::{Kind, Number, Per, Unit, Version};
use nom::bytes::complete::{tag, take, take_while, take_while_m_n, take_while1};
use nom::combinator::{all_consuming, fail, opt, recognize, rest, verify};
use nom::sequence::{delimited, preceded};
use nom::{IResult, Parser as _};

pub(super) type Read<'a, T = &'a [u8]> = IResult<&'a [u8], T>;

pub(super) fn key(input: &[u8]) -> Read<'_> {
    verify(take_while1(is_kchar), |key: &[u8]| {
        key.first().is_some_and(u8::is_ascii_lowercase)
    })
    .parse(input)
}

pub(super) fn name(input: &[u8]) -> Read<'_> {
    take_while1(is_nchar)(input)
}

pub(super) fn is_nchar(b: u8) -> bool {
    class(b) & (KCHAR | NCHAR) != 0
}

fn is_kchar(b: u8) -> bool {
    class(b) & KCHAR != 0
}

/// A byte that may stand in a key.
const KCHAR: u8 = 1;
/// A byte that may stand in a name only.
const NCHAR: u8 = 2;
/// The dot, which makes a pattern of an atom.
const DOT: u8 = 4;

/// What each byte may stand in.
static CLASSES: [u8; 256] = {
    let mut classes = [0; 256];
    let mut rest: &mut [u8] = &mut classes;
    let mut b = 0u8;
    while let [class, behind @ ..] = rest {
        *class = match b {
            b'a'..=b'z' | b'0'..=b'9' | b'_' => KCHAR,
            b'A'..=b'Z' | b'-' => NCHAR,
            b'.' => NCHAR | DOT,
            _ => 0,
        };
        rest = behind;
        b = b.wrapping_add(1);
    }
    classes
};

#[inline]
fn class(b: u8) -> u8 {
    CLASSES.get(usize::from(b)).copied().unwrap_or(0)
}

/// What stands between two spaces.
pub(super) fn token(input: &[u8]) -> Read<'_> {
    // Most tokens are short, so that a search made for long texts would take longer.
    let end = input.iter().position(|b| *b == b' ').unwrap_or(input.len());
    take(end)
        .parse(input)
        .and_then(|(rest, token): (&[u8], &[u8])| match token {
            [] => fail().parse(input),
            _ => Ok((rest, token)),
        })
}

pub(super) fn space(input: &[u8]) -> Read<'_> {
    tag(" ")(input)
}

/// A string without its quotes; characters are checked for the whole line before.
pub(super) fn string(input: &[u8]) -> Read<'_> {
    delimited(
        tag("\""),
        take_while(|b| b != b'"' && b != b'\\'),
        tag("\""),
    )
    .parse(input)
}

/// The kind of a word; the error is that it is no value of the language.
pub(super) fn word(token: &[u8]) -> Option<Kind> {
    match token.first()? {
        b'0'..=b'9' => digits(token),
        b'-' => number(token),
        b':' => net(token),
        b'a'..=b'z' | b'A'..=b'Z' => letters(token),
        _ => None,
    }
}

fn whole<'a, T>(
    token: &'a [u8],
    parser: impl nom::Parser<&'a [u8], Output = T, Error = nom::error::Error<&'a [u8]>>,
) -> Option<T> {
    all_consuming(parser)
        .parse(token)
        .ok()
        .map(|(_, read)| read)
}

fn digits(token: &[u8]) -> Option<Kind> {
    number(token)
        .or_else(|| version(token).map(|_| Kind::Version))
        .or_else(|| net(token))
        .or_else(|| time(token))
}

fn letters(token: &[u8]) -> Option<Kind> {
    // Most words are atoms: names without a dot.
    if token.iter().all(|b| matches!(class(*b), KCHAR | NCHAR)) {
        return Some(Kind::Atom);
    }
    let (behind, head) = name(token).ok()?;
    match behind.first() {
        None | Some(b'*') => pattern(head, behind),
        Some(b'/') => port(token),
        // One key in 4096 begins with two slashes.
        Some(b':') if behind.starts_with(b"://") => pubkey(token).or_else(|| locator(token)),
        Some(b':') => hash(token).or_else(|| pubkey(token)).or_else(|| net(token)),
        Some(b'+') => uri(token),
        _ => None,
    }
}

/// Parts between dots, of which none is empty; `.*` at the end stands for any more.
fn pattern(head: &[u8], behind: &[u8]) -> Option<Kind> {
    let stem = match behind {
        b"" => head,
        b"*" => head.strip_suffix(b".")?,
        _ => return None,
    };
    stem.split(|b| *b == b'.')
        .all(|part| !part.is_empty())
        .then_some(Kind::Pattern)
}

/// A SPIFFE ID, or else any URI.
fn locator(token: &[u8]) -> Option<Kind> {
    let text = core::str::from_utf8(token).ok()?;
    match iia_core::SpiffeId::check(text) {
        Ok(()) => Some(Kind::Spiffe),
        Err(_) => uri(token),
    }
}

fn uri(token: &[u8]) -> Option<Kind> {
    let scheme = |b: u8| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'+' | b'-');
    let uchar =
        |b: u8| b.is_ascii_graphic() && !matches!(b, b'"' | b'\\' | b'<' | b'>' | b'{' | b'}');
    let lower = |text: &[u8]| text.first().is_some_and(u8::is_ascii_lowercase);
    whole(
        token,
        (
            verify(take_while1(scheme), lower),
            tag("://"),
            take_while1(uchar),
        ),
    )
    .map(|_| Kind::Uri)
}

fn hash(token: &[u8]) -> Option<Kind> {
    let hex = |b: u8| b.is_ascii_hexdigit();
    let algorithm = nom::branch::alt((tag("b3"), tag("sha256")));
    whole(token, (algorithm, tag(":"), take_while_m_n(64, 64, hex))).map(|_| Kind::Hash)
}

fn pubkey(token: &[u8]) -> Option<Kind> {
    let b64 = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'=' | b'-' | b'_');
    whole(token, (tag("ed25519:"), take_while_m_n(43, 44, b64))).map(|_| Kind::Pubkey)
}

fn port(token: &[u8]) -> Option<Kind> {
    let protocol =
        |text: &[u8]| matches!(text, b"tcp" | b"udp" | b"sctp" | b"tls" | b"dtls" | b"quic");
    let (_, socket) = whole(
        token,
        (
            verify(take_while1(|b: u8| b.is_ascii_lowercase()), protocol),
            preceded(tag("/"), rest),
        ),
    )?;
    let socket = core::str::from_utf8(socket).ok()?;
    let (addr, number) = match socket.rsplit_once(':') {
        Some((addr, number)) => (Some(addr), number),
        None => (None, socket),
    };
    number
        .parse::<u16>()
        .ok()
        .filter(|_| is_uint(number.as_bytes()))?;
    let sound = match addr.map(|addr| {
        addr.strip_prefix('[')
            .map_or((addr, false), |addr| (addr, true))
    }) {
        None => true,
        Some((addr, false)) => addr.parse::<core::net::Ipv4Addr>().is_ok(),
        Some((addr, true)) => addr
            .strip_suffix(']')
            .is_some_and(|addr| addr.parse::<core::net::Ipv6Addr>().is_ok()),
    };
    sound.then_some(Kind::Port)
}

fn net(token: &[u8]) -> Option<Kind> {
    let text = core::str::from_utf8(token).ok()?;
    let (addr, prefix) = match text.split_once('/') {
        Some((addr, prefix)) => (addr, Some(prefix)),
        None => (text, None),
    };
    let width = match addr.parse::<core::net::IpAddr>().ok()? {
        core::net::IpAddr::V4(_) => 32,
        core::net::IpAddr::V6(_) => 128,
    };
    let sound = |prefix: &str| {
        is_uint(prefix.as_bytes()) && prefix.parse::<u8>().is_ok_and(|prefix| prefix <= width)
    };
    prefix.is_none_or(sound).then_some(Kind::Net)
}

fn time(token: &[u8]) -> Option<Kind> {
    const SHAPE: &[u8; 20] = b"dddd-dd-ddTdd:dd:ddZ";
    let same = |(byte, shape): (&u8, &u8)| match shape {
        b'd' => byte.is_ascii_digit(),
        _ => byte == shape,
    };
    let shaped = token.len() == SHAPE.len() && token.iter().zip(SHAPE).all(same);
    let text = core::str::from_utf8(token).ok().filter(|_| shaped)?;
    iia_core::time::parse_utc(text).map(|_| Kind::Time)
}

fn is_uint(text: &[u8]) -> bool {
    match text {
        [b'0'] => true,
        [first, ..] => *first != b'0' && text.iter().all(u8::is_ascii_digit),
        [] => false,
    }
}

fn uint(input: &[u8]) -> Read<'_> {
    verify(take_while1(|b: u8| b.is_ascii_digit()), is_uint).parse(input)
}

/// `major.minor.patch`.
pub(super) fn version(token: &[u8]) -> Option<Version> {
    let (major, _, minor, _, patch) = whole(token, (uint, tag("."), uint, tag("."), uint))?;
    let read = |digits: &[u8]| u32::try_from(decimal(digits)?).ok();
    Some(Version {
        major: read(major)?,
        minor: read(minor)?,
        patch: read(patch)?,
    })
}

fn decimal(digits: &[u8]) -> Option<i64> {
    digits.iter().try_fold(0i64, |number, digit| {
        number.checked_mul(10)?.checked_add(i64::from(digit - b'0'))
    })
}

const FRACTION_LEN_MAX: usize = 6;
const MICROS: i64 = 1_000_000;

/// Digits of a whole number that is read at once: a million times as much fits.
const WHOLE_LEN_MAX: usize = 12;

fn number(token: &[u8]) -> Option<Kind> {
    if token.len() <= WHOLE_LEN_MAX && is_uint(token) {
        return Some(Kind::Number(Number {
            micros: decimal(token)?.checked_mul(MICROS)?,
            unit: Unit::None,
            per: None,
        }));
    }
    let digit = |b: u8| b.is_ascii_digit();
    let fraction = preceded(tag("."), take_while_m_n(1, FRACTION_LEN_MAX, digit));
    let letters = take_while(|b: u8| b.is_ascii_alphabetic() || b == b'%');
    let period = opt(preceded(tag("/"), recognize(take(1usize))));
    let (minus, digits, fraction, unit, period) =
        whole(token, (opt(tag("-")), uint, opt(fraction), letters, period))?;
    let mut micros = decimal(digits)?.checked_mul(MICROS)?;
    if let Some(fraction) = fraction {
        let places = FRACTION_LEN_MAX - fraction.len();
        let scale = 10i64.pow(u32::try_from(places).ok()?);
        micros = micros.checked_add(decimal(fraction)?.checked_mul(scale)?)?;
    }
    if minus.is_some() {
        micros = Some(-micros).filter(|micros| *micros != 0)?;
    }
    let unit = unit_of(unit)?;
    let per = match period {
        Some(period) => Some(per_of(period)?),
        None => None,
    };
    let rated = unit == Unit::None || unit.is_size() || is_bits(unit);
    Some(Kind::Number(Number { micros, unit, per })).filter(|_| per.is_none() || rated)
}

const fn is_bits(unit: Unit) -> bool {
    matches!(unit, Unit::Bps | Unit::Kbps | Unit::Mbps | Unit::Gbps)
}

fn unit_of(text: &[u8]) -> Option<Unit> {
    if text.is_empty() {
        return Some(Unit::None);
    }
    let mut units = Unit::FAMILIES.into_iter().flatten();
    units.find(|unit| unit.text().as_bytes() == text).copied()
}

fn per_of(text: &[u8]) -> Option<Per> {
    match text {
        b"s" => Some(Per::Second),
        b"m" => Some(Per::Minute),
        b"h" => Some(Per::Hour),
        b"d" => Some(Per::Day),
        _ => None,
    }
}
