//! Elements of a box and their states: what an artifact intends, and what is observed running.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

/// What kind of thing an element is.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Kind {
    /// A trust domain that is believed.
    Root,
    /// An identity provider, or a reference to a credential.
    Reference,
    /// A workload's identity.
    Identity,
    /// A contract of the catalog.
    Contract,
    /// Where a workload answers or is reached.
    Endpoint,
    /// A gated call, by its newest record in the audit chain.
    Call,
    /// A file of a rendered service.
    File,
    /// A part of the kernel firewall.
    Rule,
    /// A process of a unit.
    Process,
    /// A setting of the kernel.
    Kernel,
    /// A place at which something on the box can be reached.
    Listener,
    /// A route of the kernel, or a rule that chooses among its tables.
    Route,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 12] = [
        Self::Root,
        Self::Reference,
        Self::Identity,
        Self::Contract,
        Self::Endpoint,
        Self::Call,
        Self::File,
        Self::Rule,
        Self::Process,
        Self::Kernel,
        Self::Listener,
        Self::Route,
    ];

    /// The word for it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Root => "trust root",
            Self::Reference => "reference",
            Self::Identity => "identity",
            Self::Contract => "contract",
            Self::Endpoint => "endpoint",
            Self::Call => "gated call",
            Self::File => "file",
            Self::Rule => "firewall",
            Self::Process => "process",
            Self::Kernel => "kernel setting",
            Self::Listener => "listener",
            Self::Route => "route",
        }
    }

    /// Whether an artifact names all there may be of it.
    pub(super) const fn is_stated(self) -> bool {
        matches!(
            self,
            Self::Root | Self::Reference | Self::Identity | Self::Contract | Self::Endpoint
        )
    }

    /// Whether what the first good look finds of it is what there may be from then on: compiled from the artifact, and not
    /// compiled again here.
    pub(super) const fn is_pinned(self) -> bool {
        matches!(
            self,
            Self::File | Self::Rule | Self::Process | Self::Kernel | Self::Listener | Self::Route
        )
    }
}

/// One thing of a box.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Element {
    /// What it is.
    pub kind: Kind,
    /// Its name: a path, an id, the text of a rule.
    pub name: Box<str>,
}

impl Element {
    /// An element.
    pub fn new(kind: Kind, name: impl Into<Box<str>>) -> Self {
        let name = name.into();
        Self { kind, name }
    }
}

impl fmt::Display for Element {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind.name(), self.name)
    }
}

/// What can be said of an element; what tells most comes first.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
#[allow(missing_docs, reason = "the words themselves")]
pub enum Aspect {
    Revision,
    Version,
    Role,
    Address,
    Program,
    Arguments,
    User,
    Image,
    Value,
    Count,
    Order,
    Mode,
    Owner,
    Content,
}

impl Aspect {
    const fn name(self) -> &'static str {
        match self {
            Self::Revision => "revision",
            Self::Version => "version",
            Self::Role => "role",
            Self::Address => "address",
            Self::Content => "content",
            Self::Mode => "mode",
            Self::Owner => "owner",
            Self::Program => "program",
            Self::Arguments => "arguments",
            Self::User => "user",
            Self::Image => "image",
            Self::Value => "value",
            Self::Count => "count",
            Self::Order => "order of rules",
        }
    }
}

/// What is said of an element, aspect by aspect; nothing where only its being there matters.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct State(Vec<(Aspect, Box<str>)>);

impl State {
    /// A state that says one thing more.
    #[must_use]
    pub fn with(mut self, aspect: Aspect, value: impl Into<Box<str>>) -> Self {
        let value = value.into();
        let at = self.0.partition_point(|(known, _)| *known < aspect);
        match self.0.get_mut(at).filter(|(known, _)| *known == aspect) {
            Some(known) => known.1 = value,
            None => self.0.insert(at, (aspect, value)),
        }
        self
    }

    /// What it says of an aspect.
    pub fn get(&self, aspect: Aspect) -> Option<&str> {
        let mut said = self.0.iter();
        let found = said.find(|(known, _)| *known == aspect)?;
        Some(&found.1)
    }

    /// The first aspect in which `other` is not as this says; aspects that this does not name do not matter.
    pub(super) fn differs(&self, other: &Self) -> Option<Aspect> {
        let mut said = self.0.iter();
        let differs = said.find(|(aspect, value)| other.get(*aspect) != Some(&**value));
        differs.map(|(aspect, _)| *aspect)
    }

    /// What this says and `known` does not.
    pub(super) fn beyond(&self, known: &Self) -> Self {
        let more = self
            .0
            .iter()
            .filter(|(aspect, _)| known.get(*aspect).is_none());
        Self(more.cloned().collect())
    }

    /// Both together; `self` where both say something.
    pub(super) fn and(&self, other: &Self) -> Self {
        let mut both = self.clone();
        for (aspect, value) in other.beyond(self).0 {
            both = both.with(aspect, value);
        }
        both
    }

    /// An aspect in words.
    pub(super) fn word(&self, aspect: Aspect) -> String {
        let value = self.get(aspect).unwrap_or("nothing");
        alloc::format!("{} {}", aspect.name(), shown(value))
    }
}

/// Longest value in a finding, in bytes.
const SHOWN_MAX: usize = 200;

/// A value as it may stand in a sentence.
pub(super) fn shown(value: &str) -> String {
    let mut end = value.len().min(SHOWN_MAX);
    while !value.is_char_boundary(end) {
        end -= 1;
    }
    let (start, rest) = value.split_at_checked(end).unwrap_or((value, ""));
    let plain = start.chars().map(|c| if c.is_control() { ' ' } else { c });
    let plain: String = plain.collect();
    match rest.is_empty() {
        true => plain,
        false => alloc::format!("{plain}…"),
    }
}

/// A reference value: an element as the artifact wants it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Intended {
    /// Which.
    pub element: Element,
    /// What must be so; what it does not name is pinned by the first look that finds the rest right.
    pub state: State,
}

/// An element as it is.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Running {
    /// Which.
    pub element: Element,
    /// How it is; `None` when it is known to be gone.
    pub state: Option<State>,
}

impl Running {
    /// An element that is there.
    pub const fn new(element: Element, state: State) -> Self {
        let state = Some(state);
        Self { element, state }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_said_matters() {
        let want = State::default()
            .with(Aspect::Mode, "0644")
            .with(Aspect::Content, "a");
        let is = State::default()
            .with(Aspect::Content, "a")
            .with(Aspect::Mode, "0600");
        assert_eq!(want.differs(&is), Some(Aspect::Mode));
        assert_eq!(want.differs(&want.clone().with(Aspect::Owner, "0")), None);
        assert_eq!(State::default().differs(&is), None);
        assert_eq!(is.beyond(&want), State::default());
        assert_eq!(
            State::default()
                .with(Aspect::Owner, "0")
                .and(&is)
                .get(Aspect::Mode),
            Some("0600")
        );
    }

    #[test]
    fn what_is_shown_is_short_and_plain() {
        let long = "\u{e9}".repeat(SHOWN_MAX);
        assert!(shown(&long).chars().count() <= SHOWN_MAX / 2 + 1);
        assert_eq!(shown("a\nb\u{1b}c"), "a b c");
    }
}
