//! A small reader of the flat language (ICL/1), written from its grammar and from nothing else.
//!
//! It reads what a signed artifact means and does not judge it: what breaks a rule was refused long before. Entries, their
//! names and versions, and the fields that stand directly in them; fields of blocks are passed over.

use alloc::string::String;
use alloc::vec::Vec;

use iia_core::code::{Code, Coded};

/// Longest text in bytes.
pub const TEXT_LEN_MAX: usize = 16 * 1024 * 1024;
/// Entries at most.
pub const ENTRIES_MAX: usize = 262_144;
/// Values of a field at most (the grammar's own limit).
const VALUES_MAX: usize = 8;

/// Why a text is none of the language.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum FlatError {
    /// A line is none that the language has.
    #[error("line {line} is none of the language")]
    Line {
        /// Which, from 1.
        line: usize,
    },
    /// The first line is another.
    #[error("the first line is not `iia-config 1`")]
    Magic,
    /// It is longer than [`TEXT_LEN_MAX`], or has more entries than [`ENTRIES_MAX`].
    #[error("longer than a configuration may be")]
    TooLong,
}

impl Coded for FlatError {
    fn code(&self) -> Code {
        let number = match self {
            Self::Magic => 60,
            Self::Line { .. } => 61,
            Self::TooLong => 460,
        };
        Code::new("ATT", number)
    }
}

/// An entry.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct Entry<'a> {
    pub(super) kind: &'a str,
    pub(super) name: &'a str,
    pub(super) version: &'a str,
    /// Key and values, and the text of the line.
    pub(super) fields: Vec<(&'a str, Vec<&'a str>)>,
}

impl<'a> Entry<'a> {
    /// The values of each field with this key.
    pub(super) fn each(&self, key: &'a str) -> impl Iterator<Item = &[&'a str]> {
        let same = self.fields.iter().filter(move |(known, _)| *known == key);
        same.map(|(_, values)| values.as_slice())
    }

    /// The first value of the first field with this key; nothing when there is none.
    pub(super) fn text(&self, key: &'a str) -> &'a str {
        let first = self.each(key).next();
        first
            .and_then(|values| values.first())
            .copied()
            .unwrap_or_default()
    }
}

/// The entries of a text.
pub(super) fn read(text: &str) -> Result<Vec<Entry<'_>>, FlatError> {
    if text.len() > TEXT_LEN_MAX {
        return Err(FlatError::TooLong);
    }
    let mut lines = text.split('\n').enumerate();
    if lines.next().map(|(_, line)| line) != Some("iia-config 1") {
        return Err(FlatError::Magic);
    }
    let mut entries: Vec<Entry<'_>> = Vec::new();
    let mut depth = 0;
    for (at, line) in lines {
        let wrong = FlatError::Line { line: at + 1 };
        let line = line.trim_start_matches(' ');
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let words = words(line).ok_or(wrong)?;
        match (words.as_slice(), depth) {
            (["}"], 1 | 2) => depth -= 1,
            ([head @ .., "{"], 0) => {
                entries.push(entry(head).ok_or(wrong)?);
                depth = 1;
            }
            ([_, .., "{"], 1) => depth = 2,
            ([.., "{"], _) => return Err(wrong),
            ([key, values @ ..], 1) if !values.is_empty() && values.len() <= VALUES_MAX => {
                let last = entries.last_mut().ok_or(wrong)?;
                last.fields.push((key, values.to_vec()));
            }
            ([_, _, ..], 2) => {}
            _ => return Err(wrong),
        }
        if entries.len() > ENTRIES_MAX {
            return Err(FlatError::TooLong);
        }
    }
    match depth {
        0 => Ok(entries),
        _ => Err(FlatError::Line {
            line: text.split('\n').count(),
        }),
    }
}

fn entry<'a>(head: &[&'a str]) -> Option<Entry<'a>> {
    let (kind, name, version) = match head {
        [kind, name] => (kind, name, &""),
        [kind, name, version] => (kind, name, version),
        _ => return None,
    };
    Some(Entry {
        kind,
        name,
        version,
        fields: Vec::new(),
    })
}

/// The words of a line: separated by one space, or between quotation marks, where nothing is escaped.
fn words(mut line: &str) -> Option<Vec<&str>> {
    let mut words = Vec::new();
    loop {
        let (word, rest) = match line.strip_prefix('"') {
            Some(quoted) => {
                let (word, rest) = quoted.split_once('"')?;
                let rest = match rest {
                    "" => None,
                    rest => Some(rest.strip_prefix(' ')?),
                };
                (word, rest)
            }
            None => match line.split_once(' ') {
                Some((word, rest)) => (word, Some(rest)),
                None => (line, None),
            },
        };
        words.push(word);
        match rest {
            None => return Some(words),
            Some(rest) => line = rest,
        }
        // A key, its values, a name, a version and a brace: never more.
        if words.len() > VALUES_MAX + 2 {
            return None;
        }
    }
}

/// A field as it stands, for what is kept as a line.
pub(super) fn line(key: &str, values: &[&str]) -> String {
    let mut line = String::from(key);
    for value in values {
        line.push(' ');
        line.push_str(value);
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_fields_and_quotes_are_read_and_blocks_passed_over() {
        let text = "iia-config 1\n# a\n\nunit u 1.2.3 {\n  argument 0 \"a b  c\"\n  user 2001\n  transport {\n    user 9\n  }\n}\nzone z {\n}\n";
        let entries = read(text).unwrap();
        assert_eq!(entries.len(), 2);
        assert_eq!(
            (entries[0].kind, entries[0].name, entries[0].version),
            ("unit", "u", "1.2.3")
        );
        assert_eq!(
            entries[0].each("argument").next(),
            Some(&["0", "a b  c"][..])
        );
        assert_eq!(entries[0].text("user"), "2001");
        assert_eq!(entries[1].fields, []);
    }

    #[test]
    fn what_is_none_of_the_language_is_refused_with_its_line() {
        for (text, want) in [
            ("", FlatError::Magic),
            ("iia-config 2\n", FlatError::Magic),
            ("iia-config 1\n}\n", FlatError::Line { line: 2 }),
            ("iia-config 1\na b {\n  c\n}\n", FlatError::Line { line: 3 }),
            (
                "iia-config 1\na b {\n  c {\n    d {\n",
                FlatError::Line { line: 4 },
            ),
            (
                "iia-config 1\na b {\n  c \"d\n}\n",
                FlatError::Line { line: 3 },
            ),
            ("iia-config 1\na {\n}\n", FlatError::Line { line: 2 }),
            ("iia-config 1\na b c d {\n}\n", FlatError::Line { line: 2 }),
            ("iia-config 1\na b {\n", FlatError::Line { line: 3 }),
        ] {
            assert_eq!(read(text), Err(want), "{text}");
        }
        assert_eq!(read(&"x".repeat(TEXT_LEN_MAX + 1)), Err(FlatError::TooLong));
    }
}
