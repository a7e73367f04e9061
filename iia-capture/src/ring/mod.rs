//! A ring of captures on disk: files of pcapng, closed by size and by time, the oldest removed, each sealed when it is closed. A
//! seal is the top of a small tree over the file, so that a range of time can be cut out later and proven to be a part of what
//! was sealed, with nothing of the range left out.
//!
//! The ring takes packets and the time that they bring; it reads no clock. What the disk does not take is an error, and the ring
//! goes on where it was.

mod error;
mod leaves;
mod pcapng;
mod proof;
mod recover;
mod seal;
mod slice;
mod tree;
mod writer;

use std::collections::VecDeque;
use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use iia_core::{Digest, Timestamp};

pub use error::RingError;
pub use leaves::LEAF_LEN;
pub use pcapng::PACKET_LEN_MAX;
pub use proof::{PARTS_MAX, PROOF_LEN_MAX};
pub use seal::Seal;
pub use slice::{Part, Slice, Verified, verify};
pub use tree::{LEAVES_MAX, Node, Span};

use crate::source::{LinkType, Packet};
use writer::{Writer, capture_path, seal_path, sync_folder};

/// Files of a ring at most.
pub const FILES_MAX: usize = 65_536;
/// Bytes of a file at least and at most.
pub const FILE_LEN_MIN: u64 = 2 * (PACKET_LEN_MAX as u64);
/// Bytes of a file at most.
pub const FILE_LEN_MAX: u64 = 16 << 30;
/// Kinds of links of a ring at most.
pub const LINKS_MAX: usize = 16;

/// When files are closed, and how many are kept.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Limits {
    /// Bytes of a file.
    pub file_len: u64,
    /// From its first packet to its last, in nanoseconds.
    pub file_ns: i64,
    /// Files, with the one that is being written.
    pub files: usize,
    /// Bytes of all files and their seals; the seal of the file that is being written comes on top.
    pub total_len: u64,
}

/// A ring of captures in a folder.
pub struct Ring {
    folder: PathBuf,
    limits: Limits,
    kept: VecDeque<Seal>,
    kept_len: u64,
    current: Option<Writer>,
    number: u64,
    links: Vec<LinkType>,
    told: VecDeque<Seal>,
    removed: u64,
    /// Packets that were lost while no file was being written.
    lost: u64,
    /// Held as long as the ring is.
    lock: File,
}

impl Ring {
    /// Opens the folder, which must be there; what another run left unsealed is sealed as far as it is whole.
    ///
    /// # Errors
    /// [`RingError::Limits`]; [`RingError::Disk`], also where another ring has the folder.
    pub fn open(folder: &Path, limits: Limits) -> Result<Self, RingError> {
        limits.check()?;
        let lock = lock(folder)?;
        let mut ring = Self {
            folder: folder.to_owned(),
            limits,
            kept: VecDeque::new(),
            kept_len: 0,
            current: None,
            number: 0,
            links: Vec::new(),
            told: VecDeque::new(),
            removed: 0,
            lost: 0,
            lock,
        };
        for found in recover::files(folder)? {
            ring.number = found.seal.number + 1;
            if found.now {
                ring.told.push_back(found.seal);
            }
            ring.keep(found.seal);
        }
        Ok(ring)
    }

    /// Takes a packet; closes the file before when it has its size or its time.
    ///
    /// # Errors
    /// [`RingError::TooLarge`] for a packet or one kind of link too many; [`RingError::Disk`]. The packet is not taken then, and
    /// what was taken before is.
    pub fn push(&mut self, packet: &Packet<'_>) -> Result<(), RingError> {
        if packet.data.len() > PACKET_LEN_MAX {
            return Err(RingError::TooLarge {
                max: PACKET_LEN_MAX,
            });
        }
        let interface = self.interface(packet.link)?;
        let len = pcapng::packet_len(packet.data.len()) as u64;
        if self.is_over(len, pcapng::written(packet.ts)) {
            self.seal()?;
        }
        if self.current.is_none() {
            self.make_room()?;
            let mut writer = Writer::start(&self.folder, self.number, &self.links)?;
            writer.lose(std::mem::take(&mut self.lost));
            self.current = Some(writer);
        }
        match &mut self.current {
            Some(writer) => writer.push(interface, packet),
            None => Ok(()),
        }
    }

    /// Tells that packets were lost on the way to the ring: the seal of the file will say so.
    pub const fn lose(&mut self, packets: u64) {
        match &mut self.current {
            Some(writer) => writer.lose(packets),
            None => self.lost = self.lost.saturating_add(packets),
        }
    }

    /// Closes the file when it has its time, also while no packets come.
    ///
    /// # Errors
    /// [`RingError::Disk`].
    pub fn turn(&mut self, now: Timestamp) -> Result<(), RingError> {
        match self.is_over(0, pcapng::written(now)) {
            true => self.seal(),
            false => Ok(()),
        }
    }

    /// Closes the file that is being written, if any, and seals it.
    ///
    /// # Errors
    /// [`RingError::Disk`]; it is still being written then, and nothing is lost.
    pub fn seal(&mut self) -> Result<(), RingError> {
        let previous = self.kept.back().map_or(Digest::ZERO, Seal::digest);
        let Some(writer) = &mut self.current else {
            return Ok(());
        };
        // It could not be begun: there is nothing in it.
        if writer.packets() == 0 {
            remove(&capture_path(&self.folder, self.number))?;
            self.lost = self.lost.saturating_add(writer.lost());
            self.current = None;
            return Ok(());
        }
        let seal = writer.seal(&self.folder, previous)?;
        self.current = None;
        self.number = seal.number + 1;
        self.keep(seal);
        self.told.push_back(seal);
        Ok(())
    }

    /// The next file that was sealed and not told yet, those that were sealed when the ring was opened included.
    pub fn poll_sealed(&mut self) -> Option<Seal> {
        self.told.pop_front()
    }

    /// Hands what was taken to the system, and has the disk keep it when `sync` says so.
    ///
    /// # Errors
    /// [`RingError::Disk`].
    pub fn flush(&mut self, sync: bool) -> Result<(), RingError> {
        match &mut self.current {
            Some(writer) if sync => writer.sync(),
            Some(writer) => writer.write(),
            None => Ok(()),
        }
    }

    /// The seals of the files that are kept, oldest first.
    pub fn seals(&self) -> impl Iterator<Item = &Seal> {
        self.kept.iter()
    }

    /// Files that were removed to make room, since the ring was opened.
    pub const fn removed(&self) -> u64 {
        self.removed
    }

    /// Where a file of the ring is, by its number.
    pub fn path(&self, number: u64) -> PathBuf {
        capture_path(&self.folder, number)
    }

    fn folder(&self) -> &Path {
        &self.folder
    }

    fn keep(&mut self, seal: Seal) {
        self.kept_len += on_disk(&seal);
        self.kept.push_back(seal);
    }

    /// The number of a link in the file that is being written; a new one begins a new file, whose head names it.
    fn interface(&mut self, link: LinkType) -> Result<u32, RingError> {
        let known = self.links.iter().position(|one| *one == link);
        if known.is_none() && self.links.len() >= LINKS_MAX {
            return Err(RingError::TooLarge { max: LINKS_MAX });
        }
        if known.is_none() {
            self.seal()?;
            self.links.push(link);
        }
        let place = known.unwrap_or(self.links.len() - 1);
        Ok(u32::try_from(place).unwrap_or(u32::MAX))
    }

    /// Whether the file is to be closed before so many bytes at this time.
    fn is_over(&self, len: u64, at: i64) -> bool {
        self.current.as_ref().is_some_and(|writer| {
            let long = |first: i64| at.abs_diff(first) >= self.limits.file_ns.unsigned_abs();
            let full = writer.is_full() || writer.len() + len > self.limits.file_len;
            writer.packets() > 0 && (full || writer.first().is_some_and(long))
        })
    }

    /// Removes the oldest files until another one fits.
    fn make_room(&mut self) -> Result<(), RingError> {
        while let Some(oldest) = self.kept.front() {
            let fits = self.kept_len + self.limits.file_len <= self.limits.total_len;
            if fits && self.kept.len() < self.limits.files {
                break;
            }
            let (len, number) = (on_disk(oldest), oldest.number);
            remove(&capture_path(&self.folder, number))?;
            remove(&seal_path(&self.folder, number))?;
            self.kept_len -= len;
            self.kept.pop_front();
            self.removed += 1;
        }
        sync_folder(&self.folder)
    }
}

impl Drop for Ring {
    /// WHY: a process that another thread is starting has the lock's descriptor too, for a moment.
    fn drop(&mut self) {
        let _held_by_nobody = self.lock.unlock();
    }
}

impl Limits {
    fn check(&self) -> Result<(), RingError> {
        let rows = [
            (
                (FILE_LEN_MIN..=FILE_LEN_MAX).contains(&self.file_len),
                "a file is too short or too long",
            ),
            (self.file_ns > 0, "a file has no time"),
            (
                (2..=FILES_MAX).contains(&self.files),
                "fewer than two files, or too many",
            ),
            (
                self.file_len.saturating_mul(2) <= self.total_len,
                "there is no room for two files",
            ),
        ];
        match rows.into_iter().find(|(sound, _)| !sound) {
            None => Ok(()),
            Some((_, what)) => Err(RingError::Limits { what }),
        }
    }
}

/// Bytes that a closed file and its seal take.
const fn on_disk(seal: &Seal) -> u64 {
    seal.len + seal::file_len(seal.leaves as usize)
}

/// One ring a folder.
fn lock(folder: &Path) -> Result<File, RingError> {
    let path = folder.join("lock");
    let file = File::create(&path).map_err(RingError::disk(&path))?;
    file.try_lock()
        .map_err(|why| RingError::disk(&path)(why.into()))?;
    Ok(file)
}

fn remove(path: &Path) -> Result<(), RingError> {
    match fs::remove_file(path) {
        Err(why) if why.kind() != ErrorKind::NotFound => Err(RingError::disk(path)(why)),
        _ => Ok(()),
    }
}
