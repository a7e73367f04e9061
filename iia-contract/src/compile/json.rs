//! JSON as it is written where no engine for it is at hand: the same value, the same bytes.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::Write as _;

/// A value.
#[derive(Clone, Debug)]
pub(super) enum Json {
    Text(String),
    Number(u64),
    Switch(bool),
    List(Vec<Self>),
    Object(Vec<(&'static str, Self)>),
}

impl Json {
    pub(super) fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    pub(super) fn texts<T: Into<String>>(texts: impl IntoIterator<Item = T>) -> Self {
        Self::List(texts.into_iter().map(Self::text).collect())
    }

    /// The value over several lines, with a line feed at its end.
    pub(super) fn document(&self) -> String {
        let mut out = String::new();
        self.write(&mut out, 0);
        out.push('\n');
        out
    }

    fn write(&self, out: &mut String, depth: usize) {
        match self {
            Self::Text(text) => quote(out, text),
            Self::Number(number) => drop(write!(out, "{number}")),
            Self::Switch(on) => drop(write!(out, "{on}")),
            Self::List(items) => enclose(out, depth, ('[', ']'), items, |item, out| {
                item.write(out, depth + 1);
            }),
            Self::Object(fields) => enclose(out, depth, ('{', '}'), fields, |(key, value), out| {
                quote(out, key);
                out.push_str(": ");
                value.write(out, depth + 1);
            }),
        }
    }
}

fn enclose<T>(
    out: &mut String,
    depth: usize,
    (open, close): (char, char),
    items: &[T],
    mut write: impl FnMut(&T, &mut String),
) {
    out.push(open);
    for (index, item) in items.iter().enumerate() {
        out.push_str(if index == 0 { "\n" } else { ",\n" });
        out.extend(core::iter::repeat_n("  ", depth + 1));
        write(item, out);
    }
    if !items.is_empty() {
        out.push('\n');
        out.extend(core::iter::repeat_n("  ", depth));
    }
    out.push(close);
}

/// RFC 8259 section 7.
fn quote(out: &mut String, text: &str) {
    out.push('"');
    for one in text.chars() {
        match one {
            '"' | '\\' => out.extend(['\\', one]),
            one if one < ' ' => drop(write!(out, "\\u{:04x}", u32::from(one))),
            one => out.push(one),
        }
    }
    out.push('"');
}

#[cfg(all(test, feature = "std"))]
mod tests {
    use super::*;

    #[test]
    fn another_reader_of_json_reads_the_same() {
        let value = Json::Object(Vec::from([
            ("texts", Json::texts(["", "a\"b\\c", "\n\u{1}\u{7f}Ö"])),
            ("none", Json::List(Vec::new())),
            ("number", Json::Number(u64::MAX)),
            ("on", Json::Switch(true)),
        ]));
        let read: serde_json::Value = serde_json::from_str(&value.document()).unwrap();
        let want = serde_json::json!({
            "texts": ["", "a\"b\\c", "\n\u{1}\u{7f}Ö"], "none": [], "number": u64::MAX, "on": true,
        });
        assert_eq!(read, want);
    }
}
