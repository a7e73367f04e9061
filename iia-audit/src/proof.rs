//! The proof of one record (C2SP tlog-proof): its number, the path to the root, the signed head; as text.
//!
//! The extra data is the record itself, with the log and the hash before it, from which its hash follows. It is not
//! signed, and need not be: another record, log or hash before would have another hash, which the path does not prove.

use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use iia_core::digest::Digest;

use crate::AuditError;
use crate::checkpoint::Checkpoint;
use crate::frame::{self, Record};
use crate::note::{self, VerifierKey};
use crate::tree::{self, Hash};

/// The first line.
pub const TITLE: &str = "c2sp.org/tlog-proof@v1";
/// Longest proof in bytes: a largest record in base64, a path, a note.
pub const PROOF_LEN_MAX: usize = 2 * frame::BODY_MAX + note::NOTE_LEN_MAX;
/// Hashes of a path at most.
pub const PATH_MAX: usize = 64;
const PLACE_LEN: usize = 64;

/// A proof.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Proof {
    /// The record's number.
    pub index: u64,
    /// The path from its leaf to the root.
    pub path: Vec<Hash>,
    /// The signed head.
    pub checkpoint: String,
    /// The log's id, the hash before the record, the record as stored; or nothing.
    pub extra: Vec<u8>,
}

/// What a proof proves.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Proven {
    /// The record.
    pub record: Record,
    /// The head that it is in.
    pub head: Checkpoint,
    /// When the last of the wanted witnesses had cosigned, in seconds; `None` when one did not, or none was wanted.
    pub cosigned: Option<u64>,
}

impl Proof {
    /// The extra data for a record as stored.
    pub fn extra_of(log_id: &Digest, before: &Digest, frame: &[u8]) -> Vec<u8> {
        [log_id.as_bytes(), before.as_bytes(), frame].concat()
    }

    /// The text form.
    pub fn to_text(&self) -> String {
        let mut text = alloc::format!("{TITLE}\n");
        if !self.extra.is_empty() {
            text.push_str(&alloc::format!("extra {}\n", STANDARD.encode(&self.extra)));
        }
        text.push_str(&alloc::format!("index {}\n", self.index));
        for hash in &self.path {
            text.push_str(&STANDARD.encode(hash));
            text.push('\n');
        }
        text.push('\n');
        text.push_str(&self.checkpoint);
        text
    }

    /// Reads the text form.
    ///
    /// # Errors
    /// [`AuditError::Malformed`] for any text but the one that [`Self::to_text`] writes.
    pub fn parse(text: &str) -> Result<Self, AuditError> {
        let wrong = AuditError::Malformed { what: "tlog proof" };
        let parsed = Self::parts(text).ok_or(wrong.clone())?;
        match parsed.to_text() == text {
            true => Ok(parsed),
            false => Err(wrong),
        }
    }

    fn parts(text: &str) -> Option<Self> {
        if text.len() > PROOF_LEN_MAX {
            return None;
        }
        let (head, checkpoint) = text.split_once("\n\n")?;
        let mut lines = head
            .strip_prefix(TITLE)?
            .strip_prefix('\n')?
            .split('\n')
            .peekable();
        let extra = lines.peek()?.strip_prefix("extra ");
        let extra = match extra {
            Some(extra) => STANDARD.decode(extra).ok()?,
            None => Vec::new(),
        };
        if !extra.is_empty() {
            lines.next();
        }
        let index = lines.next()?.strip_prefix("index ")?.parse().ok()?;
        let mut path = Vec::new();
        for line in lines.take(PATH_MAX + 1) {
            path.push(STANDARD.decode(line).ok()?.try_into().ok()?);
        }
        let checkpoint = checkpoint.to_string();
        (path.len() <= PATH_MAX).then_some(Self {
            index,
            path,
            checkpoint,
            extra,
        })
    }

    /// Verifies that the log of this key has the record.
    ///
    /// # Errors
    /// [`AuditError::Unsigned`] for a head without the log's signature, [`AuditError::Inconsistent`] when the path
    /// does not lead there, and what is wrong with the record.
    pub fn verify(
        &self,
        log: &VerifierKey,
        witnesses: &[VerifierKey],
    ) -> Result<Proven, AuditError> {
        let (head, note) = Checkpoint::open(&self.checkpoint, log)?;
        let record = self.record()?;
        let leaf = tree::leaf(record.hash.as_bytes());
        if !tree::verify_inclusion(leaf, self.index, head.size, &self.path, &head.root) {
            return Err(AuditError::NotIncluded {
                seq: self.index,
                size: head.size,
            });
        }
        let times = witnesses.iter().map(|witness| note.verify(witness));
        let times: Option<Vec<u64>> = times.map(Result::ok).collect();
        let cosigned = times.and_then(|times| times.into_iter().max());
        Ok(Proven {
            record,
            head,
            cosigned,
        })
    }

    fn record(&self) -> Result<Record, AuditError> {
        let bad = AuditError::BadRecord {
            seq: self.index,
            what: "the proof does not bring it along",
        };
        let (place, frame) = self.extra.split_at_checked(PLACE_LEN).ok_or(bad)?;
        let mut place = frame::Fields(place);
        let log_id = Digest::from_bytes(place.take());
        let before = Digest::from_bytes(place.take());
        let key = frame::log_key(&log_id);
        let record = frame::decode(frame, (&key, &before), self.index)?;
        match record.len == frame.len() {
            true => Ok(record),
            false => Err(AuditError::BadRecord {
                seq: self.index,
                what: "bytes follow it",
            }),
        }
    }
}
