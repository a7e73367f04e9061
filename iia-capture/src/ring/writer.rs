//! The file that is being written, until it is sealed.

use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use iia_core::Digest;

use super::RingError;
use super::leaves::Leaves;
use super::pcapng;
use super::seal::{self, Row, Seal, totals};
use super::tree::{Node, root};
use crate::source::{LinkType, Packet};

/// Where the file with this number is.
pub(super) fn capture_path(folder: &Path, number: u64) -> PathBuf {
    folder.join(format!("{number:012}.pcapng"))
}

/// Where its seal is.
pub(super) fn seal_path(folder: &Path, number: u64) -> PathBuf {
    folder.join(format!("{number:012}.seal"))
}

/// Where a seal is written before it is one.
fn part_path(folder: &Path, number: u64) -> PathBuf {
    folder.join(format!("{number:012}.part"))
}

/// An open file of the ring.
pub(super) struct Writer {
    file: File,
    path: PathBuf,
    number: u64,
    leaves: Leaves,
    /// Bytes of the leaf that is being filled which the file has already.
    written: usize,
    /// Bytes that the file has.
    on_disk: u64,
    packets: u64,
    lost: u64,
    first: Option<i64>,
}

impl Writer {
    pub(super) fn start(folder: &Path, number: u64, links: &[LinkType]) -> Result<Self, RingError> {
        let path = capture_path(folder, number);
        let file = OpenOptions::new()
            .append(true)
            .create_new(true)
            .open(&path)
            .map_err(RingError::disk(&path))?;
        let mut leaves = Leaves::default();
        leaves.head(&pcapng::head(links));
        Ok(Self {
            file,
            path,
            number,
            leaves,
            written: 0,
            on_disk: 0,
            packets: 0,
            lost: 0,
            first: None,
        })
    }

    /// Bytes that it has or will have.
    pub(super) fn len(&self) -> u64 {
        let pending = self.leaves.bytes().len() - self.written;
        self.on_disk + pending as u64
    }

    pub(super) const fn packets(&self) -> u64 {
        self.packets
    }

    /// When its first packet was.
    pub(super) const fn first(&self) -> Option<i64> {
        self.first
    }

    pub(super) const fn is_full(&self) -> bool {
        self.leaves.is_full()
    }

    pub(super) const fn lost(&self) -> u64 {
        self.lost
    }

    pub(super) const fn lose(&mut self, packets: u64) {
        self.lost = self.lost.saturating_add(packets);
    }

    /// Appends a packet. When the disk says no, the packet is not taken and everything before it still is.
    pub(super) fn push(&mut self, interface: u32, packet: &Packet<'_>) -> Result<(), RingError> {
        if self.leaves.turns(pcapng::packet_len(packet.data.len())) {
            self.write()?;
            self.leaves.close();
            self.written = 0;
        }
        let at = pcapng::written(packet.ts);
        pcapng::packet(self.leaves.packet(at), interface, packet);
        self.first = self.first.or(Some(at));
        self.packets += 1;
        Ok(())
    }

    /// Hands everything to the system. What a failed write left behind is taken back, so that it can be tried again.
    pub(super) fn write(&mut self) -> Result<(), RingError> {
        let bytes = self.leaves.bytes().get(self.written..).unwrap_or_default();
        if let Err(why) = self.file.write_all(bytes) {
            let _still_full = self.file.set_len(self.on_disk);
            return Err(RingError::disk(&self.path)(why));
        }
        self.on_disk += bytes.len() as u64;
        self.written += bytes.len();
        Ok(())
    }

    /// As [`Writer::write`], and the disk has it.
    pub(super) fn sync(&mut self) -> Result<(), RingError> {
        self.write()?;
        self.file.sync_data().map_err(RingError::disk(&self.path))
    }

    /// Closes the file and seals it. When the disk says no, it can be tried again.
    pub(super) fn seal(&mut self, folder: &Path, previous: Digest) -> Result<Seal, RingError> {
        self.sync()?;
        self.leaves.close();
        self.written = 0;
        let about = About {
            number: self.number,
            lost: self.lost,
            recovered: false,
            previous,
        };
        about.seal(folder, self.leaves.rows())
    }
}

/// What a seal says that the leaves do not.
pub(super) struct About {
    pub(super) number: u64,
    pub(super) lost: u64,
    pub(super) recovered: bool,
    pub(super) previous: Digest,
}

impl About {
    /// Writes the seal of these leaves; it is there whole or not at all.
    pub(super) fn seal(&self, folder: &Path, rows: &[Row]) -> Result<Seal, RingError> {
        let nodes: Vec<Node> = rows.iter().map(|row| row.node).collect();
        let (len, packets) = totals(rows);
        let (part, path) = (
            part_path(folder, self.number),
            seal_path(folder, self.number),
        );
        let top = root(&nodes).ok_or_else(|| RingError::Seal { path: path.clone() })?;
        let seal = Seal {
            number: self.number,
            len,
            packets,
            lost: self.lost,
            span: top.span,
            leaves: u32::try_from(rows.len()).unwrap_or(u32::MAX),
            recovered: self.recovered,
            root: top.digest,
            previous: self.previous,
        };
        let mut file = File::create(&part).map_err(RingError::disk(&part))?;
        file.write_all(&seal::encode(&seal, rows))
            .and_then(|()| file.sync_all())
            .map_err(RingError::disk(&part))?;
        fs::rename(&part, &path).map_err(RingError::disk(&path))?;
        sync_folder(folder)?;
        Ok(seal)
    }
}

/// Names are kept like bytes: only when the disk has the folder.
pub(super) fn sync_folder(folder: &Path) -> Result<(), RingError> {
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(RingError::disk(folder))
}
