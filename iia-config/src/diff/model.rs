//! A document's meaning: entries by kind and name, their lines in canonical form and order, without comments.

use std::collections::BTreeMap;

use iia_contract::raw::Version;
use iia_contract::tree::Entry;

use super::{Edited, OtherDocument};
use crate::format;
use crate::parse::{Document, Magic};
use crate::schema;

/// Where a line stands: in the entry itself, or in a block of it.
#[derive(Clone, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub struct Place {
    /// The block's key; empty for the entry itself.
    pub block: String,
    /// The block's name; empty when it has none.
    pub name: String,
}

/// An entry's meaning.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Item {
    /// Its kind.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: Option<Version>,
    pub(super) parts: BTreeMap<Place, Vec<String>>,
}

/// A document's meaning.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Model {
    pub(super) magic: Magic,
    pub(super) items: Vec<Item>,
}

impl Model {
    /// The meaning of a document, whether it is canonical or not.
    pub fn of(document: &Document) -> Self {
        Self::of_some(document, |_| true)
    }

    /// The meaning of those entries of a document that `take` takes, by their place.
    pub(super) fn of_some(document: &Document, take: impl Fn(usize) -> bool) -> Self {
        let entries = document.entries().enumerate();
        let taken = entries.filter(|(at, _)| take(*at));
        let mut items: Vec<Item> = taken.map(|(_, entry)| Item::of(&entry)).collect();
        items.sort();
        Self {
            magic: document.magic,
            items,
        }
    }

    /// Its entries, by kind, name and version.
    pub fn items(&self) -> &[Item] {
        &self.items
    }

    /// Whether another entry has the same kind, name and version.
    pub(super) fn has_twin(&self, item: &Item) -> bool {
        fn key(item: &Item) -> (&str, &str, Option<Version>) {
            (&item.kind, &item.name, item.version)
        }
        let first = self.items.partition_point(|other| key(other) < key(item));
        let second = self.items.get(first + 1);
        second.is_some_and(|other| key(other) == key(item))
    }

    pub(super) fn take(&mut self, item: &Item) -> Result<(), OtherDocument> {
        let at = self.items.binary_search(item).map_err(|_| OtherDocument)?;
        self.items.remove(at);
        Ok(())
    }

    pub(super) fn take_named(&mut self, edited: &Edited) -> Result<Item, OtherDocument> {
        let same = |item: &Item| {
            item.kind == edited.kind
                && item.name == edited.name
                && item.version == edited.versions.0
        };
        let at = self.items.iter().position(same).ok_or(OtherDocument)?;
        Ok(self.items.remove(at))
    }

    pub(super) fn put(&mut self, item: Item) {
        let at = self.items.binary_search(&item).unwrap_or_else(|at| at);
        self.items.insert(at, item);
    }
}

impl Item {
    fn of(entry: &Entry<'_>) -> Self {
        let spec = schema::spec(entry.kind);
        let (fields, blocks) = spec.map_or((&[][..], &[][..]), |spec| (spec.fields, spec.blocks));
        let mut parts: BTreeMap<Place, Vec<String>> = BTreeMap::new();
        parts.insert(Place::default(), format::meaning(entry.all(), fields));
        for block in entry.blocks() {
            let spec = blocks.iter().find(|spec| block.is(spec));
            let fields = spec.map_or(&[][..], |spec| spec.fields);
            let place = Place {
                block: block.key.into(),
                name: block.name.unwrap_or_default().into(),
            };
            parts
                .entry(place)
                .or_default()
                .extend(format::meaning(block.all(), fields));
        }
        parts.values_mut().for_each(|lines| lines.sort());
        Self {
            kind: entry.kind.into(),
            name: entry.name.into(),
            version: entry.version,
            parts,
        }
    }

    /// Its lines, by place.
    pub fn parts(&self) -> impl Iterator<Item = (&Place, &[String])> {
        self.parts
            .iter()
            .map(|(place, lines)| (place, lines.as_slice()))
    }

    pub(super) fn add(&mut self, place: &Place, line: &str) -> Result<(), OtherDocument> {
        let lines = self.parts.get_mut(place).ok_or(OtherDocument)?;
        let at = lines.partition_point(|have| have.as_str() < line);
        lines.insert(at, line.to_owned());
        Ok(())
    }

    pub(super) fn drop(&mut self, place: &Place, line: &str) -> Result<(), OtherDocument> {
        let lines = self.parts.get_mut(place).ok_or(OtherDocument)?;
        let at = lines.iter().position(|have| have == line);
        lines.remove(at.ok_or(OtherDocument)?);
        Ok(())
    }
}
