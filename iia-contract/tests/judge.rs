//! The matcher against a judge that asks every contract about everything, on small worlds where they often meet.
#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    clippy::unwrap_used,
    reason = "tests"
)]

mod made;
mod naive;

use std::collections::BTreeMap;

use iia_contract::Catalog;
use iia_contract::matcher::{Clause, Matcher, Verdict};
use iia_core::Timestamp;
use iia_core::observe::{
    Act, Address, Exchange, Flow, Message, Observation, Session, Table, Transport,
};
use naive::world;
use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn i7_the_matcher_agrees_with_a_judge_that_asks_everybody(
        bytes in prop::collection::vec(any::<u8>(), 64..1200),
    ) {
        world::judge(&bytes);
    }
}

/// The worlds are worth judging in: each clause both of those that cover and of those that fail comes up.
#[test]
fn every_clause_is_met_in_these_worlds() {
    let mut covering: BTreeMap<Clause, u32> = BTreeMap::new();
    let mut failing: BTreeMap<(Clause, bool), u32> = BTreeMap::new();
    let mut state = 1u64;
    for _ in 0..600 {
        let bytes: Vec<u8> = (0..1200)
            .map(|_| {
                state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1);
                (state >> 56) as u8
            })
            .collect();
        for verdict in world::judge(&bytes) {
            match verdict {
                Verdict::Covered { clause, .. } => *covering.entry(clause).or_default() += 1,
                Verdict::Violation { nearest, clause } => {
                    *failing.entry((clause, nearest.is_some())).or_default() += 1;
                }
            }
        }
    }
    use Clause::*;
    for clause in [Client, Function, Read, Write, Tag, Operation, Topic] {
        assert!(covering.contains_key(&clause), "{clause:?}: {covering:?}");
    }
    for clause in Clause::ALL {
        // Rates are the meter's.
        let nobody = matches!(clause, Server | Source);
        assert!(
            clause == Rate || failing.contains_key(&(clause, !nobody)),
            "{clause:?}: {failing:?}"
        );
    }
}

/// An address of version 6 may begin with the bytes of one of version 4, and port numbers mean nothing without what carries
/// them.
#[test]
fn a_place_is_of_one_family_and_one_transport() {
    let contract = made::contract("iia.contract.device.press", made::DEVICE);
    let (catalog, _) = Catalog::check(&[contract]).unwrap();
    let matcher = Matcher::new(&catalog);
    let said = made::Said {
        client: [10, 0, 0, 1],
        server: ([10, 0, 0, 2], 502),
        unit: 1,
        func: 1,
        read: Some((Table::Coil, 0, 9)),
        write: None,
    };
    let Observation::Exchange(seen) = said.observation() else {
        panic!("an exchange");
    };
    assert!(matcher.judge(&Observation::Exchange(seen)).is_covered());
    let nobody = Verdict::Violation {
        nearest: None,
        clause: Clause::Server,
    };
    let transports = [
        Transport::Udp,
        Transport::Ip(132),
        Transport::Ip(1),
        Transport::Ip(0),
    ];
    for transport in transports {
        let flow = Flow {
            transport,
            ..seen.flow
        };
        let other = Exchange { flow, ..seen };
        assert_eq!(
            matcher.judge(&Observation::Exchange(other)),
            nobody,
            "{transport:?}"
        );
    }
    // Nor is one IP protocol another.
    let lines = made::DEVICE.replace("server tcp/", "server sctp/");
    let (catalog, _) =
        Catalog::check(&[made::contract("iia.contract.device.press", &lines)]).unwrap();
    let sctp = Matcher::new(&catalog);
    let mut covered = (0..=u8::MAX).filter(|number| {
        let transport = Transport::Ip(*number);
        let flow = Flow {
            transport,
            ..seen.flow
        };
        sctp.judge(&Observation::Exchange(Exchange { flow, ..seen }))
            .is_covered()
    });
    assert_eq!((covered.next(), covered.next()), (Some(132), None));
    let (orig_h, resp_h) = ("a00:1::".parse().unwrap(), "a00:2::".parse().unwrap());
    let flow = Flow {
        orig_h,
        resp_h,
        ..seen.flow
    };
    let other = Exchange { flow, ..seen };
    assert_eq!(matcher.judge(&Observation::Exchange(other)), nobody);
}

/// The first eight levels find a filter; those below them count as well.
#[test]
fn a_topic_is_compared_to_its_last_level() {
    let text = "contract iia.contract.internal.deep 1.0.0 {
        scope internal
        source spiffe://iia.local/zone/collect/workload/c
        destination spiffe://iia.local/zone/lake/workload/l
        operation APPEND
        cardinality one_to_one
        transport {
        protocol mqtt
        security mtls
        port tls/8883
        topic \"a/b/c/d/e/f/g/h/i/j\"
        topic \"a/b/c/d/e/f/g/h/+/k\"
        topic \"b/b/c/d/e/f/g/h/i/#\"
        topic \"c/+\"
        topic \"d/#\"
        topic \"e/+/#\"
        }
        failure {
        on_unreachable drop
        }
        }";
    let (catalog, _) = Catalog::check(&made::text::entries(text)).unwrap();
    let matcher = Matcher::new(&catalog);
    for (topic, covered) in [
        ("a/b/c/d/e/f/g/h/i/j", true),
        ("a/b/c/d/e/f/g/h/i/z", false),
        ("a/b/c/d/e/f/g/h/z/k", true),
        ("a/b/c/d/e/f/g/h/z/j", false),
        ("a/b/c/d/e/f/g/h/i", false),
        ("a/b/c/d/e/f/g/h", false),
        ("b/b/c/d/e/f/g/h/i", true),
        ("b/b/c/d/e/f/g/h/i/j/k", true),
        ("b/b/c/d/e/f/g/h/j/j/k", false),
        // What stands for the rest of a subject is a name like any other in a topic.
        ("c/>", true),
        ("c/>/d", false),
        // A level without a name is a level.
        ("c/", true),
        ("c", false),
        ("a/b/c/d/e/f/g/h/i/j/", false),
    ] {
        let seen = Observation::Message(Message {
            ts: Timestamp::default(),
            client: "spiffe://iia.local/zone/collect/workload/c",
            act: Act::Publish,
            address: Address::Topic(topic),
            payload_len: 1,
        });
        assert_eq!(matcher.judge(&seen).is_covered(), covered, "{topic}");
        // With a flow that carries it, it is judged the same, and the flow's way stays the flow's.
        let mut way = None;
        assert_eq!(matcher.judge_keeping(&mut way, &seen), matcher.judge(&seen));
        assert_eq!(way, None);
    }
    // Whoever subscribes names many topics at once; what goes on after the rest of a topic names none.
    for (filter, covered) in [
        ("d/#", true),
        ("d/+/e", true),
        ("d/e/#", true),
        ("#", false),
        ("d/#/e", false),
        ("d/#/#", false),
        ("b/b/c/d/e/f/g/h/i/#", true),
        ("b/b/c/d/e/f/g/h/i/#/j", false),
    ] {
        let seen = Observation::Message(Message {
            ts: Timestamp::default(),
            client: "spiffe://iia.local/zone/lake/workload/l",
            act: Act::Subscribe,
            address: Address::Topic(filter),
            payload_len: 0,
        });
        assert_eq!(matcher.judge(&seen).is_covered(), covered, "{filter}");
    }
    // The rest of a subject is one level at least, that of a topic may be none.
    for (address, covered) in [
        (Address::Subject("e.>"), true),
        (Address::Topic("e/#"), false),
    ] {
        let seen = Observation::Message(Message {
            ts: Timestamp::default(),
            client: "spiffe://iia.local/zone/lake/workload/l",
            act: Act::Subscribe,
            address,
            payload_len: 0,
        });
        assert_eq!(matcher.judge(&seen).is_covered(), covered, "{address:?}");
    }
}

/// What somebody pulls may be covered by a contract of the pair as well: the first one in the catalog's order is named.
#[test]
fn a_pull_that_two_contracts_cover_is_named_after_the_first() {
    const PULL: &str = include_str!("../../examples/contracts/inbound_configuration_pull.icl");
    let puller = "spiffe://iia.local/zone/cfg/workload/config_puller";
    let target = PULL
        .lines()
        .find_map(|line| line.trim().strip_prefix("target "))
        .unwrap();
    assert!(
        PULL.contains(&format!("puller {puller}\n")),
        "the sample's own puller"
    );
    let text = format!(
        "{PULL}
        contract iia.contract.internal.z 1.0.0 {{
        scope internal
        source {puller}
        destination spiffe://iia.local/zone/lake/workload/l
        operation PULL
        cardinality one_to_one
        transport {{
        protocol iia_link
        security mtls
        port {target}
        }}
        failure {{
        on_unreachable drop
        }}
        }}"
    );
    let (catalog, _) = Catalog::check(&made::text::entries(&text)).unwrap();
    let matcher = Matcher::new(&catalog);
    let seen = |destination, operation| {
        let listener = target.split_once('/').unwrap().1.parse().ok();
        assert!(listener.is_some(), "{target}");
        Observation::Session(Session {
            ts: Timestamp::default(),
            source: puller,
            destination,
            source_zone: "",
            protocol: "",
            listener,
            operation,
            stream: "",
            payload_len: 1,
        })
    };
    // Nor has it to be one of a pair: what is pulled from is known by where it answers.
    for destination in [
        "spiffe://iia.local/zone/lake/workload/l",
        "spiffe://elsewhere.example/artifacts",
    ] {
        let Verdict::Covered { contract, .. } = matcher.judge(&seen(destination, "PULL")) else {
            panic!("it is covered");
        };
        assert_eq!(
            catalog.contracts()[contract as usize].id.as_str(),
            "iia.contract.inbound.configuration_pull"
        );
    }
}
