//! Retention: a closed segment may go when it is old enough *and* others have proven that they hold it (001:389, 394).
//!
//! Nothing else deletes a record; a full disk does not. The hashes of what went stay, and a record says that it went.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use iia_core::Timestamp;
use iia_core::digest::{Context, Digest};
use iia_core::event::{Event, EventKind};
use iia_core::time::{Reading, SECOND_NS, TimeState};

use super::walk::segments;
use super::{Log, Submission, Walk, storage, sync_dir};
use crate::AuditError;
use crate::segment::Sources;
use crate::vault::{Receipt, Segment};
use crate::verify::referred;

/// Days for which a box keeps its records at least (001:394).
pub const DAYS_MIN: u32 = 30;

/// What must be so before a segment may go.
#[derive(Clone, Debug)]
pub struct Retention {
    age_ns: i64,
    needs_vault: bool,
}

impl Retention {
    /// Records stay for so many days, and until every mirror of the log's policy has them.
    ///
    /// # Errors
    /// [`AuditError::Malformed`] for less than [`DAYS_MIN`].
    pub fn days(days: u32) -> Result<Self, AuditError> {
        match days >= DAYS_MIN {
            true => Ok(Self {
                age_ns: i64::from(days) * 86_400 * SECOND_NS,
                needs_vault: false,
            }),
            false => Err(AuditError::Malformed {
                what: "retention of 30 days or more",
            }),
        }
    }

    /// And until a vault has each of them, locked, by a receipt.
    #[must_use]
    pub const fn and_vault(mut self) -> Self {
        self.needs_vault = true;
        self
    }
}

/// Why the oldest segment stays.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Held {
    /// It is the one that is written to.
    #[error("it is the open segment")]
    Open,
    /// The clock is not to be trusted, so that its age is not known.
    #[error("the time is not known")]
    TimeUnknown,
    /// It is too young.
    #[error("its newest record must stay until {0}")]
    Young(Timestamp),
    /// A mirror lacks records of it.
    #[error("mirrors have {mirrored} records, it ends at {end}")]
    NotMirrored {
        /// Records that every mirror has.
        mirrored: u64,
        /// The number after its last record.
        end: u64,
    },
    /// No receipt of a vault is for it.
    #[error("no vault's receipt is for it")]
    NotVaulted,
    /// Nobody keeps the log, so that nobody can tell that it went.
    #[error("the log has no keeper")]
    NoKeeper,
}

/// What became of the oldest segment.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Retired {
    /// It went: its records from the first number to before the second.
    Gone(u64, u64),
    /// It stays.
    Held(Held),
}

/// The oldest segment, once it was read.
struct Oldest {
    path: PathBuf,
    segment: Segment,
    newest: Timestamp,
    digest: Digest,
    /// Files that its records name.
    files: BTreeMap<String, String>,
}

impl Log {
    /// Lets the oldest segment go, if everything that `retention` demands is so; `receipts` are those of vaults.
    ///
    /// Files that only its records vouch for are vouched for anew first; then a record says what goes; then it goes. A
    /// fall between these leaves the segment where it is.
    ///
    /// # Errors
    /// Whatever is wrong with the segment: damage never goes unseen. [`AuditError::Storage`], [`AuditError::Full`].
    pub fn retire(
        &mut self,
        retention: &Retention,
        receipts: &[Receipt],
        now: Reading,
    ) -> Result<Retired, AuditError> {
        let held = |why| Ok(Retired::Held(why));
        let Some(keeper) = self.keeper.clone() else {
            return held(Held::NoKeeper);
        };
        if now.state == TimeState::Unknown {
            return held(Held::TimeUnknown);
        }
        let mirrored = self.mirrored()?;
        // Most of the time the answer is no, and a look at headers is enough for it.
        if let Some(why) = self.held_by_place(mirrored)? {
            return held(why);
        }
        let oldest = self.oldest()?;
        let until = oldest.newest + retention.age_ns;
        if now.wall < until {
            return held(Held::Young(until));
        }
        if retention.needs_vault
            && !receipts
                .iter()
                .any(|one| one.holds(&oldest.segment, now.wall))
        {
            return held(Held::NotVaulted);
        }
        let events = oldest.events(&self.store.dir, mirrored, now.wall);
        let told = events.into_iter().map(|event| Submission {
            source: keeper.clone(),
            event,
        });
        self.append(&told.collect::<Vec<_>>(), now)?;
        fs::remove_file(&oldest.path).map_err(storage)?;
        sync_dir(&self.store.dir.join("seg"))?;
        Ok(Retired::Gone(oldest.segment.first, oldest.segment.end))
    }

    fn held_by_place(&self, mirrored: u64) -> Result<Option<Held>, AuditError> {
        let segments = segments(&self.store.dir)?;
        let Some((end, _)) = segments.get(1) else {
            return Ok(Some(Held::Open));
        };
        let end = *end;
        Ok((mirrored < end).then_some(Held::NotMirrored { mirrored, end }))
    }

    fn oldest(&self) -> Result<Oldest, AuditError> {
        let log_id = self.store.genesis.log_id();
        let mut walk = Walk::new(&self.store.dir, log_id)?;
        let (first, path) = segments(&self.store.dir)?.swap_remove(0);
        let missing = AuditError::BadRecord {
            seq: first,
            what: "missing segment",
        };
        let segment = walk.next()?.ok_or(missing)?;
        let mut reader = segment.reader()?;
        let (mut newest, mut files) = (Timestamp::default(), BTreeMap::new());
        let mut sources = Sources::default();
        loop {
            let records = reader.batch(&mut sources)?;
            if records.is_empty() {
                break;
            }
            for record in records {
                newest = newest.max(Timestamp::from_ns(record.written().utc_ns));
                let named = referred(record.body());
                files.extend(named.map(|(path, digest)| (path.to_owned(), digest.to_owned())));
            }
        }
        Ok(Oldest {
            path,
            segment: Segment {
                log_id,
                first,
                end: reader.next,
                chain: reader.before,
            },
            newest,
            digest: Digest::of(Context::File, &segment.bytes),
            files,
        })
    }
}

impl Oldest {
    /// What is told before it goes.
    fn events(&self, audit: &Path, mirrored: u64, now: Timestamp) -> Vec<Event> {
        let evidence = audit.parent().unwrap_or(audit);
        let carried = |(path, digest): (&String, &String)| {
            let bytes = fs::read(evidence.join(path)).ok()?;
            let context = match path.starts_with("lake/") {
                true => Context::LakeSegment,
                false => Context::File,
            };
            // A later record may have named another content; that one counts.
            let is_it = Digest::of(context, &bytes).to_string() == *digest;
            let event = Event::new(EventKind::FileCarried, now).with("path", path);
            is_it.then(|| event.with("digest", digest))
        };
        let mut events: Vec<Event> = self.files.iter().filter_map(carried).collect();
        let gone = Event::new(EventKind::SegmentRetired, now)
            .with("first", self.segment.first.to_string())
            .with("end", self.segment.end.to_string())
            .with("hash", self.segment.chain.to_string())
            .with("segment", self.digest.to_string())
            .with("mirrored", mirrored.to_string());
        events.push(gone);
        events
    }
}
