//! Topics of a bus, level by level as ISA-95 names a plant: `milwaukee/packout/line1/press/temperature`.

use alloc::string::{String, ToString as _};
use core::fmt::{self, Display, Formatter};

/// Bytes of a filter at most.
pub const FILTER_LEN_MAX: usize = 512;

/// Characters of a level besides letters and digits. What some bus gives a meaning of its own is none of them.
const MARKS: &str = "_-.:@=~";

/// Topics that belong together: `+` stands for one level of any name, `#` at the end for any number of levels, also
/// none. The first level is always a name, so that no filter covers everything.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct TopicFilter(String);

impl TopicFilter {
    /// Reads a filter as MQTT 5 (section 4.7) spells it; `None` when it is none, or covers every first level.
    pub fn parse(text: &str) -> Option<Self> {
        let (first, rest) = text.split_once('/').unwrap_or((text, ""));
        let body = rest.strip_suffix('#').map_or(rest, |body| {
            let open = body.is_empty() || body.ends_with('/');
            if open {
                body.trim_end_matches('/')
            } else {
                rest
            }
        });
        let level = |level: &str| level == "+" || is_name(level);
        let sound = is_name(first)
            && text.len() <= FILTER_LEN_MAX
            && !text.ends_with('/')
            && !text.contains("//")
            && (body.is_empty() || body.split('/').all(level));
        sound.then(|| Self(text.to_string()))
    }

    /// The filter as MQTT spells it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Its levels, from the root on.
    pub fn levels(&self) -> impl Iterator<Item = &str> {
        self.0.split('/')
    }

    /// Whether it covers a topic.
    pub fn covers(&self, topic: &str) -> bool {
        let mut said = topic.split('/');
        for level in self.levels() {
            match (level, said.next()) {
                ("#", _) => return true,
                ("+", Some(_)) => {}
                (level, Some(name)) if level == name => {}
                _ => return false,
            }
        }
        said.next().is_none()
    }
}

fn is_name(level: &str) -> bool {
    !level.is_empty()
        && level
            .chars()
            .all(|one| one.is_alphanumeric() || MARKS.contains(one))
}

impl Display for TopicFilter {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_that_say_everything_or_nothing_are_none() {
        for text in [
            "", "#", "+", "/", "/a", "a/", "a//b", "+/a", "a/#/b", "a/b#", "a/+b", "a/##", "a b",
            "$SYS/x", "a/$x", "a/*", "a/>", "a\n", "a/\"", "a/{", "a/#/", "a//#",
        ] {
            assert_eq!(TopicFilter::parse(text), None, "{text:?}");
        }
        assert!(TopicFilter::parse(&"a".repeat(FILTER_LEN_MAX)).is_some());
        assert!(TopicFilter::parse(&"a".repeat(FILTER_LEN_MAX + 1)).is_none());
    }

    #[test]
    fn a_filter_covers_what_its_levels_say() {
        for (filter, yes, no) in [
            ("a", "a", "a/b"),
            ("a/+", "a/b", "a"),
            ("a/+", "a/c", "a/b/c"),
            ("a/+/c", "a/b/c", "a/b/d"),
            ("a/#", "a", "b"),
            ("a/#", "a/b/c", "ab"),
            ("a/b/#", "a/b", "a"),
            ("Werk/Öfen/+", "Werk/Öfen/3", "Werk/öfen/3"),
        ] {
            let filter = TopicFilter::parse(filter).unwrap();
            assert!(filter.covers(yes), "{filter} {yes}");
            assert!(!filter.covers(no), "{filter} {no}");
        }
    }
}
