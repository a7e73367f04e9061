//! Who gets an identity and what may run: those whom a contract names and a digest pins, and nobody else.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may fail"
)]

#[path = "net/world.rs"]
mod world;

use std::collections::BTreeSet;

use iia_contract::Catalog;
use iia_contract::compile::admission::{Admitted, admits};
use iia_contract::compile::spiffe::{Registration, selectors};
use iia_contract::compile::{Permit, Pin, Topology, drift};
use iia_contract::scope::Terms;
use serde_json::json;
use world::{Rng, id, random};

fn digest(number: usize) -> String {
    format!("sha256:{number:064x}")
}

/// A random box of which some workloads are pinned, some twice and some not at all.
fn pinned(seed: u64) -> (Topology, Catalog) {
    let (mut topology, catalog) = random(seed, false, 6, 9);
    let mut rng = Rng(seed);
    for zone in 0..6 {
        for workload in 0..2 {
            for _ in 0..rng.below(3) {
                let user = (rng.below(2) == 0).then_some(2000 + u32::try_from(zone).unwrap());
                let digest = digest(rng.below(4));
                let pin = Pin {
                    workload: id(zone, workload),
                    digest,
                    user,
                    program: false,
                };
                if !topology.pins.contains(&pin) {
                    topology.pins.push(pin);
                }
            }
        }
    }
    (topology, catalog)
}

/// The contracts that name a workload; the catalog read line by line.
fn naming(catalog: &Catalog, who: &str) -> BTreeSet<String> {
    let named = catalog
        .contracts()
        .iter()
        .filter(|contract| match &contract.terms {
            Terms::Internal(terms) => [&terms.source, &terms.destination]
                .iter()
                .any(|id| id.as_str() == who),
            _ => false,
        });
    named.map(|contract| contract.id.to_string()).collect()
}

#[test]
fn i7_only_what_is_contracted_and_pinned_runs_and_has_an_identity() {
    let (mut yes, mut no) = (0, 0);
    for seed in 1..40 {
        let (topology, catalog) = pinned(seed);
        let (admission, _) = Admitted::compile(&catalog, &topology);
        let (entries, _) = Registration::compile(&catalog, &topology);
        for zone in 0..7 {
            for workload in 0..2 {
                let who = id(zone, workload).to_string();
                let contracts = naming(&catalog, &who);
                for number in 0..5 {
                    let is = topology
                        .pins
                        .iter()
                        .any(|pin| pin.workload.as_str() == who && pin.digest == digest(number));
                    let due = (is && !contracts.is_empty()).then_some(&contracts);
                    assert_eq!(
                        admits(&admission, &who, &digest(number)),
                        due,
                        "{who} {number}"
                    );
                    let selector = format!("docker:image_id:{}", digest(number));
                    let entry = entries
                        .allowed
                        .iter()
                        .find(|(one, _)| one.id == who && one.selectors.contains(&selector));
                    assert_eq!(entry.map(|(_, contracts)| contracts), due);
                    *if due.is_some() { &mut yes } else { &mut no } += 1;
                }
            }
        }
    }
    assert!(yes > 200 && no > 1000, "{yes} {no}");
}

/// What an agent sees in the kernel without asking a container's runtime.
#[test]
fn a_program_is_registered_by_its_own_digest_and_an_image_by_that_of_the_image() {
    let texts = |program| -> Vec<String> {
        let pin = Pin {
            workload: id(0, 0),
            digest: digest(7),
            user: Some(2001),
            program,
        };
        selectors(&pin).into_iter().collect()
    };
    let uid = "unix:uid:2001".to_owned();
    let hex = digest(7).split_off("sha256:".len());
    assert_eq!(texts(true), [format!("unix:sha256:{hex}"), uid.clone()]);
    assert_eq!(
        texts(false),
        [format!("docker:image_id:{}", digest(7)), uid]
    );
}

#[test]
fn whoever_has_no_identity_is_told() {
    let (mut topology, catalog) = random(5, false, 6, 1);
    topology.pins = Vec::from([Pin {
        workload: id(0, 0),
        digest: digest(1),
        user: None,
        program: false,
    }]);
    let (entries, notes) = Registration::compile(&catalog, &topology);
    let (_, refused) = Admitted::compile(&catalog, &topology);
    let named: Vec<String> = (0..6)
        .flat_map(|zone| (0..2).map(move |one| id(zone, one).to_string()))
        .collect();
    for who in named {
        let words = match naming(&catalog, &who).is_empty() {
            true => format!("{who} has no identity: no contract names it"),
            false => format!("{who} is not registered: no image and no unit pins it"),
        };
        let registered = entries.allowed.keys().any(|one| one.id == who);
        assert_eq!(notes.contains(&words), !registered, "{who}: {notes:?}");
    }
    assert_eq!(notes.len(), refused.len());
}

#[test]
fn what_is_written_is_read_back_and_every_change_is_named() {
    for seed in 1..40 {
        let (topology, catalog) = pinned(seed);
        let (entries, _) = Registration::compile(&catalog, &topology);
        let text = Registration::write(&entries);
        assert_eq!(Registration::read(text.as_bytes()), Ok(entries.clone()));
        assert_eq!(drift(&entries, &entries), []);
        let (admission, _) = Admitted::compile(&catalog, &topology);
        let text = Admitted::write(&admission);
        assert_eq!(Admitted::read(text.as_bytes()), Ok(admission.clone()));
        let other = text.replace("\"refuse\"", "\"admit\"");
        let found = drift(&admission, &Admitted::read(other.as_bytes()).unwrap());
        assert_eq!(
            found.iter().map(ToString::to_string).collect::<Vec<_>>(),
            ["not contracted: default \"admit\""]
        );
    }
}

/// Entries as the issuer shows them: IDs in parts, fields of its own.
#[test]
fn entries_that_an_issuer_shows_are_read() {
    let shown = |more: &str| {
        let mut entry = json!({
            "id": "5be1", "spiffe_id": {"trust_domain": "iia.local", "path": "/zone/z0/workload/w0"},
            "parent_id": {"trust_domain": "iia.local", "path": "/spire/agent/iia-box"},
            "selectors": [{"type": "unix", "value": "uid:2001"}], "x509_svid_ttl": 3600, "jwt_svid_ttl": 0,
            "federates_with": ["enterprise.example"], "hint": "iia.contract.internal.c1 iia.contract.internal.c2",
            "admin": false, "dns_names": [], "revision_number": "3", "created_at": "1764288000",
        });
        if !more.is_empty() {
            entry[more] = json!(true);
        }
        Registration::read(
            json!({"entries": [entry], "next_page_token": ""})
                .to_string()
                .as_bytes(),
        )
        .unwrap()
    };
    let read = shown("");
    let (one, contracts) = read.allowed.first_key_value().unwrap();
    assert_eq!(
        one.to_string(),
        "spiffe://iia.local/zone/z0/workload/w0 under spiffe://iia.local/spire/agent/iia-box for 3600 s where \
         unix:uid:2001 trusting spiffe://enterprise.example"
    );
    assert_eq!(contracts.len(), 2);
    for more in ["admin", "downstream", "store_svid"] {
        assert_eq!(shown(more).foreign.len(), 1, "{more}");
    }
    for bytes in [&b"{}"[..], b"[]", b"{\"entries\": 7}", b"\xff"] {
        assert!(Registration::read(bytes).is_err());
        assert!(Admitted::read(bytes).is_err());
    }
    let odd = br#"{"entries": [7, {"spiffe_id": 3}]}"#;
    assert_eq!(Registration::read(odd).unwrap().foreign.len(), 2);
    let odd = br#"{"default": "refuse", "admitted": [7]}"#;
    assert_eq!(Admitted::read(odd).unwrap().foreign.len(), 1);
    assert!(Admitted::read(br#"{"admitted": []}"#).is_err());
}
