//! The life of an artifact as types: a step is only there on the value that the step before gave (001:462-481).
//!
//! Every step gives the event that belongs into the audit chain; a refusal gives one as well.

use iia_core::Timestamp;
use iia_core::code::Coded as _;
use iia_core::digest::Digest;
use iia_core::event::{Event, EventKind};
use iia_core::time::Reading;

use crate::apply::{ApplyError, Calls, Plan};
use crate::approval::{self, Approval, Wanted};
use crate::diagnostic::Diagnostic;
use crate::envelope;
use crate::format::{self, Difference};
use crate::parse::{Document, parse};
use crate::trust::{Class, Trust};
use crate::validate::{Checked, Facts, validate};

/// A step that was refused: why in words, and the event that says so.
#[derive(Debug)]
pub struct Rejected {
    /// Why, for people.
    pub why: String,
    /// What is wrong with the text, when it came so far.
    pub diagnostics: Vec<Diagnostic>,
    /// For the audit chain.
    pub event: Event,
}

/// A step that was taken, and the event that says so.
pub type Step<T> = Result<(T, Event), Box<Rejected>>;

/// What all later steps carry along.
#[derive(Clone, Debug)]
struct Origin {
    digest: Digest,
    authors: Vec<String>,
}

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
    checked: Checked,
    origin: Origin,
}

/// A configuration that may be applied now.
#[derive(Debug)]
pub struct Authorised {
    checked: Checked,
    origin: Origin,
    approval: Approval,
}

/// A configuration that is in force.
#[derive(Debug)]
pub struct Applied {
    /// What is in force.
    pub checked: Checked,
    /// Its digest.
    pub digest: Digest,
}

fn rejected(
    now: Timestamp,
    step: &str,
    why: String,
    diagnostics: Vec<Diagnostic>,
) -> Box<Rejected> {
    let first = diagnostics.first().map_or("", |diagnostic| diagnostic.code);
    let event = Event::new(EventKind::ArtifactRejected, now)
        .with("step", step)
        .with("rule", first)
        .with("why", why.chars().take(512).collect::<String>());
    Box::new(Rejected {
        why,
        diagnostics,
        event,
    })
}

impl Submitted {
    /// Takes bytes from anywhere.
    pub fn new(bytes: Vec<u8>, now: Timestamp) -> (Self, Event) {
        let event =
            Event::new(EventKind::ArtifactSubmitted, now).with("bytes", bytes.len().to_string());
        (Self { bytes }, event)
    }

    /// Checks the signatures. Nothing of the body is looked at before.
    ///
    /// # Errors
    /// [`Rejected`].
    // IIA 9: a signed artifact, never a live API.
    pub fn verify(self, trust: &Trust, now: Timestamp) -> Step<Verified> {
        let opened = match envelope::open(&self.bytes, Class::Config, trust) {
            Ok(opened) => opened,
            Err(error) => {
                let mut refused = rejected(now, "verify", error.to_string(), Vec::new());
                refused.event.kind = EventKind::SignatureFailed;
                refused.event = refused.event.with("code", error.code().to_string());
                return Err(refused);
            }
        };
        let origin = Origin {
            digest: opened.digest,
            authors: opened.operators,
        };
        let event = Event::new(EventKind::ArtifactVerified, now)
            .with("artifact", origin.digest.to_string())
            .with("operators", origin.authors.join(" "));
        let body = opened.body.to_vec();
        Ok((
            Verified {
                envelope: self.bytes,
                body,
                origin,
            },
            event,
        ))
    }
}

impl Verified {
    /// Parses the text, which must be canonical: equal bytes, equal meaning.
    ///
    /// # Errors
    /// [`Rejected`] with the diagnostics.
    pub fn parse(self, len_max: usize, now: Timestamp) -> Step<Parsed> {
        let document = parse(&self.body, len_max).map_err(|found| {
            rejected(
                now,
                "parse",
                format!("{} mistakes in the text", found.len()),
                found,
            )
        })?;
        if let Some(Difference { line, want, .. }) = format::first_difference(&document) {
            let why =
                format!("not canonical from line {line} on; the formatter writes `{want}` there");
            return Err(rejected(now, "parse", why, Vec::new()));
        }
        let event = Event::new(EventKind::ArtifactParsed, now)
            .with("artifact", self.origin.digest.to_string())
            .with("entries", document.entries().len().to_string());
        Ok((
            Parsed {
                envelope: self.envelope,
                document,
                origin: self.origin,
            },
            event,
        ))
    }
}

impl Parsed {
    /// Checks every rule.
    ///
    /// # Errors
    /// [`Rejected`] with the diagnostics.
    pub fn validate(self, facts: &Facts, now: Timestamp) -> Step<Validated> {
        let checked = validate(&self.document, facts).map_err(|found| {
            rejected(
                now,
                "validate",
                format!("{} rules are broken", found.len()),
                found,
            )
        })?;
        let event = Event::new(EventKind::ArtifactValidated, now)
            .with("artifact", self.origin.digest.to_string())
            .with("name", checked.name.as_str())
            .with("revision", checked.revision.to_string())
            .with("contracts", checked.catalog.contracts().len().to_string())
            .with("warnings", checked.warnings.len().to_string());
        Ok((
            Validated {
                envelope: self.envelope,
                checked,
                origin: self.origin,
            },
            event,
        ))
    }
}

impl Validated {
    /// Stages it: `store` makes the envelope durable beside what is applied and tells where it lies.
    ///
    /// # Errors
    /// [`Rejected`] when it cannot be stored.
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
            .with("digest", digest.to_string());
        Ok((
            Staged {
                checked: self.checked,
                origin: self.origin,
            },
            event,
        ))
    }
}

impl Staged {
    /// The artifact that waits.
    pub const fn digest(&self) -> Digest {
        self.origin.digest
    }

    /// Looks for leave to apply it.
    ///
    /// # Errors
    /// [`Rejected`]; the artifact stays staged on disk.
    pub fn authorise(
        self,
        approval: &[u8],
        box_name: &str,
        trust: &Trust,
        (now, used): (Reading, &[Digest]),
    ) -> Step<Authorised> {
        let wanted = Wanted {
            artifact: self.origin.digest,
            authors: &self.origin.authors,
            box_name,
        };
        let approval = approval::check(approval, &wanted, trust, (now, used)).map_err(|error| {
            let mut refused = rejected(now.wall, "authorise", error.to_string(), Vec::new());
            refused.event = refused.event.with("code", error.code().to_string());
            refused
        })?;
        let event = Event::new(EventKind::ArtifactAuthorised, now.wall)
            .with("artifact", self.origin.digest.to_string())
            .with("approval", approval.digest.to_string())
            .with("operators", approval.operators.join(" "));
        Ok((
            Authorised {
                checked: self.checked,
                origin: self.origin,
                approval,
            },
            event,
        ))
    }
}

impl Authorised {
    /// The calls that make it so.
    pub fn plan(&self) -> Plan {
        Plan::of(&self.checked)
    }

    /// Who signed and who approved.
    pub fn operators(&self) -> String {
        format!(
            "{} approved by {}",
            self.origin.authors.join(" "),
            self.approval.operators.join(" ")
        )
    }

    /// Applies it through the gated calls; each is an event with before, after, artifact, validation and operators.
    ///
    /// # Errors
    /// The first call that fails; the events of those before it come with it.
    pub fn apply(
        self,
        calls: &mut dyn Calls,
        now: Timestamp,
    ) -> Result<(Applied, Vec<Event>), ApplyError> {
        let mut events = self
            .plan()
            .run(calls, &self.operators(), self.origin.digest, now)?;
        events.push(
            Event::new(EventKind::ArtifactApplied, now)
                .with("artifact", self.origin.digest.to_string())
                .with("revision", self.checked.revision.to_string()),
        );
        Ok((
            Applied {
                checked: self.checked,
                digest: self.origin.digest,
            },
            events,
        ))
    }
}
