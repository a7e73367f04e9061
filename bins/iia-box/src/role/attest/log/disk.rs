//! Files of the evidence that are there no more, are shorter, or are others than they were: a reason to read all of it at once.

use std::collections::BTreeMap;
use std::fs::{self, Metadata};
use std::hash::{BuildHasher as _, BuildHasherDefault, DefaultHasher};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

/// Files that are watched at most; the others are read on a cadence like all.
const FILES_MAX: usize = 65_536;
/// What grows where it lies.
const GROWING: [&str; 2] = ["audit/seg", "audit/seals"];

/// How a file was.
#[derive(Clone, Copy, Eq, PartialEq)]
struct File {
    number: u64,
    /// Of when it was made, where the file system says so: only that it is another is asked.
    born: u64,
    len: u64,
    /// Time of the last change, which no program can set.
    changed: (i64, i64),
}

/// The files of the evidence, as the last look found them.
pub(super) struct Files {
    evidence: PathBuf,
    known: BTreeMap<PathBuf, File>,
}

impl Files {
    pub(super) fn new(evidence: &Path) -> Self {
        Self {
            evidence: evidence.to_path_buf(),
            known: BTreeMap::new(),
        }
    }

    /// Whether any that was there is gone, is shorter, or was written anew. What comes and what grows is no news.
    pub(super) fn look(&mut self) -> bool {
        let mut now = BTreeMap::new();
        self.find(Path::new(""), &mut now);
        let before = std::mem::replace(&mut self.known, now);
        before.iter().any(|(path, old)| match self.known.get(path) {
            Some(new) if GROWING.iter().any(|grows| path.starts_with(grows)) => {
                // What is put back gets the number of what it replaces, often enough, but not its birth.
                (new.number, new.born) != (old.number, old.born) || new.len < old.len
            }
            Some(new) => new != old,
            None => true,
        })
    }

    fn find(&self, below: &Path, found: &mut BTreeMap<PathBuf, File>) {
        let entries = fs::read_dir(self.evidence.join(below));
        for entry in entries.into_iter().flatten().flatten() {
            let path = below.join(entry.file_name());
            let Ok(about) = entry.metadata() else {
                continue;
            };
            if about.is_dir() {
                self.find(&path, found);
            } else if found.len() < FILES_MAX {
                found.insert(path, file(&about));
            }
        }
    }
}

fn file(about: &Metadata) -> File {
    File {
        number: about.ino(),
        born: BuildHasherDefault::<DefaultHasher>::default().hash_one(about.created().ok()),
        len: about.len(),
        changed: (about.ctime(), about.ctime_nsec()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_grows_is_no_news_and_what_is_taken_away_or_changed_is() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        fs::create_dir_all(at("audit/seg")).unwrap();
        fs::create_dir_all(at("lake")).unwrap();
        fs::write(at("audit/seg/0"), "one").unwrap();
        let mut files = Files::new(dir.path());
        assert!(!files.look());
        fs::write(at("lake/a"), "rows").unwrap();
        fs::write(at("audit/seg/0"), "one two").unwrap();
        assert!(!files.look());
        fs::write(at("audit/seg/0"), "one").unwrap();
        assert!(files.look());
        assert!(!files.look());
        // Put back, and grown beyond what it was before the next look: it may well have the same number.
        fs::remove_file(at("audit/seg/0")).unwrap();
        fs::write(at("audit/seg/0"), "one two three").unwrap();
        assert!(files.look());
        assert!(!files.look());
        fs::write(at("lake/a"), "ROWS").unwrap();
        assert!(files.look());
        fs::remove_file(at("lake/a")).unwrap();
        assert!(files.look());
        assert!(!files.look());
    }
}
