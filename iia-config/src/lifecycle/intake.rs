//! From bytes to an artifact that waits for leave.

use iia_core::Timestamp;
use iia_core::code::Coded;
use iia_core::digest::{Context, Digest};
use iia_core::event::{Event, EventKind};

use super::{Matter, Origin, Step, rejected};
use crate::diagnostic::Diagnostic;
use crate::envelope::{self, Armour, EnvelopeError, body_of};
use crate::format::{self, Difference};
use crate::parse::{Document, parse};
use crate::trust::{Class, Trust, succeed};
use crate::validate::{Facts, listing, validate};

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

/// An artifact that keeps every rule of its class.
#[derive(Debug)]
pub struct Validated {
    envelope: Vec<u8>,
    matter: Matter,
    origin: Origin,
}

/// An artifact that is durable beside the applied one.
#[derive(Debug)]
pub struct Staged {
    pub(super) matter: Matter,
    pub(super) origin: Origin,
}

impl Submitted {
    /// Takes bytes in. Their class is what their envelope says; the signature covers it.
    pub fn new(bytes: Vec<u8>, now: Timestamp) -> (Self, Event) {
        let digest = Digest::of(Context::File, &bytes);
        let class = Armour::parse(&bytes).map_or("none", |armour| armour.class.name());
        let event = Event::new(EventKind::ArtifactSubmitted, now)
            .with("class", class)
            .with("size", bytes.len().to_string())
            .with("submitted", digest.to_string());
        (Self { bytes }, event)
    }

    /// Verifies the signatures; nothing is parsed before. Of a trust document, those of the operators in force and of
    /// its own (C087).
    ///
    /// # Errors
    /// [`super::Rejected`].
    // IIA 9: a signed artifact, never a live API.
    pub fn verify(self, trust: &Trust, now: Timestamp) -> Step<Verified> {
        let origin = origin(&self.bytes, trust).map_err(|refusal| {
            let mut refused = rejected(now, "verify", refusal.why, Vec::new());
            refused.event.kind = EventKind::SignatureFailed;
            let rule = match Armour::parse(&self.bytes).map(|armour| armour.class) {
                Ok(Class::Trust) => "C087",
                _ => "C082",
            };
            refused.event = refused.event.with("code", refusal.code).with("rule", rule);
            refused
        })?;
        let event = Event::new(EventKind::ArtifactVerified, now)
            .with("class", origin.class.name())
            .with("artifact", origin.digest.to_string())
            .with("operators", origin.authors.join(" "));
        let body = body_of(&self.bytes).to_vec();
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

/// Why signatures do not count.
struct Refusal {
    code: String,
    why: String,
}

impl<E: Coded + std::fmt::Display> From<E> for Refusal {
    fn from(error: E) -> Self {
        Self {
            code: error.code().to_string(),
            why: error.to_string(),
        }
    }
}

/// Which artifact the bytes are, and who signed it, when enough did.
fn origin(bytes: &[u8], trust: &Trust) -> Result<Origin, Refusal> {
    let armour = Armour::parse(bytes)?;
    let (class, digest) = (armour.class, armour.digest());
    let authors = match class {
        Class::Trust => {
            succeed(trust, bytes)?;
            envelope::signers_of(bytes, trust)
        }
        Class::Config | Class::Image | Class::Ruleset => {
            envelope::open(bytes, class, trust)?.operators
        }
        Class::Approval | Class::Manifest | Class::Confirmation | Class::Revocation => {
            let (class, found) = (Class::Config.name(), class.name());
            return Err(EnvelopeError::WrongType { class, found }.into());
        }
    };
    Ok(Origin {
        class,
        digest,
        authors,
    })
}

impl Verified {
    /// An artifact whose signatures counted when it was staged here, and whose file is unchanged: operators may have
    /// changed since, what the box held has not.
    #[cfg(feature = "std")]
    pub(crate) fn recall(envelope: Vec<u8>, kept: &crate::stage::Kept) -> Self {
        let body = body_of(&envelope).to_vec();
        let origin = Origin {
            class: kept.class(),
            digest: kept.digest(),
            authors: kept.authors.clone(),
        };
        Self {
            envelope,
            body,
            origin,
        }
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
        let (matter, warnings) = self.matter(facts).map_err(|found| {
            let why = format!("{} rules are broken", found.len());
            rejected(now, "validate", why, found)
        })?;
        let mut names = self.document.of_kind("artifact").map(|entry| entry.name);
        let (counted, count) = matter.told();
        let event = Event::new(EventKind::ArtifactValidated, now)
            .with("artifact", self.origin.digest.to_string())
            .with("name", names.next().unwrap_or_default())
            .with("revision", matter.revision().to_string())
            .with(counted, count.to_string())
            .with("warnings", warnings.to_string());
        let Self {
            envelope, origin, ..
        } = self;
        Ok((
            Validated {
                envelope,
                matter,
                origin,
            },
            event,
        ))
    }

    /// What the document says by the rules of its class, and how many warnings there are.
    fn matter(&self, facts: &Facts) -> Result<(Matter, usize), Vec<Diagnostic>> {
        match self.origin.class {
            class @ (Class::Image | Class::Ruleset) => {
                let listing = listing(&self.document, class, facts)?;
                Ok((Matter::Listing(Box::new(listing)), 0))
            }
            Class::Trust => {
                let trust = Trust::parse(self.document.text().as_bytes())?;
                Ok((Matter::Trust(Box::new(trust)), 0))
            }
            Class::Config
            | Class::Approval
            | Class::Manifest
            | Class::Confirmation
            | Class::Revocation => {
                let checked = validate(&self.document, facts)?;
                let warnings = checked.warnings.len();
                Ok((Matter::Config(Box::new(checked)), warnings))
            }
        }
    }
}

impl Validated {
    /// What was validated.
    pub const fn matter(&self) -> &Matter {
        &self.matter
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
            .with("class", self.origin.class.name())
            .with("artifact", self.origin.digest.to_string())
            .with("path", path)
            .with("digest", digest.to_string())
            .with("operators", self.origin.authors.join(" "));
        Ok((self.resume(), event))
    }

    /// The same value when it is already durable: a box that wakes up goes through every step again, but stores nothing.
    pub(crate) fn resume(self) -> Staged {
        Staged {
            matter: self.matter,
            origin: self.origin,
        }
    }
}
