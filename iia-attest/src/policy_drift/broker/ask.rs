//! Which names and topics to ask about, and what the answers are worth.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

use super::agreed::{Agreed, Right};
use super::rules::{Door, Loaded, Names, Rule, Who, verdict};
use super::{Act, Client};
use crate::policy_drift::told::{Difference, Found, add};

/// Comparisons of a topic with a rule or a contract at most in one look; the observer says when there would be more.
pub const QUESTIONS_MAX: usize = 20_000_000;
/// Levels that a client's id is tried with, where rules have the id in them.
const ID_LEVELS_MAX: usize = 6;
const ACTS: [Act; 2] = [Act::Publish, Act::Subscribe];

/// How what is loaded differs from what is agreed. No file has `fresh` in it.
pub(super) fn differences(agreed: &Agreed, loaded: &Loaded, fresh: &str) -> Found {
    let mut look = Look {
        agreed,
        loaded,
        fresh,
        left: QUESTIONS_MAX,
        found: Found::new(),
        open: BTreeMap::new(),
    };
    look.doors();
    look.blocked();
    for door in &loaded.doors {
        look.opened(door);
    }
    look.tell_open();
    if look.left == 0 {
        let difference = Difference {
            clause: "limit",
            words: format!("more than {QUESTIONS_MAX} things to ask about: the rest was not asked"),
            ..Difference::default()
        };
        add(&mut look.found, "questions".into(), difference);
    }
    look.found
}

struct Look<'a> {
    agreed: &'a Agreed,
    loaded: &'a Loaded,
    fresh: &'a str,
    left: usize,
    found: Found,
    /// What is let and not agreed, by the rule that lets it: the first one asked about, and how many.
    open: BTreeMap<String, (Difference, u64)>,
}

impl Look<'_> {
    /// Takes so many questions from what is left.
    const fn charge(&mut self, questions: usize) -> bool {
        self.left = self.left.saturating_sub(questions);
        self.left > 0
    }

    /// Who comes in without proving who it is, and what else stands there.
    fn doors(&mut self) {
        for door in &self.loaded.doors {
            let name = &door.name;
            let names = match door.names {
                Names::Certificate | Names::Nobody => None,
                Names::Subject => {
                    Some("knows clients by whole subjects, and contracts name them otherwise")
                }
                Names::Password => {
                    Some("lets in whoever has a password or key, without a certificate")
                }
                Names::Claimed => {
                    Some("lets whoever comes be whom it says it is: no certificate names it")
                }
            };
            if let Some(words) = names {
                self.door(door, "name", format!("{name} {words}"));
            }
            match &door.nameless {
                Some(Who::Nameless) if door.names != Names::Certificate => {
                    self.door(
                        door,
                        "nameless",
                        format!("{name} lets in whoever comes without a name"),
                    );
                }
                Some(Who::Named(user)) if door.names != Names::Certificate => {
                    let words = format!("{name} lets in whoever comes without a name, as {user}");
                    self.door(door, "nameless", words);
                }
                _ => {}
            }
        }
        for (key, (words, at)) in &self.loaded.surplus {
            let difference = Difference {
                clause: "surplus",
                words: format!("{words} ({at})"),
                evidence: Vec::from([at.clone()]),
                ..Difference::default()
            };
            add(&mut self.found, format!("set {key}"), difference);
        }
    }

    fn door(&mut self, door: &Door, what: &str, words: String) {
        let difference = Difference {
            clause: "identity",
            words,
            evidence: Vec::from([door.at.clone()]),
            ..Difference::default()
        };
        add(
            &mut self.found,
            format!("door {what} {}", door.name),
            difference,
        );
    }

    /// What is agreed and let by no door.
    fn blocked(&mut self) {
        let agreed = self.agreed;
        for name in agreed.names() {
            let client = Client {
                certificate: Some(name.into()),
                user: Some(name.into()),
                has_password: true,
            };
            for act in ACTS {
                let rules: Vec<Vec<Rule>> = self.doors_rules(&client, act);
                for right in agreed.of(name, act) {
                    self.right(name, right, &rules);
                }
            }
        }
    }

    /// The rules for a client, one list for each door that lets it in.
    fn doors_rules(&mut self, client: &Client, act: Act) -> Vec<Vec<Rule>> {
        let mut all = Vec::new();
        for door in &self.loaded.doors {
            let rules = door.lets_in(client);
            let rules = rules.map(|who| door.rights.of(&who, self.fresh, act));
            self.charge(rules.as_ref().map_or(1, Vec::len));
            all.extend(rules);
        }
        all
    }

    fn right(&mut self, name: &str, right: &Right, rules: &[Vec<Rule>]) {
        let all = || rules.iter().flatten();
        let mut lens: BTreeSet<usize> = all().flat_map(|rule| rule.filter.lens()).collect();
        lens.extend(right.filter.lens());
        // Where a rule denies a part, that part is asked about.
        let denied = all().filter(|rule| !rule.lets);
        let parts = denied.filter_map(|rule| right.filter.meet(&rule.filter));
        let parts: BTreeSet<_> = core::iter::once(right.filter.clone())
            .chain(parts)
            .collect();
        for part in &parts {
            for topic in part.instances(&lens, self.fresh) {
                if !self.charge(all().count() + 1) {
                    return;
                }
                if rules.iter().any(|rules| verdict(rules, &topic).0) {
                    continue;
                }
                return self.refused(name, right, &topic, rules);
            }
        }
    }

    fn refused(&mut self, name: &str, right: &Right, topic: &[String], rules: &[Vec<Rule>]) {
        let by = rules.iter().find_map(|rules| verdict(rules, topic).1);
        let (why, at) = match (by, rules.is_empty()) {
            (Some(rule), _) => (format!("denied by {}", rule.at), Some(rule.at.clone())),
            (None, false) => ("let by no rule".to_string(), None),
            (None, true) => ("of no use: the broker does not let it in".to_string(), None),
        };
        let Right {
            contract,
            act,
            topic: filter,
            ..
        } = right;
        let words = format!(
            "contract {contract} lets {name} {act} {filter}, and {} is {why}",
            self.spelled(topic)
        );
        let difference = Difference {
            contract: contract.clone(),
            clause: "topics",
            words,
            who: name.to_string(),
            operation: format!("{act} {filter}"),
            evidence: at.into_iter().collect(),
        };
        add(
            &mut self.found,
            format!("blocked {contract} {name} {act}"),
            difference,
        );
    }

    /// What a door lets be done that is not agreed.
    fn opened(&mut self, door: &Door) {
        let stranger = format!("{}stranger", self.fresh);
        let named = door.rights.names().into_iter().chain(self.agreed.names());
        let mut whos: BTreeSet<Who> = match door.names {
            Names::Nobody => BTreeSet::new(),
            _ => named
                .chain([stranger.as_str()])
                .map(|name| Who::Named(name.into()))
                .collect(),
        };
        whos.extend(
            door.nameless
                .clone()
                .filter(|_| door.names != Names::Certificate),
        );
        let ids = match door.rights.asks_ids() {
            true => ID_LEVELS_MAX,
            false => 1,
        };
        for who in &whos {
            for levels in 1..=ids {
                let id: Vec<String> = (0..levels)
                    .map(|at| format!("{}id{at}", self.fresh))
                    .collect();
                for act in ACTS {
                    self.tried(door, who, &id.join("/"), act);
                }
            }
        }
    }

    fn tried(&mut self, door: &Door, who: &Who, id: &str, act: Act) {
        let rules = door.rights.of(who, id, act);
        if !self.charge(rules.len() + 1) {
            return;
        }
        let agreed: Vec<&Right> = match who {
            Who::Named(name) => self.agreed.of(name, act).collect(),
            Who::Nameless => Vec::new(),
        };
        let filters = || rules.iter().map(|rule| &rule.filter);
        let mut lens: BTreeSet<usize> = filters().flat_map(super::filter::Filter::lens).collect();
        lens.extend(agreed.iter().flat_map(|right| right.filter.lens()));
        let said: BTreeSet<_> = rules
            .iter()
            .filter(|rule| rule.lets)
            .map(|rule| &rule.filter)
            .collect();
        for topic in said
            .into_iter()
            .flat_map(|filter| filter.instances(&lens, self.fresh))
        {
            if !self.charge(rules.len() + agreed.len() + 1) {
                return;
            }
            if agreed.iter().any(|right| right.filter.covers(&topic)) {
                continue;
            }
            if let (true, Some(rule)) = verdict(&rules, &topic) {
                // One line may have many users there; elsewhere it has one, or is for all.
                let key = match door.rights.has_lines_of_many() {
                    true => format!("{} {}", rule.at, who.name()),
                    false => rule.at.clone(),
                };
                self.let_through(who, (act, &topic), &rule.at, key);
            }
        }
    }

    fn let_through(&mut self, who: &Who, (act, topic): (Act, &[String]), at: &str, key: String) {
        if let Some((_, count)) = self.open.get_mut(&key) {
            *count += 1;
            return;
        }
        let name = match who.name().starts_with(self.fresh) {
            true => "whoever has any other name",
            false => who.name(),
        };
        let operation = format!("{act} {}", self.spelled(topic));
        let difference = Difference {
            clause: "surplus",
            words: format!("{name} may {operation} by {at}, and no contract allows it"),
            who: name.to_string(),
            operation,
            evidence: Vec::from([at.to_string()]),
            ..Difference::default()
        };
        self.open.insert(key, (difference, 1));
    }

    fn tell_open(&mut self) {
        for (at, (mut difference, count)) in core::mem::take(&mut self.open) {
            if count > 1 {
                difference.words += &format!(" (and {} more of those asked about)", count - 1);
            }
            add(&mut self.found, format!("open {at}"), difference);
        }
    }

    /// A topic in words: what stands for any word is `<any>`.
    fn spelled(&self, topic: &[String]) -> String {
        let level = |level: &String| match level.contains(self.fresh) {
            true => "<any>".to_string(),
            false => level.clone(),
        };
        let levels: Vec<String> = topic.iter().map(level).collect();
        levels.join("/")
    }
}
