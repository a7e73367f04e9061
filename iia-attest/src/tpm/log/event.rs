//! One event: which register, what kind, which digests, and the data that shows what was measured.

use alloc::vec::Vec;

use iia_core::outside::HashName;

use super::PCR_COUNT;
use super::kind::EventKind;
use super::show::{Shown, show};
use crate::tpm::algorithm::{hash_id, hash_of};

/// An event of a log.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Event<'a> {
    pub(super) offset: usize,
    pub(super) pcr: u32,
    pub(super) kind: EventKind,
    pub(super) digests: Vec<(u16, &'a [u8])>,
    pub(super) data: &'a [u8],
}

impl<'a> Event<'a> {
    /// Where in the log it begins.
    pub const fn offset(&self) -> usize {
        self.offset
    }

    /// The register.
    pub const fn pcr(&self) -> u32 {
        self.pcr
    }

    /// What kind.
    pub const fn kind(&self) -> EventKind {
        self.kind
    }

    /// TPM_ALG_ID and digest for each bank.
    pub fn digests(&self) -> &[(u16, &'a [u8])] {
        &self.digests
    }

    /// The digest for one bank.
    pub fn digest(&self, bank: HashName) -> Option<&'a [u8]> {
        let mut found = self.digests.iter();
        let found = found.find(|(id, _)| *id == hash_id(bank));
        found.map(|(_, digest)| *digest)
    }

    /// The data as it is.
    pub const fn data(&self) -> &'a [u8] {
        self.data
    }

    /// Whether it changes a register: EV_NO_ACTION never does.
    pub const fn extends(&self) -> bool {
        self.kind.0 != EventKind::NO_ACTION.0 && self.pcr < PCR_COUNT
    }

    /// What the data says.
    pub fn show(&self) -> Shown<'a> {
        show(self.kind, self.data)
    }

    /// Whether what it shows is what was measured, for kinds whose digest is that of the data; `None` for others.
    ///
    /// Only the kinds for which every firmware does as the profile says are asked.
    pub fn shows_what_was_measured(&self, bank: HashName) -> Option<bool> {
        if !self.kind.is_digest_of_data() {
            return None;
        }
        let digest = self.digest(bank)?;
        Some(hash_of(bank, &[self.data]) == digest)
    }
}
