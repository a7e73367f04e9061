//! Makes a bundle from an evidence directory, which may be in use: what is not yet under a signed head stays out.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use iia_core::digest::{Context, Digest};

use super::check::{context, is_file, name_of, names};
use super::chosen::{Chosen, Show, pick, signed};
use super::runs::RUN_HEAD_LEN;
use super::tar;
use super::{BUNDLE_LEN_MAX, CAPTURES, TITLE, TITLE_TEXT};
use crate::AuditError;
use crate::envelope::Shown;
use crate::frame::Record;
use crate::log::{Genesis, storage};
use crate::proof::Proof;
use crate::tree;

/// A bundle, and what it could not take.
#[derive(Clone, Debug, Default)]
pub struct Made {
    /// The file.
    pub bytes: Vec<u8>,
    /// Chosen records that no signed head covers yet.
    pub unproven: Vec<u64>,
    /// Files that a record names and that are not there as it says.
    pub missing: Vec<String>,
    /// Captures that no chosen record names by digest.
    pub strange: Vec<PathBuf>,
}

/// Makes a bundle of what `choose` chooses in the log of evidence directory `dir`, with the files that whole records
/// name, and with `captures`.
///
/// # Errors
/// [`AuditError`] of a log that does not hold; [`AuditError::TooLong`] for more than a bundle may hold;
/// [`AuditError::Malformed`] when nothing is chosen that a signed head covers.
pub fn make(
    dir: &Path,
    captures: &[PathBuf],
    choose: impl FnMut(&Record) -> Show,
) -> Result<Made, AuditError> {
    let audit = dir.join("audit");
    let heads = signed(&audit)?;
    let chosen = Chosen::read(&audit, &heads, choose)?;
    let picked = pick(&heads, &chosen.shown);
    let mut made = Made::default();
    let mut parts = vec![
        (TITLE.to_owned(), TITLE_TEXT.as_bytes().to_vec()),
        ("genesis".to_owned(), read(&audit.join("genesis"))?),
        ("policy".to_owned(), read(&audit.join("policy"))?),
        ("tree".to_owned(), chosen.nodes(&picked)?),
        ("records".to_owned(), chosen.records),
    ];
    for (size, path) in &picked {
        parts.push((name_of(*size), read(path)?));
    }
    let mut files = files(dir, &chosen.shown, &mut made);
    files.append(&mut captured(captures, &chosen.shown, &mut made)?);
    parts.extend(files);
    made.bytes = archive(&parts)?;
    made.unproven = chosen.unproven;
    Ok(made)
}

/// Proves record `seq` of evidence directory `dir` under the first receipt over it, or the newest head.
///
/// # Errors
/// [`AuditError`] of a log that does not hold; [`AuditError::NotIncluded`] when no signed head covers the record.
pub fn prove(dir: &Path, seq: u64) -> Result<Proof, AuditError> {
    let audit = dir.join("audit");
    let heads = signed(&audit)?;
    let one = |record: &Record| match record.seq == seq {
        true => Show::Whole,
        false => Show::Nothing,
    };
    let chosen = Chosen::read(&audit, &heads, one)?;
    let beyond = AuditError::NotIncluded {
        seq,
        size: chosen.tree.frontier().size(),
    };
    let picked = pick(&heads, &chosen.shown);
    let (size, path) = picked.first_key_value().ok_or(beyond.clone())?;
    let proof = tree::inclusion(&chosen.tree, seq, *size).ok_or(beyond.clone())?;
    let (head, frame) = chosen
        .records
        .split_at_checked(RUN_HEAD_LEN)
        .ok_or(beyond)?;
    let before = head.last_chunk().copied().map(Digest::from_bytes);
    let (genesis, _) = Genesis::load(&audit)?;
    Ok(Proof {
        index: seq,
        path: proof,
        checkpoint: fs::read_to_string(path).map_err(storage)?,
        extra: Proof::extra_of(&genesis.log_id(), &before.unwrap_or(Digest::ZERO), frame),
    })
}

fn read(path: &Path) -> Result<Vec<u8>, AuditError> {
    fs::read(path).map_err(storage)
}

/// The files that whole records name, by their names.
fn files(dir: &Path, shown: &[Shown], made: &mut Made) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    for record in shown.iter().filter_map(Shown::whole) {
        let event = &record.body.event;
        let (Some(path), Some(digest)) = (event.field("path"), event.field("digest")) else {
            continue;
        };
        let bytes = is_file(path).then(|| fs::read(dir.join(path)));
        match bytes {
            Some(Ok(bytes)) if Digest::of(context(path), &bytes).to_string() == digest => {
                files.insert(path.to_owned(), bytes);
            }
            _ => made.missing.push(path.to_owned()),
        }
    }
    made.missing.retain(|name| !files.contains_key(name));
    files
}

/// The captures that records name by digest, in order of their names.
fn captured(
    captures: &[PathBuf],
    shown: &[Shown],
    made: &mut Made,
) -> Result<BTreeMap<String, Vec<u8>>, AuditError> {
    let mut found = BTreeMap::new();
    for path in captures {
        let bytes = read(path)?;
        let digest = Digest::of(Context::Capture, &bytes).to_string();
        let file = path.file_name().and_then(|name| name.to_str());
        let name = format!("{CAPTURES}{}", file.unwrap_or_default());
        match shown.iter().any(|one| names(one, &name, &digest)) {
            true => drop(found.insert(name, bytes)),
            false => made.strange.push(path.clone()),
        }
    }
    Ok(found)
}

fn archive(parts: &[(String, Vec<u8>)]) -> Result<Vec<u8>, AuditError> {
    let mut bytes = Vec::new();
    for (name, content) in parts {
        tar::push(&mut bytes, name, content).ok_or(AuditError::Malformed {
            what: "name of a file for a bundle",
        })?;
    }
    tar::finish(&mut bytes);
    let (len, max) = (bytes.len(), BUNDLE_LEN_MAX as usize);
    match len <= max {
        true => Ok(bytes),
        false => Err(AuditError::TooLong { len, max }),
    }
}
