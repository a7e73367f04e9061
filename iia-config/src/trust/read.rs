//! From a trust document's text to keys, rules and sets.

use iia_contract::shape;
use iia_contract::tree::Entry;
use iia_core::time::parse_utc;

use super::{Class, OperatorKey, Rule, Trust, parse_key};
use crate::diagnostic::Diagnostic;
use crate::limits::DOCUMENT_LEN_DEFAULT;
use crate::parse::Document;
use crate::{parse, schema};

const KINDS: [&str; 4] = ["artifact", "key", "approval_rule", "fleet"];

pub(super) fn parse(bytes: &[u8]) -> Result<Trust, Vec<Diagnostic>> {
    let document = parse::parse(bytes, DOCUMENT_LEN_DEFAULT)?;
    let mut trust = Trust::default();
    let mut found = Vec::new();
    for entry in document.entries() {
        let spec = schema::spec(entry.kind).filter(|spec| KINDS.contains(&spec.kind));
        let Some(spec) = spec else {
            let message = format!("`{}` has no place in a trust document", entry.kind);
            let help = "artifact, key, approval_rule and fleet only";
            found.push(Diagnostic::error("C031", entry.span, message, help));
            continue;
        };
        let defects = shape::check(spec, &entry);
        if defects.is_empty() {
            trust.add(&entry, &mut found);
        }
        found.extend(defects.into_iter().map(Diagnostic::from));
    }
    trust.reachable(&document, &mut found);
    if found.is_empty() {
        Ok(trust)
    } else {
        Err(found)
    }
}

fn count(entry: &Entry<'_>, key: &str) -> u64 {
    let field = entry.field(key);
    field.and_then(|field| field.count()).unwrap_or(0)
}

impl Trust {
    fn add(&mut self, entry: &Entry<'_>, found: &mut Vec<Diagnostic>) {
        match entry.kind {
            "approval_rule" => self.add_rule(entry, found),
            "fleet" => {
                let boxes = entry.fields("box").map(|field| field.text().to_owned());
                self.fleets.insert(entry.name.to_owned(), boxes.collect());
            }
            "key" => self.add_key(entry, found),
            _ => {
                self.revision = count(entry, "revision");
                self.issued = parse_utc(entry.text("issued")).unwrap_or_default();
            }
        }
    }

    fn add_rule(&mut self, entry: &Entry<'_>, found: &mut Vec<Diagnostic>) {
        let threshold = usize::try_from(count(entry, "threshold")).unwrap_or(usize::MAX);
        if threshold == 0 {
            let message = "a threshold of 0 asks for nobody";
            found.push(Diagnostic::error("C082", entry.span, message, "1 at least"));
        }
        let Some(class) = Class::of_name(entry.text("class")) else {
            return unknown_class(entry, entry.text("class"), found);
        };
        let two_person = entry.text("two_person") == "on";
        let rule = Rule {
            threshold,
            two_person,
        };
        if self.rules.insert(class, rule).is_some() {
            let message = format!("a second rule for class {}", class.name());
            found.push(Diagnostic::error("C030", entry.span, message, "merge them"));
        }
    }

    /// One key is one line: the same bytes under two names would let one person count twice.
    fn add_key(&mut self, entry: &Entry<'_>, found: &mut Vec<Diagnostic>) {
        let Some(public) = parse_key(entry.text("public")) else {
            let message = "not an ed25519 public key";
            let help = "32 bytes in base64";
            return found.push(Diagnostic::error("C047", entry.span, message, help));
        };
        let mut key = OperatorKey {
            operator: entry.text("operator").into(),
            public,
            classes: std::collections::BTreeSet::new(),
        };
        for field in entry.fields("class") {
            match Class::of_name(field.text()) {
                Some(class) => {
                    key.classes.insert(class);
                }
                None => unknown_class(entry, field.text(), found),
            }
        }
        if let Some(other) = self.keys.insert(public.key_id(), key) {
            let message = format!("the same key stands twice, first for {}", other.operator);
            let help = "a key belongs to one operator; list all its classes in one entry";
            found.push(Diagnostic::error("C082", entry.span, message, help));
        }
    }

    /// A threshold that nobody can reach would lock the box for ever.
    fn reachable(&self, document: &Document, found: &mut Vec<Diagnostic>) {
        for (class, rule) in &self.rules {
            let (mut have, mut need) = (self.operators_of(*class), rule.threshold);
            if have >= need && rule.two_person {
                (have, need) = (self.operators_of(Class::Approval), 2);
            }
            if have >= need {
                continue;
            }
            let mut rules = document.of_kind("approval_rule");
            let entry = rules.find(|entry| entry.text("class") == class.name());
            let span = entry.map(|entry| entry.span).unwrap_or_default();
            let message = format!(
                "class {} needs {need} operators, {have} have a key for it",
                class.name()
            );
            let help = "nobody could ever sign it: lower the threshold or add keys";
            found.push(Diagnostic::error("C082", span, message, help));
        }
    }
}

fn unknown_class(entry: &Entry<'_>, name: &str, found: &mut Vec<Diagnostic>) {
    let names = Class::ALL.map(Class::name);
    let near = shape::nearest(name, names.into_iter());
    let help = near.map_or_else(
        || names.join(", "),
        |near| format!("did you mean `{near}`?"),
    );
    let message = format!("`{name}` is no class of artifact");
    found.push(Diagnostic::error("C031", entry.span, message, &help));
}
