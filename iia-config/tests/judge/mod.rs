//! A second recogniser of the language, written from `icl.ebnf` alone: regular expressions, run by an automaton of
//! another crate, over three states of nesting. It shares no code and no idea with the parser.

use std::net::IpAddr;

use regex::bytes::Regex;

const LINE_LEN_MAX: usize = 512;
const ENTRIES_MAX: usize = 65_535;
const ITEMS_MAX: usize = 1024;

#[allow(dead_code, reason = "not every test file uses it")]
pub(crate) struct Judge {
    magic: Regex,
    entry: Regex,
    block: Regex,
    field: Regex,
    value: Regex,
    blank: Regex,
    comment: Regex,
    close: Regex,
    number: Regex,
    version: Regex,
    time: Regex,
    character: Regex,
}

const UINT: &str = "(?:0|[1-9][0-9]*)";
const NAME: &str = "[a-zA-Z0-9._-]{1,127}";
const KEY: &str = "[a-z][a-z0-9_]{0,31}";
const PORT: &str =
    "(?:0|[1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])";
const OCTET: &str = "(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])";

/// IPv6 by counting groups on both sides of the double colon.
fn v6() -> String {
    let (group, v4) = ("[0-9a-fA-F]{1,4}", format!("{OCTET}(?:\\.{OCTET}){{3}}"));
    let groups = |count: usize| vec![group; count].join(":");
    let mut forms = vec![groups(8), format!("{}:{v4}", groups(6))];
    for head in 0..=7 {
        for tail in 0..=(7 - head) {
            forms.push(format!("{}::{}", groups(head), groups(tail)));
            if head + tail <= 5 {
                let colon = if tail == 0 { "" } else { ":" };
                forms.push(format!("{}::{}{colon}{v4}", groups(head), groups(tail)));
            }
        }
    }
    format!("(?:{})", forms.join("|"))
}

fn values() -> String {
    let v4 = format!("(?:{OCTET}(?:\\.{OCTET}){{3}})");
    let v6 = v6();
    let size = "(?:B|KiB|MiB|GiB|TiB)";
    let bits = "(?:bps|Kbps|Mbps|Gbps)";
    let unit = format!("(?:us|ms|s|m|h|d|{size}|%|ppm|{bits}|(?:{size}|{bits})?/[smhd])");
    let part = "[a-zA-Z0-9_-]+";
    [
        "\"[^\"\\\\]*\"".to_owned(),
        format!("-?{UINT}(?:\\.[0-9]{{1,6}})?{unit}?"),
        "[a-z][a-z0-9+-]*://[!-~&&[^\"\\\\<>{}]]+".to_owned(),
        format!("(?:tcp|udp|sctp|tls|dtls|quic)/(?:(?:{v4}|\\[{v6}\\]):)?{PORT}"),
        format!("{v4}(?:/(?:[0-9]|[12][0-9]|3[0-2]))?"),
        format!("{v6}(?:/(?:[0-9]|[1-9][0-9]|1[01][0-9]|12[0-8]))?"),
        "(?:b3|sha256):[0-9a-fA-F]{64}".to_owned(),
        "ed25519:[a-zA-Z0-9+/=_-]{43,44}".to_owned(),
        "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z".to_owned(),
        format!("{UINT}\\.{UINT}\\.{UINT}"),
        format!("[a-zA-Z][a-zA-Z0-9_-]*(?:\\.{part})*(?:\\.\\*)?"),
    ]
    .join("|")
}

impl Judge {
    pub(crate) fn new() -> Self {
        let of = |pattern: String| Regex::new(&format!("^(?:{pattern})$")).unwrap();
        let value = values();
        Self {
            magic: of("iia-(?:config|manifest|approval|state) 1".into()),
            entry: of(format!(
                " *{KEY} {NAME}(?: ({UINT}\\.{UINT}\\.{UINT}))? \\{{"
            )),
            block: of(format!(" *{KEY}(?: {NAME})? \\{{")),
            field: of(format!(" *{KEY}(?: (?:\"[^\"\\\\]*\"|[^ \"]+)){{1,8}}")),
            value: of(value),
            blank: of(" *".into()),
            comment: of(" *#.*".into()),
            close: of(" *\\}".into()),
            number: of(format!(
                "-?({UINT})(?:\\.([0-9]{{1,6}}))?([a-zA-Z%]*)(?:/[smhd])?"
            )),
            version: of(format!("({UINT})\\.({UINT})\\.({UINT})")),
            time: of("([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})Z".into()),
            // Categories of Unicode instead of a list: controls, formats, separators of lines and paragraphs, and what
            // is ignored when shown.
            character: of(
                "[^\\p{Cc}\\p{Cf}\\p{Zl}\\p{Zp}\\p{Default_Ignorable_Code_Point}]*".into(),
            ),
        }
    }

    pub(crate) fn accepts(&self, bytes: &[u8]) -> bool {
        let Some(body) = std::str::from_utf8(bytes)
            .ok()
            .and_then(|text| text.strip_suffix('\n'))
        else {
            return false;
        };
        let mut lines = body.split('\n');
        let first = lines.next().unwrap_or_default();
        if !self.magic.is_match(first.as_bytes()) {
            return false;
        }
        let (mut depth, mut entries, mut items) = (0, 0, 0);
        for line in lines {
            let bytes = line.as_bytes();
            if line.len() > LINE_LEN_MAX || !self.character.is_match(bytes) {
                return false;
            }
            if self.blank.is_match(bytes) || self.comment.is_match(bytes) {
                continue;
            }
            match depth {
                0 if self.is_entry(bytes) => (depth, entries, items) = (1, entries + 1, 0),
                1 if self.block.is_match(bytes) => (depth, items) = (2, items + 1),
                1 | 2 if self.close.is_match(bytes) => depth -= 1,
                1 | 2 if self.is_field(line) => items += 1,
                _ => return false,
            }
            if entries > ENTRIES_MAX || items > ITEMS_MAX {
                return false;
            }
        }
        depth == 0
    }

    fn is_entry(&self, line: &[u8]) -> bool {
        let Some(found) = self.entry.captures(line) else {
            return false;
        };
        found
            .get(1)
            .is_none_or(|version| self.in_range(version.as_bytes()))
    }

    fn is_field(&self, line: &str) -> bool {
        let body = line.trim_start_matches(' ');
        if !self.field.is_match(line.as_bytes()) || line.ends_with('{') {
            return false;
        }
        let mut rest = body.split_once(' ').map_or("", |(_, rest)| rest);
        while !rest.is_empty() {
            // A string ends at its second quote, any other value at a space.
            let end = match rest.strip_prefix('"') {
                Some(inner) => inner.find('"').map_or(rest.len(), |end| end + 2),
                None => rest.find(' ').unwrap_or(rest.len()),
            };
            let (value, behind) = rest.split_at(end);
            if !self.is_value(value.as_bytes()) {
                return false;
            }
            rest = behind.strip_prefix(' ').unwrap_or(behind);
        }
        true
    }

    fn is_value(&self, value: &[u8]) -> bool {
        self.value.is_match(value) && self.in_range(value)
    }

    /// What a regular expression says badly: sizes of numbers, and days of months. A token that has two shapes needs
    /// one that holds.
    fn in_range(&self, value: &[u8]) -> bool {
        if let Some(found) = self.time.captures(value) {
            let part = |at: usize| text(&found[at]).parse::<u32>().unwrap();
            let days = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
            let (year, month, day) = (part(1), part(2) as usize, part(3));
            let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) && month == 2;
            let last = month
                .checked_sub(1)
                .and_then(|at| days.get(at))
                .map_or(0, |days| days + u32::from(leap));
            // 64 bits of nanoseconds hold no more; times of one length are in the order of their texts.
            let held = ("1677-09-21T00:12:44Z"..="2262-04-11T23:47:16Z").contains(&text(value));
            return held
                && (1..=last).contains(&day)
                && part(4) < 24
                && part(5) < 60
                && part(6) < 60;
        }
        if let Some(found) = self.number.captures(value) {
            let beyond = i128::MAX / 10_000_000;
            let whole = text(&found[1]).parse().unwrap_or(beyond).min(beyond);
            let fraction = found.get(2).map_or("", |part| text(part.as_bytes()));
            let micros = whole * 1_000_000 + format!("{fraction:0<6}").parse::<i128>().unwrap();
            let zero = micros == 0 && value[0] == b'-';
            return micros <= i128::from(i64::MAX) && !zero;
        }
        if let Some(found) = self.version.captures(value) {
            return (1..=3).all(|at| text(&found[at]).parse::<u32>().is_ok());
        }
        let addr = text(value);
        let addr = addr.split('/').next().unwrap_or_default();
        // The standard library must agree about addresses, or one of the two is wrong.
        if addr.contains("::") && !addr.contains("://") && !addr.contains('"') {
            return addr.parse::<IpAddr>().is_ok()
                || !addr.starts_with(|c: char| c.is_ascii_hexdigit() || c == ':');
        }
        true
    }
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}
