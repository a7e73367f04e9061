//! Ways to lose a locked object, as calls of the S3 API.

use super::{Canary, OTHER};
use crate::vault::{Call, Until};

/// What is tried.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Attack {
    /// Nothing yet: what is wrong already.
    Nothing,
    /// Deletes the version.
    Delete,
    /// Deletes the version with the header that GOVERNANCE yields to.
    DeleteBypassing,
    /// Sets an earlier end.
    Shorten,
    /// Sets GOVERNANCE, with the header.
    Downgrade,
    /// Takes the retention away, with the header.
    Release,
    /// Suspends the versioning of the bucket.
    SuspendVersioning,
    /// Writes other bytes under the same key.
    Overwrite,
    /// Switches the lock of the bucket off.
    UnlockBucket,
    /// Puts an object whose retention is over already.
    LockInPast,
}

impl Attack {
    /// All of them, in order.
    pub const ALL: [Self; 10] = [
        Self::Nothing,
        Self::Delete,
        Self::DeleteBypassing,
        Self::Shorten,
        Self::Downgrade,
        Self::Release,
        Self::SuspendVersioning,
        Self::Overwrite,
        Self::UnlockBucket,
        Self::LockInPast,
    ];

    /// In words.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Nothing => "before any attack",
            Self::Delete => "delete the version",
            Self::DeleteBypassing => "delete it, bypassing governance",
            Self::Shorten => "shorten the retention",
            Self::Downgrade => "downgrade it to GOVERNANCE",
            Self::Release => "take the retention away",
            Self::SuspendVersioning => "suspend versioning",
            Self::Overwrite => "overwrite it",
            Self::UnlockBucket => "remove the bucket's lock",
            Self::LockInPast => "lock until a time in the past",
        }
    }

    /// Whether a store may agree: a second version of an object harms nothing.
    pub(super) const fn may_be_done(self) -> bool {
        matches!(self, Self::Nothing | Self::Overwrite)
    }

    /// The key that it writes to, if it writes an object.
    pub(super) fn writes(self, canary: &Canary) -> Option<String> {
        match self {
            Self::Overwrite => Some(canary.key.clone()),
            Self::LockInPast => Some(format!("{}-past", canary.key)),
            _ => None,
        }
    }

    pub(super) fn call(self, canary: &Canary) -> Call {
        let (key, version) = (canary.key.as_str(), canary.version.as_deref());
        let retention = |until| Call::put_retention(key, version, until);
        match self {
            Self::Nothing => Call::head(key),
            Self::Delete => Call::delete(key, version),
            Self::DeleteBypassing => Call::delete(key, version).bypassing(),
            Self::Shorten => retention(Some(Until::Compliance(canary.sooner()))),
            Self::Downgrade => retention(Some(Until::Governance(canary.until))).bypassing(),
            Self::Release => retention(None).bypassing(),
            Self::SuspendVersioning => Call::put_versioning("Suspended"),
            Self::Overwrite => Call::put(key, OTHER.into(), None),
            Self::UnlockBucket => Call::put_lock_disabled(),
            Self::LockInPast => {
                let until = Some(Until::Compliance(canary.past()));
                Call::put(&format!("{key}-past"), OTHER.into(), until)
            }
        }
    }
}
