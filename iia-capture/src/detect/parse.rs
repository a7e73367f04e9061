//! From text to rules.

use alloc::string::String;
use alloc::vec::Vec;

use iia_core::finding::Severity;
use iia_core::observe::Protocol;
use iia_core::time::SECOND_NS;

use super::clause::{Clause, Pattern, VALUES_MAX, number};
use super::error::{RulesError, Wrong};
use super::field::Half;
use super::rule::{About, CLAUSES_MAX, Rule};
use super::window::{Often, WINDOW_MAX_NS, WITHIN_MAX};

/// Rules that a text may have at most.
pub const RULES_MAX: usize = 1024;
/// Bytes that a text may have at most.
pub const TEXT_LEN_MAX: usize = 1 << 20;

/// The rest of a line, in words.
type Words<'a> = core::str::SplitAsciiWhitespace<'a>;

/// Reads every rule of a text.
pub(super) fn rules(text: &str) -> Result<Vec<Rule>, RulesError> {
    let fail = |line| move |wrong| RulesError { line, wrong };
    if text.len() > TEXT_LEN_MAX {
        return Err(fail(1)(Wrong::TooMany { max: TEXT_LEN_MAX }));
    }
    let (mut rules, mut open): (Vec<Rule>, Option<Rule>) = (Vec::new(), None);
    let mut last = 1;
    for (at, line) in text.lines().enumerate() {
        let mut words = line.split_ascii_whitespace();
        let Some(word) = words.next().filter(|word| !word.starts_with('#')) else {
            continue;
        };
        if word == "rule" {
            close(&mut rules, open.take()).map_err(fail(last))?;
            open = Some(begin(words, &rules).map_err(fail(at + 1))?);
        } else {
            let rule = open.as_mut().ok_or(Wrong::Outside).map_err(fail(at + 1))?;
            clause(rule, word, words).map_err(fail(at + 1))?;
        }
        last = at + 1;
    }
    close(&mut rules, open).map_err(fail(last))?;
    Ok(rules)
}

/// A rule with nothing but its name.
fn begin(mut words: Words<'_>, rules: &[Rule]) -> Result<Rule, Wrong> {
    let name = words.next().ok_or(Wrong::Name)?;
    let sound = name
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if !sound || words.next().is_some() || rules.iter().any(|rule| rule.name == name) {
        return Err(Wrong::Name);
    }
    Ok(Rule::of_engine(name, ("", ""), Severity::Medium))
}

/// Ends a rule, which must say what it is and what it is about.
fn close(rules: &mut Vec<Rule>, rule: Option<Rule>) -> Result<(), Wrong> {
    let Some(rule) = rule else {
        return Ok(());
    };
    if rule.technique.is_empty() || rule.about.is_empty() {
        return Err(Wrong::Missing);
    }
    if rules.len() >= RULES_MAX {
        return Err(Wrong::TooMany { max: RULES_MAX });
    }
    rules.push(rule);
    Ok(())
}

fn clause(rule: &mut Rule, word: &str, words: Words<'_>) -> Result<(), Wrong> {
    match word {
        "technique" if rule.technique.is_empty() => technique(rule, words),
        "severity" => {
            rule.severity = severity(words)?;
            Ok(())
        }
        "on" if rule.about.is_empty() => {
            rule.about = some(words.map(about).collect::<Result<_, _>>()?)?;
            Ok(())
        }
        "what" if rule.what.is_empty() => {
            rule.what = some(words.map(String::from).collect())?;
            Ok(())
        }
        "outcome" if rule.outcome.is_empty() => {
            rule.outcome = some(words.map(String::from).collect())?;
            Ok(())
        }
        "asked" => field(rule, Half::Asked, words),
        "answered" => field(rule, Half::Answered, words),
        "distinct" if rule.often.is_none() => often(rule, true, words),
        "count" if rule.often.is_none() => often(rule, false, words),
        "technique" | "on" | "what" | "outcome" | "distinct" | "count" => Err(Wrong::Incomplete),
        _ => Err(Wrong::Clause),
    }
}

/// Values of a clause: some, and not too many.
fn some<T>(values: Vec<T>) -> Result<Vec<T>, Wrong> {
    match values.len() {
        0 => Err(Wrong::Incomplete),
        1..=VALUES_MAX => Ok(values),
        _ => Err(Wrong::TooMany { max: VALUES_MAX }),
    }
}

fn technique(rule: &mut Rule, mut words: Words<'_>) -> Result<(), Wrong> {
    let id = words.next().ok_or(Wrong::Technique)?;
    let digits = id.strip_prefix('T').ok_or(Wrong::Technique)?;
    let title: Vec<&str> = words.collect();
    if digits.len() != 4 || !digits.bytes().all(|byte| byte.is_ascii_digit()) || title.is_empty() {
        return Err(Wrong::Technique);
    }
    rule.technique = id.into();
    rule.title = title.join(" ");
    Ok(())
}

fn severity(mut words: Words<'_>) -> Result<Severity, Wrong> {
    let severity = words.next().and_then(Severity::named);
    severity
        .filter(|_| words.next().is_none())
        .ok_or(Wrong::Incomplete)
}

fn about(word: &str) -> Result<About, Wrong> {
    match (word, Protocol::named(word)) {
        ("flow", _) => Ok(About::Flow),
        (_, Protocol::Unknown) => Err(Wrong::Protocol),
        (_, protocol) => Ok(About::Protocol(protocol)),
    }
}

fn field(rule: &mut Rule, half: Half, mut words: Words<'_>) -> Result<(), Wrong> {
    if rule.clauses.len() >= CLAUSES_MAX {
        return Err(Wrong::TooMany { max: CLAUSES_MAX });
    }
    let field = words.next().ok_or(Wrong::Incomplete)?.into();
    let values: Vec<Pattern> = words
        .map(|word| Pattern::parse(word).ok_or(Wrong::Number))
        .collect::<Result<_, _>>()?;
    if values.len() > VALUES_MAX {
        return Err(Wrong::TooMany { max: VALUES_MAX });
    }
    rule.clauses.push(Clause {
        half,
        field,
        values,
    });
    Ok(())
}

/// `FIELD 10 in 60s by client server`, or the same without a field.
fn often(rule: &mut Rule, distinct: bool, mut words: Words<'_>) -> Result<(), Wrong> {
    let mut next = || words.next().ok_or(Wrong::Incomplete);
    let field = distinct.then(&mut next).transpose()?.map(String::from);
    let count = number(next()?).and_then(|count| usize::try_from(count).ok());
    let count = count.filter(|count| (2..=WITHIN_MAX).contains(count));
    let (within, by) = ((next()?, duration(next()?)?), (next()?, next()?));
    let by_server = match (words.next(), words.next()) {
        (None, None) => false,
        (Some("server"), None) => true,
        _ => return Err(Wrong::Incomplete),
    };
    if within.0 != "in" || by != ("by", "client") {
        return Err(Wrong::Incomplete);
    }
    rule.often = Some(Often {
        distinct: field,
        number: count.ok_or(Wrong::Number)?,
        within_ns: within.1,
        by_server,
    });
    Ok(())
}

/// `60s`, `5m` or `1h`.
fn duration(word: &str) -> Result<i64, Wrong> {
    let units = [
        ("s", SECOND_NS),
        ("m", 60 * SECOND_NS),
        ("h", 3600 * SECOND_NS),
    ];
    let found = units.iter().find_map(|(unit, ns)| {
        let count = i64::try_from(number(word.strip_suffix(unit)?)?).ok()?;
        count.checked_mul(*ns)
    });
    found
        .filter(|ns| (1..=WINDOW_MAX_NS).contains(ns))
        .ok_or(Wrong::Number)
}
