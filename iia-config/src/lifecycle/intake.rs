//! From bytes to a configuration that waits for leave.

use iia_core::Timestamp;
use iia_core::code::Coded as _;
use iia_core::digest::{Context, Digest};
use iia_core::event::{Event, EventKind};

use super::{Origin, Step, rejected};
use crate::envelope;
use crate::format::{self, Difference};
use crate::parse::{Document, parse};
use crate::trust::{Class, Trust};
use crate::validate::{Checked, Facts, validate};

/// Bytes that came from anywhere.
#[derive(Debug)]
pub struct Submitted {
    bytes: Vec<u8>,
}

/// Bytes whose signatures count.
#[derive(Debug)]
pub struct Verified {
    envelope: Vec<u8>,
    body: Vec<u8>,
    origin: Origin,
}

/// A document in canonical form.
#[derive(Debug)]
pub struct Parsed {
    envelope: Vec<u8>,
    document: Document,
    origin: Origin,
}

/// A configuration that keeps every rule.
#[derive(Debug)]
pub struct Validated {
    envelope: Vec<u8>,
    checked: Checked,
    origin: Origin,
}

/// A configuration that is durable beside the applied one.
#[derive(Debug)]
pub struct Staged {
    pub(super) checked: Checked,
    pub(super) origin: Origin,
}

impl Submitted {
    /// Takes bytes in.
    pub fn new(bytes: Vec<u8>, now: Timestamp) -> (Self, Event) {
        let digest = Digest::of(Context::File, &bytes);
        let event = Event::new(EventKind::ArtifactSubmitted, now)
            .with("class", Class::Config.name())
            .with("size", bytes.len().to_string())
            .with("submitted", digest.to_string());
        (Self { bytes }, event)
    }

    /// Verifies the signatures; nothing is parsed before.
    ///
    /// # Errors
    /// [`super::Rejected`].
    // IIA 9: a signed artifact, never a live API.
    pub fn verify(self, trust: &Trust, now: Timestamp) -> Step<Verified> {
        let opened = envelope::open(&self.bytes, Class::Config, trust).map_err(|error| {
            let mut refused = rejected(now, "verify", error.to_string(), Vec::new());
            refused.event.kind = EventKind::SignatureFailed;
            refused.event = refused.event.with("code", error.code().to_string());
            refused
        })?;
        let origin = Origin {
            digest: opened.digest,
            authors: opened.operators,
        };
        let event = Event::new(EventKind::ArtifactVerified, now)
            .with("artifact", origin.digest.to_string())
            .with("operators", origin.authors.join(" "));
        let body = opened.body.to_vec();
        let envelope = self.bytes;
        Ok((
            Verified {
                envelope,
                body,
                origin,
            },
            event,
        ))
    }
}

impl Verified {
    /// An artifact whose signatures counted when it was staged here, and whose file is unchanged: operators may have
    /// changed since, what the box held has not.
    #[cfg(feature = "std")]
    pub(crate) fn recall(envelope: Vec<u8>, authors: &[String]) -> Option<Self> {
        let armour = envelope::Armour::parse(&envelope).ok()?;
        let (digest, body) = (armour.digest(), armour.body.to_vec());
        let authors = authors.to_vec();
        let origin = Origin { digest, authors };
        Some(Self {
            envelope,
            body,
            origin,
        })
    }

    /// Parses the text, which must be canonical: equal bytes, equal meaning.
    ///
    /// # Errors
    /// [`super::Rejected`] with the diagnostics.
    pub fn parse(self, len_max: usize, now: Timestamp) -> Step<Parsed> {
        let document = parse(&self.body, len_max).map_err(|found| {
            let why = format!("{} mistakes in the text", found.len());
            rejected(now, "parse", why, found)
        })?;
        if let Some(Difference { line, want, .. }) = format::first_difference(&document) {
            let why =
                format!("not canonical from line {line} on; the formatter writes `{want}` there");
            return Err(rejected(now, "parse", why, Vec::new()));
        }
        let event = Event::new(EventKind::ArtifactParsed, now)
            .with("artifact", self.origin.digest.to_string())
            .with("entries", document.entries().len().to_string());
        let Self {
            envelope, origin, ..
        } = self;
        Ok((
            Parsed {
                envelope,
                document,
                origin,
            },
            event,
        ))
    }
}

impl Parsed {
    /// Checks every rule.
    ///
    /// # Errors
    /// [`super::Rejected`] with the diagnostics.
    pub fn validate(self, facts: &Facts, now: Timestamp) -> Step<Validated> {
        let checked = validate(&self.document, facts).map_err(|found| {
            let why = format!("{} rules are broken", found.len());
            rejected(now, "validate", why, found)
        })?;
        let event = Event::new(EventKind::ArtifactValidated, now)
            .with("artifact", self.origin.digest.to_string())
            .with("name", checked.name.as_str())
            .with("revision", checked.revision.to_string())
            .with("contracts", checked.catalog.contracts().len().to_string())
            .with("warnings", checked.warnings.len().to_string());
        let Self {
            envelope, origin, ..
        } = self;
        Ok((
            Validated {
                envelope,
                checked,
                origin,
            },
            event,
        ))
    }
}

impl Validated {
    /// What was validated.
    pub const fn checked(&self) -> &Checked {
        &self.checked
    }

    /// Who signed it.
    pub fn authors(&self) -> &[String] {
        &self.origin.authors
    }

    /// The artifact's digest.
    pub const fn digest(&self) -> Digest {
        self.origin.digest
    }

    /// Stages it: `store` makes the envelope durable beside what is applied and tells where it lies.
    ///
    /// # Errors
    /// [`super::Rejected`] when it cannot be stored.
    pub fn stage<E: std::fmt::Display>(
        self,
        now: Timestamp,
        store: impl FnOnce(&[u8]) -> Result<(String, Digest), E>,
    ) -> Step<Staged> {
        let (path, digest) = store(&self.envelope)
            .map_err(|error| rejected(now, "stage", error.to_string(), Vec::new()))?;
        let event = Event::new(EventKind::ArtifactStaged, now)
            .with("artifact", self.origin.digest.to_string())
            .with("path", path)
            .with("digest", digest.to_string())
            .with("operators", self.origin.authors.join(" "));
        Ok((self.resume(), event))
    }

    /// The same value when it is already durable: a box that wakes up goes through every step again, but stores nothing.
    pub(crate) fn resume(self) -> Staged {
        Staged {
            checked: self.checked,
            origin: self.origin,
        }
    }
}
