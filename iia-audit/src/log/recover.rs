//! Opening after whatever happened: every record of the open segment is verified, a torn tail is put aside, damage is
//! not mended. Of closed segments the headers are read; their records are for `verify`.

use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::path::{Path, PathBuf};

use iia_core::digest::{Context, Digest};

use super::store::segment_path;
use super::tiles::Tiles;
use super::walk::{Walk, header, segments};
use super::{Genesis, storage, write_over};
use crate::AuditError;
use crate::segment::{Checked, Header, Reader, Sources};
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
    /// Number of the first record of the open segment, and where its records end.
    pub(super) segment: u64,
    pub(super) len: u64,
    /// Where the records of the segment before end.
    pub(super) previous_len: u64,
    pub(super) chain: Digest,
    pub(super) tiles: Tiles,
    pub(super) marks: BTreeMap<String, u64>,
    pub(super) boot: u32,
    pub(super) recovery: Recovery,
}

/// `is_copy`: whatever is bad at the end comes again from the log that is copied.
pub(super) fn scan(audit: &Path, genesis: &Genesis, is_copy: bool) -> Result<Scan, AuditError> {
    let mut recovery = Recovery::default();
    let header = headers(audit, genesis.log_id(), &mut recovery)?;
    let (tiles, tiles_made) = tiles(audit, genesis, &header)?;
    recovery.tiles_made = tiles_made;
    let mut scan = Scan {
        segment: header.first,
        len: 0,
        previous_len: header.previous_len,
        chain: header.before,
        tiles,
        marks: header
            .marks
            .into_iter()
            .map(|mark| (mark.source, mark.number))
            .collect(),
        boot: header.boot,
        recovery,
    };
    scan.last(audit, is_copy)?;
    scan.recovery.records = scan.tiles.frontier().size();
    Ok(scan)
}

/// The header of the last segment, after those of all were held against each other.
fn headers(audit: &Path, log_id: Digest, recovery: &mut Recovery) -> Result<Header, AuditError> {
    let mut before: Option<(Header, PathBuf)> = None;
    for (first, path) in segments(audit)? {
        let bad = |what| AuditError::BadRecord { seq: first, what };
        let own = header(&path).map_err(|_| bad("segment header"))?;
        if own.first != first || own.log_id != log_id {
            return Err(bad("segment header"));
        }
        if let Some((before, path)) = before {
            let len = fs::metadata(&path).map_err(storage)?.len();
            if own.previous_len > len || before.first >= first {
                return Err(bad("missing end of the segment before"));
            }
            // What a failed sync left, and nobody was told is stored.
            if own.previous_len < len {
                recovery.put_aside(audit, (&path, own.previous_len), first)?;
            }
        }
        before = Some((own, path));
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
    match Tiles::go_on(audit, &frontier) {
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
    tiles.stored()?;
    let tiles = Tiles::go_on(audit, tiles.frontier())?;
    match *tiles.frontier() == frontier {
        true => Ok((tiles, true)),
        false => Err(bad),
    }
}

impl Scan {
    /// Reads the open segment.
    fn last(&mut self, audit: &Path, is_copy: bool) -> Result<(), AuditError> {
        let bytes = fs::read(segment_path(audit, self.segment)).map_err(storage)?;
        let place = Header::decode(&bytes)?.0.place();
        let mut reader = Reader::open(&bytes, &place)?;
        let mut sources = Sources::default();
        loop {
            match reader.batch(&mut sources) {
                Ok(records) if records.is_empty() => break,
                Ok(records) => records.iter().for_each(|record| self.take(record)),
                Err(_) if is_copy || reader.is_torn() => {
                    let path = segment_path(audit, self.segment);
                    let place = (path.as_path(), reader.offset as u64);
                    self.recovery.put_aside(audit, place, reader.next)?;
                    break;
                }
                Err(_) => return Err(AuditError::DamagedInside { seq: reader.next }),
            }
        }
        self.len = reader.offset as u64;
        self.chain = reader.before;
        Ok(())
    }
}

impl Scan {
    fn take(&mut self, record: &Checked<'_>) {
        self.tiles.push(tree::leaf(record.hash().as_bytes()));
        let (source, number) = (record.body().source, record.body().source_seq);
        match self.marks.get_mut(source) {
            Some(mark) => *mark = (*mark).max(number),
            None => drop(self.marks.insert(source.into(), number)),
        }
        self.boot = record.written().boot;
    }
}

impl Recovery {
    /// Keeps the bytes of a segment from `end` on beside the log, then cuts them off.
    fn put_aside(
        &mut self,
        audit: &Path,
        (path, end): (&Path, u64),
        records: u64,
    ) -> Result<(), AuditError> {
        let bytes = fs::read(path).map_err(storage)?;
        let end_at = usize::try_from(end).unwrap_or(usize::MAX);
        let torn = bytes.get(end_at..).unwrap_or_default();
        let room = torn.iter().rev().take_while(|byte| **byte == 0).count();
        let torn = torn.get(..torn.len() - room).unwrap_or_default();
        let folder = audit.with_file_name("quarantine");
        fs::create_dir_all(&folder).map_err(storage)?;
        let digest = Digest::of(Context::File, torn).to_string();
        let short = digest.get(3..19).unwrap_or_default();
        let aside = folder.join(format!("audit-{records:016x}-{short}"));
        write_over(&aside, torn)?;
        let file = OpenOptions::new().write(true).open(path);
        let file = file.map_err(storage)?;
        file.set_len(end)
            .and_then(|()| file.sync_all())
            .map_err(storage)?;
        self.quarantined += torn.len() as u64;
        self.quarantine = Some(aside);
        Ok(())
    }
}
