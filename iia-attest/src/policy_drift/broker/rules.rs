//! What files say, in the one form in which it is asked: doors by which clients come in, and rules of which the first
//! that is about a topic decides.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

use super::filter::Filter;
use super::read::subjects::Users;
use super::read::topics::Acl;
use super::{Act, Bus, Client};
use crate::policy_drift::file::{File, ReadError};

/// By what a door knows who comes.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Names {
    /// By its certificate, which is as it should be.
    Certificate,
    /// By the whole subject of its certificate.
    Subject,
    /// By a password, or another secret that is no certificate.
    Password,
    /// By what it says of itself.
    Claimed,
    /// It lets in nobody who has a name.
    Nobody,
}

/// A way in.
#[derive(Clone, Debug)]
pub(super) struct Door {
    /// Such as `listener 8883`.
    pub(super) name: String,
    /// Where it stands.
    pub(super) at: String,
    pub(super) names: Names,
    /// Whether it asks for a certificate at all, also where it goes by another name.
    pub(super) needs_certificate: bool,
    /// Who comes without a name gets in, as whom.
    pub(super) nameless: Option<Who>,
    pub(super) rights: Rights,
}

/// As whom somebody is let in.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Who {
    Named(String),
    /// Without a name.
    Nameless,
}

impl Who {
    pub(super) fn name(&self) -> &str {
        match self {
            Self::Named(name) => name,
            Self::Nameless => "whoever comes without a name",
        }
    }
}

/// One rule, already for one client.
#[derive(Clone, Debug)]
pub(super) struct Rule {
    pub(super) filter: Filter,
    pub(super) lets: bool,
    /// Where it stands, in words.
    pub(super) at: String,
}

/// What may be done behind a door.
#[derive(Clone, Debug)]
pub(super) enum Rights {
    /// Everything, because of what stands or lacks there.
    All(String),
    Acl(Acl),
    Users(Users),
}

impl Rights {
    /// Everybody who is named.
    pub(super) fn names(&self) -> BTreeSet<&str> {
        match self {
            Self::All(_) => BTreeSet::new(),
            Self::Acl(acl) => acl.names(),
            Self::Users(users) => users.names(),
        }
    }

    /// Whether one line may be about several users, each with rules of its own.
    pub(super) const fn has_lines_of_many(&self) -> bool {
        matches!(self, Self::Users(_))
    }

    /// Whether it makes a difference by which id a client goes.
    pub(super) fn asks_ids(&self) -> bool {
        matches!(self, Self::Acl(acl) if acl.asks_ids())
    }

    /// The rules for somebody who goes by a client id; the first one about a topic decides, and without one it is not let.
    pub(super) fn of(&self, who: &Who, id: &str, act: Act) -> Vec<Rule> {
        match self {
            Self::All(at) => everything(at),
            Self::Acl(acl) => acl.of(who, id, act),
            Self::Users(users) => users.of(who, act),
        }
    }

    fn asks_password(&self, name: &str) -> bool {
        matches!(self, Self::Users(users) if users.asks_password(name))
    }

    fn knows(&self, name: &str) -> bool {
        match self {
            Self::Users(users) => users.knows(name),
            _ => true,
        }
    }
}

/// Rules that let everything, with what is hidden by a first `$` as well.
pub(super) fn everything(at: &str) -> Vec<Rule> {
    let rule = |filter| Rule {
        filter,
        lets: true,
        at: at.to_string(),
    };
    Filter::subject(">").into_iter().map(rule).collect()
}

/// All that files say.
#[derive(Clone, Debug, Default)]
pub(super) struct Loaded {
    pub(super) doors: Vec<Door>,
    /// What else is set there, by what it is: words, and where it stands.
    pub(super) surplus: BTreeMap<String, (String, String)>,
}

impl Loaded {
    /// Reads the files of a broker.
    pub(super) fn read(bus: Bus, files: &[File]) -> Result<Self, ReadError> {
        match bus {
            Bus::Topics => super::read::topics::read(files),
            Bus::Subjects => super::read::subjects::read(files),
        }
    }

    pub(super) fn surplus(&mut self, key: &str, words: String, at: String) {
        self.surplus
            .entry(format!("{key} {at}"))
            .or_insert((words, at));
    }
}

impl Door {
    /// As whom the door lets a client in; nothing where it does not.
    pub(super) fn lets_in(&self, client: &Client) -> Option<Who> {
        let named = |name: &Option<String>| {
            let known = name.as_ref().filter(|name| self.rights.knows(name));
            known.cloned().map(Who::Named)
        };
        if self.needs_certificate && client.certificate.is_none() {
            return None;
        }
        match self.names {
            Names::Certificate => named(&client.certificate),
            Names::Subject => named(&client.certificate.as_ref().map(|name| format!("CN={name}"))),
            _ if client.user.is_none() => self.nameless.clone(),
            Names::Claimed => named(&client.user)
                .filter(|who| client.has_password || !self.rights.asks_password(who.name())),
            Names::Password => named(&client.user).filter(|_| client.has_password),
            Names::Nobody => None,
        }
    }
}

/// What is said of a topic by rules, and where.
pub(super) fn verdict<'r>(rules: &'r [Rule], topic: &[String]) -> (bool, Option<&'r Rule>) {
    let first = rules.iter().find(|rule| rule.filter.covers(topic));
    (first.is_some_and(|rule| rule.lets), first)
}
