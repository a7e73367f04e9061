//! Makes a table of an evidence directory, up to its largest signed head.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use iia_core::digest::Digest;

use super::{FORMAT, GENESIS, HEAD, POLICY, TABLE_LEN_MAX, Writer, row};
use crate::AuditError;
use crate::bundle::{Show, signed, thin};
use crate::envelope::{Envelope, Shown};
use crate::frame::{self, Record};
use crate::log::{Genesis, storage};
use crate::verify::{start, walk};

/// What went into a table, and what did not.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Made {
    /// Records in it.
    pub records: u64,
    /// Of these, without their bodies.
    pub redacted: u64,
    /// Signed heads in it.
    pub heads: usize,
    /// Records of the log that no signed head covers yet, and that are left out.
    pub unproven: u64,
    /// Bytes of it.
    pub len: u64,
}

/// Makes a table of the log in evidence directory `dir`; its bytes go to `sink`. Records for which `show` does not say
/// [`Show::Whole`] lose their bodies: none can be left out.
///
/// # Errors
/// [`AuditError`] of a log that does not hold; [`AuditError::TooLong`] for more than a table may hold;
/// [`AuditError::Malformed`] for a log without a signed head, or whose first records were retired.
pub fn make(
    dir: &Path,
    mut show: impl FnMut(&Record) -> Show,
    mut sink: impl FnMut(&[u8]),
) -> Result<Made, AuditError> {
    let audit = dir.join("audit");
    let (genesis, _) = Genesis::load(&audit)?;
    let heads = heads(&audit)?;
    let size = heads.keys().next_back().copied().unwrap_or(0);
    if size == 0 {
        return Err(AuditError::Malformed {
            what: "log for a table: it has no signed head",
        });
    }
    if start(&audit)?.size() > 0 {
        return Err(AuditError::Malformed {
            what: "log for a table: its first records were retired",
        });
    }
    let words = words(&audit, &heads)?;
    let key = frame::log_key(&genesis.log_id());
    let mut made = Made {
        heads: heads.len(),
        ..Made::default()
    };
    let mut len = 0;
    let mut writer = Writer::new(|bytes: &[u8]| {
        len += bytes.len() as u64;
        if len <= TABLE_LEN_MAX {
            sink(bytes);
        }
    });
    let (mut before, mut failed) = (Digest::ZERO, None);
    let read = walk(&audit, |found| {
        if found.record.seq >= size || failed.is_some() {
            made.unproven += u64::from(failed.is_none());
            return;
        }
        let hash = found.record.hash;
        let shown = match show(&found.record) {
            Show::Whole => Ok(Shown::Whole(found.record)),
            _ => Envelope::read(found.frame, (&key, &before), found.record.seq).map(Shown::Bare),
        };
        made.records += 1;
        made.redacted += u64::from(matches!(shown, Ok(Shown::Bare(_))));
        let pushed = shown.and_then(|shown| writer.push(&row::of(&shown, found.frame)));
        failed = pushed.err();
        before = hash;
    });
    match (failed, read) {
        (Some(error), _) => return Err(error),
        // The log is being written: what is beyond every head may be torn.
        (None, Err(error)) if made.records < size => return Err(error),
        _ if made.records < size => {
            let (old, new) = (made.records, size);
            return Err(AuditError::Inconsistent { old, new });
        }
        _ => writer.finish(&words),
    }
    made.len = len;
    match len <= TABLE_LEN_MAX {
        true => Ok(made),
        false => Err(AuditError::TooLong {
            len: usize::try_from(len).unwrap_or(usize::MAX),
            max: usize::try_from(TABLE_LEN_MAX).unwrap_or(usize::MAX),
        }),
    }
}

/// The receipts and the newest head, by their sizes.
fn heads(audit: &Path) -> Result<BTreeMap<u64, PathBuf>, AuditError> {
    let all = signed(audit)?;
    let newest = all.keys().next_back().copied();
    let chosen = all
        .into_iter()
        .filter(|(size, (_, cosigned))| *size > 0 && (*cosigned || Some(*size) == newest));
    let mut chosen = chosen.map(|(size, (path, _))| (size, path)).collect();
    thin(&mut chosen);
    Ok(chosen)
}

fn words(
    audit: &Path,
    heads: &BTreeMap<u64, PathBuf>,
) -> Result<Vec<(String, String)>, AuditError> {
    let read = |path: &Path| fs::read_to_string(path).map_err(storage);
    let mut words = vec![
        (FORMAT.0.to_owned(), FORMAT.1.to_owned()),
        (GENESIS.to_owned(), read(&audit.join("genesis"))?),
        (POLICY.to_owned(), read(&audit.join("policy"))?),
    ];
    for (size, path) in heads {
        words.push((format!("{HEAD}{size:016x}"), read(path)?));
    }
    Ok(words)
}
