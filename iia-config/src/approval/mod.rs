//! Approvals: leave, by others than the author, to apply one artifact on named boxes within a time window, or to go
//! back to one that the box held.
//!
//! Everything that decides is a pure function of the bytes, what is asked, and what the box remembers. Whatever is
//! unknown refuses.

mod decide;
mod error;
mod grant;
pub(crate) mod schema;
mod window;

use iia_contract::raw::Version;
use iia_core::digest::Digest;
use iia_core::time::{Floor, Reading};

pub use self::decide::decide;
pub use self::error::ApprovalError;
pub use self::grant::{Grant, Purpose, WINDOW_MAX_NS};
pub use self::window::Maintenance;
use crate::envelope::open;
use crate::trust::{Class, Trust};

/// What is to be approved.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// Its class.
    pub class: Class,
    /// The artifact.
    pub artifact: Digest,
    /// Who signed it.
    pub authors: &'a [String],
    /// Whether it is newer than what is in force; otherwise applying it goes back.
    pub newer: bool,
}

/// What a box remembers, whatever is asked.
#[derive(Clone, Copy, Debug)]
pub struct Memory<'a> {
    /// This box.
    pub box_name: &'a str,
    /// Artifacts that were in force here, by class.
    pub held: &'a [(Class, Digest)],
    /// Approvals that were used here.
    pub used: &'a [Used],
    /// No reading of a clock below it is believed.
    pub floor: Floor,
}

/// An approval that was used.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Used {
    /// Its digest.
    pub digest: Digest,
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: Version,
}

/// An approval that holds now.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Approval {
    /// Its own digest, to be remembered as used.
    pub digest: Digest,
    /// Who gave it.
    pub operators: Vec<String>,
    /// What it says.
    pub grant: Grant,
}

impl Approval {
    /// What is to be remembered once it was used.
    pub fn used(&self) -> Used {
        Used {
            digest: self.digest,
            name: self.grant.name.clone(),
            version: self.grant.version,
        }
    }
}

/// Checks an approval: signatures, then text, then whether it holds for what is wanted, here and now.
///
/// # Errors
/// See [`ApprovalError`].
pub fn check(
    bytes: &[u8],
    wanted: &Wanted<'_>,
    (trust, memory): (&Trust, &Memory<'_>),
    now: Reading,
) -> Result<Approval, ApprovalError> {
    let opened = open(bytes, Class::Approval, trust)?;
    let approval = Approval {
        digest: opened.digest,
        operators: opened.operators,
        grant: Grant::parse(opened.body)?,
    };
    decide(&approval, wanted, (trust, memory), now)?;
    Ok(approval)
}
