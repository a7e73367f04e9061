//! Records with the place where each lies, for whoever must point at them.

use std::path::Path;

use crate::AuditError;
use crate::frame::Record;
use crate::log::{Genesis, Walk};
use crate::tree::Frontier;

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
    let mut walk = Walk::new(audit, genesis.log_id())?;
    while let Some(segment) = walk.next()? {
        let (mut reader, file) = (segment.reader()?, segment.name());
        loop {
            let from = reader.offset;
            let Some(record) = reader.read()? else {
                break;
            };
            take(Found {
                record,
                frame: segment.bytes.get(from..reader.offset).unwrap_or_default(),
                file: &file,
                offset: from as u64,
            });
        }
        walk.went_to(&reader);
    }
    Ok(())
}

/// The tree before the first record that is there: empty, or what the oldest segment says of those that were retired.
///
/// # Errors
/// What is wrong with that segment.
pub fn start(audit: &Path) -> Result<Frontier, AuditError> {
    let (genesis, _) = Genesis::load(audit)?;
    let mut walk = Walk::new(audit, genesis.log_id())?;
    let Some(segment) = walk.next()? else {
        return Ok(Frontier::default());
    };
    let header = &segment.reader()?.header;
    let size = header.first;
    header.frontier().ok_or(AuditError::BadTile { size })
}
