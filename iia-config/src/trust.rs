//! Whose signatures count: operators' keys by class, and how many of them are needed.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use iia_contract::raw::Number;
use iia_contract::shape;
use iia_contract::tree::Entry;
use iia_core::sign::PublicKey;

use crate::diagnostic::Diagnostic;
use crate::limits::DOCUMENT_LEN_DEFAULT;
use crate::{parse, schema};

/// A class of artifact; each has a payload type of its own, so that a signature for one never counts for another.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Class {
    /// Configuration.
    Config,
    /// Approval.
    Approval,
}

impl Class {
    /// The name in trust documents.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Config => "config",
            Self::Approval => "approval",
        }
    }

    /// The payload type in envelopes.
    pub const fn payload_type(self) -> &'static str {
        match self {
            Self::Config => "application/vnd.iia.config.v1",
            Self::Approval => "application/vnd.iia.approval.v1",
        }
    }
}

/// An operator's key.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct OperatorKey {
    /// Whose.
    pub operator: String,
    /// The key.
    pub public: PublicKey,
    /// What it may sign.
    pub classes: Vec<String>,
}

/// What one class asks for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Rule {
    /// Distinct operators that must sign.
    pub threshold: usize,
    /// Whether somebody besides the author must have signed.
    pub two_person: bool,
}

/// The operators' keys and rules of a box.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Trust {
    /// The keys.
    pub keys: Vec<OperatorKey>,
    rules: BTreeMap<String, Rule>,
}

impl Trust {
    /// Reads a trust document.
    ///
    /// # Errors
    /// Diagnostics, as for any document.
    pub fn parse(bytes: &[u8]) -> Result<Self, Vec<Diagnostic>> {
        let document = parse::parse(bytes, DOCUMENT_LEN_DEFAULT)?;
        let mut trust = Self::default();
        let mut found = Vec::new();
        for entry in document.entries() {
            let spec = schema::spec(entry.kind)
                .filter(|spec| matches!(spec.kind, "key" | "approval_rule"));
            let Some(spec) = spec else {
                let message = format!("`{}` has no place in a trust document", entry.kind);
                found.push(Diagnostic::error(
                    "C031",
                    entry.span,
                    message,
                    "keys and approval rules only",
                ));
                continue;
            };
            let defects = shape::check(spec, &entry);
            if defects.is_empty() {
                trust.add(&entry, &mut found);
            }
            found.extend(defects.into_iter().map(Diagnostic::from));
        }
        if found.is_empty() {
            Ok(trust)
        } else {
            Err(found)
        }
    }

    fn add(&mut self, entry: &Entry<'_>, found: &mut Vec<Diagnostic>) {
        let text = |key: &str| entry.text(key);
        if entry.kind == "approval_rule" {
            let threshold = entry
                .field("threshold")
                .and_then(|field| field.number(0))
                .and_then(Number::as_count);
            let threshold = usize::try_from(threshold.unwrap_or(0)).unwrap_or(0);
            if threshold == 0 {
                found.push(Diagnostic::error(
                    "C082",
                    entry.span,
                    "a threshold of 0 asks for nobody",
                    "1 at least",
                ));
            }
            let rule = Rule {
                threshold,
                two_person: text("two_person") == "on",
            };
            self.rules.insert(text("class").into(), rule);
            return;
        }
        let bytes = text("public")
            .strip_prefix("ed25519:")
            .and_then(|text| STANDARD.decode(text).ok());
        match bytes.and_then(|bytes| <[u8; 32]>::try_from(bytes).ok()) {
            Some(bytes) => self.keys.push(OperatorKey {
                operator: text("operator").into(),
                public: PublicKey::from_bytes(bytes),
                classes: entry
                    .fields("class")
                    .map(|field| field.text().to_owned())
                    .collect(),
            }),
            None => found.push(Diagnostic::error(
                "C047",
                entry.span,
                "not an ed25519 public key",
                "32 bytes in base64",
            )),
        }
    }

    /// The rule of a class; without one, one operator must sign.
    pub fn rule(&self, class: Class) -> Rule {
        self.rules.get(class.name()).copied().unwrap_or(Rule {
            threshold: 1,
            two_person: false,
        })
    }
}

/// A public key as it stands in documents.
pub fn key_text(key: &PublicKey) -> String {
    format!("ed25519:{}", STANDARD.encode(key.as_bytes()))
}
