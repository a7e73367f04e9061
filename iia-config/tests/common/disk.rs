//! A disk whose power can fail at any operation, and what such a failure may leave: written bytes and names that were
//! not made durable are there, are gone, or are there in part.
#![allow(dead_code, reason = "each test file uses its part")]

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Error, Result};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use iia_config::stage::Disk;

/// What becomes of that which was not made durable.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Loss {
    /// All of it is gone.
    All,
    /// None of it is: the kernel had written it already.
    Nothing,
    /// Names stayed, bytes are cut in half.
    Torn,
}

#[derive(Clone, Debug, Default)]
struct Platter {
    seen: BTreeMap<PathBuf, Vec<u8>>,
    durable_names: BTreeMap<PathBuf, Vec<u8>>,
    synced: BTreeMap<PathBuf, Vec<u8>>,
    operations: usize,
    dies_at: Option<usize>,
    dead: bool,
}

/// A disk in memory; clones are the same disk.
#[derive(Clone, Debug, Default)]
pub(crate) struct SimDisk(Rc<RefCell<Platter>>);

impl SimDisk {
    pub(crate) fn dies_at(&self, operation: usize) {
        let mut platter = self.0.borrow_mut();
        platter.dies_at = Some(platter.operations + operation);
    }

    pub(crate) fn is_dead(&self) -> bool {
        self.0.borrow().dead
    }

    pub(crate) fn operations(&self) -> usize {
        self.0.borrow().operations
    }

    /// Power comes back.
    pub(crate) fn after(&self, loss: Loss) -> Self {
        let platter = self.0.borrow();
        let files = match loss {
            Loss::All => platter.durable_names.clone(),
            Loss::Nothing => platter.seen.clone(),
            Loss::Torn => {
                let cut = |path: &PathBuf, bytes: &Vec<u8>| match platter.synced.get(path) {
                    Some(synced) if synced == bytes => bytes.clone(),
                    _ => bytes[..bytes.len() / 2].to_vec(),
                };
                platter
                    .seen
                    .iter()
                    .map(|(path, bytes)| (path.clone(), cut(path, bytes)))
                    .collect()
            }
        };
        Self(Rc::new(RefCell::new(Platter {
            durable_names: files.clone(),
            synced: files.clone(),
            seen: files,
            ..Platter::default()
        })))
    }

    fn change(&self, act: impl FnOnce(&mut Platter)) -> Result<()> {
        let mut platter = self.0.borrow_mut();
        platter.operations += 1;
        platter.dead |= platter.dies_at.is_some_and(|at| platter.operations >= at);
        if platter.dead {
            return Err(Error::other("no power"));
        }
        act(&mut platter);
        Ok(())
    }
}

impl Disk for SimDisk {
    fn read(&self, path: &Path) -> Result<Option<Vec<u8>>> {
        if self.is_dead() {
            return Err(Error::other("no power"));
        }
        Ok(self.0.borrow().seen.get(path).cloned())
    }

    fn list(&self, dir: &Path) -> Result<Vec<PathBuf>> {
        let platter = self.0.borrow();
        Ok(platter
            .seen
            .keys()
            .filter(|path| path.parent() == Some(dir))
            .cloned()
            .collect())
    }

    fn make_dir(&self, _dir: &Path) -> Result<()> {
        self.change(|_| {})
    }

    fn write(&self, path: &Path, bytes: &[u8]) -> Result<()> {
        self.change(|platter| {
            platter.synced.remove(path);
            platter.seen.insert(path.into(), bytes.to_vec());
        })
    }

    fn sync(&self, path: &Path) -> Result<()> {
        self.change(|platter| {
            if let Some(bytes) = platter.seen.get(path).cloned() {
                platter.synced.insert(path.into(), bytes);
            }
        })
    }

    fn rename(&self, from: &Path, to: &Path) -> Result<()> {
        self.change(|platter| {
            if let Some(bytes) = platter.seen.remove(from) {
                platter.seen.insert(to.into(), bytes);
            }
            match platter.synced.remove(from) {
                Some(bytes) => platter.synced.insert(to.into(), bytes),
                None => platter.synced.remove(to),
            };
        })
    }

    fn sync_dir(&self, dir: &Path) -> Result<()> {
        self.change(|platter| {
            platter
                .durable_names
                .retain(|path, _| path.parent() != Some(dir));
            for (path, bytes) in &platter.seen {
                if path.parent() == Some(dir) {
                    // A name is durable now; its bytes are only if they were synced.
                    let bytes = platter
                        .synced
                        .get(path)
                        .cloned()
                        .unwrap_or_else(|| bytes[..0].to_vec());
                    platter.durable_names.insert(path.clone(), bytes);
                }
            }
        })
    }

    fn remove(&self, path: &Path) -> Result<()> {
        self.change(|platter| {
            platter.seen.remove(path);
        })
    }

    fn lock(&self, _path: &Path) -> Result<Option<File>> {
        Ok(None)
    }
}
