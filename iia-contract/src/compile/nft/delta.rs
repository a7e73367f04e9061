//! The smallest change from one ruleset to another: contracts that go and come touch their own entries and ways, and
//! every other rule, count and connection stays as it is.

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::Write as _;

use super::drift::same;
use super::ruleset::{Chain, Element, Map, Ruleset, Table};
use super::text::{Part, write_element};

/// The change from what `is` loaded to what `should` be, as nft text for one transaction; empty when they agree.
/// `None`: they differ in more than contracts and their ways (interfaces, services, something by hand), and the whole
/// ruleset is to be loaded.
pub fn delta(should: &Ruleset, is: &Ruleset) -> Option<String> {
    let mut text = String::new();
    if should.tables.keys().ne(is.tables.keys()) {
        return None;
    }
    for ((name, should), is) in should.tables.iter().zip(is.tables.values()) {
        if !same_frame(should, is) {
            return None;
        }
        table(&mut text, name, (should, is)).ok()?;
    }
    Some(text)
}

/// Whether what both have is the same but for the entries of maps, and only chains that others lead to come and go.
fn same_frame(should: &Table, is: &Table) -> bool {
    let common = |chain: &str| match (should.chains.get(chain), is.chains.get(chain)) {
        (Some(should), Some(is)) => same_rules(should, is),
        (Some(only), None) | (None, Some(only)) => only.hook.is_none(),
        (None, None) => true,
    };
    let types = |map: &str| match (should.maps.get(map), is.maps.get(map)) {
        (Some(should), Some(is)) => {
            (&should.key_type, should.interval) == (&is.key_type, is.interval)
        }
        _ => true,
    };
    let mut chains = should.chains.keys().chain(is.chains.keys());
    should.sets == is.sets
        && is.foreign.is_empty()
        && chains.all(|chain| common(chain))
        && should.maps.keys().all(|map| types(map))
}

fn same_rules(should: &Chain, is: &Chain) -> bool {
    let mut pairs = should.rules.iter().zip(&is.rules);
    should.hook == is.hook
        && should.rules.len() == is.rules.len()
        && pairs.all(|(one, other)| (&one.text, &one.comment) == (&other.text, &other.comment))
}

/// New ways first, then entries, then ways that nothing leads to any more.
fn table(text: &mut String, name: &str, (should, is): (&Table, &Table)) -> core::fmt::Result {
    let new = Table {
        maps: only(&should.maps, &is.maps),
        chains: only(&should.chains, &is.chains),
        ..Table::default()
    };
    if !new.maps.is_empty() || !new.chains.is_empty() {
        write!(text, "table {name} {{\n{}}}\n", Part(&new))?;
    }
    for (map, should) in &should.maps {
        if let Some(Map { elements, .. }) = is.maps.get(map)
            && !same_elements(&should.elements, elements)
        {
            change(text, &format!("{name} {map}"), &should.elements, elements)?;
        }
    }
    // Rules refer to maps, and entries of maps to chains: first the rules go, then the maps, then the chains.
    let gone = only(&is.chains, &should.chains);
    for chain in gone.keys() {
        writeln!(text, "flush chain {name} {chain}")?;
    }
    for map in only(&is.maps, &should.maps).keys() {
        writeln!(text, "delete map {name} {map}")?;
    }
    for chain in gone.keys() {
        writeln!(text, "delete chain {name} {chain}")?;
    }
    Ok(())
}

/// What one has and the other has not.
fn only<V: Clone>(one: &BTreeMap<String, V>, other: &BTreeMap<String, V>) -> BTreeMap<String, V> {
    let only = one.iter().filter(|(key, _)| !other.contains_key(*key));
    only.map(|(key, value)| (key.clone(), value.clone()))
        .collect()
}

/// Both are sorted, so that what agrees is found in one walk without a look-up; most maps do.
fn same_elements(should: &BTreeMap<String, Element>, is: &BTreeMap<String, Element>) -> bool {
    let mut pairs = should.iter().zip(is);
    should.len() == is.len() && pairs.all(|(one, other)| one.0 == other.0 && same(one.1, other.1))
}

fn change(
    text: &mut String,
    map: &str,
    should: &BTreeMap<String, Element>,
    is: &BTreeMap<String, Element>,
) -> core::fmt::Result {
    let kept = |key: &String, element: &Element, other: &BTreeMap<String, Element>| {
        other.get(key).is_some_and(|other| same(other, element))
    };
    let gone: Vec<_> = is
        .iter()
        .filter(|(key, element)| !kept(key, element, should))
        .collect();
    let new: Vec<_> = should
        .iter()
        .filter(|(key, element)| !kept(key, element, is))
        .collect();
    for (verb, elements) in [("delete", gone), ("add", new)] {
        if elements.is_empty() {
            continue;
        }
        write!(text, "{verb} element {map} {{ ")?;
        for (index, (key, element)) in elements.into_iter().enumerate() {
            text.push_str(if index == 0 { "" } else { ", " });
            write_element(text, key, element)?;
        }
        text.push_str(" }\n");
    }
    Ok(())
}
