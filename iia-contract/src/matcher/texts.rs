//! Texts that are compared when something is judged, one behind another in one place: what lies together is at hand
//! together, while the catalog keeps each text wherever there was room for it.

use alloc::vec::Vec;

/// Nothing is there.
const NONE: u32 = u32::MAX;

/// Texts, one behind another.
#[derive(Clone, Debug, Default)]
pub(super) struct Texts(Vec<u8>);

/// Where one of them lies.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Part {
    from: u32,
    len: u32,
}

impl Texts {
    /// Adds the parts of a text. One beyond four gigabytes equals nothing, so that what it names is covered by nothing.
    pub(super) fn add(&mut self, parts: &[&str]) -> Part {
        let from = count(self.0.len());
        for part in parts {
            self.0.extend_from_slice(part.as_bytes());
        }
        let len = count(self.0.len()).checked_sub(from);
        Part {
            from,
            len: len.filter(|_| count(self.0.len()) != NONE).unwrap_or(NONE),
        }
    }

    #[inline]
    pub(super) fn at(&self, part: Part) -> Option<&[u8]> {
        let rest = self.0.get(part.from as usize..)?;
        rest.get(..part.len as usize)
    }

    #[inline]
    pub(super) fn is(&self, part: Part, text: &str) -> bool {
        self.at(part) == Some(text.as_bytes())
    }

    pub(super) fn close(&mut self) {
        self.0.shrink_to_fit();
    }
}

fn count(len: usize) -> u32 {
    u32::try_from(len).unwrap_or(NONE)
}
