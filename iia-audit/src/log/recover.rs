//! Opening after whatever happened: every record is verified, a torn tail is put aside, damage is not mended.

use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::path::{Path, PathBuf};

use iia_core::digest::{Context, Digest};

use super::{Genesis, storage};
use crate::AuditError;
use crate::segment::{Header, Reader};
use crate::tree::{self, Hash};

/// What opening found.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Recovery {
    /// Records found good.
    pub records: u64,
    /// Bytes of a torn tail that were put aside.
    pub quarantined: u64,
    /// Where they are.
    pub quarantine: Option<PathBuf>,
}

pub(super) struct Scan {
    pub(super) segment_first: u64,
    pub(super) segment_len: u64,
    pub(super) chain: Digest,
    pub(super) leaves: Vec<Hash>,
    pub(super) marks: BTreeMap<String, u64>,
    pub(super) boot: u32,
    pub(super) recovery: Recovery,
}

/// Segments in order of their first record; a name that is no segment's is an error.
pub(crate) fn segments(dir: &Path) -> Result<Vec<(u64, PathBuf)>, AuditError> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir.join("seg")).map_err(storage)? {
        let path = entry.map_err(storage)?.path();
        let name = path
            .file_name()
            .and_then(|name| name.to_str())
            .unwrap_or_default();
        if name.ends_with(".new") {
            continue;
        }
        let first = name.strip_suffix(".iia").filter(|hex| hex.len() == 16);
        let first = first.and_then(|hex| u64::from_str_radix(hex, 16).ok());
        found.push((
            first.ok_or(AuditError::Malformed {
                what: "segment name",
            })?,
            path,
        ));
    }
    found.sort();
    Ok(found)
}

pub(super) fn scan(dir: &Path, genesis: &Genesis) -> Result<Scan, AuditError> {
    let mut scan = Scan {
        segment_first: 0,
        segment_len: 0,
        chain: Digest::ZERO,
        leaves: Vec::new(),
        marks: BTreeMap::new(),
        boot: 0,
        recovery: Recovery::default(),
    };
    let segments = segments(dir)?;
    let last = segments.last().map(|(first, _)| *first);
    for (first, path) in segments {
        if first != scan.leaves.len() as u64 {
            return Err(AuditError::BadRecord {
                seq: scan.leaves.len() as u64,
                what: "missing segment",
            });
        }
        scan.segment(dir, genesis, (first, &path, Some(first) == last))?;
    }
    scan.recovery.records = scan.leaves.len() as u64;
    Ok(scan)
}

impl Scan {
    fn segment(
        &mut self,
        dir: &Path,
        genesis: &Genesis,
        place: (u64, &Path, bool),
    ) -> Result<(), AuditError> {
        let (first, path, is_last) = place;
        let bytes = fs::read(path).map_err(storage)?;
        let header = Header {
            first,
            before: self.chain,
            log_id: genesis.log_id(),
        };
        let mut reader = Reader::open(&bytes, &header)?;
        self.segment_first = first;
        loop {
            match reader.read() {
                Ok(Some(record)) => {
                    self.leaves.push(tree::leaf(record.hash.as_bytes()));
                    let seen = self.marks.entry(record.body.source).or_default();
                    *seen = (*seen).max(record.body.event.source_seq);
                    self.boot = record.written.boot;
                }
                Ok(None) => break,
                // A torn write can only be the last thing of the last segment.
                Err(_) if is_last && reader.is_torn() => {
                    self.quarantine(dir, path, (reader.offset, &bytes))?;
                    break;
                }
                Err(_) if is_last => {
                    return Err(AuditError::DamagedInside { seq: reader.next });
                }
                Err(error) => return Err(error),
            }
        }
        if !is_last && reader.offset < bytes.len() {
            return Err(AuditError::DamagedInside { seq: reader.next });
        }
        self.segment_len = reader.offset as u64;
        self.chain = reader.before;
        Ok(())
    }

    /// Keeps the torn bytes beside the log, then cuts them off.
    fn quarantine(
        &mut self,
        dir: &Path,
        path: &Path,
        (offset, bytes): (usize, &[u8]),
    ) -> Result<(), AuditError> {
        let torn = bytes.get(offset..).unwrap_or_default();
        let room = torn.iter().rev().take_while(|byte| **byte == 0).count();
        let torn = torn.get(..torn.len() - room).unwrap_or_default();
        let aside = dir.with_file_name("quarantine");
        fs::create_dir_all(&aside).map_err(storage)?;
        let digest = Digest::of(Context::File, torn).to_string();
        let short = digest.get(3..19).unwrap_or_default();
        let aside = aside.join(format!("audit-{:016x}-{short}", self.leaves.len()));
        super::write_over(&aside, torn)?;
        let file = OpenOptions::new().write(true).open(path).map_err(storage)?;
        file.set_len(offset as u64)
            .and_then(|()| file.sync_all())
            .map_err(storage)?;
        self.recovery.quarantined = torn.len() as u64;
        self.recovery.quarantine = Some(aside);
        Ok(())
    }
}
