//! Receipts of a vault: a store that nobody can delete from says, signed, which closed segment it holds until when.
//!
//! A receipt is a C2SP signed note by the vault's key. The box that wrote the log reads it here, without any network;
//! how a vault comes to give one is the matter of `iia-edge::vault`.

use alloc::format;
use alloc::string::{String, ToString};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use iia_core::Timestamp;
use iia_core::digest::Digest;
use iia_core::sign::Signer;
use iia_core::time::parse_utc;

use crate::AuditError;
use crate::checkpoint::Checkpoint;
use crate::note::{self, Note, VerifierKey};
use crate::tree::Hash;

/// Longest endpoint, bucket, object or version in bytes.
pub const NAME_LEN_MAX: usize = 1024;
const HEAD: &str = "iia-vault-receipt 1";

/// A closed segment, as log and vault name it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Segment {
    /// The log.
    pub log_id: Digest,
    /// The number of its first record.
    pub first: u64,
    /// The number after that of its last record.
    pub end: u64,
    /// The chain hash of its last record, which commits to every record before it.
    pub chain: Digest,
}

/// Where a vault keeps an object.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Place {
    /// The store's address, without a path.
    pub endpoint: String,
    /// The bucket.
    pub bucket: String,
    /// The object's key.
    pub object: String,
    /// The version that is locked.
    pub version: String,
}

/// What a vault states about one segment.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Statement {
    /// The log's name.
    pub origin: String,
    /// The segment.
    pub segment: Segment,
    /// The digest of the segment file, `D("file", …)`.
    pub digest: Digest,
    /// Bytes of the segment file.
    pub len: u64,
    /// The root of the tree over every record up to the segment's end, as the vault computed it.
    pub root: Hash,
    /// Where it lies.
    pub place: Place,
    /// Until when the store refuses to delete it; whole seconds.
    pub retain_until: Timestamp,
    /// The probe that showed that this store keeps what it locks.
    pub probe: Digest,
    /// When it was read back; whole seconds.
    pub stored: Timestamp,
}

impl Statement {
    /// The text that is signed.
    pub fn to_text(&self) -> String {
        let Self { segment, place, .. } = self;
        format!(
            "{HEAD}\nlog {}\nid {}\nsegment {} {}\nchain {}\nroot {}\ndigest {} {}\n\
             endpoint {}\nbucket {}\nobject {}\nversion {}\nretain-until {}\nprobe {}\nstored {}\n",
            self.origin,
            segment.log_id,
            segment.first,
            segment.end,
            segment.chain,
            STANDARD.encode(self.root),
            self.digest,
            self.len,
            place.endpoint,
            place.bucket,
            place.object,
            place.version,
            utc(self.retain_until),
            self.probe,
            utc(self.stored),
        )
    }

    /// The head of the log at the segment's end.
    pub fn checkpoint(&self) -> Checkpoint {
        Checkpoint {
            origin: self.origin.clone(),
            size: self.segment.end,
            root: self.root,
        }
    }

    /// Reads the text.
    ///
    /// # Errors
    /// [`AuditError::Malformed`] for any text but one that [`Self::to_text`] writes.
    pub fn parse(text: &str) -> Result<Self, AuditError> {
        read(text)
            .filter(|statement| statement.is_sound() && statement.to_text() == text)
            .ok_or(AuditError::Malformed {
                what: "vault receipt",
            })
    }

    /// Signs it as the vault `name`.
    ///
    /// # Errors
    /// [`AuditError::Unsigned`], [`AuditError::Malformed`] for a statement that cannot be read back.
    pub fn sign(&self, name: &str, signer: &dyn Signer) -> Result<String, AuditError> {
        let text = self.to_text();
        if Self::parse(&text)? != *self {
            return Err(AuditError::Malformed {
                what: "vault receipt",
            });
        }
        Ok(format!("{text}\n{}", note::sign(&text, name, signer)?))
    }

    fn is_sound(&self) -> bool {
        let Self { segment, place, .. } = self;
        let is_word = |text: &str| {
            (1..=NAME_LEN_MAX).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic())
        };
        note::is_name(&self.origin)
            && segment.first < segment.end
            && self.stored < self.retain_until
            && [
                &place.endpoint,
                &place.bucket,
                &place.object,
                &place.version,
            ]
            .into_iter()
            .all(|text| is_word(text))
    }
}

/// A statement whose signature was verified; nothing else makes one.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Receipt(Statement);

impl Receipt {
    /// Verifies a receipt by the vault's key.
    ///
    /// # Errors
    /// [`AuditError::Malformed`], [`AuditError::Unsigned`].
    pub fn open(note: &str, vault: &VerifierKey) -> Result<Self, AuditError> {
        let note = Note::parse(note)?;
        note.verify(vault)?;
        Statement::parse(note.text).map(Self)
    }

    /// What the vault states.
    pub const fn statement(&self) -> &Statement {
        &self.0
    }

    /// Whether the vault holds just this segment, and until `time` at least.
    pub fn holds(&self, segment: &Segment, time: Timestamp) -> bool {
        self.0.segment == *segment && self.0.retain_until >= time
    }
}

/// A time to the second, as `YYYY-MM-DDTHH:MM:SSZ`.
pub fn utc(time: Timestamp) -> String {
    let text = time.to_string();
    let seconds = text.split('.').next().unwrap_or_default();
    format!("{seconds}Z")
}

fn read(text: &str) -> Option<Statement> {
    let mut lines = text.lines();
    (lines.next()? == HEAD).then_some(())?;
    let mut value = |name: &str| lines.next()?.strip_prefix(name)?.strip_prefix(' ');
    let origin = value("log")?.into();
    let log_id = value("id")?.parse().ok()?;
    let (first, end) = value("segment")?.split_once(' ')?;
    let chain = value("chain")?.parse().ok()?;
    let root = STANDARD.decode(value("root")?).ok()?.try_into().ok()?;
    let (digest, len) = value("digest")?.split_once(' ')?;
    let mut word = |name: &str| value(name).map(String::from);
    let place = Place {
        endpoint: word("endpoint")?,
        bucket: word("bucket")?,
        object: word("object")?,
        version: word("version")?,
    };
    let segment = Segment {
        log_id,
        first: first.parse().ok()?,
        end: end.parse().ok()?,
        chain,
    };
    Some(Statement {
        origin,
        segment,
        digest: digest.parse().ok()?,
        len: len.parse().ok()?,
        root,
        place,
        retain_until: parse_utc(value("retain-until")?)?,
        probe: value("probe")?.parse().ok()?,
        stored: parse_utc(value("stored")?)?,
    })
}
