//! Which entry of one document is which of another: by kind and name; where a name stands more than once (two major
//! versions of a contract during an overlap), by major version first.

use std::collections::BTreeMap;

use super::{Item, Model};

type Pair<'a> = (Option<&'a Item>, Option<&'a Item>);
type Sides<'a> = (Vec<&'a Item>, Vec<&'a Item>);

pub(super) fn pairs<'a>(a: &'a Model, b: &'a Model) -> Vec<Pair<'a>> {
    let mut named: BTreeMap<(&str, &str), Sides<'a>> = BTreeMap::new();
    for item in &a.items {
        named
            .entry((&item.kind, &item.name))
            .or_default()
            .0
            .push(item);
    }
    for item in &b.items {
        named
            .entry((&item.kind, &item.name))
            .or_default()
            .1
            .push(item);
    }
    let mut pairs = Vec::new();
    for (mut old, mut new) in named.into_values() {
        let same = |x: &Item, y: &Item| x == y;
        let version = |x: &Item, y: &Item| x.version == y.version;
        let major = |x: &Item, y: &Item| major(x) == major(y);
        pair(&mut old, &mut new, same, &mut pairs);
        pair(&mut old, &mut new, version, &mut pairs);
        pair(&mut old, &mut new, major, &mut pairs);
        pair(&mut old, &mut new, |_, _| true, &mut pairs);
        pairs.extend(old.into_iter().map(|item| (Some(item), None)));
        pairs.extend(new.into_iter().map(|item| (None, Some(item))));
    }
    pairs
}

fn major(item: &Item) -> Option<u32> {
    item.version.map(|version| version.major)
}

fn pair<'a>(
    old: &mut Vec<&'a Item>,
    new: &mut Vec<&'a Item>,
    fits: impl Fn(&Item, &Item) -> bool,
    pairs: &mut Vec<Pair<'a>>,
) {
    old.retain(|before| {
        let at = new.iter().position(|after| fits(before, after));
        if let Some(at) = at {
            pairs.push((Some(*before), Some(new.remove(at))));
        }
        at.is_none()
    });
}
