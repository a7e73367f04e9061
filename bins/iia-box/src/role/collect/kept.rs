//! What a wire brought, kept as it came: a ring of captures on disk. The digest of each file's seal is in the chain, so that
//! a slice that is cut later can be proven to be of then.

use std::fs;

use anyhow::Context as _;
use iia_capture::ring::{Limits, Ring, RingError, Seal};
use iia_capture::source::Packet;
use iia_core::Timestamp;
use iia_core::time::SECOND_NS;

use crate::boxdir::BoxDir;

/// A file of 64 MiB or ten minutes; a gibibyte in all.
const LIMITS: Limits = Limits {
    file_len: 64 << 20,
    file_ns: 600 * SECOND_NS,
    files: 4096,
    total_len: 1 << 30,
};

/// The ring of a collector.
pub(super) struct Kept {
    ring: Ring,
    /// Packets that the disk did not take, and why, since it was told last.
    refused: Option<(u64, RingError)>,
}

impl Kept {
    /// Opens the ring of a box; what a fall left unsealed is sealed as far as it is whole.
    pub(super) fn open(dir: &BoxDir) -> anyhow::Result<Self> {
        let folder = dir.captures();
        fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
        let ring = Ring::open(&folder, LIMITS)?;
        Ok(Self {
            ring,
            refused: None,
        })
    }

    /// Keeps a packet. What the disk does not take is counted: the wire does not wait for it.
    pub(super) fn push(&mut self, packet: &Packet<'_>) {
        if let Err(error) = self.ring.push(packet) {
            self.ring.lose(1);
            self.refuse(1, error);
        }
    }

    /// Says how many packets did not come as far as the ring.
    pub(super) fn lose(&mut self, packets: u64) {
        self.ring.lose(packets);
    }

    /// Hands what waits to the system, and closes a file that has its time.
    pub(super) fn turn(&mut self, now: Timestamp) {
        let turned = self.ring.turn(now).and_then(|()| self.ring.flush(false));
        if let Err(error) = turned {
            self.refuse(0, error);
        }
    }

    /// Closes the file that is being written.
    pub(super) fn close(&mut self) {
        if let Err(error) = self.ring.seal() {
            self.refuse(0, error);
        }
    }

    /// The next file that was closed: its name and its seal.
    pub(super) fn poll_sealed(&mut self) -> Option<(String, Seal)> {
        let seal = self.ring.poll_sealed()?;
        let path = self.ring.path(seal.number);
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        Some((format!("captures/{name}"), seal))
    }

    /// What the disk did not take since this was asked last.
    pub(super) fn poll_refused(&mut self) -> Option<(u64, RingError)> {
        self.refused.take()
    }

    fn refuse(&mut self, packets: u64, error: RingError) {
        let before = self.refused.take().map_or(0, |(count, _)| count);
        self.refused = Some((before + packets, error));
    }
}
