//! What differs between the ruleset that should be and the one that is, and the smallest change between two.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::Write as _;

use super::ruleset::{Chain, Element, Ruleset, Table};
use super::text::write_element;
use crate::compile::policy::Drift;

/// How `is` differs from what `should` be; nothing when they agree. Counts do not count.
pub fn drift(should: &Ruleset, is: &Ruleset) -> Vec<Drift> {
    let mut found = Vec::new();
    both(&should.tables, &is.tables, |name, pair| match pair {
        (Some(should), Some(is)) => tables(name, should, is, &mut found),
        (Some(_), None) => found.push(Drift::Missing {
            what: format!("table {name}"),
        }),
        _ => found.push(Drift::Surplus {
            what: format!("table {name}"),
        }),
    });
    let others = is.others.difference(&should.others);
    found.extend(others.map(|name| Drift::Surplus {
        what: format!("table {name}"),
    }));
    found
}

/// Calls `each` with every key of the two and what each has under it.
fn both<'a, V>(
    left: &'a BTreeMap<String, V>,
    right: &'a BTreeMap<String, V>,
    mut each: impl FnMut(&str, (Option<&'a V>, Option<&'a V>)),
) {
    let keys: BTreeSet<&String> = left.keys().chain(right.keys()).collect();
    keys.into_iter()
        .for_each(|key| each(key, (left.get(key), right.get(key))));
}

fn tables(name: &str, should: &Table, is: &Table, found: &mut Vec<Drift>) {
    both(&should.sets, &is.sets, |set, pair| {
        if pair.0 != pair.1 {
            let what = format!(
                "{name}: interfaces of {set} are {:?}, should be {:?}",
                pair.1, pair.0
            );
            found.push(Drift::Changed { what });
        }
    });
    both(&should.maps, &is.maps, |map, pair| match pair {
        (Some(should), Some(is)) => {
            if (&should.key_type, should.interval) != (&is.key_type, is.interval) {
                found.push(Drift::Changed {
                    what: format!("{name}: type of map {map}"),
                });
            }
            both(&should.elements, &is.elements, |key, pair| {
                elements(&format!("{name}: {map} {key}"), pair, found)
            });
        }
        (Some(_), None) => found.push(Drift::Missing {
            what: format!("{name}: map {map}"),
        }),
        _ => found.push(Drift::Surplus {
            what: format!("{name}: map {map}"),
        }),
    });
    both(&should.chains, &is.chains, |chain, pair| match pair {
        (Some(should), Some(is)) => chains(&format!("{name}: chain {chain}"), should, is, found),
        (Some(_), None) => found.push(Drift::Missing {
            what: format!("{name}: chain {chain}"),
        }),
        _ => found.push(Drift::Surplus {
            what: format!("{name}: chain {chain}"),
        }),
    });
    found.extend(is.foreign.iter().map(|what| Drift::Surplus {
        what: format!("{name}: {what}"),
    }));
}

fn elements(what: &str, pair: (Option<&Element>, Option<&Element>), found: &mut Vec<Drift>) {
    let says = |element: &Element| format!("{what} {} ({})", element.verdict, element.comment);
    match pair {
        (Some(should), Some(is)) if !same(should, is) => {
            let what = format!(
                "{}, should be {} ({})",
                says(is),
                should.verdict,
                should.comment
            );
            found.push(Drift::Changed { what });
        }
        (Some(should), None) => found.push(Drift::Missing { what: says(should) }),
        (None, Some(is)) => found.push(Drift::Surplus { what: says(is) }),
        _ => {}
    }
}

fn chains(what: &str, should: &Chain, is: &Chain, found: &mut Vec<Drift>) {
    if should.hook != is.hook {
        let what = format!(
            "{what} hooks in as {:?}, should be {:?}",
            is.hook, should.hook
        );
        found.push(Drift::Changed { what });
    }
    let lines = |chain: &Chain| -> Vec<String> {
        let rules = chain.rules.iter();
        rules
            .map(|rule| format!("{} ({})", rule.text, rule.comment))
            .collect()
    };
    let (should, is) = (lines(should), lines(is));
    let before = found.len();
    let surplus = is.iter().filter(|line| !should.contains(line));
    found.extend(surplus.map(|line| Drift::Surplus {
        what: format!("{what}: {line}"),
    }));
    let missing = should.iter().filter(|line| !is.contains(line));
    found.extend(missing.map(|line| Drift::Missing {
        what: format!("{what}: {line}"),
    }));
    if found.len() == before && should != is {
        found.push(Drift::Changed {
            what: format!("{what}: order or number of its rules"),
        });
    }
}

/// The change from what `is` loaded to what `should` be, as nft text, when only contracts differ and ways do not;
/// counts of everything else are kept. `None`: the whole ruleset is to be loaded.
pub fn delta(should: &Ruleset, is: &Ruleset) -> Option<String> {
    let mut text = String::new();
    if should.tables.keys().ne(is.tables.keys()) {
        return None;
    }
    for ((name, should), is) in should.tables.iter().zip(is.tables.values()) {
        if !same_ways(should, is) {
            return None;
        }
        for ((map, should), is) in should.maps.iter().zip(is.maps.values()) {
            change(
                &mut text,
                &format!("{name} {map}"),
                &should.elements,
                &is.elements,
            )?;
        }
    }
    Some(text)
}

fn same_ways(should: &Table, is: &Table) -> bool {
    let uncounted = |table: &Table| {
        let rules = |chain: &Chain| {
            let rules = chain
                .rules
                .iter()
                .map(|rule| (rule.text.clone(), rule.comment.clone()));
            (chain.hook.clone(), rules.collect::<Vec<_>>())
        };
        table.chains.values().map(rules).collect::<Vec<_>>()
    };
    let types = |table: &Table| -> Vec<(String, String, bool)> {
        let maps = table.maps.iter();
        maps.map(|(name, map)| (name.clone(), map.key_type.clone(), map.interval))
            .collect()
    };
    should.sets == is.sets
        && is.foreign.is_empty()
        && should.chains.keys().eq(is.chains.keys())
        && uncounted(should) == uncounted(is)
        && types(should) == types(is)
}

fn change(
    text: &mut String,
    map: &str,
    should: &BTreeMap<String, Element>,
    is: &BTreeMap<String, Element>,
) -> Option<()> {
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
        write!(text, "{verb} element {map} {{ ").ok()?;
        for (index, (key, element)) in elements.into_iter().enumerate() {
            text.push_str(if index == 0 { "" } else { ", " });
            write_element(text, key, element).ok()?;
        }
        text.push_str(" }\n");
    }
    Some(())
}

fn same(left: &Element, right: &Element) -> bool {
    (&left.verdict, &left.comment) == (&right.verdict, &right.comment)
}
