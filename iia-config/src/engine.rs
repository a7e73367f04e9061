//! Detection engines that a signed text names, and which rules each of them reads: no others, and no longer than it says.

use iia_core::Timestamp;
use iia_core::code::{Code, Coded};
use iia_core::digest::{Context, Digest, hex};
use iia_core::time::parse_utc;
use sha2::{Digest as _, Sha256};

use crate::envelope::{EnvelopeError, open};
use crate::format;
use crate::limits::DOCUMENT_LEN_DEFAULT;
use crate::parse::{Document, parse};
use crate::trust::{Class, Trust};
use crate::validate::{Facts, listing};

/// The engine that comes with the box: rules over what was said (`iia_capture::detect`).
pub const DETECT: &str = "iia_detect";
/// The engine of YARA's rules over what is carried (`iia_capture::detect::Yara`).
pub const YARA: &str = "iia_yara";

/// One engine of a configuration.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Engine {
    /// The name of its rules.
    pub name: String,
    /// Which engine reads them, such as [`DETECT`].
    pub engine: String,
    /// The workload that runs it.
    pub observer: String,
    /// What its rules must be, such as `sha256:…`; nothing where they come with it.
    pub digest: Option<String>,
    /// Until when its rules may be read; for ever where nothing is said.
    pub expires: Option<Timestamp>,
}

impl Engine {
    /// Every engine that a configuration names.
    pub fn all(document: &Document) -> Vec<Self> {
        let engine = |entry: iia_contract::tree::Entry<'_>| Self {
            name: entry.name.into(),
            engine: entry.text("engine").into(),
            observer: entry.text("observer").into(),
            digest: entry.field("digest").map(|field| field.text().into()),
            // A time that is none has ended: what cannot be read allows nothing.
            expires: entry
                .field("expires")
                .map(|field| parse_utc(field.text()).unwrap_or(Timestamp::MIN)),
        };
        document.of_kind("ruleset").map(engine).collect()
    }

    /// Whether bytes are the rules that operators signed, and whether these may still be read. `now` is the time where it
    /// can be trusted; without, rules that end are refused.
    ///
    /// # Errors
    /// [`RulesetError`].
    pub fn check(&self, rules: &[u8], now: Option<Timestamp>) -> Result<(), RulesetError> {
        let Some(digest) = &self.digest else {
            return Err(RulesetError::NotNamed);
        };
        if !is_digest_of(digest, rules) {
            return Err(RulesetError::OtherRules);
        }
        self.in_time(now)
    }

    /// Whether its rules may still be read.
    ///
    /// # Errors
    /// [`RulesetError::Expired`], [`RulesetError::TimeUnknown`].
    pub fn in_time(&self, now: Option<Timestamp>) -> Result<(), RulesetError> {
        match (self.expires, now) {
            (None, _) => Ok(()),
            (Some(_), None) => Err(RulesetError::TimeUnknown),
            (Some(expires), Some(now)) if now < expires => Ok(()),
            (Some(expires), Some(_)) => Err(RulesetError::Expired { expires }),
        }
    }
}

/// Whether a digest, as documents write it, is that of some bytes.
fn is_digest_of(digest: &str, bytes: &[u8]) -> bool {
    match digest.split_once(':') {
        Some(("sha256", digits)) => hex(&Sha256::digest(bytes)) == digits,
        _ => Digest::of(Context::File, bytes).to_string() == digest,
    }
}

/// Rules of detection that operators signed: an artifact of class `ruleset`, whose texts travel apart.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SignedRules {
    /// The artifact.
    pub artifact: Digest,
    /// Who signed it, sorted.
    pub operators: Vec<String>,
    /// Its revision.
    pub revision: u64,
    /// What it names, in the order of the text.
    pub engines: Vec<Engine>,
}

impl SignedRules {
    /// Opens an artifact for a box: signatures first, then its text, which must be canonical, then its rules (C031, C037,
    /// C080, C081).
    ///
    /// # Errors
    /// [`RulesetError`].
    // IIA 9: a signed artifact, never a live API.
    pub fn open(envelope: &[u8], trust: &Trust, facts: &Facts) -> Result<Self, RulesetError> {
        let opened = open(envelope, Class::Ruleset, trust)?;
        let unsound = |rule: Option<&'static str>| RulesetError::Unsound {
            rule: rule.unwrap_or("the text"),
        };
        let document =
            parse(opened.body, DOCUMENT_LEN_DEFAULT).map_err(|found| unsound(first(&found)))?;
        if let Some(found) = format::not_canonical(&document) {
            return Err(unsound(Some(found.code)));
        }
        let listing = listing(&document, Class::Ruleset, facts);
        let listing = listing.map_err(|found| unsound(first(&found)))?;
        Ok(Self {
            artifact: opened.digest,
            operators: opened.operators,
            revision: listing.revision,
            engines: Engine::all(&document),
        })
    }

    /// The engine that reads some bytes, when operators signed these bytes for one of this kind and they may still be read.
    ///
    /// # Errors
    /// [`RulesetError`].
    pub fn check(
        &self,
        engine: &str,
        rules: &[u8],
        now: Option<Timestamp>,
    ) -> Result<&Engine, RulesetError> {
        let mut refused = RulesetError::NotNamed;
        for named in self.engines.iter().filter(|named| named.engine == engine) {
            match named.check(rules, now) {
                Ok(()) => return Ok(named),
                // That they have ended says more than that others are others.
                Err(RulesetError::OtherRules) if refused != RulesetError::NotNamed => {}
                Err(error) => refused = error,
            }
        }
        Err(refused)
    }
}

fn first(found: &[crate::diagnostic::Diagnostic]) -> Option<&'static str> {
    found.first().map(|found| found.code)
}

/// Why rules of detection are not read.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum RulesetError {
    /// Nobody whom the operators trust has signed them.
    #[error(transparent)]
    Envelope(#[from] EnvelopeError),
    /// They have ended.
    #[error("the rules have ended: {expires}")]
    Expired {
        /// When.
        expires: Timestamp,
    },
    /// No rules are named for this engine.
    #[error("operators signed no rules for this engine")]
    NotNamed,
    /// The bytes are not those that were signed.
    #[error("the rules are not those that operators signed")]
    OtherRules,
    /// The rules end, and nobody knows what time it is.
    #[error("the rules end, and the time is not known")]
    TimeUnknown,
    /// The signed text cannot be read, or breaks a rule.
    #[error("the signed set of rules is not sound: {rule}")]
    Unsound {
        /// Which rule.
        rule: &'static str,
    },
}

impl Coded for RulesetError {
    fn code(&self) -> Code {
        let number = match self {
            Self::Envelope(error) => return error.code(),
            Self::Unsound { .. } => 32,
            Self::NotNamed => 230,
            Self::OtherRules => 231,
            Self::Expired { .. } => 350,
            Self::TimeUnknown => 351,
        };
        Code::new("CFG", number)
    }
}
