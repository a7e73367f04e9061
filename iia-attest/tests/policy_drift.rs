//! The observer of the firewall: silent where what is loaded means what is agreed, and loud wherever it does not, also
//! when it is the compiler that erred.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "a test may fail"
)]
#![allow(dead_code, reason = "the lab has more than is needed here")]

#[path = "../../iia-contract/tests/net/mod.rs"]
mod net;
#[path = "../../iia-contract/tests/net/world.rs"]
mod world;

use iia_attest::correlator::Correlator as _;
use iia_attest::policy_drift::{DIFFERENCES_MAX, PolicyDrift, SILENCE_NS, Seen};
use iia_config::parse::parse;
use iia_config::{limits, validate};
use iia_contract::Catalog;
use iia_contract::compile::nft;
use iia_contract::topology::Topology;
use iia_core::Timestamp;
use iia_core::finding::{Conclusion, Finding};
use net::Lab;
use world::{parts, random};

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_ns(seconds * 1_000_000_000)
}

fn drain(observer: &mut PolicyDrift) -> Vec<Finding> {
    core::iter::from_fn(|| observer.poll_finding()).collect()
}

/// What a lab has loaded, in the words that the observer is given.
fn seen(lab: &Lab, interfaces: &[&str]) -> Seen {
    let outline = lab.run(&["nft", "-t", "list", "ruleset"], b"");
    Seen::Listing {
        listing: lab.listing(),
        outline: String::from_utf8(outline).unwrap(),
        interfaces: interfaces.iter().map(|name| (*name).to_owned()).collect(),
    }
}

fn look(observer: &mut PolicyDrift, lab: &Lab) -> Vec<Finding> {
    observer.handle_observation(at(1), seen(lab, &[]));
    drain(observer)
}

fn load(lab: &Lab, text: &str) {
    lab.run(&["nft", "flush", "ruleset"], b"");
    lab.load(text);
}

fn example(name: &str) -> (Topology, Catalog) {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/");
    let text = std::fs::read(format!("{path}{name}")).unwrap();
    let document = parse(&text, limits::DOCUMENT_LEN_MAX).unwrap();
    let catalog = validate::catalog(&document).unwrap();
    (Topology::read(document.tree()), catalog)
}

#[test]
fn what_is_compiled_from_sound_catalogs_is_no_finding() {
    let Some(lab) = Lab::open("what_is_compiled_from_sound_catalogs_is_no_finding") else {
        return;
    };
    let examples = [
        "box-pi/box.icl",
        "site/site.icl",
        "enterprise/enterprise.icl",
    ];
    let random = (0..24).map(|seed| random(300 + seed, seed % 3 == 0, 6, 30));
    for (topology, catalog) in examples.into_iter().map(example).chain(random) {
        load(&lab, &nft::ruleset(&catalog, &topology).0.to_string());
        let mut observer = PolicyDrift::new(&catalog, &topology);
        assert_eq!(look(&mut observer, &lab), []);
        assert!(observer.converges());
    }
}

/// A compiler that forgets one contract or invents one is found out, and the contract that is cut is named.
#[test]
fn i8_a_compiler_that_errs_is_flagged() {
    let Some(lab) = Lab::open("i8_a_compiler_that_errs_is_flagged") else {
        return;
    };
    let mut told = [0, 0];
    for seed in [5, 23, 41] {
        let (topology, entries) = parts(seed, false, 6, 20);
        let whole = Catalog::check(&entries).unwrap().0;
        let text = nft::ruleset(&whole, &topology).0.to_string();
        for left_out in 0..entries.len() {
            let mut fewer = entries.clone();
            let name = fewer.remove(left_out).name.clone();
            let fewer = Catalog::check(&fewer).unwrap().0;
            let wrong = nft::ruleset(&fewer, &topology).0.to_string();
            if wrong == text {
                continue;
            }
            load(&lab, &wrong);
            let found = look(&mut PolicyDrift::new(&whole, &topology), &lab);
            let shares = nft::ruleset(&whole, &topology).0.accepted().count()
                == nft::ruleset(&fewer, &topology).0.accepted().count();
            if !shares {
                let gone = nft::drift(
                    &nft::ruleset(&whole, &topology).0,
                    &nft::ruleset(&fewer, &topology).0,
                );
                assert_eq!(found.len(), 1, "{gone:?} {name} is forgotten: {found:#?}");
                assert_eq!(found[0].contract.as_str(), &*name);
                told[0] += 1;
            }
            load(&lab, &text);
            let found = look(&mut PolicyDrift::new(&fewer, &topology), &lab);
            assert_eq!(found.is_empty(), shares, "{name} is invented: {found:#?}");
            told[1] += usize::from(!shares);
        }
    }
    assert!(told[0] > 10 && told[1] > 10, "{told:?}");
}

#[test]
fn what_comes_back_converges_and_whoever_did_it_is_named() {
    let Some(lab) = Lab::open("what_comes_back_converges_and_whoever_did_it_is_named") else {
        return;
    };
    let (topology, catalog) = example("box-pi/box.icl");
    let text = nft::ruleset(&catalog, &topology).0.to_string();
    load(&lab, &text);
    let mut observer = PolicyDrift::new(&catalog, &topology);
    assert_eq!(look(&mut observer, &lab), []);
    let by = "nft (process 4711)".to_owned();
    observer.handle_observation(at(2), Seen::Changed { by });
    lab.run(&["nft", "flush", "ruleset"], b"");
    let found = look(&mut observer, &lab);
    assert_eq!(found.len(), 3, "forward, input and output: {found:#?}");
    for finding in &found {
        assert_eq!(finding.conclusion, Conclusion::Diverge);
        assert!(
            finding.reason.ends_with("; changed by nft (process 4711)"),
            "{}",
            finding.reason
        );
    }
    assert_eq!(
        look(&mut observer, &lab),
        [],
        "what is told is not told again"
    );
    load(&lab, &text);
    let back = look(&mut observer, &lab);
    assert_eq!(back.len(), 3);
    assert!(
        back.iter()
            .all(|one| one.conclusion == Conclusion::Converge)
    );
    assert!(observer.converges());
}

/// An interface that only sees and that is there must be kept from sending.
#[test]
fn i3_an_interface_that_could_send_is_a_finding() {
    let Some(lab) = Lab::open("i3_an_interface_that_could_send_is_a_finding") else {
        return;
    };
    let (topology, catalog) = example("box-pi/box.icl");
    lab.run(
        &["ip", "link", "add", "acs0", "type", "veth", "peer", "acs1"],
        b"",
    );
    let text = nft::ruleset(&catalog, &topology).0.to_string();
    load(&lab, &text);
    let mut observer = PolicyDrift::new(&catalog, &topology);
    observer.handle_observation(at(1), seen(&lab, &["lo", "acs0"]));
    assert_eq!(drain(&mut observer), []);
    // What a box does with the interface that it takes over: its host hears nothing of it either.
    let chains = |device: &str, rule: &str| {
        format!(
            "table netdev observe {{\n chain in {{ type filter hook ingress device \"{device}\" priority -500; policy drop; \
             counter drop; }}\n chain out {{ type filter hook egress device \"{device}\" priority -500; policy drop; \
             {rule}; }}\n}}\n"
        )
    };
    lab.load(&chains("acs0", "counter drop"));
    observer.handle_observation(at(2), seen(&lab, &["lo", "acs0"]));
    assert_eq!(drain(&mut observer), []);
    lab.run(&["nft", "delete", "table", "netdev", "iia-observe"], b"");
    observer.handle_observation(at(3), seen(&lab, &["lo", "acs0"]));
    assert_eq!(drain(&mut observer), []);

    // Dropping is only what it seems: a rule before it lets something out.
    let mut told = |chains: &str, second: i64| {
        lab.run(&["nft", "delete", "table", "netdev", "observe"], b"");
        lab.load(chains);
        observer.handle_observation(at(second), seen(&lab, &["lo", "acs0"]));
        let found = drain(&mut observer);
        let reasons = found.into_iter().map(|one| one.reason);
        reasons.collect::<Vec<_>>()
    };
    let sends = "acs0 only sees, and nothing keeps it from sending";
    let loaded = "is loaded, and no contract asks for it";
    let leak = told(&chains("acs0", "ether type 0x88b5 accept"), 4);
    let expected = [
        &format!("chain out of netdev observe at egress {loaded}"),
        sends,
    ];
    assert_eq!(leak, expected);
    // Where something is to be heard, nothing may be kept from it.
    let deaf = told(&chains("acs1", "counter drop"), 5);
    let words = format!("chain in of netdev observe at ingress {loaded}");
    assert!(deaf.contains(&words), "{deaf:?}");
}

#[test]
fn what_cannot_be_seen_is_told_once_and_bad_listings_do_no_harm() {
    let (topology, catalog) = example("box-pi/box.icl");
    let mut observer = PolicyDrift::new(&catalog, &topology);
    let listing = |text: &str| Seen::Listing {
        listing: text.as_bytes().to_vec(),
        outline: String::new(),
        interfaces: Vec::new(),
    };
    for bad in ["", "{", "[]", "{\"nftables\": 1}", "{\"nftables\": [1]}"] {
        observer.handle_observation(at(1), listing(bad));
    }
    let found = drain(&mut observer);
    assert_eq!(found.len(), 1, "{found:#?}");
    assert_eq!(found[0].conclusion, Conclusion::Missing);
    assert!(!observer.converges());
    // Nothing is loaded at all.
    observer.handle_observation(at(2), listing("{\"nftables\": []}"));
    let found = drain(&mut observer);
    assert_eq!(found[0].reason, "the policy is seen again");
    assert_eq!(found.len(), 4, "{found:#?}");
    // Chains that lead to each other, and many that nobody knows, are told within bounds.
    let mut items = String::from(
        r#"{"chain":{"family":"inet","table":"t","name":"f","type":"filter","hook":"forward","prio":0,"policy":"drop"}},
        {"rule":{"family":"inet","table":"t","chain":"f","expr":[{"jump":{"target":"f"}}]}}"#,
    );
    for number in 0..1000 {
        items += &format!(r#",{{"flowtable":{{"family":"inet","table":"t{number}","name":"x"}}}}"#);
    }
    observer.handle_observation(at(3), listing(&format!("{{\"nftables\":[{items}]}}")));
    let found = drain(&mut observer);
    assert!(
        (10..=2 * DIFFERENCES_MAX + 1).contains(&found.len()),
        "{}",
        found.len()
    );
    // Silence is told at its window's end and not before.
    let end = at(3) + SILENCE_NS;
    assert_eq!(observer.poll_timeout(), Some(end));
    observer.handle_timeout(end - 1);
    assert_eq!(drain(&mut observer), []);
    observer.handle_timeout(end);
    assert_eq!(drain(&mut observer)[0].conclusion, Conclusion::Missing);
}
