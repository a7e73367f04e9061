//! Tiles: each that lies there must be of this tree; of what was retired they are all that there is.

use std::path::{Path, PathBuf};

use iia_core::digest::Digest;

use super::{Bad, Verifier, listing};
use crate::log::{TILES, read_tile, segment_name as name};
use crate::tile::{Tile, WIDTH};
use crate::tree::Hash;

/// Folders of tiles inside each other at most.
const DEPTH_MAX: usize = 10;

impl Verifier<'_> {
    /// Lists the tiles.
    pub(super) fn tiles_begin(&mut self, audit: &Path) -> Result<(), Bad> {
        let dir = audit.join(TILES);
        match dir.exists() {
            true => self.list(&dir, &dir, 0),
            false => Ok(()),
        }
    }

    fn list(&mut self, root: &Path, dir: &Path, depth: usize) -> Result<(), Bad> {
        for path in listing(dir).map_err(|why| self.bad("audit/tile", &why))? {
            if path.is_dir() && depth < DEPTH_MAX {
                self.list(root, &path, depth + 1)?;
                continue;
            }
            let name = path.strip_prefix(root).ok().and_then(Path::to_str);
            let tile = name.and_then(Tile::parse);
            let tile = tile.ok_or_else(|| self.bad_tile(name.unwrap_or_default(), "is no tile"))?;
            let end = tile.end().unwrap_or(u64::MAX);
            self.tiles.entry(end).or_default().push(tile);
        }
        Ok(())
    }

    fn bad_tile(&self, name: &str, why: &str) -> Bad {
        self.bad(&format!("audit/{TILES}/{name}"), why)
    }

    fn tiles_dir(&self) -> PathBuf {
        self.dir.join("audit").join(TILES)
    }

    /// Adds a leaf of the tree; tiles that are complete with it must be these.
    pub(super) fn leaf(&mut self, leaf: Hash) -> Result<(), Bad> {
        let mut whole = Vec::new();
        self.edge
            .push(leaf, |tile, hashes| whole.push((tile, hashes.to_vec())));
        self.report.records += 1;
        let Some(tiles) = self.tiles.remove(&self.report.records) else {
            return Ok(());
        };
        for tile in tiles {
            let open = || {
                self.edge
                    .open()
                    .find(|(open, _)| *open == tile)
                    .map(|(_, hashes)| hashes)
            };
            let own = whole.iter().find(|(one, _)| *one == tile);
            let own = own.map(|(_, hashes)| hashes.as_slice()).or_else(open);
            let stored = read_tile(&self.tiles_dir(), tile);
            if own.is_none() || stored.as_deref() != own {
                return Err(self.bad_tile(&tile.path(), "is not of these records"));
            }
        }
        Ok(())
    }

    /// No tile may be of a larger tree.
    pub(super) fn tiles_end(&self) -> Result<(), Bad> {
        let beyond = self.tiles.values().flatten().next();
        beyond.map_or(Ok(()), |tile| {
            Err(self.bad_tile(&tile.path(), "is of more records than there are"))
        })
    }

    /// Goes over what was retired, up to record `first`, by its leaves.
    pub(super) fn retired_part(&mut self, first: u64, log_id: &Digest) -> Result<(), Bad> {
        let dir = self.tiles_dir();
        while self.report.records < first {
            let (index, left) = (self.report.records / WIDTH, first - self.report.records);
            let widths = left.min(WIDTH)..=WIDTH;
            let tiles = widths.map(|width| Tile {
                level: 0,
                index,
                width,
            });
            let hashes = tiles.into_iter().find_map(|tile| read_tile(&dir, tile));
            let why = "records before this segment are missing, and so are their hashes";
            let hashes = hashes.ok_or_else(|| self.bad(&name(first), why))?;
            for leaf in hashes
                .iter()
                .take(usize::try_from(left).unwrap_or(usize::MAX))
            {
                self.leaf(*leaf)?;
                self.report.retired += 1;
                self.claim_met()?;
                if self.report.records < first {
                    self.seals_met(log_id)?;
                }
            }
        }
        Ok(())
    }

    /// What is not there must have been retired, as a later record says.
    pub(super) fn retired_is_told(&self) -> Result<(), Bad> {
        let told = self.retired.get(&self.report.retired);
        let told = self.report.retired == 0
            || told.is_some_and(|hash| *hash == self.before_first.to_string());
        match told {
            true => Ok(()),
            false => Err(Bad { seq: 0, ..self.bad("audit/seg", "records at the beginning are missing, and no record says that they were retired") }),
        }
    }
}
