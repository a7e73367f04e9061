//! Whose signatures count: operators' keys by class, how many of them are needed, and named sets of boxes.

mod class;
mod read;
pub(crate) mod schema;
mod succession;

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use iia_core::Timestamp;
use iia_core::sign::{KeyId, PublicKey};

pub use self::class::Class;
pub use self::succession::{SuccessionError, succeed};
use crate::diagnostic::Diagnostic;

/// An operator's key.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct OperatorKey {
    /// Whose.
    pub operator: String,
    /// The key.
    pub public: PublicKey,
    /// What it may sign.
    pub classes: BTreeSet<Class>,
}

/// What one class asks for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Rule {
    /// Distinct operators that must sign.
    pub threshold: usize,
    /// Whether an approval needs two distinct operators, of whom none is the artifact's sole author.
    pub two_person: bool,
}

/// The operators' keys and rules of a box.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Trust {
    /// Counts up with every trust document of a site; 0 where the document does not say.
    pub revision: u64,
    /// When it was written; the epoch where the document does not say.
    pub issued: Timestamp,
    keys: BTreeMap<KeyId, OperatorKey>,
    rules: BTreeMap<Class, Rule>,
    fleets: BTreeMap<String, BTreeSet<String>>,
}

impl Trust {
    /// Reads a trust document.
    ///
    /// # Errors
    /// Diagnostics, as for any document.
    pub fn parse(bytes: &[u8]) -> Result<Self, Vec<Diagnostic>> {
        read::parse(bytes)
    }

    /// The keys, by ascending id.
    pub fn keys(&self) -> impl Iterator<Item = &OperatorKey> {
        self.keys.values()
    }

    /// The key with this id.
    pub fn key(&self, keyid: KeyId) -> Option<&OperatorKey> {
        self.keys.get(&keyid)
    }

    /// The rule of a class; without one, one operator must sign.
    pub fn rule(&self, class: Class) -> Rule {
        self.rules.get(&class).copied().unwrap_or(Rule {
            threshold: 1,
            two_person: false,
        })
    }

    /// Whether a box belongs to a named set. A set that is not known has no members.
    pub fn is_member(&self, fleet: &str, box_name: &str) -> bool {
        self.fleets
            .get(fleet)
            .is_some_and(|boxes| boxes.contains(box_name))
    }

    /// The named sets that a box belongs to.
    pub fn fleets_of(&self, box_name: &str) -> Vec<String> {
        let fleets = self.fleets.keys();
        fleets
            .filter(|fleet| self.is_member(fleet, box_name))
            .cloned()
            .collect()
    }

    /// What it says, a line each, in an order of its own: the same document, the same lines.
    pub(crate) fn lines(&self) -> Vec<String> {
        let classes = |key: &OperatorKey| -> String {
            let names = key.classes.iter().map(|class| class.name());
            names.collect::<Vec<_>>().join(" ")
        };
        let keys = self.keys.iter();
        let keys = keys.map(|(id, key)| format!("key {id} {} {}", key.operator, classes(key)));
        let rules = self.rules.iter().map(|(class, rule)| {
            let two = if rule.two_person { " two_person" } else { "" };
            format!("rule {} {}{two}", class.name(), rule.threshold)
        });
        let fleets = self.fleets.iter().map(|(name, boxes)| {
            let boxes: Vec<&str> = boxes.iter().map(String::as_str).collect();
            format!("fleet {name} {}", boxes.join(" "))
        });
        keys.chain(rules).chain(fleets).collect()
    }

    /// How many distinct operators may sign a class.
    fn operators_of(&self, class: Class) -> usize {
        let may = self
            .keys
            .values()
            .filter(|key| key.classes.contains(&class));
        may.map(|key| key.operator.as_str())
            .collect::<BTreeSet<_>>()
            .len()
    }
}

/// A public key as it stands in documents.
pub fn key_text(key: &PublicKey) -> String {
    format!("ed25519:{}", STANDARD.encode(key.as_bytes()))
}

/// Reads a public key as it stands in documents.
pub fn parse_key(text: &str) -> Option<PublicKey> {
    let bytes = STANDARD.decode(text.strip_prefix("ed25519:")?).ok()?;
    Some(PublicKey::from_bytes(bytes.try_into().ok()?))
}
