//! An artifact that a box keeps, and where each class stands.

use iia_core::canon::minicbor;
use iia_core::digest::Digest;
use minicbor::{Decode, Encode};

use crate::trust::Class;

/// An artifact that the box keeps.
#[derive(Clone, Debug, Decode, Encode, Eq, PartialEq)]
pub struct Kept {
    #[n(0)]
    class: String,
    #[n(1)]
    digest: String,
    #[n(2)]
    file: String,
    /// Who signed it.
    #[n(3)]
    pub authors: Vec<String>,
    /// Its revision.
    #[n(4)]
    pub revision: u64,
    #[n(5)]
    after: Option<(u64, String)>,
    /// Whether it was in force.
    #[n(6)]
    pub held: bool,
}

impl Kept {
    /// The record of an artifact that was staged when `after` was in force.
    pub fn new(
        class: Class,
        (digest, revision): (Digest, u64),
        authors: &[String],
        after: Option<(u64, Digest)>,
    ) -> Self {
        Self {
            class: class.name().into(),
            digest: digest.to_string(),
            file: String::new(),
            authors: authors.to_vec(),
            revision,
            after: after.map(|(revision, digest)| (revision, digest.to_string())),
            held: false,
        }
    }

    /// Its class.
    pub fn class(&self) -> Class {
        Class::of_name(&self.class).unwrap_or(Class::Config)
    }

    /// The artifact's digest.
    pub fn digest(&self) -> Digest {
        self.digest.parse().unwrap_or(Digest::ZERO)
    }

    /// What was in force when it was validated: highest revision and digest.
    pub fn after(&self) -> Option<(u64, Digest)> {
        let (revision, digest) = self.after.as_ref()?;
        Some((*revision, digest.parse().unwrap_or(Digest::ZERO)))
    }

    /// The name of the file that holds its envelope.
    pub(crate) fn file(&self) -> &str {
        &self.file
    }

    pub(crate) fn set_file(&mut self, file: String) {
        self.file = file;
    }

    /// Whether it is this artifact: the same text may be signed for two classes, and is then two artifacts.
    pub(super) fn is(&self, class: Class, digest: &str) -> bool {
        self.class == class.name() && self.digest == digest
    }
}

/// Where a class stands: digests of what waits, what is in force, and what was before.
#[derive(Clone, Debug, Decode, Encode, Eq, PartialEq)]
pub(super) struct Standing {
    #[n(0)]
    pub(super) class: String,
    #[n(1)]
    pub(super) staged: Option<String>,
    #[n(2)]
    pub(super) applied: Option<String>,
    #[n(3)]
    pub(super) previous: Option<String>,
    #[n(4)]
    pub(super) revision_highest: u64,
}

impl Standing {
    /// A class of which nothing was ever seen.
    pub(super) fn none(class: Class) -> Self {
        Self {
            class: class.name().into(),
            staged: None,
            applied: None,
            previous: None,
            revision_highest: 0,
        }
    }
}
