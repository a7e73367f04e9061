//! What each rule says, why, and how it looks when it is broken and kept.
//!
//! The examples are parts of one document that keeps every rule (`tests/data/model.icl`): a test puts each bad part
//! in the place of the good one and finds that very rule broken, and no other.

mod box_rules;
mod change_rules;
mod contract_rules;
mod language;

/// A rule in words.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Rule {
    /// Its code, such as `C054`.
    pub code: &'static str,
    /// Whether it rejects; otherwise it warns.
    pub rejects: bool,
    /// What it demands, in a line.
    pub title: &'static str,
    /// Why it is there.
    pub why: &'static str,
    /// The clause that it comes from, by line of the architecture; empty for rules of the language.
    pub clause: &'static str,
    /// A part of a document that keeps it.
    pub good: &'static str,
    /// The same part when it breaks it; empty where a text cannot show it.
    pub bad: &'static str,
}

/// Rows of the table.
macro_rules! table {
    ($($code:literal $severity:ident $title:literal why $why:literal clause $clause:literal good $good:literal bad $bad:literal;)*) => {
        pub(super) const RULES: &[super::Rule] = &[$(super::Rule {
            code: $code,
            rejects: super::$severity,
            title: $title,
            why: $why,
            clause: $clause,
            good: $good,
            bad: $bad,
        },)*];
    };
}
use table;

const E: bool = true;
const W: bool = false;

/// Every rule: those of the language first.
pub fn rules() -> impl Iterator<Item = &'static Rule> + Clone {
    let mut tables = [
        language::RULES,
        box_rules::RULES,
        contract_rules::RULES,
        change_rules::RULES,
    ];
    // By code, since rules of one number range stand in several files.
    tables.sort_by_key(|table| table.first().map(|rule| rule.code));
    Sorted { tables }
}

#[derive(Clone)]
struct Sorted {
    tables: [&'static [Rule]; 4],
}

impl Iterator for Sorted {
    type Item = &'static Rule;

    fn next(&mut self) -> Option<&'static Rule> {
        // The language has its own letter and comes first.
        let first = |table: &&'static [Rule]| {
            table
                .first()
                .map(|rule| (!rule.code.starts_with('P'), rule.code))
        };
        let next = self
            .tables
            .iter_mut()
            .filter(|table| !table.is_empty())
            .min_by_key(|table| first(table))?;
        let (rule, rest) = next.split_first()?;
        *next = rest;
        Some(rule)
    }
}

/// The rule of a code, with or without `IIA-` before it.
pub fn rule(code: &str) -> Option<&'static Rule> {
    let code = code.strip_prefix("IIA-").unwrap_or(code);
    rules().find(|rule| rule.code.eq_ignore_ascii_case(code))
}
