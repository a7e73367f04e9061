//! What changes between two documents, and what that brings about: see it before it is enforced.
//!
//! [`between`] and [`diff`] give typed changes; applying them to the first document's meaning gives the second's, and nothing else
//! ([`Diff::apply`]). [`consequences`] says what they open, close, bind, expose, loosen and whom they concern.

mod binding;
mod consequence;
mod flow;
mod model;
mod obligation;
mod pair;
mod runs;
mod settled;
mod words;

use std::collections::BTreeSet;

use iia_contract::raw::Version;

pub use self::binding::Binding;
pub use self::consequence::{Consequences, Notice, RaciChange, Topic, VersionDue, consequences};
pub use self::flow::{Flow, Session};
pub use self::model::{Item, Model, Place};
pub use self::obligation::{Moved, Obligation};
use self::settled::Settled;
use crate::parse::{Document, Magic};

/// What changes from one document to another.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Diff {
    /// The kind of document, when it is another one.
    pub magic: Option<(Magic, Magic)>,
    /// The changes of entries, by kind and name.
    pub changes: Vec<Change>,
}

/// A change of one entry.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Change {
    /// It is new.
    Added(Item),
    /// It is gone.
    Removed(Item),
    /// It says something else.
    Edited(Edited),
}

/// An entry that says something else.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Edited {
    /// Its kind.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// Its versions before and after.
    pub versions: (Option<Version>, Option<Version>),
    /// What changes in it.
    pub edits: Vec<Edit>,
}

/// A change within an entry.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Edit {
    /// A block is new; its lines follow.
    BlockAdded(Place),
    /// A block is gone; its lines went before.
    BlockRemoved(Place),
    /// A line is new.
    LineAdded(Place, String),
    /// A line is gone.
    LineRemoved(Place, String),
    /// The only line with this key says something else.
    Set {
        /// Where.
        place: Place,
        /// The line before.
        from: String,
        /// The line after.
        to: String,
    },
}

/// A diff that belongs to another document.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the change belongs to another document")]
pub struct OtherDocument;

/// What changes from one document to another; an entry that stands in both with the same text is not looked at.
pub fn between(a: &Document, b: &Document) -> Diff {
    let settled = Settled::of(a, b);
    let old = Model::of_some(a, |at| settled.old.get(at) != Some(&true));
    let new = Model::of_some(b, |at| settled.new.get(at) != Some(&true));
    diff(&old, &new)
}

/// What changes from the meaning `a` to the meaning `b`.
pub fn diff(a: &Model, b: &Model) -> Diff {
    let magic = (a.magic != b.magic).then_some((a.magic, b.magic));
    let mut changes = Vec::new();
    for pair in pair::pairs(a, b) {
        match pair {
            (Some(old), Some(new)) if old == new => {}
            // Twins of one kind, name and version cannot be told apart by name.
            (Some(old), Some(new)) if a.has_twin(old) => {
                changes.push(Change::Removed(old.clone()));
                changes.push(Change::Added(new.clone()));
            }
            (Some(old), Some(new)) => changes.push(Change::Edited(edited(old, new))),
            (Some(old), None) => changes.push(Change::Removed(old.clone())),
            (None, Some(new)) => changes.push(Change::Added(new.clone())),
            (None, None) => {}
        }
    }
    Diff { magic, changes }
}

fn edited(old: &Item, new: &Item) -> Edited {
    let mut edits = Vec::new();
    let places: BTreeSet<&Place> = old.parts.keys().chain(new.parts.keys()).collect();
    for place in places {
        let empty = Vec::new();
        let (before, after) = (old.parts.get(place), new.parts.get(place));
        if before.is_none() {
            edits.push(Edit::BlockAdded(place.clone()));
        }
        lines(
            place,
            (before.unwrap_or(&empty), after.unwrap_or(&empty)),
            &mut edits,
        );
        if after.is_none() {
            edits.push(Edit::BlockRemoved(place.clone()));
        }
    }
    Edited {
        kind: old.kind.clone(),
        name: old.name.clone(),
        versions: (old.version, new.version),
        edits,
    }
}

fn key(line: &str) -> &str {
    line.split(' ').next().unwrap_or_default()
}

/// Lines are a sorted multiset. One line of a key against one line of it is a new value; all else comes and goes.
fn lines(place: &Place, (before, after): (&[String], &[String]), edits: &mut Vec<Edit>) {
    let (gone, new) = (minus(before, after), minus(after, before));
    let alone =
        |lines: &[String], of: &str| lines.iter().filter(|line| key(line) == of).count() == 1;
    let is_set = |line: &str| alone(before, key(line)) && alone(after, key(line));
    for line in &gone {
        let to = new.iter().find(|to| is_set(line) && key(to) == key(line));
        edits.push(match to {
            Some(to) => Edit::Set {
                place: place.clone(),
                from: line.clone(),
                to: to.clone(),
            },
            None => Edit::LineRemoved(place.clone(), line.clone()),
        });
    }
    for line in new {
        if !(is_set(&line) && gone.iter().any(|from| key(from) == key(&line))) {
            edits.push(Edit::LineAdded(place.clone(), line));
        }
    }
}

/// The lines of one sorted multiset that another has not.
fn minus(lines: &[String], others: &[String]) -> Vec<String> {
    let mut others = others.iter().peekable();
    let mut left = Vec::new();
    for line in lines {
        while others.next_if(|other| *other < line).is_some() {}
        if others.next_if(|other| *other == line).is_none() {
            left.push(line.clone());
        }
    }
    left
}

impl Diff {
    /// Whether nothing changes.
    pub fn is_empty(&self) -> bool {
        self.magic.is_none() && self.changes.is_empty()
    }

    /// The meaning of the second document, from that of the first.
    ///
    /// # Errors
    /// [`OtherDocument`] when something that goes is not there, or something that comes is.
    pub fn apply(&self, model: &Model) -> Result<Model, OtherDocument> {
        let mut model = model.clone();
        if let Some((from, to)) = self.magic {
            if model.magic != from {
                return Err(OtherDocument);
            }
            model.magic = to;
        }
        // What goes and what changes is taken out first: an entry that comes may have the place of one that goes.
        let mut coming = Vec::new();
        for change in &self.changes {
            coming.extend(match change {
                Change::Added(item) => Some(item.clone()),
                Change::Removed(item) => {
                    model.take(item)?;
                    None
                }
                Change::Edited(edited) => {
                    let old = model.take_named(edited)?;
                    Some(edited.apply(old)?)
                }
            });
        }
        coming.into_iter().for_each(|item| model.put(item));
        Ok(model)
    }
}

impl Edited {
    fn apply(&self, mut item: Item) -> Result<Item, OtherDocument> {
        item.version = self.versions.1;
        for edit in &self.edits {
            match edit {
                Edit::BlockAdded(place) => {
                    let had = item.parts.insert(place.clone(), Vec::new());
                    had.map_or(Ok(()), |_| Err(OtherDocument))?;
                }
                Edit::BlockRemoved(place) => {
                    let had = item.parts.remove(place).ok_or(OtherDocument)?;
                    had.is_empty().then_some(()).ok_or(OtherDocument)?;
                }
                Edit::LineAdded(place, line) => item.add(place, line)?,
                Edit::LineRemoved(place, line) => item.drop(place, line)?,
                Edit::Set { place, from, to } => {
                    item.drop(place, from)?;
                    item.add(place, to)?;
                }
            }
        }
        Ok(item)
    }
}
