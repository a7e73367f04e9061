//! The tree of a log on disk: tiles up to the open segment, hashes in memory behind that.
//!
//! Tiles are made when a segment is closed, so that what memory holds is bounded by a segment's length.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use super::{storage, sync_dir};
use crate::AuditError;
use crate::tile::{self, Edge, HEIGHT, LEVELS_MAX, Tile, WIDTH};
use crate::tree::{self, Frontier, Hash, Nodes};

/// The folder of the tiles in a log's directory.
pub(crate) const TILES: &str = "tile";

/// Folders between a tile and the log's directory at most, that included.
const FOLDERS_MAX: usize = 8;

/// The tree of a log.
#[derive(Debug)]
pub(crate) struct Tiles {
    dir: PathBuf,
    edge: Edge,
    /// Whole tiles that are not on disk yet.
    waiting: BTreeMap<Tile, Vec<Hash>>,
}

impl Tiles {
    /// The tree of the log in `audit` up to a segment whose header says that it was `frontier`.
    ///
    /// # Errors
    /// [`AuditError::BadTile`] when the tiles do not make this tree.
    pub(crate) fn load(audit: &Path, frontier: &Frontier) -> Result<Self, AuditError> {
        let dir = audit.join(TILES);
        let edge = Edge::load(frontier.size(), |tile| prefix(&dir, tile));
        let edge = edge.filter(|edge| edge.frontier() == frontier);
        Ok(Self {
            edge: edge.ok_or(AuditError::BadTile {
                size: frontier.size(),
            })?,
            dir,
            waiting: BTreeMap::new(),
        })
    }

    /// The tree of a log without records.
    pub(crate) fn new(audit: &Path) -> Self {
        Self {
            dir: audit.join(TILES),
            edge: Edge::default(),
            waiting: BTreeMap::new(),
        }
    }

    /// As [`Self::load`], for the one who goes on writing: nothing lies behind this tree.
    pub(super) fn go_on(audit: &Path, frontier: &Frontier) -> Result<Self, AuditError> {
        let tiles = Self::load(audit, frontier)?;
        Self::sweep(&tiles.dir, frontier.size())?;
        Ok(tiles)
    }

    /// Adds a leaf hash.
    pub(crate) fn push(&mut self, leaf: Hash) {
        self.edge.push(leaf, |tile, hashes| {
            self.waiting.insert(tile, hashes.to_vec());
        });
    }

    /// The tree's size and root.
    pub(crate) const fn frontier(&self) -> &Frontier {
        self.edge.frontier()
    }

    /// Makes durable what is not on disk, with the tiles that are not whole.
    pub(crate) fn store(&mut self) -> Result<(), AuditError> {
        let whole = self
            .waiting
            .iter()
            .map(|(tile, hashes)| (*tile, hashes.as_slice()));
        let written = whole
            .chain(self.edge.open())
            .map(|(tile, hashes)| write(&self.dir.join(tile.path()), hashes));
        let written = written.collect::<Result<Vec<_>, _>>()?;
        // One sync after the other would wait for the disk each time; most find nothing left to do this way.
        for (file, _) in &written {
            file.sync_all().map_err(storage)?;
        }
        let folders: BTreeSet<PathBuf> = written
            .into_iter()
            .flat_map(|(_, folders)| folders)
            .collect();
        folders.iter().try_for_each(|folder| sync_dir(folder))?;
        Ok(())
    }

    /// What [`Self::store`] wrote is needed from now on; what is whole by now is no longer needed in part.
    pub(crate) fn stored(&mut self) -> Result<(), AuditError> {
        for (tile, _) in std::mem::take(&mut self.waiting) {
            gone(fs::remove_dir_all(parts(&self.dir, tile)))?;
        }
        Ok(())
    }

    /// Removes what a closing that did not come to its end left behind the tree of `size` leaves.
    fn sweep(dir: &Path, size: u64) -> Result<(), AuditError> {
        for level in 0..LEVELS_MAX {
            let hashes = size >> (HEIGHT * level);
            let mut first = hashes % WIDTH;
            for index in hashes / WIDTH.. {
                let tile = |width| Tile {
                    level,
                    index,
                    width,
                };
                let (whole, parts) = (dir.join(tile(WIDTH).path()), parts(dir, tile(WIDTH)));
                if !whole.exists() && !parts.exists() {
                    break;
                }
                gone(fs::remove_file(whole))?;
                for width in first + 1..WIDTH {
                    gone(fs::remove_file(dir.join(tile(width).path())))?;
                }
                first = 0;
            }
        }
        Ok(())
    }

    /// The hashes from which a node is made, wherever they are.
    fn hashes(&self, level: u32, index: u64) -> Option<Vec<Hash>> {
        let tile = Tile {
            level,
            index,
            width: WIDTH,
        };
        let open = || {
            self.edge
                .open()
                .find(|(open, _)| (open.level, open.index) == (level, index))
        };
        match self.waiting.get(&tile) {
            Some(hashes) => Some(hashes.clone()),
            None => match open() {
                Some((_, hashes)) => Some(hashes.to_vec()),
                None => read(&self.dir, tile),
            },
        }
    }
}

impl Nodes for Tiles {
    fn node(&self, level: u32, index: u64) -> Option<Hash> {
        let (tile_level, within) = (level / HEIGHT, level % HEIGHT);
        let first = index
            .checked_shl(within)
            .filter(|first| first >> within == index)?;
        let hashes = self
            .hashes(tile_level, first / WIDTH)
            .filter(|_| tile_level < LEVELS_MAX)?;
        node_in(&hashes, within, index - ((first / WIDTH * WIDTH) >> within))
    }
}

/// A tile as it lies on disk.
pub(crate) fn read(dir: &Path, tile: Tile) -> Option<Vec<Hash>> {
    let path = dir.join(tile.path());
    fs::metadata(&path)
        .ok()
        .filter(|data| data.len() == tile.width * 32)?;
    tile::hashes(&fs::read(path).ok()?, tile.width)
}

/// The first hashes of a tile, from itself or from one of its place that has more.
fn prefix(dir: &Path, tile: Tile) -> Option<Vec<Hash>> {
    let wider = (tile.width..=WIDTH).map(|width| Tile { width, ..tile });
    let mut hashes = wider
        .filter(|tile| dir.join(tile.path()).exists())
        .find_map(|tile| read(dir, tile))?;
    hashes.truncate(usize::try_from(tile.width).ok()?);
    Some(hashes)
}

/// The folder of a tile's parts.
fn parts(dir: &Path, tile: Tile) -> PathBuf {
    let whole = Tile {
        width: WIDTH,
        ..tile
    };
    dir.join(format!("{}.p", whole.path()))
}

/// Whatever was to go is gone.
fn gone(removed: std::io::Result<()>) -> Result<(), AuditError> {
    match removed {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(storage(error)),
        _ => Ok(()),
    }
}

/// Writes a tile in place: one that a crash leaves half written is made again, for its segment is still the last. Gives
/// the folders to be synced.
fn write(path: &Path, hashes: &[Hash]) -> Result<(File, Vec<PathBuf>), AuditError> {
    let folder = path.parent().unwrap_or(path);
    let is_new = !folder.exists();
    let above = if is_new { FOLDERS_MAX } else { 1 };
    fs::create_dir_all(folder).map_err(storage)?;
    let mut file = File::create(path).map_err(storage)?;
    file.write_all(&hashes.concat()).map_err(storage)?;
    Ok((
        file,
        folder
            .ancestors()
            .take(above)
            .map(Path::to_path_buf)
            .collect(),
    ))
}

/// The node `level` levels above the hashes of a tile, which is the `index`-th of its level in it.
fn node_in(hashes: &[Hash], level: u32, index: u64) -> Option<Hash> {
    let (from, len) = (usize::try_from(index << level).ok()?, 1usize << level);
    hashes.get(from..from + len).map(tree::root)
}
