//! Records with the place where each lies, for whoever must point at them.

use std::fs;
use std::path::Path;

use iia_core::digest::Digest;

use crate::AuditError;
use crate::frame::Record;
use crate::log::{Genesis, segments, storage};
use crate::segment::{Header, Reader};

/// A record where it lies.
#[derive(Debug)]
pub struct Found<'a> {
    /// The record.
    pub record: Record,
    /// Its bytes as stored.
    pub frame: &'a [u8],
    /// The file, from the evidence directory on.
    pub file: &'a str,
    /// The byte of the file at which it starts.
    pub offset: u64,
}

/// Reads every record of a log in order, with its bytes and its place; stops at the first bad one.
///
/// # Errors
/// What is wrong with it.
pub fn walk(audit: &Path, mut take: impl FnMut(Found<'_>)) -> Result<(), AuditError> {
    let (genesis, _) = Genesis::load(audit)?;
    let mut before = Digest::ZERO;
    for (first, path) in segments(audit)? {
        let file = format!("audit/seg/{first:016x}.iia");
        let bytes = fs::read(path).map_err(storage)?;
        let log_id = genesis.log_id();
        let mut reader = Reader::open(
            &bytes,
            &Header {
                first,
                before,
                log_id,
            },
        )?;
        loop {
            let from = reader.offset;
            let Some(record) = reader.read()? else {
                break;
            };
            take(Found {
                record,
                frame: bytes.get(from..reader.offset).unwrap_or_default(),
                file: &file,
                offset: from as u64,
            });
        }
        before = reader.before;
    }
    Ok(())
}
