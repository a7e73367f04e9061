//! Ways to lose a locked object, as calls of the S3 API.

use super::{Canary, OTHER};
use crate::vault::{Call, Until};

/// What is tried.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Attack {
    /// Nothing yet: what is wrong already.
    Nothing,
    /// Control: sets a later end, which is allowed.
    Lengthen,
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
    /// Control: switches versioning on, which it should be; after the attack before it, it may not.
    SwitchVersioningOn,
    /// Writes other bytes under the same key, locked in GOVERNANCE.
    Overwrite,
    /// Control: deletes those with the header that GOVERNANCE yields to.
    DeleteOther,
    /// Switches the lock of the bucket off.
    UnlockBucket,
    /// Puts an object whose retention is over already.
    LockInPast,
}

impl Attack {
    /// All of them, in order.
    pub const ALL: [Self; 13] = [
        Self::Nothing,
        Self::Lengthen,
        Self::Delete,
        Self::DeleteBypassing,
        Self::Shorten,
        Self::Downgrade,
        Self::Release,
        Self::SuspendVersioning,
        Self::SwitchVersioningOn,
        Self::Overwrite,
        Self::DeleteOther,
        Self::UnlockBucket,
        Self::LockInPast,
    ];

    /// In words.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Nothing => "before any attack",
            Self::Lengthen => "may lengthen the retention",
            Self::Delete => "delete the version",
            Self::DeleteBypassing => "delete it, bypassing governance",
            Self::Shorten => "shorten the retention",
            Self::Downgrade => "downgrade it to GOVERNANCE",
            Self::Release => "take the retention away",
            Self::SuspendVersioning => "suspend versioning",
            Self::SwitchVersioningOn => "may switch versioning on",
            Self::Overwrite => "overwrite it",
            Self::DeleteOther => "may delete where it is allowed",
            Self::UnlockBucket => "remove the bucket's lock",
            Self::LockInPast => "lock until a time in the past",
        }
    }

    /// Whether it shows that a refusal comes from the lock and not from a lack of rights: these must be done.
    pub const fn is_control(self) -> bool {
        matches!(
            self,
            Self::Lengthen | Self::SwitchVersioningOn | Self::DeleteOther
        )
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

    /// The call; `other` is the version that was written over the canary.
    pub(super) fn call(self, canary: &Canary, other: Option<&str>) -> Call {
        let (key, version) = (canary.key.as_str(), canary.version.as_deref());
        let retention = |until| Call::put_retention(key, version, until);
        match self {
            Self::Nothing => Call::head(key),
            Self::Lengthen => retention(Some(Until::Compliance(canary.later()))),
            Self::Delete => Call::delete(key, version),
            Self::DeleteBypassing => Call::delete(key, version).bypassing(),
            Self::Shorten => retention(Some(Until::Compliance(canary.sooner()))),
            Self::Downgrade => retention(Some(Until::Governance(canary.until))).bypassing(),
            Self::Release => retention(None).bypassing(),
            Self::SuspendVersioning => Call::put_versioning("Suspended"),
            Self::SwitchVersioningOn => Call::put_versioning("Enabled"),
            Self::Overwrite => {
                let until = Some(Until::Governance(canary.until));
                Call::put(key, OTHER.into(), until)
            }
            // Without a version there would be a marker and nothing shown.
            Self::DeleteOther => Call::delete(key, other.or(Some("none"))).bypassing(),
            Self::UnlockBucket => Call::put_lock_disabled(),
            Self::LockInPast => {
                let until = Some(Until::Compliance(canary.past()));
                Call::put(&format!("{key}-past"), OTHER.into(), until)
            }
        }
    }
}
