//! Level by level: the shape of a filter, the names in a topic, and the number that both have in common.

use core::hash::BuildHasher as _;

use hashbrown::DefaultHashBuilder;
use iia_core::observe::{Act, Address, Message};

use crate::scope::TopicFilter;

/// Levels whose names make the number; what lies deeper is compared and nothing else.
const FIRST: usize = 8;

/// At which levels of a filter names stand, and whether further levels may follow.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Shape {
    /// Whether a name stands there, one bit for each of the first levels.
    named: u8,
    /// Levels, `#` not counted.
    count: usize,
    open: bool,
}

impl Shape {
    pub(super) fn of(filter: &TopicFilter) -> Self {
        let levels = || filter.levels().filter(|level| *level != "#");
        let bits = (0..FIRST).zip(levels());
        Self {
            named: bits.fold(0, |named, (bit, level)| {
                named | u8::from(level != "+") << bit
            }),
            count: levels().count(),
            open: filter.levels().any(|level| level == "#"),
        }
    }
}

/// The names of a message, in the spelling of its bus.
#[derive(Clone, Copy)]
pub(super) struct Names<'a> {
    text: &'a [u8],
    spelling: Spelling,
    act: Act,
    count: usize,
    first: [First; FIRST],
}

/// What stands between levels, for any one of them, and for the rest.
type Spelling = [u8; 3];

/// One of the first levels, its name as a number.
#[derive(Clone, Copy)]
enum First {
    Name(u64),
    Any,
    Rest,
}

impl<'a> Names<'a> {
    pub(super) fn of(message: &Message<'a>, hash: &Hash) -> Self {
        let (text, spelling) = match message.address {
            Address::Topic(text) => (unshared(text), *b"/+#"),
            Address::Subject(text) => (text, *b".*>"),
        };
        let mut names = Self {
            text: text.as_bytes(),
            spelling,
            act: message.act,
            count: 0,
            first: [First::Rest; FIRST],
        };
        for level in names.levels() {
            if let Some(first) = names.first.get_mut(names.count) {
                *first = match level {
                    Level::Name(name) => First::Name(hash.of_name(name)),
                    Level::Any => First::Any,
                    Level::Rest => First::Rest,
                };
            }
            names.count += 1;
        }
        names
    }

    fn levels(&self) -> Levels<'a> {
        Levels {
            text: Some(self.text),
            spelling: self.spelling,
            act: self.act,
            is_open: false,
        }
    }

    /// Whether a filter covers every topic that these names stand for.
    pub(super) fn are_within(&self, filter: &TopicFilter) -> bool {
        let mut names = self.levels();
        for level in filter.as_str().as_bytes().split(|byte| *byte == b'/') {
            let covered = match (level, names.next()) {
                (b"#", next) => return self.is_sound(next.into_iter().chain(names)),
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

    /// Whether nothing but the end of a subscription stands for any number of levels.
    fn is_sound(&self, levels: impl Iterator<Item = Level<'a>>) -> bool {
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
    text: Option<&'a [u8]>,
    spelling: Spelling,
    act: Act,
    /// Whether any number of levels follows.
    is_open: bool,
}

impl<'a> Iterator for Levels<'a> {
    type Item = Level<'a>;

    #[inline]
    fn next(&mut self) -> Option<Level<'a>> {
        if core::mem::take(&mut self.is_open) {
            return Some(Level::Rest);
        }
        let [between, one, rest] = self.spelling;
        let text = self.text?;
        // Levels are short: a search made for long texts would take longer.
        let end = text.iter().position(|byte| *byte == between);
        let (name, behind) = text.split_at_checked(end.unwrap_or(text.len()))?;
        self.text = behind.get(1..);
        Some(match name {
            // The rest of a subject is one level at least.
            [b'>'] if rest == b'>' => {
                self.is_open = true;
                Level::Any
            }
            [only] if *only == rest => Level::Rest,
            // A wildcard wishes for names and is none: nothing is published under it.
            [only] if *only == one && self.act == Act::Publish => Level::Rest,
            [only] if *only == one => Level::Any,
            _ => Level::Name(name),
        })
    }
}

/// Makes one number of the names of a shape. Each name is hashed once, however many shapes are tried.
#[derive(Clone, Debug, Default)]
pub(super) struct Hash(DefaultHashBuilder);

impl Hash {
    fn of_name(&self, name: &[u8]) -> u64 {
        self.0.hash_one(name)
    }

    pub(super) fn of_filter(&self, filter: &TopicFilter) -> u64 {
        let first = filter.levels().take(FIRST);
        let names = first.filter(|level| !matches!(*level, "+" | "#"));
        names.fold(0, |number, name| {
            joined(number, self.of_name(name.as_bytes()))
        })
    }
}

impl Shape {
    /// The number of the names that stand where this shape has names; nothing when they cannot have it.
    #[inline]
    pub(super) fn number(self, names: &Names<'_>) -> Option<u64> {
        let fits = match self.open {
            true => names.count >= self.count,
            false => names.count == self.count,
        };
        let first = names.first.iter().take(self.count).enumerate();
        let mut number = fits.then_some(0)?;
        for (bit, level) in first {
            number = match (self.named >> bit & 1 == 1, level) {
                (true, First::Name(name)) => joined(number, *name),
                (false, First::Name(_) | First::Any) => number,
                _ => return None,
            };
        }
        Some(number)
    }
}

const fn joined(number: u64, name: u64) -> u64 {
    (number.rotate_left(23) ^ name).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}
