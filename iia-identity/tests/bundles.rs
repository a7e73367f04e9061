//! The SPIFFE bundle format: what is read, what is left out, what is refused, and which bundle follows which.
#![expect(clippy::unwrap_used, reason = "tests")]

mod common;

use std::collections::BTreeMap;
use std::fs;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use common::{Parted, check_parted, part};
use iia_core::id::{SpiffeIdError, TrustDomain};
use iia_core::time::{Clock as _, ManualClock};
use iia_core::{SpiffeId, Timestamp};
use iia_identity::IdentityError::{
    BadBundle, BadIssuer, BadSpiffeId, BundleConflict, BundleRollback, TooManyRoots,
    UnknownTrustDomain,
};
use iia_identity::bundle::{BUNDLE_LEN_MAX, Bundle, BundleMap, BundleSet, DOMAINS_MAX, ROOTS_MAX};
use iia_identity::issue::{Issuer, request};
use iia_identity::verify::verify_chain;
use serde_json::{Value, json};

const FOREIGN: &str = "spiffe://north.example/zone/a/workload/b";

fn clock() -> ManualClock {
    ManualClock::new(Timestamp::from_secs(1_800_000_000))
}

fn issuer(domain: &str) -> Issuer {
    Issuer::create(domain.parse().unwrap(), 3600, 1, clock().read()).unwrap()
}

fn root(domain: &str) -> Vec<u8> {
    issuer(domain).root().to_vec()
}

fn bundle(roots: Vec<Vec<u8>>, sequence: u64) -> Bundle {
    Bundle::new(roots, sequence).unwrap()
}

fn key(root: &[u8]) -> Value {
    json!({ "kty": "EC", "use": "x509-svid", "x5c": [STANDARD.encode(root)] })
}

fn parse(value: &Value) -> Result<Bundle, iia_identity::IdentityError> {
    Bundle::parse(&serde_json::to_vec(value).unwrap())
}

#[test]
fn a_bundle_is_written_by_the_standard_and_read_back() {
    let roots = vec![root("iia.local"), root("iia.local")];
    let one = bundle(roots.clone(), 7).with_refresh_hint_secs(300);
    let json = one.to_json().unwrap();
    assert_eq!(Bundle::parse(&json).unwrap(), one);
    let value: Value = serde_json::from_slice(&json).unwrap();
    assert_eq!(
        (&value["spiffe_sequence"], &value["spiffe_refresh_hint"]),
        (&json!(7), &json!(300))
    );
    for (key, root) in value["keys"].as_array().unwrap().iter().zip(&roots) {
        assert_eq!(key["use"], "x509-svid");
        assert_eq!(key["x5c"], json!([STANDARD.encode(root)]));
        assert_eq!(key["kid"], Value::Null);
        let names: Vec<_> = key
            .as_object()
            .unwrap()
            .keys()
            .map(String::as_str)
            .collect();
        assert_eq!(names, ["crv", "kty", "use", "x", "x5c", "y"]);
    }
}

#[test]
fn keys_that_are_not_for_us_are_left_out() {
    let good = key(&root("iia.local"));
    let but = |name: &str, value: Value| {
        let mut other = good.clone();
        other[name] = value;
        other
    };
    let without = |name: &str| {
        let mut other = good.clone();
        other.as_object_mut().unwrap().remove(name);
        other
    };
    for ignored in [
        but("kty", json!("AKP")),
        but("kty", json!("ec")),
        but("kty", json!(1)),
        without("kty"),
        but("use", json!("jwt-svid")),
        but("use", json!("X509-SVID")),
        but("use", json!("sig")),
        but("use", json!(["x509-svid"])),
        without("use"),
        without("x5c"),
        but("x5c", json!([])),
        but("x5c", json!("text")),
        json!({}),
    ] {
        let got = parse(&json!({ "keys": [ignored, good] })).unwrap();
        assert_eq!(got.roots().len(), 1, "{ignored}");
    }
}

#[test]
fn what_a_bundle_need_not_have_is_not_asked_for_and_more_does_no_harm() {
    let mut good = key(&root("iia.local"));
    let plain = parse(&json!({ "keys": [good] })).unwrap();
    assert_eq!((plain.sequence(), plain.refresh_hint_secs()), (None, None));
    good["x5c"]
        .as_array_mut()
        .unwrap()
        .push(json!("what follows is nobody's business"));
    good["kid"] = json!("also no business of ours");
    let more = parse(&json!({ "keys": [good], "spiffe_new": { "a": [1.5, null, true, -1] } }));
    assert_eq!(more.unwrap(), plain);
    assert_eq!(parse(&json!({ "keys": [] })).unwrap().roots(), []);
}

#[test]
fn a_bundle_that_is_none_is_refused() {
    let good = key(&root("iia.local"));
    let leaf = {
        let issuer = issuer("iia.local");
        let id: SpiffeId = "spiffe://iia.local/a".parse().unwrap();
        let (csr, _key) = request(&id).unwrap();
        let issued = issuer.issue(&csr, &id, &common::Everybody, clock().read());
        issued.unwrap().chain.remove(0)
    };
    let with = |name: &str, value: Value| {
        let mut other = good.clone();
        other[name] = value;
        json!({ "keys": [other] })
    };
    let bad = |what| Err(BadBundle { what });
    let rows = [
        (json!({ "spiffe_sequence": 1 }), bad("no keys")),
        (json!({ "keys": {} }), bad("no keys")),
        (json!([{ "keys": [] }]), bad("no keys")),
        (json!("keys"), bad("no keys")),
        (json!({ "keys": [[good]] }), bad("key is no object")),
        (json!({ "keys": [null] }), bad("key is no object")),
        (
            json!({ "keys": [], "spiffe_sequence": -1 }),
            bad("number is no integer"),
        ),
        (
            json!({ "keys": [], "spiffe_sequence": 1.0 }),
            bad("number is no integer"),
        ),
        (
            json!({ "keys": [], "spiffe_sequence": "1" }),
            bad("number is no integer"),
        ),
        (
            json!({ "keys": [], "spiffe_refresh_hint": 0.5 }),
            bad("number is no integer"),
        ),
        (
            json!({ "keys": [], "spiffe_refresh_hint": null }),
            bad("number is no integer"),
        ),
        (with("x5c", json!([1])), bad("x5c is no text")),
        (with("x5c", json!(["%"])), bad("x5c is not base64")),
        (
            with("x5c", json!([STANDARD.encode("no certificate")])),
            Err(iia_identity::IdentityError::BadCertificate),
        ),
        (
            with("x5c", json!([STANDARD.encode(leaf)])),
            Err(BadIssuer {
                rule: "cA is not true (4.1)",
            }),
        ),
        (
            with("kty", json!("RSA")),
            bad("key is not the one of its certificate"),
        ),
        (
            with("crv", json!("P-384")),
            bad("key is not the one of its certificate"),
        ),
        (
            with("x", json!("AAAA")),
            bad("key is not the one of its certificate"),
        ),
        (
            with("n", json!("AAAA")),
            bad("key is not the one of its certificate"),
        ),
    ];
    for (value, want) in rows {
        assert_eq!(parse(&value), want, "{value}");
    }
    let unread = bad("not JSON, or a name occurs twice");
    for text in [
        "",
        "{",
        "{\"keys\":[]} x",
        "{\"keys\":[],\"keys\":[]}",
        "{\"keys\":[{\"use\":\"a\",\"use\":\"b\"}]}",
    ] {
        assert_eq!(Bundle::parse(text.as_bytes()), unread, "{text}");
    }
    assert_eq!(Bundle::parse("[".repeat(100_000).as_bytes()), unread);
    let number = "{\"keys\":[],\"spiffe_sequence\":18446744073709551615}";
    assert_eq!(
        Bundle::parse(number.as_bytes()).unwrap().sequence(),
        Some(u64::MAX)
    );
    let number = "{\"keys\":[],\"spiffe_sequence\":18446744073709551616}";
    assert!(Bundle::parse(number.as_bytes()).is_err());
}

#[test]
fn limits_of_bundles_hold_at_max_and_one_over() {
    let key = key(&root("iia.local"));
    let most = vec![key.clone(); ROOTS_MAX];
    assert_eq!(
        parse(&json!({ "keys": most })).unwrap().roots().len(),
        ROOTS_MAX
    );
    let what = "roots of one trust domain";
    let over = Err(TooManyRoots {
        what,
        max: ROOTS_MAX,
    });
    assert_eq!(parse(&json!({ "keys": vec![key; ROOTS_MAX + 1] })), over);
    let mut text = b"{\"keys\":[]}".to_vec();
    text.resize(BUNDLE_LEN_MAX, b' ');
    assert!(Bundle::parse(&text).is_ok());
    text.push(b' ');
    assert_eq!(
        Bundle::parse(&text),
        Err(BadBundle {
            what: "longer than 1 MiB"
        })
    );
    let mut set = BundleSet::default();
    for number in 0..DOMAINS_MAX {
        assert_eq!(set.expect(format!("d{number}").parse().unwrap()), Ok(()));
    }
    let over = Err(TooManyRoots {
        what: "trust domains",
        max: DOMAINS_MAX,
    });
    assert_eq!(set.expect("one.more".parse().unwrap()), over);
    let names = |count| {
        (0..count)
            .map(|at| (format!("d{at}"), json!({ "keys": [] })))
            .collect()
    };
    let map = |count| {
        let names: serde_json::Map<String, Value> = names(count);
        BundleMap::parse(&serde_json::to_vec(&json!({ "trust_domains": names })).unwrap())
    };
    assert!(map(DOMAINS_MAX).is_ok());
    assert_eq!(map(DOMAINS_MAX + 1), over.map(|()| BundleMap::default()));
}

/// 4.1.1: a number that grows, and another number for other contents.
#[test]
fn a_bundle_follows_only_an_older_one() {
    let domain = "north.example".parse().unwrap();
    let (one, two) = (root("north.example"), root("north.example"));
    let mut set = BundleSet::default();
    assert_eq!(
        set.update(&domain, bundle(vec![one.clone()], 5)),
        Err(UnknownTrustDomain)
    );
    set.expect(domain.clone()).unwrap();
    let unnumbered = parse(&json!({ "keys": [key(&one)] })).unwrap();
    let rows = [
        (unnumbered.clone(), Ok(())),
        (bundle(vec![one.clone()], 5), Ok(())),
        (bundle(vec![one.clone()], 5), Ok(())),
        (bundle(vec![two.clone()], 5), Err(BundleConflict)),
        (
            bundle(vec![one.clone(), two.clone()], 5),
            Err(BundleConflict),
        ),
        (
            bundle(vec![one.clone()], 5).with_refresh_hint_secs(1),
            Err(BundleConflict),
        ),
        (bundle(vec![two.clone()], 4), Err(BundleRollback)),
        (unnumbered, Err(BundleRollback)),
        (bundle(vec![two.clone()], 6), Ok(())),
        (bundle(vec![one], 5), Err(BundleRollback)),
        (bundle(Vec::new(), 7), Ok(())),
    ];
    for (row, (next, want)) in rows.into_iter().enumerate() {
        let held = set.bundle(&domain).cloned();
        assert_eq!(set.update(&domain, next), want, "row {row}");
        let same = set.bundle(&domain).cloned() == held;
        assert!(want.is_ok() || same, "row {row}");
    }
    assert_eq!(set.roots(&domain), []);
}

/// Federation 5.1 and 5.2.2.4, 4.1.3: bundles stay apart, the latest counts, an empty one ends all trust.
#[test]
fn a_foreign_bundle_counts_for_its_own_trust_domain_and_only_while_it_is_the_latest() {
    let (north, mallory) = (issuer("north.example"), issuer("north.example"));
    let id: SpiffeId = FOREIGN.parse().unwrap();
    let svid = |issuer: &Issuer| {
        let (csr, _key) = request(&id).unwrap();
        let issued = issuer.issue(&csr, &id, &common::Everybody, clock().read());
        issued.unwrap().chain
    };
    let (old, new) = (svid(&north), svid(&mallory));
    let mut set = BundleSet::default();
    set.expect("north.example".parse().unwrap()).unwrap();
    set.expect("iia.local".parse().unwrap()).unwrap();
    let verify = |set: &BundleSet, chain: &[Vec<u8>]| {
        let chain: Vec<_> = chain.iter().map(|der| der.as_slice().into()).collect();
        verify_chain(&chain, set, clock().read().wall).map(|id| id.to_string())
    };
    assert_eq!(verify(&set, &old), Err(UnknownTrustDomain));
    let domain = "north.example".parse().unwrap();
    set.update(&domain, bundle(vec![north.root().to_vec()], 1))
        .unwrap();
    assert_eq!(verify(&set, &old), Ok(FOREIGN.into()));
    assert!(verify(&set, &new).is_err());
    set.update(&domain, bundle(vec![mallory.root().to_vec()], 2))
        .unwrap();
    assert!(verify(&set, &old).is_err());
    assert_eq!(verify(&set, &new), Ok(FOREIGN.into()));
    set.update(&domain, bundle(Vec::new(), 3)).unwrap();
    assert_eq!(verify(&set, &new), Err(UnknownTrustDomain));
    let other = set.update(
        &"iia.local".parse().unwrap(),
        bundle(vec![north.root().to_vec()], 1),
    );
    assert_eq!(
        other,
        Err(BadIssuer {
            rule: "SPIFFE ID of another trust domain"
        })
    );
}

#[test]
fn a_map_names_each_trust_domain_once() {
    let (one, two) = (
        bundle(vec![root("a.example")], 1),
        bundle(vec![root("b.example")], 2),
    );
    let two = two.with_refresh_hint_secs(60);
    let [a, b] = ["a.example", "b.example"].map(|name| name.parse::<TrustDomain>().unwrap());
    let map = BundleMap::new(BTreeMap::from([(a.clone(), one.clone()), (b.clone(), two)])).unwrap();
    let json = map.to_json().unwrap();
    let back = BundleMap::parse(&json).unwrap();
    assert_eq!(back.get(&a), Some(&one));
    assert_eq!(
        back.get(&b).unwrap().refresh_hint_secs(),
        None,
        "left out in a map"
    );
    let bad = |what| Err(BadBundle { what });
    for (text, want) in [
        (
            "{\"trust_domains\":{\"a\":{\"keys\":[]},\"a\":{\"keys\":[]}}}",
            bad("not JSON, or a name occurs twice"),
        ),
        (
            "{\"trust_domains\":{\"a\":{\"keys\":[]},\"\\u0061\":{\"keys\":[]}}}",
            bad("not JSON, or a name occurs twice"),
        ),
        (
            "{\"trust_domains\":{},\"trust_domains\":{}}",
            bad("not JSON, or a name occurs twice"),
        ),
        ("{\"keys\":[]}", bad("no trust_domains")),
        ("{\"trust_domains\":[]}", bad("no trust_domains")),
        ("{\"trust_domains\":{\"a\":{}}}", bad("no keys")),
        (
            "{\"trust_domains\":{\"A\":{\"keys\":[]}}}",
            Err(BadSpiffeId(SpiffeIdError::BadTrustDomainChar)),
        ),
        (
            "{\"trust_domains\":{\"spiffe://a\":{\"keys\":[]}}}",
            Err(BadSpiffeId(SpiffeIdError::BadTrustDomainChar)),
        ),
        ("{\"trust_domains\":{}}", Ok(BundleMap::default())),
    ] {
        assert_eq!(BundleMap::parse(text.as_bytes()), want, "{text}");
    }
    // All of a map or nothing of it.
    let mut set = BundleSet::default();
    set.expect(a.clone()).unwrap();
    assert_eq!(set.update_all(back.clone()), Err(UnknownTrustDomain));
    assert_eq!(set.roots(&a), []);
    set.expect(b).unwrap();
    assert_eq!(set.update_all(back), Ok(()));
    assert_eq!(set.roots(&a), one.roots());
}

/// What go-spiffe reads, we read; but for what stands beside each row.
#[test]
fn bundles_of_go_spiffe() {
    let Some(dir) = common::vectors("bundles_of_go_spiffe", "upstream/go-spiffe") else {
        return;
    };
    let mut parted = Parted::new();
    for (name, want, why) in [
        ("valid_1", Ok((1, None, None)), "agrees"),
        ("valid_2", Ok((1, Some(1), Some(60))), "agrees"),
        (
            "missing_kid",
            Ok((1, None, None)),
            "differs: a key for JWTs is left out unread (4.1.3)",
        ),
        ("no_keys", Err(BadBundle { what: "no keys" }), "agrees"),
    ] {
        let name = format!("bundle_spiffebundle_testdata_spiffebundle_{name}.json");
        let got = Bundle::parse(&fs::read(dir.join(&name)).unwrap());
        let got = got.map(|one| (one.roots().len(), one.sequence(), one.refresh_hint_secs()));
        assert_eq!(got, want, "{name}: {why}");
        if why.starts_with("differs") {
            part(&mut parted, &name, "reject", "accept");
        }
    }
    check_parted("upstream bundles", &parted);
}
