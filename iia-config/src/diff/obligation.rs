//! Which way an obligation moved: whoever is bound, is it bound tighter.

use std::cmp::Ordering;

use iia_contract::tree::{Block, Entry, Field};
use iia_contract::version::effect::{Effect, effect};

/// Which way it moved.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Moved {
    /// Whoever is bound is bound less.
    Loosened,
    /// Whoever is bound is bound more.
    Tightened,
}

/// An obligation that moved.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Obligation {
    /// The contract.
    pub contract: String,
    /// Where: block, name, key.
    pub place: String,
    /// Which way.
    pub moved: Moved,
    /// The line before; empty when it is new.
    pub from: String,
    /// The line after; empty when it is gone.
    pub to: String,
}

/// Whether more of a field binds tighter; nothing when it is no bound.
fn more(block: &str, key: &str) -> Option<bool> {
    match (block, key) {
        ("sla", "min") => return Some(true),
        ("sla", "max" | "window") | ("", "cadence") => return Some(false),
        _ => {}
    }
    match effect(block, key) {
        Effect::Lower(_) => Some(true),
        Effect::Upper(_) => Some(false),
        _ => None,
    }
}

/// The obligations of one contract that moved.
pub(super) fn moved(old: &Entry<'_>, new: &Entry<'_>) -> Vec<Obligation> {
    let mut found = Vec::new();
    let mut places: Vec<(&str, &str)> = vec![("", "")];
    let blocks = old.blocks().chain(new.blocks());
    places.extend(blocks.map(|block| (block.key, block.name.unwrap_or_default())));
    places.sort_unstable();
    places.dedup();
    for place in places {
        let mut keys: Vec<&str> = fields(old, place)
            .iter()
            .chain(&fields(new, place))
            .map(|field| field.key)
            .collect();
        keys.sort_unstable();
        keys.dedup();
        found.extend(
            keys.into_iter()
                .filter_map(|key| one((old, new), place, key)),
        );
    }
    found
}

fn fields<'t>(entry: &Entry<'t>, (block, name): (&str, &str)) -> Vec<Field<'t>> {
    if block.is_empty() {
        return entry.all().collect();
    }
    let same = |found: &Block<'_>| found.key == block && found.name.unwrap_or_default() == name;
    let blocks = entry.blocks().filter(same);
    blocks
        .flat_map(|block| block.all().collect::<Vec<_>>())
        .collect()
}

fn one((old, new): (&Entry<'_>, &Entry<'_>), place: (&str, &str), key: &str) -> Option<Obligation> {
    let find = |entry| {
        fields(entry, place)
            .into_iter()
            .find(|field| field.key == key)
    };
    let (before, after): (Option<Field<'_>>, Option<Field<'_>>) = (find(old), find(new));
    let line = |field: Option<Field<'_>>| field.map_or_else(String::new, |f| f.line().to_owned());
    let more = more(place.0, key);
    let moved = match (before, after) {
        (Some(before), Some(after)) => number(before, after, more)
            .or_else(|| switch(before.text(), after.text()))
            .or_else(|| failure(key, before.text(), after.text())),
        // A bound that comes binds, one that goes does not.
        (None, Some(_)) => more.map(|_| Moved::Tightened),
        (Some(_), None) => more.map(|_| Moved::Loosened),
        (None, None) => None,
    }?;
    let place = [place.0, place.1, key];
    let place: Vec<&str> = place.into_iter().filter(|part| !part.is_empty()).collect();
    Some(Obligation {
        contract: new.name.into(),
        place: place.join(" "),
        moved,
        from: line(before),
        to: line(after),
    })
}

fn number(before: Field<'_>, after: Field<'_>, more: Option<bool>) -> Option<Moved> {
    let order = after.number(0)?.order(before.number(0)?)?;
    match (order, more?) {
        (Ordering::Equal, _) => None,
        (Ordering::Greater, true) | (Ordering::Less, false) => Some(Moved::Tightened),
        _ => Some(Moved::Loosened),
    }
}

fn switch(before: &str, after: &str) -> Option<Moved> {
    match (before, after) {
        ("off", "on") => Some(Moved::Tightened),
        ("on", "off") => Some(Moved::Loosened),
        _ => None,
    }
}

/// What happens when the other end is away: closed binds tightest.
fn failure(key: &str, before: &str, after: &str) -> Option<Moved> {
    let rank = |word: &str| match word {
        "drop" => Some(0),
        "fail_open_with_alarm" => Some(1),
        "retry" => Some(2),
        "buffer_local" => Some(3),
        "fail_closed" => Some(4),
        _ => None,
    };
    if key != "on_unreachable" {
        return None;
    }
    match rank(after)?.cmp(&rank(before)?) {
        Ordering::Equal => None,
        Ordering::Greater => Some(Moved::Tightened),
        Ordering::Less => Some(Moved::Loosened),
    }
}
