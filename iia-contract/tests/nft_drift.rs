//! Every way in which a loaded ruleset can differ from the one that should be is named, and what is not contracts'
//! alone is not mended bit by bit.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may fail"
)]

#[path = "net/world.rs"]
mod world;

use iia_contract::Catalog;
use iia_contract::compile::Target as _;
use iia_contract::compile::nft::{Chain, Element, Map, Rule, Ruleset, Table, delta};
use world::random;

const TABLE: &str = "inet iia";

fn ruleset() -> Ruleset {
    let (topology, catalog) = random(5, false, 6, 20);
    Ruleset::compile(&catalog, &topology).0
}

/// The map and the key of the first thing that is accepted.
fn first(ruleset: &Ruleset) -> (String, String) {
    let (map, key, _) = ruleset.accepted().next().unwrap();
    (map.into(), key.into())
}

/// What is told, in words, of a change to the table of the box.
fn told(change: impl Fn(&mut Table)) -> Vec<String> {
    let should = ruleset();
    let mut is = should.clone();
    change(is.tables.get_mut(TABLE).unwrap());
    let found = should.drift(&is);
    found.iter().map(ToString::to_string).collect()
}

#[test]
fn every_change_is_told_once_and_in_its_own_words() {
    let (map, key) = first(&ruleset());
    let element = |table: &mut Table, change: &dyn Fn(&mut Element)| {
        change(
            table
                .maps
                .get_mut(&map)
                .unwrap()
                .elements
                .get_mut(&key)
                .unwrap(),
        );
    };
    let rows: [(Vec<String>, String); 15] = [
        (told(|_| {}), String::new()),
        (
            told(|table| element(table, &|one| one.packets = 7)),
            String::new(),
        ),
        (
            told(|table| element(table, &|one| one.verdict = "drop".into())),
            format!("changed: {TABLE}: {map} {key} drop (iia."),
        ),
        (
            told(|table| element(table, &|one| one.comment = "friend".into())),
            format!("changed: {TABLE}: {map} {key} accept (friend), should be accept (iia."),
        ),
        (
            told(|table| drop(table.maps.get_mut(&map).unwrap().elements.remove(&key))),
            format!("missing: {TABLE}: {map} {key} accept (iia."),
        ),
        (
            told(|table| {
                let more = (String::from("more"), Element::default());
                table.maps.get_mut(&map).unwrap().elements.extend([more]);
            }),
            format!("not contracted: {TABLE}: {map} more"),
        ),
        (
            told(|table| table.maps.get_mut(&map).unwrap().interval = true),
            format!("changed: {TABLE}: type of map {map}"),
        ),
        (
            told(|table| table.maps.get_mut(&map).unwrap().key_type = "mark".into()),
            format!("changed: {TABLE}: type of map {map}"),
        ),
        (
            told(|table| drop(table.maps.remove(&map))),
            format!("missing: {TABLE}: map {map}"),
        ),
        (
            told(|table| drop(table.maps.insert("door".into(), Map::default()))),
            format!("not contracted: {TABLE}: map door"),
        ),
        (
            told(|table| drop(table.sets.remove("bridges"))),
            format!("changed: {TABLE}: interfaces of bridges are None, should be Some("),
        ),
        (
            told(|table| drop(table.chains.remove("rejected"))),
            format!("missing: {TABLE}: chain rejected"),
        ),
        (
            told(|table| drop(table.chains.insert("door".into(), Chain::default()))),
            format!("not contracted: {TABLE}: chain door"),
        ),
        (
            told(|table| {
                table
                    .chains
                    .get_mut("forward")
                    .unwrap()
                    .hook
                    .as_mut()
                    .unwrap()
                    .drops = false
            }),
            format!("changed: {TABLE}: chain forward hooks in as Some("),
        ),
        (
            told(|table| table.foreign.push("rule by hand".into())),
            format!("not contracted: {TABLE}: rule by hand"),
        ),
    ];
    for (found, due) in rows {
        assert_eq!(
            found.len(),
            usize::from(!due.is_empty()),
            "{due}: {found:?}"
        );
        assert!(
            found.iter().all(|words| words.starts_with(&due)),
            "{due}: {found:?}"
        );
    }
}

#[test]
fn rules_of_a_chain_are_held_against_each_other_with_their_order() {
    let rules = |change: &dyn Fn(&mut Vec<Rule>)| {
        told(|table| change(&mut table.chains.get_mut("forward").unwrap().rules))
    };
    let forward = ruleset().tables[TABLE].chains["forward"].rules.clone();
    let named = |rule: &Rule| format!("{TABLE}: chain forward: {} ({})", rule.text, rule.comment);
    assert_eq!(rules(&|all| all[4].packets = 9), [""; 0]);
    assert_eq!(
        rules(&|all| drop(all.remove(4))),
        [format!("missing: {}", named(&forward[4]))]
    );
    let door = Rule {
        text: "accept".into(),
        comment: "me".into(),
        packets: 0,
    };
    let due = format!("not contracted: {TABLE}: chain forward: accept (me)");
    assert_eq!(rules(&|all| all.insert(0, door.clone())), [due]);
    let order = format!("changed: {TABLE}: chain forward: order or number of its rules");
    assert_eq!(rules(&|all| all.swap(0, 4)), std::slice::from_ref(&order));
    assert_eq!(rules(&|all| all.push(all[4].clone())), [order]);
    let said = rules(&|all| all[4].comment = "other".into());
    assert_eq!(said.len(), 2, "{said:?}");
}

#[test]
fn whole_tables_are_told_too() {
    let (should, nothing) = (ruleset(), Ruleset::default());
    let words = |found: Vec<iia_contract::compile::Drift>| -> Vec<String> {
        found.iter().map(ToString::to_string).collect()
    };
    assert_eq!(words(should.drift(&nothing)), ["missing: table inet iia"]);
    assert_eq!(
        words(nothing.drift(&should)),
        ["not contracted: table inet iia"]
    );
    let mut more = should.clone();
    more.others.insert("ip evil".into());
    assert_eq!(
        words(should.drift(&more)),
        ["not contracted: table ip evil"]
    );
    assert_eq!(words(more.drift(&more)), [""; 0]);
}

/// Between no contract and all of them every way comes with its chains and maps, and goes with them.
#[test]
fn ways_come_and_go_whole() {
    let (topology, catalog) = random(5, false, 6, 20);
    let full = Ruleset::compile(&catalog, &topology).0;
    let bare = Ruleset::compile(&Catalog::default(), &topology).0;
    let (come, gone) = (delta(&full, &bare).unwrap(), delta(&bare, &full).unwrap());
    let (full, bare) = (&full.tables[TABLE], &bare.tables[TABLE]);
    let chains: Vec<&String> = full
        .chains
        .keys()
        .filter(|name| !bare.chains.contains_key(*name))
        .collect();
    let maps: Vec<&String> = full
        .maps
        .keys()
        .filter(|name| !bare.maps.contains_key(*name))
        .collect();
    assert!(chains.len() > 5 && maps.len() > 5, "{chains:?} {maps:?}");
    let lines = |text: &str| -> Vec<String> { text.lines().map(str::to_owned).collect() };
    let (come, gone) = (lines(&come), lines(&gone));
    let at = |lines: &[String], line: String| {
        let found = lines.iter().position(|one| *one == line);
        found.unwrap_or_else(|| panic!("{line}: {lines:#?}"))
    };
    for name in &chains {
        at(&come, format!("  chain {name} {{"));
        let flushed = at(&gone, format!("flush chain {TABLE} {name}"));
        assert!(flushed < at(&gone, format!("delete chain {TABLE} {name}")));
    }
    for name in &maps {
        at(&come, format!("  map {name} {{"));
        at(&gone, format!("delete map {TABLE} {name}"));
    }
    assert!(
        !come.iter().any(|line| line.starts_with("delete "))
            && !gone
                .iter()
                .any(|line| line.contains(" {") && line.starts_with("  "))
    );
}

/// Entries and ways come and go; anything else is loaded as a whole.
#[test]
fn only_what_contracts_change_is_a_delta() {
    let is = ruleset();
    let (map, key) = first(&is);
    let changed = |change: &dyn Fn(&mut Table)| {
        let mut other = is.clone();
        change(other.tables.get_mut(TABLE).unwrap());
        other
    };
    let fewer = changed(&|table| drop(table.maps.get_mut(&map).unwrap().elements.remove(&key)));
    let comment = &is.tables[TABLE].maps[&map].elements[&key].comment;
    let element = format!("element {TABLE} {map} {{ {key} comment \"{comment}\" : accept }}\n");
    assert_eq!(delta(&fewer, &is), Some(format!("delete {element}")));
    assert_eq!(delta(&is, &fewer), Some(format!("add {element}")));
    let other = changed(&|table| {
        table
            .maps
            .get_mut(&map)
            .unwrap()
            .elements
            .get_mut(&key)
            .unwrap()
            .comment = "c".into();
    });
    let both = format!("delete {element}add {}", element.replace(comment, "c"));
    assert_eq!(delta(&other, &is), Some(both));
    assert_eq!(delta(&is, &is), Some(String::new()));
    // The only entry of a map moves to another place and says the same there.
    let alone = |at: &str| {
        changed(&|table| {
            let elements = &mut table.maps.get_mut(&map).unwrap().elements;
            let one = elements.remove(&key).unwrap();
            *elements = [(at.to_owned(), one)].into();
        })
    };
    let moved = element.replace(&key, "elsewhere");
    assert_eq!(
        delta(&alone("elsewhere"), &alone(&key)),
        Some(format!("delete {element}add {moved}"))
    );
    // A map alone comes as well as a chain alone.
    let bare = changed(&|table| drop(table.maps.remove(&map)));
    let come = delta(&is, &bare).unwrap();
    assert!(come.contains(&format!("\n  map {map} {{\n")), "{come}");
    let more = changed(&|table| drop(table.chains.insert("way/door".into(), Chain::default())));
    let come = format!("table {TABLE} {{\n  chain way/door {{\n  }}\n}}\n");
    assert_eq!(delta(&more, &is), Some(come));
    for (what, other) in [
        (
            "an interface",
            changed(&|table| table.sets.get_mut("bridges").unwrap().clear()),
        ),
        (
            "the type of a map",
            changed(&|table| table.maps.get_mut(&map).unwrap().interval = true),
        ),
        (
            "a rule",
            changed(&|table| drop(table.chains.get_mut("forward").unwrap().rules.pop())),
        ),
        (
            "a base chain",
            changed(&|table| drop(table.chains.remove("forward"))),
        ),
        ("a table", Ruleset::default()),
    ] {
        assert_eq!(delta(&is, &other), None, "{what}");
        assert_eq!(delta(&other, &is), None, "{what}");
    }
    let foreign = changed(&|table| table.foreign.push("rule by hand".into()));
    assert_eq!(delta(&is, &foreign), None);
}
