//! Which change made a line say what it says.

use std::collections::BTreeMap;

use super::{Change, History};
use crate::diff::Model;
use crate::trust::Class;

/// What is asked about: `KIND NAME`, and further words that lines of it begin with, such as
/// `contract iia.contract.boundary.x freshness lag_max`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Key {
    kind: String,
    name: String,
    start: String,
}

/// One moment at which the answer changed.
#[derive(Clone, Debug)]
pub struct Blame<'a> {
    /// The change that did it.
    pub change: &'a Change,
    /// What it said before.
    pub before: Vec<String>,
    /// What it says since.
    pub after: Vec<String>,
}

impl Key {
    /// Reads a key; `None` without a kind and a name.
    pub fn parse(text: &str) -> Option<Self> {
        let mut words = text.splitn(3, ' ');
        let (kind, name) = (words.next()?, words.next()?);
        Some(Self {
            kind: kind.into(),
            name: name.into(),
            start: words.next().unwrap_or_default().into(),
        })
    }

    /// The lines that a document has for it, each with its block before it.
    pub fn lines(&self, model: &Model) -> Vec<String> {
        let same = |item: &&crate::diff::Item| item.kind == self.kind && item.name == self.name;
        let mut lines = Vec::new();
        for item in model.items().iter().filter(same) {
            if self.start.is_empty() {
                let version = item.version.map_or_else(String::new, |v| format!(" {v}"));
                lines.push(format!("{} {}{version}", item.kind, item.name));
            }
            for (place, texts) in item.parts() {
                lines.extend(texts.iter().map(|text| format!("{place}{text}")));
            }
        }
        lines.retain(|line| self.is_asked(line));
        lines
    }

    /// Whether a line begins with the words that are asked about.
    fn is_asked(&self, line: &str) -> bool {
        let rest = line.strip_prefix(self.start.as_str());
        rest.is_some_and(|rest| self.start.is_empty() || rest.is_empty() || rest.starts_with(' '))
    }
}

/// Every change of the answer, newest first: the first one is to blame for what is said now.
pub fn blame<'a>(history: &'a History, key: &Key) -> Vec<Blame<'a>> {
    let mut said: BTreeMap<Class, Vec<String>> = BTreeMap::new();
    let mut found = Vec::new();
    for change in &history.changes {
        let before = said.entry(change.class).or_default();
        let artifact = change.artifact.as_ref();
        let after = artifact.map_or_else(Vec::new, |artifact| key.lines(&artifact.model));
        if after != *before {
            found.push(Blame {
                change,
                before: std::mem::replace(before, after.clone()),
                after,
            });
        }
    }
    found.reverse();
    found
}
