//! What filters that are found by one look-up have in common: where names stand in them and where wildcards.

use super::levels::{Hash, Names};
use crate::scope::TopicFilter;

/// Levels whose names make the number by which a filter is found; what lies deeper is compared and nothing else.
pub(super) const FIRST: usize = 8;

/// At which levels of a filter names stand, and whether further levels may follow.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(super) struct Shape {
    /// Whether a name stands there, one bit for each of the first levels.
    named: u8,
    /// Levels, `#` not counted.
    count: u16,
    open: bool,
}

impl Shape {
    /// The shape of a filter, and the number of its names.
    pub(super) fn of(filter: &TopicFilter, hash: &Hash) -> (Self, u64) {
        let names = Names::of_filter(filter, hash);
        let open = filter.levels().any(|level| level == "#");
        let levels = names.count - usize::from(open);
        let shape = Self {
            named: names.named,
            count: u16::try_from(levels).unwrap_or(u16::MAX),
            open,
        };
        (shape, number(shape.named, &names))
    }

    const fn levels(self) -> usize {
        self.count as usize
    }

    const fn is_deep(self) -> bool {
        self.levels() > FIRST
    }

    /// One bit for each of the first levels.
    #[inline]
    const fn first(self) -> u8 {
        match self.levels() {
            FIRST.. => u8::MAX,
            count => (1 << count) - 1,
        }
    }

    /// The number of the names that stand where this shape has names; nothing when they cannot have it.
    #[inline]
    pub(super) fn number(self, names: &Names<'_>) -> Option<u64> {
        let fits = match self.open {
            true => names.count >= self.levels() && (names.is_sound || self.is_deep()),
            false => names.count == self.levels(),
        };
        let wild = self.first() & !self.named;
        let fits = fits && self.named & !names.named == 0 && wild & !(names.named | names.any) == 0;
        fits.then(|| number(self.named, names))
    }

    /// Whether a filter of this shape covers names that can have its number.
    #[inline]
    pub(super) fn covers(self, filter: &[u8], names: &Names<'_>) -> bool {
        if self.is_deep() || !names.is_topic() {
            return names.are_within(filter);
        }
        let listed = match self.open {
            true => filter.strip_suffix(b"/#"),
            false => Some(filter),
        };
        let wild = self.first() & !self.named;
        listed.is_some_and(|filter| names.are(filter, self.levels(), wild))
    }
}

/// One number of the names at some levels.
#[inline]
fn number(levels: u8, names: &Names<'_>) -> u64 {
    let (mut number, mut levels) = (0, levels);
    while let Some(name) = names.numbers.get(levels.trailing_zeros() as usize) {
        number ^= name;
        levels &= levels - 1;
    }
    number
}
