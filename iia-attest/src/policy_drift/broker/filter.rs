//! Topics that belong together, as both kinds of brokers mean them: levels, some of which stand for any, and a rest.

use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

/// One level of a filter.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Level {
    Word(String),
    Any,
}

/// A filter.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) struct Filter {
    levels: Vec<Level>,
    /// How many levels more there are at least, where any number of them may follow.
    rest: Option<usize>,
    /// Whether a topic that begins with `$` is none of it, as MQTT has it where the first level stands for any.
    is_plain: bool,
}

impl Filter {
    /// Reads a filter of MQTT 5 (4.7); nothing where it is none.
    pub(super) fn mqtt(text: &str) -> Option<Self> {
        let mut filter = Self {
            levels: Vec::new(),
            rest: None,
            is_plain: text.starts_with(['+', '#']),
        };
        let mut levels = text.split('/').peekable();
        while let Some(level) = levels.next() {
            match level {
                // `a/#` is `a` as well, and `#` is one level at least.
                "#" if levels.peek().is_none() => {
                    filter.rest = Some(usize::from(filter.levels.is_empty()));
                }
                "+" => filter.levels.push(Level::Any),
                word if word.contains(['#', '+']) => return None,
                word => filter.levels.push(Level::Word(word.to_string())),
            }
        }
        (!text.is_empty()).then_some(filter)
    }

    /// Reads a subject of NATS, where `*` is one token and `>` one at least; nothing where it is none.
    pub(super) fn subject(text: &str) -> Option<Self> {
        let mut filter = Self {
            levels: Vec::new(),
            rest: None,
            is_plain: false,
        };
        let mut tokens = text.split('.').peekable();
        while let Some(token) = tokens.next() {
            match token {
                ">" if tokens.peek().is_none() => filter.rest = Some(1),
                ">" | "" => return None,
                "*" => filter.levels.push(Level::Any),
                word if word.contains(char::is_whitespace) => return None,
                word => filter.levels.push(Level::Word(word.to_string())),
            }
        }
        Some(filter)
    }

    /// The subjects that are the topics of a filter of MQTT; nothing where a level has a dot.
    pub(super) fn subjects(&self) -> Option<Self> {
        let dotted = |level: &Level| matches!(level, Level::Word(word) if word.contains('.'));
        (!self.levels.iter().any(dotted)).then(|| Self {
            is_plain: false,
            ..self.clone()
        })
    }

    /// Levels at least.
    const fn len_min(&self) -> usize {
        match self.rest {
            Some(rest) => self.levels.len() + rest,
            None => self.levels.len(),
        }
    }

    /// Numbers of levels at which some filter begins or ends to cover topics.
    pub(super) fn lens(&self) -> [usize; 2] {
        [self.len_min(), self.len_min() + 1]
    }

    /// Whether a topic is one of these.
    pub(super) fn covers(&self, topic: &[String]) -> bool {
        let is_long_enough = match self.rest {
            Some(_) => topic.len() >= self.len_min(),
            None => topic.len() == self.levels.len(),
        };
        let hidden = self.is_plain && topic.first().is_some_and(|word| word.starts_with('$'));
        let mut pairs = self.levels.iter().zip(topic);
        is_long_enough
            && !hidden
            && pairs.all(|(level, said)| match level {
                Level::Word(word) => word == said,
                Level::Any => true,
            })
    }

    /// What is of both; nothing where that is nothing.
    pub(super) fn meet(&self, other: &Self) -> Option<Self> {
        let len = self.levels.len().max(other.levels.len());
        let mut levels = Vec::with_capacity(len);
        for at in 0..len {
            levels.push(match (self.level(at)?, other.level(at)?) {
                (Level::Word(one), Level::Word(two)) if one != two => return None,
                (Level::Word(word), _) | (_, Level::Word(word)) => Level::Word(word),
                (Level::Any, Level::Any) => Level::Any,
            });
        }
        let least = self.len_min().max(other.len_min());
        let is_plain = self.is_plain || other.is_plain;
        let begins = matches!(levels.first(), Some(Level::Word(word)) if word.starts_with('$'));
        let rest = self.rest.and(other.rest).map(|_| least.saturating_sub(len));
        let fits = rest.is_some() || least <= len;
        (fits && !(is_plain && begins)).then_some(Self {
            levels,
            rest,
            is_plain,
        })
    }

    fn level(&self, at: usize) -> Option<Level> {
        let own = self.levels.get(at).cloned();
        own.or_else(|| self.rest.map(|_| Level::Any))
    }

    /// The topics that stand for all of these: whatever may be any word is a `fresh` one, and the rest has as many levels
    /// as make one of `lens`. A filter that covers such a topic covers all those of its length.
    pub(super) fn instances(&self, lens: &BTreeSet<usize>, fresh: &str) -> Vec<Vec<String>> {
        let word = |(at, level): (usize, &Level)| match level {
            Level::Word(word) => word.clone(),
            Level::Any => format!("{fresh}{at}"),
        };
        let begin: Vec<String> = self.levels.iter().enumerate().map(word).collect();
        if self.rest.is_none() {
            return Vec::from([begin]);
        }
        let lens = lens.range(self.len_min()..);
        let longer = |len: &usize| {
            let mut topic = begin.clone();
            topic.extend((begin.len()..*len).map(|at| format!("{fresh}{at}")));
            topic
        };
        lens.map(longer).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn topic(text: &str, between: char) -> Vec<String> {
        text.split(between).map(String::from).collect()
    }

    #[test]
    fn a_filter_covers_what_its_broker_says() {
        for (filter, yes, no) in [
            ("a/+", "a/b", "a/b/c"),
            ("a/#", "a", "ab"),
            ("a/+/#", "a/b", "a"),
            ("#", "a/b", "$SYS/a"),
            ("+/a", "/a", "$SYS/a"),
            ("$SYS/#", "$SYS/a", "a"),
            ("a//b", "a//b", "a/b"),
        ] {
            let one = Filter::mqtt(filter).unwrap();
            assert!(one.covers(&topic(yes, '/')), "{filter} {yes}");
            assert!(!one.covers(&topic(no, '/')), "{filter} {no}");
        }
        for (filter, yes, no) in [
            ("a.*", "a.b", "a.b.c"),
            ("a.>", "a.b.c", "a"),
            (">", "$SYS.a", ""),
            ("a.b*", "a.b*", "a.bc"),
        ] {
            let one = Filter::subject(filter).unwrap();
            assert!(one.covers(&topic(yes, '.')), "{filter} {yes}");
            assert!(
                no.is_empty() || !one.covers(&topic(no, '.')),
                "{filter} {no}"
            );
        }
        for none in ["", "a/#/b", "a#", "a/b+"] {
            assert_eq!(Filter::mqtt(none), None, "{none}");
        }
        for none in ["", "a..b", ".a", "a.>.b", "a b"] {
            assert_eq!(Filter::subject(none), None, "{none}");
        }
    }

    #[test]
    fn what_is_of_both_is_what_both_cover() {
        for (one, two, both) in [
            ("a/+", "+/b", Some("a/b")),
            ("a/#", "a/b/+", Some("a/b/+")),
            ("a/#", "a/+/#", Some("a/+/#")),
            ("a/+", "a", None),
            ("a/b", "a/c", None),
            ("#", "$SYS/#", None),
            ("a/+/c/#", "a/b", None),
            ("+/#", "a/#", Some("a/#")),
        ] {
            let [one, two] = [one, two].map(|text| Filter::mqtt(text).unwrap());
            let both = both.map(|text| Filter::mqtt(text).unwrap());
            let met = |met: Option<Filter>| met.map(|met| (met.levels, met.rest));
            assert_eq!(met(one.meet(&two)), met(both.clone()));
            assert_eq!(met(two.meet(&one)), met(both));
        }
    }

    /// Whatever two filters are, one that covers the topics that stand for the other covers the other.
    #[test]
    fn what_stands_for_all_is_covered_by_what_covers_all() {
        let filters: Vec<Filter> = ["a", "a/+", "a/#", "+/b", "a/b/#", "+/+/#", "#", "a/+/c"]
            .map(|text| Filter::mqtt(text).unwrap())
            .to_vec();
        let lens: BTreeSet<usize> = filters.iter().flat_map(Filter::lens).collect();
        let words = ["a", "b", "c", "d"];
        let mut topics = Vec::from([Vec::<String>::new()]);
        let mut all = Vec::new();
        for _ in 0..5 {
            let longer =
                |topic: &Vec<String>| words.map(|word| [topic.as_slice(), &[word.into()]].concat());
            topics = topics.iter().flat_map(longer).collect();
            all.extend(topics.iter().cloned());
        }
        for one in &filters {
            for two in &filters {
                let stands = one
                    .instances(&lens, "any")
                    .iter()
                    .all(|topic| two.covers(topic));
                let mut covered = all.iter().filter(|topic| one.covers(topic));
                assert_eq!(
                    stands,
                    covered.all(|topic| two.covers(topic)),
                    "{one:?} {two:?}"
                );
            }
        }
    }
}
