//! The ACL file of mosquitto (mosquitto.conf(5), `acl_file`), read as the broker reads it.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

use crate::policy_drift::broker::Act;
use crate::policy_drift::broker::filter::Filter;
use crate::policy_drift::broker::rules::{Rule, Who, everything};
use crate::policy_drift::file::{File, RULES_MAX, ReadError, malformed, place, text};

/// What a line lets be done.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Access {
    reads: bool,
    writes: bool,
}

/// A line that begins with `topic` or `pattern`.
#[derive(Clone, Debug)]
struct Line {
    access: Access,
    topic: String,
    at: String,
}

/// An ACL file.
#[derive(Clone, Debug, Default)]
pub(in crate::policy_drift::broker) struct Acl {
    /// Why everything is let, where no file says otherwise.
    all: Option<String>,
    /// Of each user, and of whoever has no name.
    users: BTreeMap<Option<String>, Vec<Line>>,
    /// Of everybody.
    patterns: Vec<Line>,
}

const NOTHING: Access = Access {
    reads: false,
    writes: false,
};

impl Acl {
    /// Lets everything, because of what lacks there.
    pub(super) fn everything(at: String) -> Self {
        Self {
            all: Some(at),
            ..Self::default()
        }
    }

    pub(super) fn read(file: &File) -> Result<Self, ReadError> {
        let mut acl = Self::default();
        let mut user = None;
        for (number, line) in text(file)?.lines().enumerate() {
            let number = number + 1;
            if number > RULES_MAX {
                let (what, max) = ("lines of rules", RULES_MAX);
                return Err(ReadError::TooMuch { what, max });
            }
            let line = line.trim_end();
            if line.starts_with('#') {
                continue;
            }
            // Spaces alone part words: a tab belongs to one.
            let line = line.trim_start_matches(' ');
            let (key, said) = line.split_once(' ').unwrap_or((line, ""));
            let wrong = |what| malformed(&file.path, number, what);
            match key {
                "" => {}
                "user" if said.trim().is_empty() => return Err(wrong("a user without a name")),
                "user" => user = Some(said.trim().to_string()),
                "topic" | "pattern" => {
                    let at = place(&file.path, number);
                    let line = Line::read(said, at).ok_or_else(|| wrong("no rule"))?;
                    match key {
                        "topic" => acl.users.entry(user.clone()).or_default().push(line),
                        _ => acl.patterns.push(line),
                    }
                }
                _ => return Err(wrong("neither user, topic nor pattern")),
            }
        }
        Ok(acl)
    }

    pub(in crate::policy_drift::broker) fn names(&self) -> BTreeSet<&str> {
        self.users.keys().filter_map(Option::as_deref).collect()
    }

    /// Whether a pattern has the client's own id in it.
    pub(in crate::policy_drift::broker) fn asks_ids(&self) -> bool {
        self.patterns.iter().any(|line| line.topic.contains("%c"))
    }

    /// Whatever is denied comes before what is let, and patterns after what a user has.
    pub(in crate::policy_drift::broker) fn of(&self, who: &Who, id: &str, act: Act) -> Vec<Rule> {
        let name = match who {
            Who::Named(name) => Some(name.clone()),
            Who::Nameless => None,
        };
        let own = self.users.get(&name).into_iter().flatten();
        let mut rules = rules(own.map(|line| (line, line.topic.clone())), act);
        let is_odd = |text: &str| text.contains(['+', '#']);
        // Whose name has a wildcard in it gets nothing of a pattern.
        if !is_odd(id) && !name.as_deref().is_some_and(is_odd) {
            let meant = self.patterns.iter().filter_map(|line| {
                let topic = filled(&line.topic, name.as_deref(), id)?;
                Some((line, topic))
            });
            rules.extend(self::rules(meant, act));
        }
        rules.extend(self.all.iter().flat_map(|at| everything(at)));
        match act {
            Act::Publish => own_topics(rules),
            Act::Subscribe => rules,
        }
    }
}

impl Line {
    /// What follows `topic` or `pattern`.
    fn read(said: &str, at: String) -> Option<Self> {
        let said = said.trim_start_matches(' ');
        let (access, topic) = match said.split_once(' ') {
            Some((access, topic)) => (access, topic.trim()),
            None => ("readwrite", said),
        };
        let (reads, writes) = match access {
            "read" => (true, false),
            "write" => (false, true),
            "readwrite" => (true, true),
            "deny" => (false, false),
            _ => return None,
        };
        Filter::mqtt(topic)?;
        Some(Self {
            access: Access { reads, writes },
            topic: topic.to_string(),
            at,
        })
    }
}

/// The topic of a pattern for one client; nothing where it asks for a name and there is none.
fn filled(topic: &str, name: Option<&str>, id: &str) -> Option<String> {
    if name.is_none() && topic.contains("%u") {
        return None;
    }
    let mut filled = String::new();
    let mut rest = topic;
    while let Some((before, after)) = rest.split_once('%') {
        filled.push_str(before);
        let (said, left) = match (after.strip_prefix('c'), after.strip_prefix('u')) {
            (Some(left), _) => (id, left),
            (_, Some(left)) => (name.unwrap_or_default(), left),
            _ => ("%", after),
        };
        filled.push_str(said);
        rest = left;
    }
    Some(filled + rest)
}

/// Lines about an act as rules, those that deny before the others.
fn rules<'l>(lines: impl Iterator<Item = (&'l Line, String)>, act: Act) -> Vec<Rule> {
    let (mut denied, mut let_) = (Vec::new(), Vec::new());
    for (line, topic) in lines {
        let Some(filter) = Filter::mqtt(&topic) else {
            continue;
        };
        let lets = match act {
            Act::Publish => line.access.writes,
            Act::Subscribe => line.access.reads,
        };
        let at = line.at.clone();
        let rule = Rule { filter, lets, at };
        match line.access == NOTHING {
            true => denied.push(rule),
            // What a line does not let, another one may.
            false if lets => let_.push(rule),
            false => {}
        }
    }
    denied.append(&mut let_);
    denied
}

/// Nobody says what the broker says of itself, but for the state of a bridge; and nobody says anything to a shared
/// subscription.
fn own_topics(rules: Vec<Rule>) -> Vec<Rule> {
    let deny = |topic: &str| {
        let filter = Filter::mqtt(topic)?;
        let at = format!("the broker itself: {topic}");
        let lets = false;
        Some(Rule { filter, lets, at })
    };
    let state = Filter::mqtt("$SYS/broker/connection/+/state");
    let of_state = rules.iter().filter_map(|rule| {
        let filter = rule.filter.meet(state.as_ref()?)?;
        Some(Rule {
            filter,
            ..rule.clone()
        })
    });
    let mut all: Vec<Rule> = of_state.collect();
    all.extend(["$SYS/#", "$share/#"].into_iter().filter_map(deny));
    all.extend(rules);
    all
}
