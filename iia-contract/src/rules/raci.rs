//! C060 to C062: who answers for each event (001:258-274).

use alloc::format;
use alloc::vec::Vec;

use super::{Found, Rule, rule};
use crate::raw::Scopes;
use crate::schema::EVENTS;
use crate::tree::{Block, Entry};

const B: Scopes = Scopes::BOUNDARY;

pub(super) const RULES: &[Rule] = &[rule(B, events), rule(B, rows)];

/// C060: a row for every event.
fn events(entry: &Entry<'_>, found: &mut Found) {
    let missing = EVENTS
        .iter()
        .filter(|event| entry.named("raci", event).is_none());
    let missing: Vec<&str> = missing.copied().collect();
    if !missing.is_empty() {
        let message = format!("nobody answers for {}", missing.join(", "));
        let help = "add a block raci for each, or one that says why it is not_applicable";
        found.reject("C060", entry.head(), message, help);
    }
}

/// C061, C062: one role a side is on the hook, somebody does the work.
fn rows(entry: &Entry<'_>, found: &mut Found) {
    for block in entry.blocks_of("raci") {
        if block
            .field("not_applicable")
            .is_none_or(|f| f.text().trim().is_empty())
        {
            row(&block, found);
        }
    }
}

fn row(block: &Block<'_>, found: &mut Found) {
    let name = block.name.unwrap_or_default();
    for side in ["acs", "upstream"] {
        let (works, answers) = match side {
            "acs" => ("acs_responsible", "acs_accountable"),
            _ => ("upstream_responsible", "upstream_accountable"),
        };
        if block.field(works).is_none() {
            let message = format!("nobody on side {side} does the work at {name}");
            found.reject("C061", block.head(), message, &format!("add {works}"));
        }
        if block.fields(answers).count() != 1 {
            let message = format!(
                "{} on side {side} answer for {name}",
                block.fields(answers).count()
            );
            found.reject(
                "C061",
                block.head(),
                message,
                &format!("exactly one {answers}"),
            );
        }
        let team = block.fields(answers).find(|field| is_crowd(field.text()));
        if let Some(field) = team {
            let message = format!("`{}` is not one role", field.text());
            found.reject(
                "C062",
                field.span(),
                message,
                "accountable is one named role",
            );
        }
    }
}

/// Whether a name stands for many, so that nobody in it answers.
fn is_crowd(name: &str) -> bool {
    ["team", "group", "staff", "department", "everyone"]
        .iter()
        .any(|word| name == *word || name.rsplit(['-', '_', '.']).next() == Some(word))
}
