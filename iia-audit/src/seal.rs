//! Forward-secure seals: whoever takes the box over today cannot seal what was yesterday.
//!
//! Each epoch has a key, and the key of the next is derived from it; then it is erased. A seal is a tag under the
//! key of its epoch over the size of the log and its chain hash. The key of epoch 0 is given away when the log begins,
//! north or on paper, and with it every seal can be checked. Epochs are counted, not timed: one seal each, also when
//! nothing was written.

use alloc::format;
use alloc::string::String;

use iia_core::digest::{Digest, Hasher, derive_key};
use zeroize::Zeroizing;

use crate::AuditError;

/// Epochs in one log at most: more than a hundred years of one each minute. Whoever checks derives as many keys.
pub const EPOCHS_MAX: u64 = 1 << 26;

/// The key of one epoch.
#[derive(Clone)]
pub struct SealKey {
    epoch: u64,
    key: Zeroizing<[u8; 32]>,
}

impl core::fmt::Debug for SealKey {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "SealKey of epoch {}", self.epoch)
    }
}

/// What the log was when an epoch ended. Written as a line: epoch, records, tag.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Seal {
    /// Its epoch, from 0 without holes.
    pub epoch: u64,
    /// Records that it covers.
    pub size: u64,
    /// The tag.
    pub tag: Digest,
}

impl SealKey {
    /// The key of epoch 0.
    pub fn first(key: Zeroizing<[u8; 32]>) -> Self {
        Self { epoch: 0, key }
    }

    /// The epoch that it is of.
    pub const fn epoch(&self) -> u64 {
        self.epoch
    }

    /// The key of the next epoch; this one is to be erased.
    #[must_use]
    pub fn next(&self) -> Self {
        let key = derive_key("iia 2026-11 audit ratchet v1", self.key.as_slice());
        Self {
            epoch: self.epoch + 1,
            key: Zeroizing::new(key),
        }
    }

    /// Seals a log of `size` records with this chain hash. `log_id` keys the chain ([`crate::log::Genesis::log_id`]).
    pub fn seal(&self, log_id: &Digest, (size, chain): (u64, &Digest)) -> Seal {
        let tag = Hasher::keyed(&self.key)
            .update(log_id.as_bytes())
            .update(&self.epoch.to_le_bytes())
            .update(&size.to_le_bytes())
            .update(chain.as_bytes())
            .finish();
        Seal {
            epoch: self.epoch,
            size,
            tag,
        }
    }

    /// The text form, `iia-seal-key EPOCH HEX`: a secret.
    pub fn to_text(&self) -> Zeroizing<String> {
        let hex = Digest::from_bytes(*self.key);
        Zeroizing::new(format!("iia-seal-key {} {hex}\n", self.epoch))
    }

    /// Reads the text form.
    ///
    /// # Errors
    /// [`AuditError::Malformed`] for any other text.
    pub fn parse(text: &str) -> Result<Self, AuditError> {
        let wrong = AuditError::Malformed { what: "seal key" };
        let words = text.strip_prefix("iia-seal-key ");
        let words = words.and_then(|words| words.strip_suffix('\n')?.split_once(' '));
        let (epoch, hex) = words.ok_or(wrong.clone())?;
        let key: Digest = hex.parse().map_err(|_| wrong.clone())?;
        let read = Self {
            epoch: epoch.parse().map_err(|_| wrong.clone())?,
            key: Zeroizing::new(*key.as_bytes()),
        };
        let whole = read.epoch < EPOCHS_MAX && *read.to_text() == text;
        whole.then_some(read).ok_or(wrong)
    }
}

impl Seal {
    /// The line, with its line feed.
    pub fn to_line(&self) -> String {
        format!("{} {} {}\n", self.epoch, self.size, self.tag)
    }

    /// Reads a line without its line feed.
    ///
    /// # Errors
    /// [`AuditError::Malformed`] for any other text.
    pub fn parse(line: &str) -> Result<Self, AuditError> {
        let wrong = AuditError::Malformed { what: "seal" };
        let mut words = line.split(' ');
        let mut number = || words.next()?.parse().ok();
        let (Some(epoch), Some(size)) = (number(), number()) else {
            return Err(wrong);
        };
        let tag = words.next().and_then(|tag| tag.parse().ok());
        let tag = tag.ok_or(wrong.clone())?;
        let read = Self { epoch, size, tag };
        let whole = read.to_line().strip_suffix('\n') == Some(line);
        whole.then_some(read).ok_or(wrong)
    }
}
