//! Certificates that were given out and have not ended.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::String;

use iia_core::{Digest, Timestamp};

/// Certificates that are remembered at most; the one that ends first goes, and is counted.
pub const CERTIFICATES_MAX: usize = 65_536;

/// A certificate.
#[derive(Clone, Debug)]
pub(super) struct Certificate {
    pub(super) id: String,
    pub(super) digest: Digest,
    pub(super) not_after: Timestamp,
}

/// Certificates by serial number, and in order of their ends.
#[derive(Clone, Debug, Default)]
pub(super) struct Known {
    by_serial: BTreeMap<String, Certificate>,
    by_end: BTreeSet<(Timestamp, String)>,
    forgotten: u64,
}

impl Known {
    pub(super) fn put(&mut self, serial: String, certificate: Certificate, now: Timestamp) {
        while let Some((end, _)) = self.by_end.first() {
            let over = *end < now;
            let full = self.by_end.len() >= CERTIFICATES_MAX;
            if !over && !full {
                break;
            }
            self.forgotten += u64::from(!over);
            if let Some((_, serial)) = self.by_end.pop_first() {
                self.by_serial.remove(&serial);
            }
        }
        self.by_end.insert((certificate.not_after, serial.clone()));
        if let Some(before) = self.by_serial.insert(serial.clone(), certificate) {
            self.by_end.remove(&(before.not_after, serial));
        }
    }

    pub(super) fn get(&self, serial: &str) -> Option<&Certificate> {
        self.by_serial.get(serial)
    }

    /// How many had to go before they ended.
    pub(super) const fn forgotten(&self) -> u64 {
        self.forgotten
    }
}
