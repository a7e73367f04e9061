//! Files that say who may do what, as they lie on the disk, and what is known of whoever wrote them.

use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

use iia_core::code::{Code, Coded};
use iia_core::{Digest, Timestamp, digest::Context};

/// Bytes of one file at most.
pub const FILE_LEN_MAX: usize = 4 * 1024 * 1024;
/// Files at most.
pub const FILES_MAX: usize = 64;
/// Lines that say who may do what, or values of a configuration, at most in all files together.
pub const RULES_MAX: usize = 65_536;
/// Maps, lists and included files within each other at most.
pub const DEPTH_MAX: usize = 16;

/// A file.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct File {
    /// Where it lies.
    pub path: String,
    /// What is in it.
    pub bytes: Vec<u8>,
    /// Who owns it, where that is known, such as `root`.
    pub owner: Option<String>,
    /// When it was last written, where that is known.
    pub written: Option<Timestamp>,
}

/// Why files say nothing.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// Whoever reads it would not load this; what is enforced is what was loaded before.
    #[error("nobody would load {at}: {what}")]
    Malformed {
        /// File and line.
        at: String,
        /// What is wrong.
        what: &'static str,
    },
    /// A file that another one names was not shown.
    #[error("{at} names a file that was not shown: {path}")]
    NotShown {
        /// File and line.
        at: String,
        /// The file.
        path: String,
    },
    /// There is more than the observer reads.
    #[error("more than {max} {what}")]
    TooMuch {
        /// Of what.
        what: &'static str,
        /// The limit.
        max: usize,
    },
}

impl Coded for ReadError {
    fn code(&self) -> Code {
        match self {
            Self::Malformed { .. } => Code::new("ATT", 41),
            Self::NotShown { .. } => Code::new("ATT", 42),
            Self::TooMuch { .. } => Code::new("ATT", 441),
        }
    }
}

/// The text of a file, of sound length.
pub(super) fn text(file: &File) -> Result<&str, ReadError> {
    if file.bytes.len() > FILE_LEN_MAX {
        return Err(ReadError::TooMuch {
            what: "bytes of a file",
            max: FILE_LEN_MAX,
        });
    }
    core::str::from_utf8(&file.bytes).map_err(|_| malformed(&file.path, 1, "it is no text"))
}

pub(super) fn malformed(path: &str, line: usize, what: &'static str) -> ReadError {
    let at = place(path, line);
    ReadError::Malformed { at, what }
}

/// A place in a file.
pub(super) fn place(path: &str, line: usize) -> String {
    format!("{path}:{line}")
}

/// The main file, which is the first.
pub(super) fn main(files: &[File]) -> Result<&File, ReadError> {
    if files.len() > FILES_MAX {
        let (what, max) = ("files", FILES_MAX);
        return Err(ReadError::TooMuch { what, max });
    }
    files
        .first()
        .ok_or_else(|| malformed("", 1, "there is no file"))
}

/// A file that another one names: by its whole path, or beside the main one, or the only one of that name.
pub(super) fn named<'f>(files: &'f [File], path: &str, at: String) -> Result<&'f File, ReadError> {
    let exact = files.iter().find(|file| file.path == path);
    let name = |path: &str| path.rsplit('/').next().unwrap_or_default().to_string();
    let mut alike = files.iter().filter(|file| name(&file.path) == name(path));
    let only = match (path.starts_with('/'), alike.next(), alike.next()) {
        (false, Some(only), None) => Some(only),
        _ => None,
    };
    exact.or(only).ok_or_else(|| ReadError::NotShown {
        at,
        path: path.to_string(),
    })
}

/// A word that no file has in it, since it is made of all of them.
pub(super) fn fresh(files: &[File]) -> String {
    let digests = files
        .iter()
        .map(|file| Digest::of(Context::File, &file.bytes).to_string());
    let all = digests.collect::<String>();
    let digest = Digest::of(Context::File, all.as_bytes()).to_string();
    let word: String = digest.chars().skip("b3:".len()).take(12).collect();
    format!("any-{word}-")
}

/// Who wrote last, in words.
pub(super) fn last_written<'f>(files: impl Iterator<Item = &'f File>) -> Option<String> {
    let newest = files.filter_map(|file| Some((file.written?, file)));
    let (written, file) = newest.max_by_key(|(written, _)| *written)?;
    let owner = file.owner.as_deref();
    let owner = owner.map_or_else(String::new, |owner| format!(", which belongs to {owner},"));
    Some(format!(
        "; {}{owner} was last written at {written}",
        file.path
    ))
}
