//! Files: every file that the chain refers to is the one it refers to, and no other file lies beside the log.

use std::fs;
use std::io::Read as _;
use std::path::Path;

use iia_core::digest::{Context, Digest, Hasher};

use super::{Bad, Verifier, listing};

/// What may lie in an evidence directory beside `audit`; every file in them must be covered.
const COVERED: [&str; 3] = ["config", "lake", "quarantine"];
/// Largest file that is read, in bytes.
pub const FILE_LEN_MAX: u64 = 4 * 1024 * 1024 * 1024;

impl Verifier<'_> {
    pub(super) fn referred(&mut self) -> Result<(), Bad> {
        for (path, (digest, seq)) in &self.files {
            let bad = |why: &str| Bad {
                seq: *seq,
                file: path.into(),
                offset: 0,
                why: why.into(),
            };
            let inside = Path::new(path)
                .components()
                .all(|part| matches!(part, std::path::Component::Normal(_)));
            if !inside {
                return Err(bad("the record refers to a file outside the box"));
            }
            let context = if path.starts_with("lake/") {
                Context::LakeSegment
            } else {
                Context::File
            };
            let found = digest_of(&self.dir.join(path), context)
                .map_err(|_| bad("the file that the record refers to cannot be read"))?;
            if found != *digest {
                return Err(bad("the file is not the one that the record refers to"));
            }
            self.report.files += 1;
        }
        Ok(())
    }

    /// Nothing lies beside the log that the log does not refer to.
    pub(super) fn nothing_uncovered(&self) -> Result<(), Bad> {
        for path in listing(self.dir).map_err(|why| self.bad(".", &why))? {
            let name = self.name(&path);
            if COVERED.contains(&name.as_str()) && path.is_dir() {
                self.all_referred(&path)?;
            } else if name != "audit" {
                return Err(self.bad(&name, "is not covered: it is no part of the evidence"));
            }
        }
        Ok(())
    }

    fn all_referred(&self, dir: &Path) -> Result<(), Bad> {
        for path in listing(dir).map_err(|why| self.bad(&self.name(dir), &why))? {
            let name = self.name(&path);
            if path.is_dir() {
                self.all_referred(&path)?;
            } else if !self.files.contains_key(&name) {
                return Err(self.bad(&name, "is not covered: no record refers to it"));
            }
        }
        Ok(())
    }

    fn name(&self, path: &Path) -> String {
        path.strip_prefix(self.dir)
            .unwrap_or(path)
            .display()
            .to_string()
    }
}

/// The digest of a file of at most [`FILE_LEN_MAX`] bytes, read in pieces.
fn digest_of(path: &Path, context: Context) -> std::io::Result<Digest> {
    let mut file = fs::File::open(path)?.take(FILE_LEN_MAX);
    let mut hasher = Hasher::new(context);
    let mut piece = vec![0; 64 * 1024];
    loop {
        match file.read(&mut piece)? {
            0 => return Ok(hasher.finish()),
            len => hasher.update(piece.get(..len).unwrap_or_default()),
        };
    }
}
