//! The configuration format of nats-server: a JSON with comments, bare words and without commas.

use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

/// Lists and maps in one another at most.
const DEPTH_MAX: usize = 16;

/// A value.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Conf {
    Text(String),
    /// Items, each with the comment before it.
    List(Vec<(String, Self)>),
    Map(Vec<(String, Self)>),
}

impl Conf {
    pub(super) fn get(&self, key: &str) -> Option<&Self> {
        let Self::Map(fields) = self else {
            return None;
        };
        let same = |(name, _): &&(String, Self)| name.eq_ignore_ascii_case(key);
        fields.iter().find(same).map(|(_, value)| value)
    }

    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }
}

/// Reads a whole file; `None` when it is none.
pub(super) fn parse(text: &str) -> Option<Conf> {
    let mut reader = Reader { rest: text };
    let map = reader.map(None, 0)?;
    reader.rest.is_empty().then_some(map)
}

struct Reader<'t> {
    rest: &'t str,
}

impl<'t> Reader<'t> {
    /// Passes over space and separators; gives the last comment that was there.
    fn gap(&mut self) -> &'t str {
        let mut comment = "";
        loop {
            self.rest = self
                .rest
                .trim_start_matches([' ', '\t', '\r', '\n', ',', ';']);
            let Some(rest) = self
                .rest
                .strip_prefix('#')
                .or_else(|| self.rest.strip_prefix("//"))
            else {
                return comment;
            };
            let (line, rest) = rest.split_once('\n').unwrap_or((rest, ""));
            comment = line.trim();
            self.rest = rest;
        }
    }

    fn take(&mut self, wanted: char) -> bool {
        let rest = self.rest.strip_prefix(wanted);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn map(&mut self, close: Option<char>, depth: usize) -> Option<Conf> {
        let mut fields = Vec::new();
        loop {
            self.gap();
            if close.is_some_and(|close| self.take(close))
                || close.is_none() && self.rest.is_empty()
            {
                return Some(Conf::Map(fields));
            }
            let key = self.word()?;
            self.rest = self.rest.trim_start_matches([' ', '\t']);
            let _ = self.take('=') || self.take(':');
            fields.push((key, self.value(depth + 1)?));
        }
    }

    fn value(&mut self, depth: usize) -> Option<Conf> {
        self.gap();
        if depth > DEPTH_MAX {
            return None;
        }
        if self.take('{') {
            return self.map(Some('}'), depth);
        }
        if !self.take('[') {
            return self.word().map(Conf::Text);
        }
        let mut items = Vec::new();
        loop {
            let comment = self.gap().to_string();
            if self.take(']') {
                return Some(Conf::List(items));
            }
            items.push((comment, self.value(depth + 1)?));
        }
    }

    /// A quoted or a bare word.
    fn word(&mut self) -> Option<String> {
        for quote in ['"', '\''] {
            if self.take(quote) {
                let (word, rest) = self.rest.split_once(quote)?;
                self.rest = rest;
                return Some(word.to_string());
            }
        }
        let ends = |one: char| one.is_whitespace() || "{}[],;=:#".contains(one);
        let end = self.rest.find(ends).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at_checked(end)?;
        self.rest = rest;
        (!word.is_empty()).then(|| word.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_configuration_is_refused() {
        for text in [
            "{",
            "a",
            "a = ",
            "a = [",
            "a = \"b",
            "a = {b = 1",
            "= 3",
            "]",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
        let nested = |depth: usize| format!("a = {}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(parse(&nested(DEPTH_MAX)).is_some());
        assert_eq!(parse(&nested(DEPTH_MAX + 1)), None);
    }

    #[test]
    fn every_way_to_write_is_read() {
        let conf = parse("port: 4222\nA {b = 'x', c: [1 2,3 # three\n 4]} // end").unwrap();
        assert_eq!(conf.get("port").and_then(Conf::text), Some("4222"));
        let inner = conf.get("a").unwrap();
        assert_eq!(inner.get("b").and_then(Conf::text), Some("x"));
        let Some(Conf::List(items)) = inner.get("c") else {
            panic!("no list");
        };
        let last = items.last().unwrap();
        assert_eq!(
            (items.len(), last.0.as_str(), last.1.text()),
            (4, "three", Some("4"))
        );
    }
}
