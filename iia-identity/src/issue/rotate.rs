//! A new root in three steps: published, then signing, then the old one gone. Nobody loses a live identity.

use std::fmt;

use iia_core::Timestamp;
use iia_core::time::{Reading, SECOND_NS};

use super::{Issuer, Next, Old, root, trusted};
use crate::IdentityError;
use crate::bundle::Bundle;

/// How long a new root is published before it signs (SPIFFE Federation 4.1), in seconds: as long as an SVID may live, in
/// which time everybody who renews one has looked at the bundle.
pub const ANNOUNCE_SECS_MIN: i64 = super::SVID_LIFE_MAX_SECS;

/// A step of a rotation that was made.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Turn {
    /// A new root is in the bundle and signs nothing.
    Announced,
    /// The new root signs; the old one is still in the bundle.
    Followed,
    /// The old root is out of the bundle.
    Forgotten,
}

impl fmt::Display for Turn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Announced => "a new root is in the bundle and signs nothing yet",
            Self::Followed => "the new root signs; the old one is still believed",
            Self::Forgotten => "the old root is out of the bundle",
        })
    }
}

impl Issuer {
    /// The bundle of this trust domain as it is to be published: the root that signs, the one to come, the one that was.
    /// Its sequence number grows whenever it changes.
    ///
    /// # Errors
    /// [`IdentityError::BadIssuer`] for a root that the standard does not allow, which would be a defect.
    pub fn bundle(&self) -> Result<Bundle, IdentityError> {
        let mut roots = vec![self.current.der.clone()];
        roots.extend(self.next.as_ref().map(|next| next.authority.der.clone()));
        roots.extend(self.old.as_ref().map(|old| old.root.clone()));
        Bundle::new(roots, self.sequence)
    }

    /// Makes a new root and publishes it; it signs nothing yet.
    ///
    /// # Errors
    /// [`IdentityError::RotationOrder`] while another rotation is under way.
    pub fn announce_root(&mut self, now: Reading) -> Result<(), IdentityError> {
        if self.next.is_some() || self.old.is_some() {
            let rule = "one rotation at a time";
            return Err(IdentityError::RotationOrder { rule });
        }
        let since = trusted(now)?;
        let authority = root(&self.domain, self.terms, since)?;
        self.next = Some(Next { authority, since });
        self.sequence += 1;
        Ok(())
    }

    /// Signs with the new root from now on. What countersigned the old one goes with it.
    ///
    /// # Errors
    /// [`IdentityError::RotationOrder`] when none was announced, or not for [`ANNOUNCE_SECS_MIN`].
    pub fn follow_root(&mut self, now: Reading) -> Result<(), IdentityError> {
        let now = trusted(now)?;
        let Some(next) = self.next.take() else {
            let rule = "no new root is published";
            return Err(IdentityError::RotationOrder { rule });
        };
        if now.since_ns(next.since) < ANNOUNCE_SECS_MIN * SECOND_NS {
            self.next = Some(next);
            let rule = "a new root is published for an hour before it signs";
            return Err(IdentityError::RotationOrder { rule });
        }
        let before = std::mem::replace(&mut self.current, next.authority);
        self.countersigned = None;
        self.old = Some(Old {
            root: before.der,
            until: now + self.terms.svid_secs * SECOND_NS,
        });
        Ok(())
    }

    /// Takes the old root out of the bundle.
    ///
    /// # Errors
    /// [`IdentityError::RotationOrder`] when there is none, or an SVID of it may still live.
    pub fn forget_root(&mut self, now: Reading) -> Result<(), IdentityError> {
        let now = trusted(now)?;
        match &self.old {
            Some(old) if now > old.until => {
                self.old = None;
                self.sequence += 1;
                Ok(())
            }
            Some(_) => Err(IdentityError::RotationOrder {
                rule: "an SVID of the old root may still live",
            }),
            None => Err(IdentityError::RotationOrder {
                rule: "there is no old root",
            }),
        }
    }

    /// Takes the step of a rotation that is due, if one is: a root is replaced when a third of its life is left.
    ///
    /// # Errors
    /// [`IdentityError::TimeUnknown`].
    pub fn rotate(&mut self, now: Reading) -> Result<Option<Turn>, IdentityError> {
        let wall = trusted(now)?;
        if wall < self.poll_rotation() {
            return Ok(None);
        }
        if self.old.is_some() {
            self.forget_root(now)?;
            Ok(Some(Turn::Forgotten))
        } else if self.next.is_some() {
            self.follow_root(now)?;
            Ok(Some(Turn::Followed))
        } else {
            self.announce_root(now)?;
            Ok(Some(Turn::Announced))
        }
    }

    /// When to call [`Issuer::rotate`] next.
    pub fn poll_rotation(&self) -> Timestamp {
        if let Some(old) = &self.old {
            return old.until + 1;
        }
        if let Some(next) = &self.next {
            return next.since + ANNOUNCE_SECS_MIN * SECOND_NS;
        }
        let left = (self.terms.root_secs / 3).saturating_mul(SECOND_NS);
        self.current.not_after - left
    }
}
