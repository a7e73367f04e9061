//! Every element of every target names its contracts, each of them rightly, or is one that every box has.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may fail"
)]

mod agree;
#[path = "naive/dice.rs"]
mod dice;
mod made;

use std::collections::{BTreeMap, BTreeSet};

use agree::World;
use dice::Dice;
use iia_contract::Catalog;
use iia_contract::compile::nft::{Rule, Ruleset};
use iia_contract::compile::{
    Contracts, Permit, Target, admission, cilium, k8s, mqtt, nats, ovn, spiffe, surface, suricata,
    zenoh,
};

/// Elements in words, each with its contracts.
type Elements = BTreeMap<String, Contracts>;

/// What a catalog compiles to, through the reader of the target where there is a text for it.
fn elements<E: Permit>(catalog: &Catalog, world: &World, words: fn(&E) -> String) -> Elements {
    let (policy, _) = E::compile(catalog, &world.topology);
    let policy = E::read(E::write(&policy).as_bytes()).unwrap_or(policy);
    assert!(policy.foreign.is_empty(), "{:?}", policy.foreign);
    let mut elements = Elements::new();
    for (element, contracts) in policy.allowed {
        elements
            .entry(words(&element))
            .or_default()
            .extend(contracts);
    }
    elements
}

/// A catalog compiles to what its contracts compile to one by one, and to nothing else: whatever a contract is named
/// for, it opens alone too, and whatever names none is there without any contract.
fn check(world: &World, of: impl Fn(&Catalog) -> Elements) -> usize {
    let (whole, bare) = (of(&world.catalog), of(&Catalog::default()));
    let ids = world
        .catalog
        .contracts()
        .iter()
        .map(|one| one.id.to_string());
    let alone: BTreeMap<String, Elements> =
        ids.map(|id| (id.clone(), of(&world.only(&id)))).collect();
    let mut named = 0;
    for (element, contracts) in &whole {
        assert!(
            !contracts.is_empty() || bare.contains_key(element),
            "{element} names no contract"
        );
        for id in contracts {
            let own = alone.get(id).and_then(|elements| elements.get(element));
            assert_eq!(
                own,
                Some(&BTreeSet::from([id.clone()])),
                "{element} names {id}"
            );
            named += 1;
        }
    }
    for (id, elements) in &alone {
        for (element, contracts) in elements
            .iter()
            .filter(|(_, contracts)| !contracts.is_empty())
        {
            assert_eq!(*contracts, BTreeSet::from([id.clone()]), "{element}");
            assert!(whole[element].contains(id), "{element} does not name {id}");
        }
    }
    named
}

fn words<E: Permit>(element: &E) -> String {
    element.to_string()
}

/// Whom somebody trusts besides follows from all of its contracts together.
fn entry(one: &spiffe::Registration) -> String {
    format!("{} {:?}", one.id, one.selectors)
}

/// Whatever the firewall accepts by contract.
fn accepted(catalog: &Catalog, world: &World) -> Elements {
    let (ruleset, _) = Ruleset::compile(catalog, &world.topology);
    let ruleset = Ruleset::read(ruleset.write().as_bytes()).unwrap();
    let accepted = ruleset.accepted().map(|(map, key, element)| {
        let contracts = element.comment.split(' ').map(String::from).collect();
        (format!("{map} {key}"), contracts)
    });
    accepted.collect()
}

/// Rules that a catalog adds lead on or end in rejection; none of them accepts anything.
fn rules_only_lead_on(world: &World) {
    let (ruleset, _) = Ruleset::compile(&world.catalog, &world.topology);
    let (bare, _) = Ruleset::compile(&Catalog::default(), &world.topology);
    for (name, table) in &ruleset.tables {
        for (chain, said) in &table.chains {
            if let Some(known) = bare.tables[name].chains.get(chain) {
                assert_eq!(said, known, "{chain}");
                continue;
            }
            assert!(
                said.hook.is_none() && (chain.starts_with("from/") || chain.starts_with("way/"))
            );
            let (last, rest) = said.rules.split_last().unwrap();
            assert_eq!(last.text, "goto rejected", "{chain}");
            let leads =
                |rule: &Rule| rule.text.contains(" vmap @") && !rule.text.contains("accept");
            assert!(
                !rest.is_empty() && rest.iter().all(leads),
                "{chain}: {rest:?}"
            );
        }
    }
}

#[test]
fn every_element_of_every_target_names_its_contracts() {
    let mut named: BTreeMap<&str, usize> = BTreeMap::new();
    for seed in 1..=60 {
        let bytes = dice::bytes(4000, seed);
        let world = World::random(&mut Dice(&bytes));
        let mut count = |target, found| *named.entry(target).or_default() += found;
        let world = &world;
        rules_only_lead_on(world);
        count("nft", check(world, |catalog| accepted(catalog, world)));
        count(
            "ovn",
            check(world, |catalog| elements(catalog, world, words::<ovn::Acl>)),
        );
        count(
            "k8s",
            check(world, |catalog| {
                elements(catalog, world, words::<k8s::NetworkPolicy>)
            }),
        );
        count(
            "cilium",
            check(world, |catalog| {
                elements(catalog, world, words::<cilium::CiliumPolicy>)
            }),
        );
        count(
            "suricata",
            check(world, |catalog| {
                elements(catalog, world, words::<suricata::Passed>)
            }),
        );
        count(
            "surface",
            check(world, |catalog| {
                elements(catalog, world, words::<surface::Open>)
            }),
        );
        count(
            "mqtt",
            check(world, |catalog| {
                elements(catalog, world, words::<mqtt::Right>)
            }),
        );
        count(
            "nats",
            check(world, |catalog| {
                elements(catalog, world, words::<nats::Permission>)
            }),
        );
        count(
            "zenoh",
            check(world, |catalog| {
                elements(catalog, world, words::<zenoh::KeyRight>)
            }),
        );
        count(
            "spiffe",
            check(world, |catalog| elements(catalog, world, entry)),
        );
        count(
            "admission",
            check(world, |catalog| {
                elements(catalog, world, words::<admission::Admitted>)
            }),
        );
    }
    assert_eq!(named.len(), 11);
    assert!(named.values().all(|count| *count > 20), "{named:?}");
}
