//! Entries from text, for tests that need more than a few fields; the language's own parser is in another crate.
#![allow(dead_code, reason = "every test file uses some of it")]

use iia_contract::raw::{Block, Entry, Field, Kind, Number, Per, Span, Unit, Value, Version};

/// Every entry of a sound text.
pub(crate) fn entries(text: &str) -> Vec<Entry> {
    let mut entries: Vec<Entry> = Vec::new();
    let mut block: Option<Block> = None;
    let mut depth = 0;
    for line in text.lines().map(str::trim) {
        let words = words(line);
        match (words.as_slice(), depth) {
            ([] | ["#", ..] | ["iia-config", ..], _) => {}
            (["}"], 2) => {
                entries.last_mut().unwrap().blocks.extend(block.take());
                depth = 1;
            }
            (["}"], _) => depth = 0,
            ([kind, name, rest @ .., "{"], 0) => {
                entries.push(Entry {
                    kind: (*kind).into(),
                    name: (*name).into(),
                    version: rest.first().map(|text| version(text)),
                    fields: vec![],
                    blocks: vec![],
                    span: Span::default(),
                });
                depth = 1;
            }
            ([key, name @ .., "{"], _) => {
                block = Some(Block {
                    key: (*key).into(),
                    name: name.first().map(|name| (*name).into()),
                    fields: vec![],
                    span: Span::default(),
                });
                depth = 2;
            }
            ([key, values @ ..], _) => {
                let field = Field {
                    key: (*key).into(),
                    values: values.iter().map(|text| value(text)).collect(),
                    span: Span::default(),
                };
                match &mut block {
                    Some(block) => block.fields.push(field),
                    None => entries.last_mut().unwrap().fields.push(field),
                }
            }
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

fn version(text: &str) -> Version {
    let mut parts = text.split('.').map(|part| part.parse().unwrap());
    let mut next = || parts.next().unwrap();
    Version {
        major: next(),
        minor: next(),
        patch: next(),
    }
}

fn value(text: &str) -> Value {
    let kind = kind(text);
    Value {
        kind,
        text: text.trim_matches('"').into(),
        span: Span::default(),
    }
}

fn kind(text: &str) -> Kind {
    let scheme = |names: &[&str]| names.iter().any(|name| text.starts_with(name));
    match number(text) {
        Some(number) => Kind::Number(number),
        None if text.starts_with('"') => Kind::String,
        None if text.starts_with("spiffe://") => Kind::Spiffe,
        None if text.contains("://") => Kind::Uri,
        None if scheme(&["tcp/", "tls/", "udp/"]) => Kind::Port,
        None if text.len() == 20 && text.ends_with('Z') => Kind::Time,
        None if text.contains('*') => Kind::Pattern,
        None if text.starts_with(|one: char| one.is_ascii_digit()) => Kind::Net,
        None => Kind::Atom,
    }
}

/// `-12.5KiB/s` and everything shorter.
fn number(text: &str) -> Option<Number> {
    let (text, per) = match text.split_once('/') {
        Some((text, "s")) => (text, Some(Per::Second)),
        Some((text, "m")) => (text, Some(Per::Minute)),
        Some((text, "h")) => (text, Some(Per::Hour)),
        Some((text, "d")) => (text, Some(Per::Day)),
        Some(_) => return None,
        None => (text, None),
    };
    let bare = text.trim_end_matches(|one: char| one.is_alphabetic() || one == '%');
    let suffix = text.strip_prefix(bare)?;
    let mut units = Unit::FAMILIES.into_iter().flatten().copied();
    let unit = match suffix {
        "" => Unit::None,
        suffix => units.find(|unit| unit.text() == suffix)?,
    };
    let (whole, rest) = bare.split_once('.').unwrap_or((bare, ""));
    let sign = if whole.starts_with('-') { -1 } else { 1 };
    let rest: i64 = format!("{rest:0<6}").parse().ok()?;
    let micros = whole.parse::<i64>().ok()? * 1_000_000 + sign * rest;
    Some(Number { micros, unit, per })
}
