//! Whoever sees whether the running state is that of the artifact: the configuration attestation observer. Its signed
//! answer lies in a file; who may write the file does not matter, because the desk asks whose signature it is.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::{fs, io};

use iia_core::digest::{Context, Digest};

/// Bytes of an answer at most.
const ANSWER_LEN_MAX: u64 = 16 * 1024;
/// Different answers that are looked at in one run; whoever writes more is not listened to.
const ANSWERS_MAX: usize = 16;

/// The file in which the observer answers.
#[derive(Debug)]
pub(crate) struct Observer {
    path: PathBuf,
    seen: BTreeSet<Digest>,
}

impl Observer {
    /// Where the box's observer answers.
    pub(crate) fn at(dir: &Path) -> Self {
        Self {
            path: dir.join("state").join("observed"),
            seen: BTreeSet::new(),
        }
    }

    /// An answer that was not given before in this run.
    pub(crate) fn answer(&mut self) -> Option<Vec<u8>> {
        let answer = read(&self.path).ok()?;
        let is_new =
            self.seen.len() < ANSWERS_MAX && self.seen.insert(Digest::of(Context::File, &answer));
        is_new.then_some(answer)
    }
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    let about = fs::symlink_metadata(path)?;
    if !about.is_file() || about.len() > ANSWER_LEN_MAX {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    fs::read(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_taken_once_and_a_flood_is_not_listened_to() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("state")).unwrap();
        let path = dir.path().join("state/observed");
        let mut observer = Observer::at(dir.path());
        assert_eq!(observer.answer(), None);
        fs::write(&path, "one").unwrap();
        assert_eq!(observer.answer(), Some(b"one".to_vec()));
        assert_eq!(observer.answer(), None);
        for number in 0..ANSWERS_MAX - 1 {
            fs::write(&path, number.to_string()).unwrap();
            assert!(observer.answer().is_some());
        }
        fs::write(&path, "more").unwrap();
        assert_eq!(observer.answer(), None);
        let mut observer = Observer::at(dir.path());
        fs::write(&path, vec![b'x'; 1 << 20]).unwrap();
        assert_eq!(observer.answer(), None, "too long");
        fs::remove_file(&path).unwrap();
        std::os::unix::fs::symlink("/etc/passwd", &path).unwrap();
        assert_eq!(observer.answer(), None, "a link leads elsewhere");
    }
}
