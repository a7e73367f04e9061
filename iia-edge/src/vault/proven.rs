//! A store that was proven to keep what it locks, and the receipts that only such a proof can make.

use iia_audit::AuditError;
use iia_audit::note::{self, Note, VerifierKey};
use iia_audit::tree::Hash;
use iia_audit::vault::{Place, Segment, Statement};
use iia_core::Timestamp;
use iia_core::digest::{Context, Digest};
use iia_core::sign::Signer;
use iia_core::time::parse_utc;

use super::{CLOCK_ERROR_MAX_S, Report, Store, Stored, VaultError};

/// For how long a probe counts, in seconds: a day.
pub const PROBE_AGE_MAX_S: i64 = 86_400;

/// A probe that nothing gave way to. There is no way to make one but [`super::Probe::finish`] and, for one that this
/// vault signed, [`Proven::open`].
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Proven {
    endpoint: String,
    bucket: String,
    at: Timestamp,
    text: String,
}

/// What a receipt is about, beside the object itself.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Kept {
    /// The log's name.
    pub origin: String,
    /// The segment.
    pub segment: Segment,
    /// The root of the tree over every record up to its end.
    pub root: Hash,
}

impl Proven {
    pub(super) fn of(report: &Report) -> Option<Self> {
        report.passes().then(|| Self {
            endpoint: report.endpoint.clone(),
            bucket: report.bucket.clone(),
            at: report.at,
            text: report.to_string(),
        })
    }

    /// The digest that names the probe in receipts.
    pub fn id(&self) -> Digest {
        Digest::of(Context::File, self.text.as_bytes())
    }

    /// When the probe began.
    pub const fn at(&self) -> Timestamp {
        self.at
    }

    /// The probe as a signed note, to be kept for later runs and for whoever asks what a receipt rests on.
    ///
    /// # Errors
    /// [`AuditError::Unsigned`] when the key's holder does not answer.
    pub fn sign(&self, name: &str, signer: &dyn Signer) -> Result<String, AuditError> {
        let line = note::sign(&self.text, name, signer)?;
        Ok(format!("{}\n{line}", self.text))
    }

    /// Reads a probe that the vault with this key signed: it signs none that failed.
    ///
    /// # Errors
    /// [`AuditError::Malformed`], [`AuditError::Unsigned`].
    pub fn open(note: &str, vault: &VerifierKey) -> Result<Self, AuditError> {
        let note = Note::parse(note)?;
        note.verify(vault)?;
        read(note.text).ok_or(AuditError::Malformed { what: "probe" })
    }

    /// Whether it counts for this store now.
    ///
    /// # Errors
    /// [`VaultError::NotProven`].
    pub fn check(&self, store: &Store, now: Timestamp) -> Result<(), VaultError> {
        let address = store.address();
        let age = now.as_secs().saturating_sub(self.at.as_secs());
        let why = if (&self.endpoint, &self.bucket) != (&address.endpoint, &address.bucket) {
            "the probe is of another store"
        } else if age > PROBE_AGE_MAX_S {
            "the probe is too old"
        } else if age < -CLOCK_ERROR_MAX_S.cast_signed() {
            "the probe is of the future"
        } else {
            return Ok(());
        };
        Err(VaultError::NotProven { why })
    }

    /// The statement of a receipt: this object, in this store, locked and read back.
    ///
    /// # Errors
    /// [`VaultError::NotProven`].
    pub fn receipt(
        &self,
        (store, now): (&Store, Timestamp),
        stored: &Stored,
        kept: Kept,
    ) -> Result<Statement, VaultError> {
        self.check(store, now)?;
        Ok(Statement {
            origin: kept.origin,
            segment: kept.segment,
            digest: stored.digest(),
            len: stored.len(),
            root: kept.root,
            place: Place {
                endpoint: self.endpoint.clone(),
                bucket: self.bucket.clone(),
                object: stored.key().to_owned(),
                version: stored.version().to_owned(),
            },
            retain_until: stored.until(),
            probe: self.id(),
            stored: Timestamp::from_secs(now.as_secs()),
        })
    }
}

fn read(text: &str) -> Option<Proven> {
    let mut lines = text.lines();
    (lines.next()? == "iia-vault-probe 1").then_some(())?;
    let mut value = |name: &str| lines.next()?.strip_prefix(name)?.strip_prefix(' ');
    Some(Proven {
        endpoint: value("endpoint")?.to_owned(),
        bucket: value("bucket")?.to_owned(),
        at: parse_utc(value("at")?)?,
        text: text.to_owned(),
    })
}
