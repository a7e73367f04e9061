//! Level by level: the shape of a filter, the names in a topic, and the number that both have in common.

use alloc::vec::Vec;
use core::hash::{BuildHasher as _, Hasher as _};

use hashbrown::DefaultHashBuilder;
use iia_core::observe::{Act, Address, Message};

use crate::scope::TopicFilter;

/// At which levels of a filter names stand, and whether further levels may follow.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Shape {
    named: Vec<bool>,
    open: bool,
}

impl Shape {
    pub(super) fn of(filter: &TopicFilter) -> Self {
        let levels = filter.levels().filter(|level| *level != "#");
        Self {
            named: levels.map(|level| level != "+").collect(),
            open: filter.levels().any(|level| level == "#"),
        }
    }
}

/// The names of a message, in the spelling of its bus.
#[derive(Clone, Copy)]
pub(super) struct Names<'a> {
    text: &'a str,
    between: char,
    one: &'static str,
    rest: &'static str,
    act: Act,
}

impl<'a> Names<'a> {
    pub(super) fn of(message: &Message<'a>) -> Self {
        let (text, between, one, rest) = match message.address {
            Address::Topic(text) => (text, '/', "+", "#"),
            Address::Subject(text) => (text, '.', "*", ">"),
        };
        // Who shares a subscription says so in front of the filter (MQTT 5, 4.8.2).
        let shared = text.strip_prefix("$share/").filter(|_| between == '/');
        let text = shared
            .and_then(|rest| rest.split_once('/'))
            .map_or(text, |(_, filter)| filter);
        Self {
            text,
            between,
            one,
            rest,
            act: message.act,
        }
    }

    fn levels(&self) -> impl Iterator<Item = Level<'a>> + use<'a> {
        let Self {
            text,
            between,
            one,
            rest,
            act,
        } = *self;
        text.split(between).map(move |name| match name {
            _ if name == rest => Level::Rest,
            // A wildcard wishes for names and is none: nothing is published under it.
            _ if name == one && act == Act::Publish => Level::Rest,
            _ if name == one => Level::Any,
            _ => Level::Name(name),
        })
    }

    /// Whether a filter covers every topic that these names stand for.
    pub(super) fn are_within(&self, filter: &TopicFilter) -> bool {
        let mut names = self.levels();
        for level in filter.levels() {
            let covered = match (level, names.next()) {
                ("#", next) => return self.is_sound(next.into_iter().chain(names)),
                ("+", Some(Level::Name(_) | Level::Any)) => true,
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

enum Level<'a> {
    Name(&'a str),
    /// Any one name.
    Any,
    /// Any number of levels, or what nobody may publish under.
    Rest,
}

/// Makes one number of the names of a shape.
#[derive(Clone, Debug, Default)]
pub(super) struct Hash(DefaultHashBuilder);

impl Hash {
    pub(super) fn of_filter(&self, filter: &TopicFilter) -> u64 {
        let mut hasher = self.0.build_hasher();
        let names = filter.levels().filter(|level| !matches!(*level, "+" | "#"));
        for name in names {
            hasher.write(name.as_bytes());
            hasher.write_u8(0xff);
        }
        hasher.finish()
    }

    /// Nothing when the names cannot have the shape.
    #[inline]
    pub(super) fn of_names(&self, shape: &Shape, names: &Names<'_>) -> Option<u64> {
        let mut hasher = self.0.build_hasher();
        let mut levels = names.levels();
        for named in &shape.named {
            match (named, levels.next()?) {
                (true, Level::Name(name)) => {
                    hasher.write(name.as_bytes());
                    hasher.write_u8(0xff);
                }
                (false, Level::Name(_) | Level::Any) => {}
                _ => return None,
            }
        }
        (shape.open || levels.next().is_none()).then(|| hasher.finish())
    }
}
