//! Reads a log that is being written, from where the last look ended.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

use iia_core::digest::Digest;

use crate::AuditError;
use crate::frame::{self, BODY_MAX, HEAD_LEN, Record};
use crate::log::{Genesis, header_with_len, segments, storage};

/// Bytes that are read at once at most; a longer look goes on with the next.
pub const LOOK_LEN_MAX: usize = 4 * 1024 * 1024;

/// A reader of a log that grows: each record comes once, checked against the one before it.
#[derive(Debug)]
pub struct Follow {
    audit: PathBuf,
    log_id: Digest,
    key: [u8; 32],
    at: Option<At>,
    /// Records below this number were given.
    given: u64,
}

/// Where the last look ended.
#[derive(Clone, Copy, Debug)]
struct At {
    segment: u64,
    offset: u64,
    next: u64,
    before: Digest,
}

impl Follow {
    /// Follows a log from the oldest record that is there.
    ///
    /// # Errors
    /// What is wrong with its beginning.
    pub fn open(audit: &Path) -> Result<Self, AuditError> {
        let (genesis, _) = Genesis::load(audit)?;
        let log_id = genesis.log_id();
        Ok(Self {
            audit: audit.into(),
            key: frame::log_key(&log_id),
            log_id,
            at: None,
            given: 0,
        })
    }

    /// The number of the next record.
    pub const fn next(&self) -> u64 {
        self.given
    }

    /// Begins anew at the oldest record, without giving again what was given: after a fall the end of a log may have been
    /// cut and written again.
    pub const fn restart(&mut self) {
        self.at = None;
    }

    /// Gives every record that has come since, as far as it is whole.
    ///
    /// # Errors
    /// What is wrong with the log. While it is written a record may be half there: what is wrong twice is wrong.
    pub fn read(&mut self, mut take: impl FnMut(Record)) -> Result<(), AuditError> {
        loop {
            let at = match self.at {
                Some(at) => at,
                None => match self.first()? {
                    Some(at) => at,
                    None => return Ok(()),
                },
            };
            let (end, full) = self.look(at, &mut take)?;
            self.at = Some(end);
            if full {
                continue;
            }
            match self.following(end)? {
                Some(next) => self.at = Some(next),
                None => return Ok(()),
            }
        }
    }

    fn first(&self) -> Result<Option<At>, AuditError> {
        let all = segments(&self.audit)?;
        let first = all.first();
        first
            .map(|(first, path)| self.begin(*first, path))
            .transpose()
    }

    /// The segment after the one that ended here, where there is one.
    fn following(&self, end: At) -> Result<Option<At>, AuditError> {
        let all = segments(&self.audit)?;
        let after = all.iter().find(|(first, _)| *first > end.segment);
        let Some((first, path)) = after else {
            return Ok(None);
        };
        let begin = self.begin(*first, path)?;
        let joins = begin.next == end.next && begin.before == end.before;
        let what = "segment header";
        let seq = end.next;
        let broken = AuditError::BadRecord { seq, what };
        if joins { Ok(Some(begin)) } else { Err(broken) }
    }

    fn begin(&self, segment: u64, path: &Path) -> Result<At, AuditError> {
        let (header, len) = header_with_len(path)?;
        let what = "segment header";
        let seq = segment;
        if header.first != segment || header.log_id != self.log_id {
            return Err(AuditError::BadRecord { seq, what });
        }
        Ok(At {
            segment,
            offset: len as u64,
            next: header.first,
            before: header.before,
        })
    }

    /// Gives the records from a place on; tells where they end, and whether there may be more behind them.
    fn look(
        &mut self,
        mut at: At,
        take: &mut impl FnMut(Record),
    ) -> Result<(At, bool), AuditError> {
        let bytes = self.bytes(at)?;
        let is_full = bytes.len() >= LOOK_LEN_MAX;
        let mut rest = bytes.as_slice();
        while rest.iter().take(HEAD_LEN).any(|byte| *byte != 0) {
            // The last of a full look may be cut; the next begins with it.
            if is_full && rest.len() < HEAD_LEN + BODY_MAX {
                return Ok((at, true));
            }
            let record = match frame::decode(rest, (&self.key, &at.before), at.next) {
                Ok(record) => record,
                Err(error) => {
                    self.at = Some(at);
                    return Err(error);
                }
            };
            rest = rest.get(record.len..).unwrap_or_default();
            at.offset = at.offset.saturating_add(record.len as u64);
            (at.next, at.before) = (at.next.saturating_add(1), record.hash);
            if record.seq >= self.given {
                self.given = at.next;
                take(record);
            }
        }
        Ok((at, false))
    }

    fn bytes(&self, at: At) -> Result<Vec<u8>, AuditError> {
        let all = segments(&self.audit)?;
        let path = all.iter().find(|(first, _)| *first == at.segment);
        let what = "missing segment";
        let seq = at.next;
        let (_, path) = path.ok_or(AuditError::BadRecord { seq, what })?;
        let read = || {
            let mut bytes = Vec::new();
            let mut file = File::open(path)?;
            file.seek(SeekFrom::Start(at.offset))?;
            file.take(LOOK_LEN_MAX as u64).read_to_end(&mut bytes)?;
            Ok(bytes)
        };
        read().map_err(storage)
    }
}
