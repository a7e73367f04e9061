//! The rules that one contract keeps by itself, one small function each (the numbers are those of the reference page).

mod adherence;
mod boundary;
mod device;
mod identity;
mod inbound;
mod internal;
mod raci;
mod upstream;

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use crate::raw::{DEFECTS_MAX, Defect, Scopes, Span};
use crate::tree::{Block, Entry, Field};

/// One rule over one contract.
pub(crate) struct Rule {
    /// In which scopes it holds.
    scopes: Scopes,
    check: fn(&Entry<'_>, &mut Found),
}

const fn rule(scopes: Scopes, check: fn(&Entry<'_>, &mut Found)) -> Rule {
    Rule { scopes, check }
}

const TABLES: [&[Rule]; 8] = [
    identity::RULES,
    internal::RULES,
    boundary::RULES,
    adherence::RULES,
    upstream::RULES,
    raci::RULES,
    device::RULES,
    inbound::RULES,
];

/// Checks a contract whose shape is sound against every rule of its scope.
pub(crate) fn check(entry: &Entry<'_>, found: &mut Found) {
    let scope = Scopes::named(entry.text("scope"));
    for rule in TABLES.into_iter().flatten() {
        if rule.scopes.meet(scope) {
            (rule.check)(entry, found);
        }
    }
}

/// What rules find.
#[derive(Debug, Default)]
pub(crate) struct Found {
    pub(crate) defects: Vec<Defect>,
}

impl Found {
    pub(crate) fn reject(
        &mut self,
        rule: &'static str,
        span: Span,
        message: impl Into<String>,
        help: &str,
    ) {
        self.push(Defect {
            rule,
            rejects: true,
            span,
            message: message.into(),
            help: help.into(),
        });
    }

    pub(crate) fn warn(
        &mut self,
        rule: &'static str,
        span: Span,
        message: impl Into<String>,
        help: &str,
    ) {
        self.push(Defect {
            rule,
            rejects: false,
            span,
            message: message.into(),
            help: help.into(),
        });
    }

    fn push(&mut self, defect: Defect) {
        if self.defects.len() < DEFECTS_MAX {
            self.defects.push(defect);
        }
    }

    /// Demands fields of an entry.
    fn need_fields(&mut self, rule: &'static str, entry: &Entry<'_>, keys: &[&str]) {
        for key in keys {
            if entry.field(key).is_none() {
                let message = format!("`{key}` is missing from contract {}", entry.name);
                self.reject(
                    rule,
                    entry.head(),
                    message,
                    "every contract of this scope states it",
                );
            }
        }
    }

    /// Demands blocks of an entry.
    fn need_blocks(&mut self, rule: &'static str, entry: &Entry<'_>, keys: &[&str]) {
        for key in keys {
            if entry.block(key).is_none() {
                let message = format!("block `{key}` is missing from contract {}", entry.name);
                self.reject(
                    rule,
                    entry.head(),
                    message,
                    "every contract of this scope states it",
                );
            }
        }
    }

    /// Demands fields of a block.
    fn need_in(&mut self, rule: &'static str, block: &Block<'_>, keys: &[&str]) {
        for key in keys {
            if block.field(key).is_none() {
                let message = format!("`{key}` is missing from block `{}`", block.key);
                self.reject(rule, block.head(), message, "");
            }
        }
    }
}

/// A field of a block of an entry.
pub(crate) fn at<'t>(entry: &Entry<'t>, block: &str, key: &str) -> Option<Field<'t>> {
    entry.block(block).and_then(|block| block.field(key))
}

pub(crate) const HOUR_NS: i64 = 3_600_000_000_000;
pub(crate) const MINUTE_NS: i64 = 60_000_000_000;
pub(crate) const DAY_NS: i64 = 24 * HOUR_NS;
