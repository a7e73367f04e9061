//! Classes of artifact, each with a payload type of its own, so that a signature for one never counts for another.

/// A class of artifact.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Class {
    /// Configuration of a box.
    Config,
    /// An operating system image with its containers.
    Image,
    /// Rules of detection.
    Ruleset,
    /// The operators' keys and rules.
    Trust,
    /// Leave to apply something.
    Approval,
    /// What a fleet's manager wants a box to be.
    Manifest,
    /// An observer's answer: what runs is what was signed.
    Confirmation,
    /// Identities and certificates that are believed no more.
    Revocation,
}

impl Class {
    /// Every class.
    pub const ALL: [Self; 8] = [
        Self::Config,
        Self::Image,
        Self::Ruleset,
        Self::Trust,
        Self::Approval,
        Self::Manifest,
        Self::Confirmation,
        Self::Revocation,
    ];

    /// The name in documents.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Config => "config",
            Self::Image => "image",
            Self::Ruleset => "ruleset",
            Self::Trust => "trust",
            Self::Approval => "approval",
            Self::Manifest => "manifest",
            Self::Confirmation => "confirmation",
            Self::Revocation => "revocation",
        }
    }

    /// The payload type in envelopes.
    pub const fn payload_type(self) -> &'static str {
        match self {
            Self::Config => "application/vnd.iia.config.v1",
            Self::Image => "application/vnd.iia.image.v1",
            Self::Ruleset => "application/vnd.iia.ruleset.v1",
            Self::Trust => "application/vnd.iia.trust.v1",
            Self::Approval => "application/vnd.iia.approval.v1",
            Self::Manifest => "application/vnd.iia.manifest.v1",
            Self::Confirmation => "application/vnd.iia.confirmation.v1",
            Self::Revocation => "application/vnd.iia.revocation.v1",
        }
    }

    /// The class with this name.
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|class| class.name() == name)
    }

    /// The class with this payload type.
    pub fn of_payload_type(payload_type: &str) -> Option<Self> {
        let mut all = Self::ALL.into_iter();
        all.find(|class| class.payload_type() == payload_type)
    }
}
