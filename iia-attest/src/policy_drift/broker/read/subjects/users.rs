//! What a configuration of nats-server lets its users do.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

use super::text::{Map, Node, Value, get};
use crate::policy_drift::broker::Act;
use crate::policy_drift::broker::filter::Filter;
use crate::policy_drift::broker::rules::{Rule, Who, everything};
use crate::policy_drift::file::ReadError;

/// Subjects that are let or denied, and where.
type Subjects = Vec<(Filter, String)>;

/// What is said of one act.
#[derive(Clone, Debug)]
struct Side {
    /// Nothing where everything is let that is not denied.
    allow: Option<Subjects>,
    deny: Subjects,
    at: String,
}

/// What is said of a user.
#[derive(Clone, Debug)]
pub(super) struct Permissions {
    publish: Side,
    subscribe: Side,
    /// Where it is let answer at whatever subject it is asked to.
    pub(super) answers: Option<String>,
}

/// A user.
#[derive(Clone, Debug)]
pub(super) struct User {
    /// Whether it is in an account of its own, where nothing of the plant is heard.
    is_apart: bool,
    pub(super) has_password: bool,
    pub(super) permissions: Permissions,
}

/// All users, by name.
#[derive(Clone, Debug, Default)]
pub(in crate::policy_drift::broker) struct Users {
    pub(super) users: BTreeMap<String, User>,
}

impl Users {
    pub(in crate::policy_drift::broker) fn names(&self) -> BTreeSet<&str> {
        self.users.keys().map(String::as_str).collect()
    }

    pub(in crate::policy_drift::broker) fn knows(&self, name: &str) -> bool {
        self.users.contains_key(name)
    }

    pub(in crate::policy_drift::broker) fn asks_password(&self, name: &str) -> bool {
        self.users.get(name).is_some_and(|user| user.has_password)
    }

    pub(in crate::policy_drift::broker) fn of(&self, who: &Who, act: Act) -> Vec<Rule> {
        let Who::Named(name) = who else {
            return Vec::new();
        };
        let Some(user) = self.users.get(name) else {
            return Vec::new();
        };
        if user.is_apart && act == Act::Subscribe {
            return Vec::new();
        }
        let side = match act {
            Act::Publish => &user.permissions.publish,
            Act::Subscribe => &user.permissions.subscribe,
        };
        let rule = |lets| {
            move |(filter, at): &(Filter, String)| Rule {
                filter: filter.clone(),
                lets,
                at: at.clone(),
            }
        };
        let mut rules: Vec<Rule> = side.deny.iter().map(rule(false)).collect();
        match &side.allow {
            Some(allow) => rules.extend(allow.iter().map(rule(true))),
            None => rules.extend(everything(&side.at)),
        }
        rules
    }

    /// Adds the users of a list; `default` is for those of whom nothing is said.
    pub(super) fn add(
        &mut self,
        list: &Node,
        default: Option<&Node>,
        is_apart: bool,
    ) -> Result<(), ReadError> {
        for node in list.items() {
            let wrong = |what| ReadError::Malformed {
                at: node.at.clone(),
                what,
            };
            let map = node.map().ok_or_else(|| wrong("a user is no map"))?;
            let name = get(map, &["user", "username", "nkey"]).and_then(Node::text);
            let name = name
                .ok_or_else(|| wrong("a user without a name"))?
                .to_string();
            let said = get(map, &["permission", "permissions", "authorization"]);
            let secret = get(map, &["pass", "password"]).or_else(|| get(map, &["nkey"]));
            let user = User {
                is_apart,
                has_password: secret.is_some(),
                permissions: Permissions::read(said.or(default), &node.at)?,
            };
            if self.users.insert(name, user).is_some() {
                return Err(wrong("a user stands twice"));
            }
        }
        Ok(())
    }
}

const PUBLISH: [&str; 3] = ["pub", "publish", "import"];
const SUBSCRIBE: [&str; 3] = ["sub", "subscribe", "export"];
const ANSWERS: [&str; 2] = ["publish_allow_responses", "allow_responses"];

impl Permissions {
    fn read(node: Option<&Node>, at: &str) -> Result<Self, ReadError> {
        let empty = Map::new();
        let wrong = |node: &Node| ReadError::Malformed {
            at: node.at.clone(),
            what: "permissions are no map",
        };
        let map = match node {
            Some(node) => node.map().ok_or_else(|| wrong(node))?,
            None => &empty,
        };
        let at = node.map_or_else(|| at.to_string(), |node| node.at.clone());
        let answers = get(map, &ANSWERS).filter(|node| !matches!(node.value, Value::Switch(false)));
        let mut publish = Side::read(get(map, &PUBLISH), Act::Publish, &at)?;
        // Whoever may answer may say nothing else by itself, unless it is told what.
        if answers.is_some() && publish.allow.is_none() {
            publish.allow = Some(Subjects::new());
        }
        Ok(Self {
            publish,
            subscribe: Side::read(get(map, &SUBSCRIBE), Act::Subscribe, &at)?,
            answers: answers.map(|node| node.at.clone()),
        })
    }
}

impl Side {
    fn read(node: Option<&Node>, act: Act, at: &str) -> Result<Self, ReadError> {
        let hears = act == Act::Subscribe;
        let mut side = Self {
            allow: None,
            deny: Subjects::new(),
            at: node.map_or_else(|| at.to_string(), |node| node.at.clone()),
        };
        let Some(node) = node else {
            return Ok(side);
        };
        let Some(map) = node.map() else {
            side.allow = subjects(node, hears)?;
            return Ok(side);
        };
        if let Some(allow) = get(map, &["allow"]) {
            side.allow = subjects(allow, hears)?;
        }
        if let Some(deny) = get(map, &["deny"]) {
            side.deny = subjects(deny, false)?.unwrap_or_default();
        }
        Ok(side)
    }
}

/// Subjects of a text or a list; nothing of an empty list, as the server has it. What is said of a queue is `subject
/// queue`: to be let there is hearing, to be denied there is hearing otherwise, and nobody says anything to a queue.
fn subjects(node: &Node, of_queues: bool) -> Result<Option<Subjects>, ReadError> {
    let mut subjects = Subjects::new();
    for item in node.items() {
        let wrong = || ReadError::Malformed {
            at: item.at.clone(),
            what: "no subject",
        };
        let mut words = item.text().unwrap_or_default().split_whitespace();
        let filter = words.next().and_then(Filter::subject).ok_or_else(wrong)?;
        let queue = words.next();
        if words.next().is_some() {
            return Err(wrong());
        }
        if of_queues || queue.is_none() {
            subjects.push((filter, item.at.clone()));
        }
    }
    Ok((!node.items().is_empty()).then_some(subjects))
}
