//! Tiles (C2SP tlog-tiles): the nodes of the tree in files of 256 hashes, so that proofs need no record.
//!
//! A tile of level L holds the roots of subtrees of 256^L leaves. A whole tile never changes.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use crate::tree::{Frontier, Hash};

/// Hashes in a whole tile.
pub const WIDTH: u64 = 256;
/// Levels of the tree that one tile spans.
pub const HEIGHT: u32 = 8;
/// Levels of tiles at most: 256^6 records are more than any log holds.
pub const LEVELS_MAX: u32 = 6;

/// The name of a tile.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Tile {
    /// Its level, below [`LEVELS_MAX`].
    pub level: u32,
    /// Which tile of its level, from the left.
    pub index: u64,
    /// Hashes in it: 1 to [`WIDTH`].
    pub width: u64,
}

impl Tile {
    /// Its path below `tile/`: `0/x001/234`, with `.p/17` behind it for one of 17 hashes.
    pub fn path(&self) -> String {
        let mut groups = format!("{:03}", self.index % 1000);
        let mut rest = self.index / 1000;
        while rest > 0 {
            groups = format!("x{:03}/{groups}", rest % 1000);
            rest /= 1000;
        }
        match self.width {
            WIDTH => format!("{}/{groups}", self.level),
            width => format!("{}/{groups}.p/{width}", self.level),
        }
    }

    /// Reads a path below `tile/`.
    pub fn parse(path: &str) -> Option<Self> {
        let (whole, width) = match path.split_once(".p/") {
            Some((whole, width)) => (whole, width.parse().ok()?),
            None => (path, WIDTH),
        };
        let (level, groups) = whole.split_once('/')?;
        let mut index = 0u64;
        for group in groups.split('/') {
            let digits = group.strip_prefix('x').unwrap_or(group);
            index = index.checked_mul(1000)?.checked_add(digits.parse().ok()?)?;
        }
        let level = level.parse().ok()?;
        let tile = Self {
            level,
            index,
            width,
        };
        // One spelling: zeros in front, signs and missing groups write something else.
        let sound = level < LEVELS_MAX && (1..=WIDTH).contains(&width) && tile.end().is_some();
        (sound && tile.path() == path).then_some(tile)
    }

    /// How many leaves there are when it is complete.
    pub fn end(&self) -> Option<u64> {
        let hashes = self.index.checked_mul(WIDTH)?.checked_add(self.width)?;
        hashes.checked_mul(1u64.checked_shl(HEIGHT * self.level)?)
    }

    /// The tiles that hold the right edge of a tree of `size` leaves.
    pub fn edge(size: u64) -> impl Iterator<Item = Self> {
        (0..LEVELS_MAX).filter_map(move |level| {
            let hashes = size >> (HEIGHT * level);
            let (index, width) = (hashes / WIDTH, hashes % WIDTH);
            (width > 0).then_some(Self {
                level,
                index,
                width,
            })
        })
    }
}

/// Reads the hashes of a tile; `None` for another length.
pub fn hashes(bytes: &[u8], width: u64) -> Option<Vec<Hash>> {
    let (hashes, rest) = bytes.as_chunks::<32>();
    (rest.is_empty() && hashes.len() as u64 == width).then(|| hashes.to_vec())
}

/// The right edge of a growing tree, with the hashes of its tiles that are not whole.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Edge {
    frontier: Frontier,
    open: [Vec<Hash>; LEVELS_MAX as usize],
}

impl Edge {
    /// The edge of a tree whose tiles `read` knows; `None` when one is not known.
    pub fn load(size: u64, mut read: impl FnMut(Tile) -> Option<Vec<Hash>>) -> Option<Self> {
        let mut edge = Self::default();
        let mut peaks = Vec::new();
        for tile in Tile::edge(size) {
            let hashes = read(tile)?;
            peaks.splice(0..0, peaks_in(&hashes));
            *edge.open.get_mut(tile.level as usize)? = hashes;
        }
        edge.frontier = Frontier::of(size, peaks)?;
        Some(edge)
    }

    /// Adds a leaf hash; `whole` gets each tile that this completes.
    pub fn push(&mut self, leaf: Hash, mut whole: impl FnMut(Tile, &[Hash])) {
        let (open, before) = (&mut self.open, self.frontier.size());
        self.frontier.push_each(leaf, |level, hash| {
            let (tile_level, within) = (level / HEIGHT, level % HEIGHT);
            let Some(hashes) = open.get_mut(tile_level as usize).filter(|_| within == 0) else {
                return;
            };
            hashes.push(*hash);
            if hashes.len() as u64 == WIDTH {
                let index = before >> (HEIGHT * (tile_level + 1));
                let (level, width) = (tile_level, WIDTH);
                whole(
                    Tile {
                        level,
                        index,
                        width,
                    },
                    hashes,
                );
                hashes.clear();
            }
        });
    }

    /// The tree's size and root.
    pub const fn frontier(&self) -> &Frontier {
        &self.frontier
    }

    /// The tiles that are not whole, with their hashes.
    pub fn open(&self) -> impl Iterator<Item = (Tile, &[Hash])> {
        Tile::edge(self.frontier.size())
            .filter_map(|tile| Some((tile, self.open.get(tile.level as usize)?.as_slice())))
    }
}

/// The roots of the whole subtrees that a tile's hashes make, the largest first.
fn peaks_in(hashes: &[Hash]) -> Vec<Hash> {
    let mut frontier = Frontier::default();
    hashes.iter().for_each(|hash| frontier.push(*hash));
    frontier.peaks().to_vec()
}

#[cfg(test)]
mod tests {
    use alloc::collections::BTreeMap;

    use super::*;
    use crate::tree::{leaf, root};

    #[test]
    fn paths_have_one_spelling() {
        let tile = |level, index, width| Tile {
            level,
            index,
            width,
        };
        let cases = [
            (tile(0, 0, 256), "0/000"),
            (tile(1, 7, 3), "1/007.p/3"),
            (tile(0, 1_234_067, 256), "0/x001/x234/067"),
            (tile(2, 1_000, 255), "2/x001/000.p/255"),
        ];
        for (tile, path) in cases {
            assert_eq!(tile.path(), path);
            assert_eq!(Tile::parse(path), Some(tile));
        }
        for bad in [
            "",
            "0",
            "0/",
            "0/1",
            "0/0000",
            "6/000",
            "00/000",
            "0/000.p/0",
            "0/000.p/256",
            "0/000.p/+1",
            "0/x000/000",
            "0/x001/x1/000",
            "0/x18446744073709551615/000",
            "0/000.p/1/2",
            "-1/000",
            "0/../000",
        ] {
            assert_eq!(Tile::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn an_edge_is_what_its_tiles_say() {
        let mut kept = BTreeMap::new();
        let mut edge = Edge::default();
        let mut all = Vec::new();
        for number in 0..70_000u64 {
            let mut bytes = [0; 32];
            bytes[..8].copy_from_slice(&number.to_le_bytes());
            let hash = leaf(&bytes);
            all.push(hash);
            edge.push(hash, |tile, hashes| {
                assert_eq!(tile.end(), Some(number + 1));
                assert!(kept.insert(tile, hashes.to_vec()).is_none());
            });
            if number % 997 == 0 || number > 69_990 || (65_530..65_540).contains(&number) {
                let mut tiles = kept.clone();
                tiles.extend(edge.open().map(|(tile, hashes)| (tile, hashes.to_vec())));
                let read = Edge::load(number + 1, |tile| tiles.get(&tile).cloned());
                assert_eq!(read.as_ref(), Some(&edge), "{number}");
                assert_eq!(edge.frontier().root(), root(&all), "{number}");
            }
        }
        assert_eq!(kept.len(), 70_000 / 256 + 1);
    }
}
