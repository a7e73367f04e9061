//! What to say about a line that cannot be read, so that a person can mend it.

use iia_contract::raw::{Span, Unit};

use super::charset;
use super::line::Line;

/// A first line that does not say what the document is.
pub(super) fn magic(line: &[u8]) -> (&'static str, &'static str) {
    let mut words = line.split(|b| *b == b' ');
    let known = |word: &[u8]| {
        matches!(
            word,
            b"iia-config" | b"iia-manifest" | b"iia-approval" | b"iia-state"
        )
    };
    match (words.next().is_some_and(known), words.next()) {
        (true, Some(version)) if version != b"1" => (
            "a version of the language that this program does not know",
            "it reads version 1",
        ),
        (true, _) => (
            "the first line says more or less than what the document is",
            "write `iia-config 1` and nothing else",
        ),
        _ => (
            "the first line does not say what the document is",
            "write `iia-config 1`",
        ),
    }
}

/// Letters that look like others, or are not lower case.
pub(super) fn key(text: &[u8]) -> String {
    foreign(text).unwrap_or_else(|| match text.iter().any(u8::is_ascii_uppercase) {
        true => "keys are lower case".into(),
        false => "lower-case letters, digits and `_`; a letter first".into(),
    })
}

pub(super) fn name(text: &[u8]) -> String {
    foreign(text).unwrap_or_else(|| "letters, digits, `.`, `_` and `-`".into())
}

/// A letter that is not what it looks like.
fn foreign(text: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(text).ok()?;
    let c = text.chars().find(|c| !c.is_ascii())?;
    let script = charset::script(c).map_or("not ASCII", |script| script);
    Some(format!(
        "`{c}` is {script} (U+{:04X}); write it in ASCII",
        c as u32
    ))
}

/// A line that would be a field if it were in an entry.
pub(super) const fn outside(text: &[u8]) -> &'static str {
    match text {
        [b'/', b'/', ..] | [b';', ..] | [b'-', b'-', ..] => "comments begin with `#`",
        _ => "entries begin with `kind name {`, and the `{` ends its line",
    }
}

/// A string that does not end, or holds what it may not.
pub(super) fn string<'a>(line: Line<'a>, rest: &'a [u8]) -> (Span, &'static str, &'static str) {
    let body = rest.get(1..).unwrap_or_default();
    let ends = body.iter().position(|b| matches!(b, b'"' | b'\\'));
    match ends.and_then(|end| body.get(end..)) {
        Some(bad @ [b'\\', ..]) => (
            line.from(bad),
            "a backslash in a string",
            "there are no escapes; write it without",
        ),
        _ => (
            line.from(rest),
            "a string that does not end",
            "it ends with a quote on the same line",
        ),
    }
}

/// A token that is no value.
pub(super) fn value(token: &[u8]) -> (String, String) {
    let shown = Line::shown(token);
    let help = value_help(token);
    (format!("`{shown}` is no value"), help)
}

fn value_help(token: &[u8]) -> String {
    if let Some(help) = foreign(token) {
        return format!("{help}, or put it in quotes");
    }
    let text = std::str::from_utf8(token).unwrap_or_default();
    let help = match token {
        [b'\'', ..] => "strings stand in double quotes",
        [b'$', ..] => "there are no variables",
        [b'[' | b'(' | b',', ..] | [.., b','] => "there are no lists; repeat the line",
        [b'{' | b'}', ..] => "`{` ends the line that opens, `}` stands alone",
        [b'=', ..] | [.., b'=' | b':'] => "write `key value` without `=` or `:`",
        [b'*', ..] => "a pattern begins with a name: process.*",
        [b'+', ..] => "numbers have no `+`",
        [b'.', ..] => "a number begins with a digit: 0.5",
        _ if text.contains("://") => "a URI is a lower-case scheme, `://` and printable ASCII",
        _ => return shaped(text),
    };
    help.into()
}

/// A token that has the shape of something, but not quite.
fn shaped(text: &str) -> String {
    if let Some((prefix, rest)) = text.split_once(':') {
        match prefix {
            "b3" | "sha256" => {
                return format!("a hash has 64 hexadecimal digits, here are {}", rest.len());
            }
            "ed25519" => return "a public key is 32 bytes in base64".into(),
            "md5" | "sha1" => return "hashes are b3 or sha256".into(),
            _ => {}
        }
    }
    if text
        .split_once('/')
        .is_some_and(|(head, _)| matches!(head, "tcp" | "udp" | "sctp" | "tls" | "dtls" | "quic"))
    {
        return "a port is protocol/port or protocol/address:port, the port below 65536".into();
    }
    if text.starts_with(|c: char| c.is_ascii_digit() || c == '-') {
        return numeric(text);
    }
    "strings stand in quotes; a word is a letter, then letters, digits, `_` and `-`".into()
}

fn numeric(text: &str) -> String {
    let digits: usize = text.bytes().take_while(u8::is_ascii_digit).count();
    if text.starts_with('0') && digits > 1 {
        return "numbers have no zeros in front".into();
    }
    if text.starts_with("-0") {
        return "there is no -0".into();
    }
    let dashes = text.bytes().filter(|b| *b == b'-').count();
    if text.contains('T') && text.contains(':') || dashes == 2 && digits == 4 {
        return "a time is written 2026-11-24T09:00:00Z".into();
    }
    if text.bytes().filter(|b| *b == b'.').count() == 3 {
        return "an address has four numbers up to 255, a network a prefix up to 32".into();
    }
    let unit = text.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.' || c == '-');
    let known = Unit::FAMILIES
        .into_iter()
        .flatten()
        .any(|known| known.text() == unit);
    match unit {
        "" => "a number has six decimals and eighteen digits at most".into(),
        _ if known => "the number is too large, or has more than six decimals".into(),
        "sec" | "secs" | "seconds" | "S" => "write s".into(),
        "min" | "mins" | "minutes" | "M" => "write m".into(),
        "KB" | "kB" | "MB" | "GB" | "TB" | "K" | "G" | "kb" => {
            "sizes are B, KiB, MiB, GiB, TiB".into()
        }
        "e" | "E" => "there are no exponents".into(),
        _ => format!(
            "`{unit}` is no unit: us ms s m h d, B KiB MiB GiB TiB, % ppm, bps Kbps Mbps Gbps, and /s /m /h /d behind"
        ),
    }
}
