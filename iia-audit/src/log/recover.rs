//! Opening after whatever happened: every record of the open segment is verified, a torn tail is put aside, damage is
//! not mended. Of closed segments the headers are read; their records are for `verify`.

use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::path::{Path, PathBuf};

use iia_core::digest::{Context, Digest};

use super::tiles::Tiles;
use super::walk::{Walk, header, segments};
use super::{Genesis, storage, write_over};
use crate::AuditError;
use crate::segment::{Header, Reader};
use crate::tree;

/// What opening found.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Recovery {
    /// Records of the log.
    pub records: u64,
    /// Bytes of a torn tail that were put aside.
    pub quarantined: u64,
    /// Where they are.
    pub quarantine: Option<PathBuf>,
    /// Whether tiles were missing or bent and had to be made again from the records.
    pub tiles_made: bool,
}

/// The state of a log as its open segment leaves it.
pub(super) struct Scan {
    pub(super) segment: (PathBuf, u64),
    pub(super) chain: Digest,
    pub(super) tiles: Tiles,
    pub(super) marks: BTreeMap<String, u64>,
    pub(super) boot: u32,
    pub(super) recovery: Recovery,
}

pub(super) fn scan(audit: &Path, genesis: &Genesis) -> Result<Scan, AuditError> {
    let header = headers(audit, genesis.log_id())?;
    let (tiles, tiles_made) = tiles(audit, genesis, &header)?;
    let mut scan = Scan {
        segment: (super::segment_path(audit, header.first), 0),
        chain: header.before,
        tiles,
        marks: header
            .marks
            .into_iter()
            .map(|mark| (mark.source, mark.number))
            .collect(),
        boot: header.boot,
        recovery: Recovery {
            tiles_made,
            ..Recovery::default()
        },
    };
    scan.last(audit)?;
    scan.recovery.records = scan.tiles.frontier().size();
    Ok(scan)
}

/// The header of the last segment, after those of all were held against each other.
fn headers(audit: &Path, log_id: Digest) -> Result<Header, AuditError> {
    let mut before: Option<(Header, u64)> = None;
    for (first, path) in segments(audit)? {
        let bad = |what| AuditError::BadRecord { seq: first, what };
        let own = header(&path).map_err(|_| bad("segment header"))?;
        let len = fs::metadata(&path).map_err(storage)?.len();
        if own.first != first || own.log_id != log_id {
            return Err(bad("segment header"));
        }
        if before.is_some_and(|(before, len)| own.previous_len > len || before.first >= first) {
            return Err(bad("missing end of the segment before"));
        }
        before = Some((own, len));
    }
    let (last, _) = before.ok_or(AuditError::BadRecord {
        seq: 0,
        what: "missing segment",
    })?;
    Ok(last)
}

/// The tree up to the last segment. Tiles follow from records, so that they are made again as long as all are there.
fn tiles(audit: &Path, genesis: &Genesis, header: &Header) -> Result<(Tiles, bool), AuditError> {
    let bad = AuditError::BadTile { size: header.first };
    let frontier = header.frontier().ok_or(bad.clone())?;
    match Tiles::load(audit, &frontier) {
        Ok(tiles) => return Ok((tiles, false)),
        Err(error) if segments(audit)?.first().is_none_or(|(first, _)| *first > 0) => {
            return Err(error);
        }
        Err(_) => {}
    }
    let mut tiles = Tiles::new(audit);
    let mut walk = Walk::new(audit, genesis.log_id())?;
    while let Some(segment) = walk.next()?.filter(|segment| !segment.is_last) {
        let mut reader = segment.reader()?;
        while let Some(record) = reader.read()? {
            tiles.push(tree::leaf(record.hash.as_bytes()));
        }
        walk.went_to(&reader);
    }
    tiles.store()?;
    match *tiles.frontier() == frontier {
        true => Ok((tiles, true)),
        false => Err(bad),
    }
}

impl Scan {
    /// Reads the open segment.
    fn last(&mut self, audit: &Path) -> Result<(), AuditError> {
        let bytes = fs::read(&self.segment.0).map_err(storage)?;
        let place = Header::decode(&bytes)?.0.place();
        let mut reader = Reader::open(&bytes, &place)?;
        loop {
            match reader.read() {
                Ok(Some(record)) => {
                    self.tiles.push(tree::leaf(record.hash.as_bytes()));
                    let seen = self.marks.entry(record.body.source).or_default();
                    *seen = (*seen).max(record.body.event.source_seq);
                    self.boot = record.written.boot;
                }
                Ok(None) => break,
                Err(_) if reader.is_torn() => {
                    self.quarantine(audit, (reader.offset, &bytes))?;
                    break;
                }
                Err(_) => return Err(AuditError::DamagedInside { seq: reader.next }),
            }
        }
        self.segment.1 = reader.offset as u64;
        self.chain = reader.before;
        Ok(())
    }

    /// Keeps the torn bytes beside the log, then cuts them off.
    fn quarantine(
        &mut self,
        audit: &Path,
        (offset, bytes): (usize, &[u8]),
    ) -> Result<(), AuditError> {
        let torn = bytes.get(offset..).unwrap_or_default();
        let room = torn.iter().rev().take_while(|byte| **byte == 0).count();
        let torn = torn.get(..torn.len() - room).unwrap_or_default();
        let aside = audit.with_file_name("quarantine");
        fs::create_dir_all(&aside).map_err(storage)?;
        let digest = Digest::of(Context::File, torn).to_string();
        let short = digest.get(3..19).unwrap_or_default();
        let records = self.tiles.frontier().size();
        let aside = aside.join(format!("audit-{records:016x}-{short}"));
        write_over(&aside, torn)?;
        let file = OpenOptions::new().write(true).open(&self.segment.0);
        let file = file.map_err(storage)?;
        file.set_len(offset as u64)
            .and_then(|()| file.sync_all())
            .map_err(storage)?;
        self.recovery.quarantined = torn.len() as u64;
        self.recovery.quarantine = Some(aside);
        Ok(())
    }
}
