//! The compiler's own text as a value again, so that a state that was kept as text can be held against a kernel.

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::str::Lines;

use super::ruleset::{Chain, Element, Hook, Map, Rule, Ruleset, Table};

impl Ruleset {
    /// Reads what [`Ruleset`] writes; `None` for anything else, a remark or a blank too many included.
    pub fn parse(text: &str) -> Option<Self> {
        let mut ruleset = Self::default();
        let mut lines = text.lines();
        while let Some(line) = lines.next() {
            if let Some(name) = line
                .strip_prefix("table ")
                .and_then(|line| line.strip_suffix(" {"))
            {
                ruleset.tables.insert(name.into(), table(&mut lines)?);
            }
        }
        // Whatever was passed over or understood differently is not there when it is written again.
        let written = format!("{ruleset}");
        (written == text).then_some(ruleset)
    }
}

fn table(lines: &mut Lines<'_>) -> Option<Table> {
    let mut table = Table::default();
    loop {
        let line = lines.next()?;
        if line == "}" {
            return Some(table);
        }
        let (what, name) = line
            .strip_prefix("  ")?
            .strip_suffix(" {")?
            .split_once(' ')?;
        let name = String::from(name);
        match what {
            "set" => {
                let (_, elements) = elements(lines)?;
                let names = elements
                    .into_iter()
                    .map(|line| Some(line.strip_prefix('"')?.strip_suffix('"')?.into()));
                table.sets.insert(name, names.collect::<Option<_>>()?);
            }
            "map" => {
                table.maps.insert(name, map(lines)?);
            }
            "chain" => {
                table.chains.insert(name, chain(lines)?);
            }
            _ => return None,
        }
    }
}

/// The lines before the elements of a set or map, and the elements.
fn elements<'t>(lines: &mut Lines<'t>) -> Option<(Vec<&'t str>, Vec<&'t str>)> {
    let (mut head, mut elements) = (Vec::new(), Vec::new());
    loop {
        match lines.next()?.trim_start() {
            "}" => return Some((head, elements)),
            "elements = {" => loop {
                match lines.next()?.trim_start() {
                    "}" => break,
                    element => elements.push(element.strip_suffix(',').unwrap_or(element)),
                }
            },
            line => head.push(line),
        }
    }
}

fn map(lines: &mut Lines<'_>) -> Option<Map> {
    let (head, elements) = elements(lines)?;
    let key_type = head
        .first()?
        .strip_prefix("type ")?
        .strip_suffix(" : verdict")?;
    let elements = elements.into_iter().map(|line| {
        let (key, verdict) = line.rsplit_once(" : ")?;
        let (key, comment) = commented(key);
        let element = Element {
            verdict: verdict.into(),
            comment: comment.into(),
            packets: 0,
        };
        Some((String::from(key), element))
    });
    Some(Map {
        key_type: key_type.into(),
        interval: head.contains(&"flags interval"),
        elements: elements.collect::<Option<BTreeMap<_, _>>>()?,
    })
}

fn chain(lines: &mut Lines<'_>) -> Option<Chain> {
    let mut chain = Chain::default();
    loop {
        match lines.next()?.trim_start() {
            "}" => return Some(chain),
            line if line.starts_with("type filter hook ") && chain.rules.is_empty() => {
                chain.hook = Some(hook(line)?);
            }
            line => {
                let (text, comment) = commented(line);
                chain.rules.push(Rule {
                    text: text.into(),
                    comment: comment.into(),
                    packets: 0,
                });
            }
        }
    }
}

/// Such as `type filter hook ingress device "acs0" priority -10; policy drop;`.
fn hook(line: &str) -> Option<Hook> {
    let rest = line.strip_prefix("type filter hook ")?;
    let (place, rest) = rest.split_once(" priority ")?;
    let (priority, policy) = rest.split_once("; policy ")?;
    let (hook, device) = match place.split_once(" device ") {
        Some((hook, device)) => (hook, Some(device.trim_matches('"').into())),
        None => (place, None),
    };
    Some(Hook {
        hook: hook.into(),
        device,
        priority: priority.parse().ok()?,
        drops: policy == "drop;",
    })
}

/// A text and the comment behind it.
fn commented(line: &str) -> (&str, &str) {
    let parts = line
        .strip_suffix('"')
        .and_then(|line| line.rsplit_once(" comment \""));
    parts.unwrap_or((line, ""))
}
