//! The log on disk: one writer, append only, durable when it says so.

mod append;
mod diode;
mod feed;
mod files;
mod group;
mod heads;
mod mirror;
mod ratchet;
mod recover;
mod reserve;
mod retire;
mod store;
mod tail;
mod thin;
mod tiles;
mod walk;

use std::path::Path;

use iia_core::SpiffeId;
use iia_core::digest::Digest;
use iia_core::event::Event;
use iia_core::sign::Signer;
use iia_core::time::Reading;

pub use self::diode::{Assembler, Carousel, Missing, WAITING_LEN_MAX};
pub(crate) use self::files::{is_unfinished, storage};
use self::files::{move_over, sync_dir, write_over};
pub use self::group::{Committer, Producer, QUEUE_MAX, Ticket};
pub(crate) use self::heads::MIRRORED;
pub use self::mirror::Mirror;
pub use self::ratchet::Ratchet;
pub(crate) use self::ratchet::SEALS;
pub use self::recover::Recovery;
pub(crate) use self::reserve::RESERVE;
pub use self::reserve::RESERVE_LEN;
use self::reserve::Reserve;
pub use self::retire::{DAYS_MIN, Held, Retention, Retired};
use self::store::Store;
pub use self::tail::ROOM_LEN;
pub(crate) use self::tiles::{TILES, Tiles, read as read_tile};
pub(crate) use self::walk::{Segment, Walk, header_with_len, name as segment_name, segments};
use crate::AuditError;
pub use crate::genesis::Genesis;
use crate::policy::Policy;
use crate::segment::{HEADER_ALIGN, SEGMENT_LEN_MAX};

/// An event with the identity of whoever sent it, taken from its certificate.
#[derive(Clone, Debug)]
pub struct Submission {
    /// Who sent it.
    pub source: SpiffeId,
    /// What it stated.
    pub event: Event,
}

/// An open log. There is one writer at a time: the directory is locked while it is open.
#[derive(Debug)]
pub struct Log {
    store: Store,
    segment_len: u64,
    keeper: Option<SpiffeId>,
    reserve: Reserve,
    /// What the keeper has to tell and no record tells of yet.
    news: Vec<Event>,
    /// Events that a full disk refused and no record tells of yet.
    lost: u64,
    /// When the last receipt that stays was given, and up to which size receipts were looked at.
    thinned: (Option<u64>, u64),
    boot: u32,
    boottime_ns: u64,
    poisoned: bool,
}

impl Log {
    /// Makes a new log in `dir`, whose heads are judged by `policy`.
    ///
    /// # Errors
    /// [`AuditError::Storage`], also when there is one already.
    pub fn create(
        dir: &Path,
        policy: &Policy,
        signer: &dyn Signer,
        now: Reading,
    ) -> Result<Self, AuditError> {
        let genesis = Genesis::new(policy, now.wall);
        let texts = (genesis.sign(signer)?, policy.to_text());
        Store::create(dir, (&texts.0, &texts.1), genesis.log_id())?;
        Self::open(dir).map(|(log, _)| log)
    }

    /// Opens a log, verifying every record of its open segment; a torn tail is put aside and reported. What this costs
    /// does not grow with the log: `verify` reads all of it.
    ///
    /// # Errors
    /// Damage anywhere but at the very end: the log is then left as it is (fail closed).
    pub fn open(dir: &Path) -> Result<(Self, Recovery), AuditError> {
        let (store, recovery) = Store::open(dir)?;
        let log = Self {
            boot: store.boot + 1,
            store,
            segment_len: SEGMENT_LEN_MAX,
            keeper: None,
            reserve: Reserve::default(),
            news: Vec::new(),
            lost: 0,
            thinned: (None, 0),
            boottime_ns: 0,
            poisoned: false,
        };
        Ok((log, recovery))
    }

    /// Closes segments beyond `len` bytes, [`SEGMENT_LEN_MAX`] at most and where nothing is said. Short segments can be
    /// retired sooner; each costs a header.
    #[must_use]
    pub fn with_segment_len(mut self, len: u64) -> Self {
        self.segment_len = len.clamp(HEADER_ALIGN as u64, SEGMENT_LEN_MAX);
        self
    }

    /// Names who keeps the log, the source of what the log has to tell of itself, and makes a reserve of
    /// [`RESERVE_LEN`] for the day on which the disk is full.
    #[must_use]
    pub fn with_keeper(mut self, keeper: SpiffeId) -> Self {
        self.keeper = Some(keeper);
        self.reserve = Reserve::make(&self.store.dir);
        self
    }

    /// Records stored.
    pub const fn size(&self) -> u64 {
        self.store.size()
    }

    /// The newest source number stored of a source.
    pub fn watermark(&self, source: &SpiffeId) -> u64 {
        self.store.marks.get(source.as_str()).copied().unwrap_or(0)
    }

    /// The chain hash of the newest record.
    pub const fn chain_head(&self) -> Digest {
        self.store.chain
    }

    /// The log's beginning: its name, its key, its policy.
    pub const fn genesis(&self) -> &Genesis {
        &self.store.genesis
    }

    /// Whether the disk has room: the reserve is whole, which is tried again when it is not.
    pub fn has_room(&mut self) -> bool {
        if !self.reserve.is_there() && self.keeper.is_some() {
            self.reserve = Reserve::make(&self.store.dir);
        }
        self.reserve.is_there()
    }
}
