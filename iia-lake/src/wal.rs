//! The write-ahead log of one stream: frames of rows, each with its digest, synced before they are acknowledged.

use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use iia_core::bound::Budget;
use iia_core::digest::{Context, Digest, Hasher};
use iia_core::record::ServiceId;

use crate::LakeError;

const MAGIC: [u8; 4] = *b"IAW1";
/// How often a torn tail is digested as a whole at most, looking for a good frame in it.
const LOOKS_MAX: u64 = 64;
const HEAD: usize = 4 + 4 + 16 + 8 + 8 + 32;

/// One frame: rows of one service.
#[derive(Debug)]
pub(crate) struct Frame {
    pub(crate) service: ServiceId,
    pub(crate) first: u64,
    pub(crate) rows: u64,
    pub(crate) ipc: Vec<u8>,
}

/// What was cut off the end of a log.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Torn {
    /// How many bytes.
    pub bytes: u64,
    /// Where they are kept.
    pub kept: PathBuf,
}

#[derive(Debug)]
pub(crate) struct Wal {
    path: PathBuf,
    file: File,
    poisoned: bool,
}

impl Wal {
    /// Opens the log at `path`, gives its frames, and puts a torn tail aside.
    pub(crate) fn open(path: &Path) -> Result<(Self, Vec<Frame>, Option<Torn>), LakeError> {
        let bytes = match fs::read(path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Vec::new(),
            other => other?,
        };
        let (frames, good) = frames(&bytes);
        let torn = bytes.get(good..).unwrap_or_default();
        if torn
            .get(1..)
            .unwrap_or_default()
            .windows(4)
            .any(|at| at == MAGIC)
            && later_frame(torn)
        {
            let path = path.display().to_string();
            return Err(LakeError::DamagedInside {
                path,
                at: good as u64,
            });
        }
        let file = OpenOptions::new().create(true).append(true).open(path)?;
        let torn = if torn.is_empty() {
            None
        } else {
            Some(put_aside(path, torn)?)
        };
        if torn.is_some() {
            file.set_len(good as u64)?;
            file.sync_all()?;
        }
        sync_dir(path)?;
        Ok((
            Self {
                path: path.to_path_buf(),
                file,
                poisoned: false,
            },
            frames,
            torn,
        ))
    }

    /// Appends rows; durable on return. After a failed sync nothing more is accepted until the lake is opened again.
    pub(crate) fn append(&mut self, frame: &Frame) -> Result<(), LakeError> {
        if self.poisoned {
            return Err(LakeError::Storage {
                detail: "refused after a failed sync".into(),
            });
        }
        let mut bytes = MAGIC.to_vec();
        bytes.extend_from_slice(
            &u32::try_from(frame.ipc.len())
                .unwrap_or(u32::MAX)
                .to_le_bytes(),
        );
        bytes.extend_from_slice(frame.service.as_bytes());
        bytes.extend_from_slice(&frame.first.to_le_bytes());
        bytes.extend_from_slice(&frame.rows.to_le_bytes());
        let digest = digest(&bytes, &frame.ipc);
        bytes.extend_from_slice(digest.as_bytes());
        bytes.extend_from_slice(&frame.ipc);
        let done = self
            .file
            .write_all(&bytes)
            .and_then(|()| self.file.sync_data());
        self.poisoned = done.is_err();
        Ok(done?)
    }

    /// Removes the log, whose rows are in a sealed segment now.
    pub(crate) fn remove(self) -> Result<(), LakeError> {
        fs::remove_file(&self.path)?;
        sync_dir(&self.path)
    }
}

fn digest(head: &[u8], ipc: &[u8]) -> Digest {
    Hasher::new(Context::LakeFrame)
        .update(head)
        .update(ipc)
        .finish()
}

/// The good frames from the start, and where they end.
fn frames(bytes: &[u8]) -> (Vec<Frame>, usize) {
    let (mut found, mut at) = (Vec::new(), 0);
    while let Some((frame, len)) = frame(bytes.get(at..).unwrap_or_default()) {
        found.push(frame);
        at += len;
    }
    (found, at)
}

fn frame(bytes: &[u8]) -> Option<(Frame, usize)> {
    let (head, rest) = bytes.split_first_chunk::<HEAD>()?;
    let (stated, want) = head.split_at_checked(HEAD - 32)?;
    let (magic, fields) = stated.split_first_chunk::<4>()?;
    let (len, fields) = fields.split_first_chunk::<4>()?;
    let (service, fields) = fields.split_first_chunk::<16>()?;
    let (first, rows) = fields.split_first_chunk::<8>()?;
    let ipc = rest.get(..u32::from_le_bytes(*len) as usize)?;
    let good = *magic == MAGIC && digest(stated, ipc).as_bytes() == want;
    let frame = Frame {
        service: ServiceId::from_bytes(*service),
        first: u64::from_le_bytes(*first),
        rows: u64::from_le_bytes(*rows.first_chunk()?),
        ipc: ipc.to_vec(),
    };
    good.then_some((frame, HEAD + ipc.len()))
}

/// Whether a whole good frame stands anywhere behind the start: then it is damage and not a torn write. Looking costs
/// a bounded number of bytes digested; a tail made to cost more is damage as well.
fn later_frame(torn: &[u8]) -> bool {
    let mut budget = Budget::new((torn.len() as u64).saturating_mul(LOOKS_MAX));
    (1..torn.len()).any(|at| {
        let Some(rest) = torn.get(at..).filter(|rest| rest.starts_with(&MAGIC)) else {
            return false;
        };
        !budget.spend(stated(rest)) || frame(rest).is_some()
    })
}

/// Bytes that judging a frame digests, as far as they are there.
fn stated(bytes: &[u8]) -> u64 {
    let len = bytes.get(4..).and_then(|rest| rest.first_chunk());
    let len = len.map_or(0, |len| u32::from_le_bytes(*len) as usize);
    (HEAD + len.min(bytes.len())) as u64
}

fn put_aside(path: &Path, torn: &[u8]) -> Result<Torn, LakeError> {
    let name = path
        .file_name()
        .and_then(|name| name.to_str())
        .unwrap_or("wal");
    let kept = path.with_file_name(format!("torn-{name}-{}", torn.len()));
    let mut file = File::create(&kept)?;
    file.write_all(torn)?;
    file.sync_all()?;
    Ok(Torn {
        bytes: torn.len() as u64,
        kept,
    })
}

pub(crate) fn sync_dir(path: &Path) -> Result<(), LakeError> {
    Ok(File::open(path.parent().unwrap_or(Path::new(".")))?.sync_all()?)
}
