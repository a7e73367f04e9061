//! Level by level: the names in a topic, split and made numbers in one walk.

use core::hash::BuildHasher as _;
use core::ops::Range;

use hashbrown::DefaultHashBuilder;
use iia_core::observe::{Act, Address, Message};

use super::scan;
use super::shape::FIRST;
use crate::scope::TopicFilter;

/// The names of a message, in the spelling of its bus.
pub(super) struct Names<'a> {
    text: &'a [u8],
    spelling: Spelling,
    act: Act,
    pub(super) count: usize,
    /// Which of the first levels are names, and which stand for any name: one bit for each.
    pub(super) named: u8,
    pub(super) any: u8,
    /// Whether nothing but the end of a subscription stands for any number of levels.
    pub(super) is_sound: bool,
    /// Where each of the first levels ends, and the number of its name.
    ends: [usize; FIRST],
    pub(super) numbers: [u64; FIRST],
}

/// What stands between levels, for any one of them, and for the rest.
type Spelling = [u8; 3];

const TOPIC: Spelling = *b"/+#";
const SUBJECT: Spelling = *b".*>";

impl<'a> Names<'a> {
    #[inline]
    pub(super) fn of(message: &Message<'a>, hash: &Hash) -> Self {
        let (text, spelling) = match message.address {
            Address::Topic(text) => (unshared(text), TOPIC),
            Address::Subject(text) => (text, SUBJECT),
        };
        Self::read(text, spelling, message.act, hash)
    }

    pub(super) fn of_filter(filter: &'a TopicFilter, hash: &Hash) -> Self {
        Self::read(filter.as_str(), TOPIC, Act::Subscribe, hash)
    }

    #[inline]
    fn read(text: &'a str, spelling: Spelling, act: Act, hash: &Hash) -> Self {
        let mut names = Self {
            text: text.as_bytes(),
            spelling,
            act,
            count: 0,
            named: 0,
            any: 0,
            is_sound: true,
            ends: [0; FIRST],
            numbers: [0; FIRST],
        };
        let mut levels = names.levels(hash.0);
        let mut is_over = false;
        while let Some(level) = levels.next() {
            names.is_sound &= !is_over;
            is_over |= matches!(level, Level::Rest);
            names.put(&level, &levels);
        }
        names.is_sound &= act == Act::Subscribe || !is_over;
        names
    }

    #[inline]
    fn put(&mut self, level: &Level<'_>, levels: &Levels<'_>) {
        let at = self.count;
        self.count += 1;
        if let (Some(end), Some(number)) = (self.ends.get_mut(at), self.numbers.get_mut(at)) {
            *end = levels.end;
            // The same name at another level is another number.
            *number = levels.number.rotate_left(8 * at as u32);
            match level {
                Level::Name(_) => self.named |= 1 << at,
                Level::Any => self.any |= 1 << at,
                Level::Rest => {}
            }
        }
    }

    #[inline]
    fn levels(&self, number: u64) -> Levels<'a> {
        Levels {
            text: self.text,
            from: 0,
            end: 0,
            spelling: self.spelling,
            act: self.act,
            is_open: false,
            before: number,
            number,
        }
    }

    /// Whether they are spelt as filters are.
    #[inline]
    pub(super) fn is_topic(&self) -> bool {
        self.spelling == TOPIC
    }

    /// Whether so many levels of a filter spelt alike, some of them wildcards, have these names elsewhere: between two
    /// wildcards both are the same text.
    #[inline]
    pub(super) fn are(&self, filter: &[u8], levels: usize, mut wild: u8) -> bool {
        let (mut from, mut filter) = (0, filter);
        while wild != 0 {
            let at = wild.trailing_zeros() as usize;
            let Some(rest) = self.without(from..self.begin(at), filter) else {
                return false;
            };
            let Some(rest) = rest.strip_prefix(b"+") else {
                return false;
            };
            (from, filter) = (self.end(at), rest);
            wild &= wild - 1;
        }
        let last = self.end(levels.saturating_sub(1));
        self.text.get(from..last) == Some(filter)
    }

    /// What stands in a filter behind the text of some levels.
    #[inline]
    fn without<'f>(&self, levels: Range<usize>, filter: &'f [u8]) -> Option<&'f [u8]> {
        let (names, rest) = filter.split_at_checked(levels.len())?;
        (self.text.get(levels)? == names).then_some(rest)
    }

    #[inline]
    fn end(&self, at: usize) -> usize {
        self.ends.get(at).copied().unwrap_or_default()
    }

    #[inline]
    fn begin(&self, at: usize) -> usize {
        at.checked_sub(1).map_or(0, |before| self.end(before) + 1)
    }

    /// Whether a filter of any depth covers every topic that these names stand for.
    pub(super) fn are_within(&self, filter: &[u8]) -> bool {
        let mut names = self.levels(0);
        for level in filter.split(|byte| *byte == b'/') {
            let covered = match (level, names.next()) {
                (b"#", next) => return self.may_end(next.into_iter().chain(names)),
                (b"+", Some(Level::Name(_) | Level::Any)) => true,
                (level, Some(Level::Name(name))) => level == name,
                _ => false,
            };
            if !covered {
                return false;
            }
        }
        names.next().is_none()
    }

    fn may_end(&self, levels: impl Iterator<Item = Level<'a>>) -> bool {
        let mut before = levels.skip_while(|level| !matches!(level, Level::Rest));
        before.next().is_none() || self.act == Act::Subscribe && before.next().is_none()
    }
}

/// Who shares a subscription says so in front of the filter (MQTT 5, 4.8.2).
fn unshared(topic: &str) -> &str {
    let shared = topic.strip_prefix("$share/");
    let filter = shared.and_then(|rest| rest.split_once('/'));
    filter.map_or(topic, |(_, filter)| filter)
}

enum Level<'a> {
    Name(&'a [u8]),
    /// Any one name.
    Any,
    /// Any number of levels, or what nobody may publish under.
    Rest,
}

/// The levels of a text that are still to come.
struct Levels<'a> {
    text: &'a [u8],
    /// Where the next one begins; behind the text when there is none.
    from: usize,
    /// Where the last one ends.
    end: usize,
    spelling: Spelling,
    act: Act,
    /// Whether any number of levels follows.
    is_open: bool,
    /// With what the number of each level begins.
    before: u64,
    /// The number of the last level.
    number: u64,
}

impl<'a> Levels<'a> {
    /// The bytes of the next level.
    #[inline(always)]
    fn bytes(&mut self) -> Option<&'a [u8]> {
        let [between, ..] = self.spelling;
        let (len, from) = (self.text.len(), self.from);
        if from > len {
            return None;
        }
        (self.end, self.number) = (from, self.before);
        loop {
            let word = scan::word(self.text, self.end);
            let found = scan::before(word, between);
            if found > 0 {
                self.number = joined(self.number, scan::first(word, found));
            }
            self.end += found;
            if found < 8 {
                break;
            }
            if self.end >= len {
                self.end = len;
                break;
            }
        }
        self.from = self.end + 1;
        self.text.get(from..self.end)
    }
}

impl<'a> Iterator for Levels<'a> {
    type Item = Level<'a>;

    #[inline(always)]
    fn next(&mut self) -> Option<Level<'a>> {
        if core::mem::take(&mut self.is_open) {
            return Some(Level::Rest);
        }
        let [_, one, rest] = self.spelling;
        Some(match self.bytes()? {
            // The rest of a subject is one level at least.
            [b'>'] if rest == b'>' => {
                self.is_open = true;
                Level::Any
            }
            [only] if *only == rest => Level::Rest,
            // A wildcard wishes for names and is none: nothing is published under it.
            [only] if *only == one && self.act == Act::Publish => Level::Rest,
            [only] if *only == one => Level::Any,
            name => Level::Name(name),
        })
    }
}

/// Begins the number of each name: another one in each process, so that nobody chooses names that share one.
#[derive(Clone, Debug)]
pub(super) struct Hash(u64);

impl Default for Hash {
    fn default() -> Self {
        Self(DefaultHashBuilder::default().hash_one(()))
    }
}

pub(super) const fn joined(number: u64, word: u64) -> u64 {
    let joined = (number ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    joined ^ joined >> 32
}
