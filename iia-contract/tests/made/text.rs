//! Entries from a text that is known to be well-formed: a reader of a page, so that tests need no other crate.
#![allow(dead_code, reason = "every test file uses some of it")]

use iia_contract::raw::{Block, Entry, Field, Kind, Number, Per, Span, Unit, Value, Version};

const UNITS: [Unit; 18] = [
    Unit::None,
    Unit::Us,
    Unit::Ms,
    Unit::S,
    Unit::M,
    Unit::H,
    Unit::D,
    Unit::B,
    Unit::KiB,
    Unit::MiB,
    Unit::GiB,
    Unit::TiB,
    Unit::Percent,
    Unit::Ppm,
    Unit::Bps,
    Unit::Kbps,
    Unit::Mbps,
    Unit::Gbps,
];

/// Every entry of a text.
pub(crate) fn entries(text: &str) -> Vec<Entry> {
    let (mut entries, mut block) = (Vec::<Entry>::new(), None::<Block>);
    let mut open = false;
    for line in text
        .lines()
        .map(str::trim)
        .filter(|line| !line.starts_with('#'))
    {
        let words: Vec<&str> = words(line);
        match words.as_slice() {
            [kind, rest @ .., "{"] if !open => {
                entries.push(entry(kind, rest));
                open = true;
            }
            [key, rest @ .., "{"] => block = Some(new_block(key, rest)),
            ["}"] => match block.take() {
                Some(block) => entries.last_mut().unwrap().blocks.push(block),
                None => open = false,
            },
            [key, rest @ ..] if open => {
                let field = field(key, rest);
                match &mut block {
                    Some(block) => block.fields.push(field),
                    None => entries.last_mut().unwrap().fields.push(field),
                }
            }
            _ => {}
        }
    }
    entries
}

/// Words of a line; a quoted one keeps its quotes and spaces.
fn words(line: &str) -> Vec<&str> {
    match line.split_once('"') {
        Some((before, quoted)) => {
            let start = before.len();
            let end = start + 2 + quoted.find('"').unwrap();
            let text = line.get(start..end).unwrap();
            before.split_whitespace().chain([text]).collect()
        }
        None => line.split_whitespace().collect(),
    }
}

fn entry(kind: &str, rest: &[&str]) -> Entry {
    let version = rest.get(1).map(|text| {
        let mut parts = text.split('.').map(|part| part.parse().unwrap());
        let mut next = || parts.next().unwrap();
        Version {
            major: next(),
            minor: next(),
            patch: next(),
        }
    });
    Entry {
        kind: kind.into(),
        name: rest.first().copied().unwrap_or_default().into(),
        version,
        fields: vec![],
        blocks: vec![],
        span: Span::default(),
    }
}

fn new_block(key: &str, rest: &[&str]) -> Block {
    let name = rest.first().map(|name| (*name).into());
    Block {
        key: key.into(),
        name,
        fields: vec![],
        span: Span::default(),
    }
}

fn field(key: &str, rest: &[&str]) -> Field {
    let value = |text: &&str| Value {
        kind: kind(text),
        text: text.trim_matches('"').into(),
        span: Span::default(),
    };
    Field {
        key: key.into(),
        values: rest.iter().map(value).collect(),
        span: Span::default(),
    }
}

fn kind(text: &str) -> Kind {
    if let Some(number) = number(text) {
        return Kind::Number(number);
    }
    let port = ["tcp/", "udp/", "tls/"]
        .iter()
        .any(|start| text.starts_with(start));
    match text {
        _ if text.starts_with('"') => Kind::String,
        _ if text.starts_with("spiffe://") => Kind::Spiffe,
        _ if text.contains("://") => Kind::Uri,
        _ if port => Kind::Port,
        _ if text.len() == 20 && text.ends_with('Z') => Kind::Time,
        _ if text.contains('*') => Kind::Pattern,
        _ if text.starts_with(|one: char| one.is_ascii_digit()) => Kind::Net,
        _ => Kind::Atom,
    }
}

fn number(text: &str) -> Option<Number> {
    let (text, per) = match text.split_once('/') {
        Some((text, "s")) => (text, Some(Per::Second)),
        Some((text, "m")) => (text, Some(Per::Minute)),
        Some((text, "h")) => (text, Some(Per::Hour)),
        Some((text, "d")) => (text, Some(Per::Day)),
        Some(_) => return None,
        None => (text, None),
    };
    let end = text
        .find(|one: char| !one.is_ascii_digit() && one != '.')
        .unwrap_or(text.len());
    let (digits, unit) = text.split_at(end);
    let unit = UNITS.into_iter().find(|one| one.text() == unit)?;
    let value: f64 = digits.parse().ok()?;
    #[expect(
        clippy::cast_possible_truncation,
        reason = "figures of tests are small"
    )]
    let micros = (value * 1e6).round() as i64;
    Some(Number { micros, unit, per })
}
