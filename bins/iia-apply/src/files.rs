//! The gated calls whose state is in files: each written beside, synced, and put in place in one move.

use std::fs::{self, File};
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use iia_config::render::{FILES_MAX, Files, bundle, unbundle};

/// What a file beside is called while it is written.
const BESIDE: &str = "new~";

/// The bytes of a state file; nothing when there is none.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, String> {
    match fs::read(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(Vec::new()),
        other => other.map_err(|error| format!("{}: {error}", path.display())),
    }
}

/// Puts bytes in place; a power cut leaves the old or the new.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<(), String> {
    let done = || -> std::io::Result<()> {
        let dir = path.parent().unwrap_or(Path::new("/"));
        fs::create_dir_all(dir)?;
        let beside = path.with_extension(BESIDE);
        let mut file = File::create(&beside)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&beside, path)?;
        File::open(dir)?.sync_all()
    };
    done().map_err(|error| format!("{}: {error}", path.display()))
}

/// The rendered files as they are on disk, as one state.
pub(crate) fn read_tree(root: &Path) -> Result<Vec<u8>, String> {
    let mut files = Files::new();
    collect(root, &PathBuf::new(), &mut files)?;
    Ok(bundle(&files))
}

fn collect(root: &Path, below: &Path, files: &mut Files) -> Result<(), String> {
    let told = |error: std::io::Error| format!("{}: {error}", root.join(below).display());
    let entries = match fs::read_dir(root.join(below)) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        other => other.map_err(told)?,
    };
    for entry in entries {
        let entry = entry.map_err(told)?;
        let path = below.join(entry.file_name());
        if entry.file_type().map_err(told)?.is_dir() {
            collect(root, &path, files)?;
        } else {
            let text = fs::read(entry.path()).map_err(told)?;
            files.insert(
                path.to_string_lossy().into(),
                String::from_utf8_lossy(&text).into(),
            );
        }
        if files.len() > FILES_MAX {
            return Err(format!("{}: more than {FILES_MAX} files", root.display()));
        }
    }
    Ok(())
}

/// Whether the state is one that can be written.
pub(crate) fn rehearse_tree(state: &[u8]) -> Result<(), String> {
    unbundle(state).map(drop).map_err(|error| error.to_string())
}

/// Makes the directory hold these files and no others.
pub(crate) fn write_tree(root: &Path, state: &[u8]) -> Result<(), String> {
    let files = unbundle(state).map_err(|error| error.to_string())?;
    let mut there = Files::new();
    collect(root, &PathBuf::new(), &mut there)?;
    for (path, text) in &files {
        if there.get(path) != Some(text) {
            write(&root.join(path), text.as_bytes())?;
        }
    }
    for path in there.keys().filter(|path| !files.contains_key(*path)) {
        let path = root.join(path);
        fs::remove_file(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tree_holds_what_the_state_says_and_nothing_else() {
        let dir = tempfile::tempdir().unwrap();
        let state = |files: &[(&str, &str)]| {
            bundle(
                &files
                    .iter()
                    .map(|(path, text)| ((*path).to_owned(), (*text).to_owned()))
                    .collect(),
            )
        };
        let (first, second) = (
            state(&[("a/x", "1"), ("b", "2")]),
            state(&[("a/y", "3"), ("b", "4")]),
        );
        assert_eq!(read_tree(&dir.path().join("none")), Ok(Vec::new()));
        for want in [&first, &second, &first] {
            write_tree(dir.path(), want).unwrap();
            assert_eq!(read_tree(dir.path()).as_ref(), Ok(want));
        }
        fs::write(dir.path().join("stray"), "by hand").unwrap();
        assert_ne!(read_tree(dir.path()).as_ref(), Ok(&first));
        write_tree(dir.path(), &first).unwrap();
        assert_eq!(read_tree(dir.path()).as_ref(), Ok(&first));
        assert!(write_tree(dir.path(), b"file 1 ../x\ny").is_err());
    }
}
