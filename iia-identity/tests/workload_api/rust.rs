//! The public Rust client, unchanged: X.509 and JWT, rotation, other bundles, revocation.

use std::future::Future;

use iia_identity::verify::verify_chain;
use spiffe::{TrustDomain, WorkloadApiClient};
use tokio_stream::StreamExt as _;

use crate::world::{API, BARE, FOREIGN, LAKE, WAIT, World, clock, entry, id, own, this_user};
use iia_core::time::Clock as _;
use iia_identity::bundle::BundleSet;
use iia_identity::workload::Selector;

async fn client(world: &World) -> WorkloadApiClient {
    WorkloadApiClient::connect_to(world.address())
        .await
        .unwrap()
}

/// What must happen, within the time that anything may take.
async fn soon<T>(what: impl Future<Output = T>) -> T {
    tokio::time::timeout(WAIT, what).await.unwrap()
}

#[test]
fn the_rust_client_gets_svid_key_and_bundles() {
    let world = World::of_this_process();
    world.runtime.block_on(async {
        let context = client(&world).await.fetch_x509_context().await.unwrap();
        let [svid] = context.svids() else {
            panic!("one identity");
        };
        assert_eq!(svid.spiffe_id().to_string(), LAKE);
        assert_eq!(svid.hint(), None);
        let domains: Vec<String> = context
            .bundle_set()
            .iter()
            .map(|(one, _)| one.to_string())
            .collect();
        assert_eq!(domains.len(), 2, "{domains:?}");
        // What the client has proves the identity to our own verifier, with the root that the client was given.
        let domain = TrustDomain::try_from("iia.local").unwrap();
        let bundle = context.bundle_set().get(&domain).unwrap();
        let mut bundles = BundleSet::default();
        bundles.set_own(own());
        for root in bundle.authorities() {
            bundles.add_root(own(), root.as_bytes().to_vec()).unwrap();
        }
        let chain: Vec<_> = svid
            .cert_chain()
            .iter()
            .map(|one| one.as_bytes().into())
            .collect();
        let proven = verify_chain(&chain, &bundles, clock().read().wall);
        assert_eq!(proven, Ok(id(LAKE)));
    });
}

#[test]
fn bundles_have_the_own_trust_domain_and_those_of_contracts() {
    let world = World::of_this_process();
    world.runtime.block_on(async {
        let bundles = client(&world).await.fetch_x509_bundles().await.unwrap();
        let own = TrustDomain::try_from("iia.local").unwrap();
        let other = TrustDomain::try_from(FOREIGN).unwrap();
        assert_eq!(bundles.len(), 2);
        assert_eq!(bundles.get(&own).unwrap().authorities().len(), 1);
        let root = bundles.get(&other).unwrap();
        assert_eq!(root.authorities()[0].as_bytes(), world.foreign.root());
        let keys = client(&world).await.fetch_jwt_bundles().await.unwrap();
        assert_eq!(keys.get(&own).unwrap().jwt_authorities().count(), 1);
        assert_eq!(keys.get(&other).unwrap().jwt_authorities().count(), 0);
    });
}

#[test]
fn every_identity_is_returned_each_with_a_hint_of_its_own() {
    let both = vec![
        entry(LAKE, &[this_user()]),
        entry(API, &[this_user()]),
        entry(LAKE, &[this_user()]),
    ];
    let world = World::new(3600, both);
    world.runtime.block_on(async {
        let client = client(&world).await;
        let context = client.fetch_x509_context().await.unwrap();
        let hints = |hint: Option<&str>| hint.unwrap().to_owned();
        let x509: Vec<_> = context
            .svids()
            .iter()
            .map(|one| (one.spiffe_id().to_string(), hints(one.hint())))
            .collect();
        let tokens = client.fetch_all_jwt_svids(["a"], None).await.unwrap();
        let jwt: Vec<_> = tokens
            .iter()
            .map(|one| (one.spiffe_id().to_string(), hints(one.hint())))
            .collect();
        let due = [
            (LAKE.to_owned(), "zone/lake/workload/lake_writer".to_owned()),
            (API.to_owned(), "zone/api/workload/query_server".to_owned()),
        ];
        assert_eq!((x509, jwt), (due.to_vec(), due.to_vec()));
        let api = spiffe::SpiffeId::new(API).unwrap();
        let one = client
            .fetch_all_jwt_svids(["a", "b"], Some(&api))
            .await
            .unwrap();
        assert_eq!(one.len(), 1);
        assert_eq!(
            (one[0].spiffe_id(), one[0].audience()),
            (&api, &["a".to_owned(), "b".to_owned()][..])
        );
        let bare = spiffe::SpiffeId::new(BARE).unwrap();
        let refused = client.fetch_all_jwt_svids(["a"], Some(&bare)).await;
        assert!(format!("{:?}", refused.unwrap_err()).contains("PermissionDenied"));
    });
}

#[test]
fn a_token_is_validated_for_its_audience_and_while_its_subject_has_a_contract() {
    let world = World::of_this_process();
    world.runtime.block_on(async {
        let client = client(&world).await;
        let token = client.fetch_jwt_token(["lake"], None).await.unwrap();
        let claims = client.validate_jwt_token("lake", &token).await.unwrap();
        assert_eq!(claims.spiffe_id().to_string(), LAKE);
        let denied = |error| format!("{error:?}").contains("InvalidArgument");
        assert!(denied(
            client
                .validate_jwt_token("other", &token)
                .await
                .unwrap_err()
        ));
        assert!(denied(
            client
                .validate_jwt_token("lake", &token[1..])
                .await
                .unwrap_err()
        ));
        // Who asks still has an identity; whose token it is has none any more.
        world.replace(vec![entry(API, &[this_user()])]);
        world.api.revoke(&id(LAKE));
        assert!(denied(
            client.validate_jwt_token("lake", &token).await.unwrap_err()
        ));
    });
    let heard = world.heard();
    assert!(
        heard.iter().any(|line| line.contains("IIA-IDN-0142")),
        "{heard:?}"
    );
    assert!(
        heard
            .iter()
            .any(|line| line.contains("lake_writer is revoked")),
        "{heard:?}"
    );
}

#[test]
fn a_new_svid_comes_before_half_of_the_life_is_over() {
    // Valid for ten seconds from its issue, which is half of its life: the next is due after four.
    let world = World::new(20, vec![entry(LAKE, &[this_user()])]);
    world.runtime.block_on(async {
        let mut stream = client(&world).await.stream_x509_contexts().await.unwrap();
        let mut leaves = Vec::new();
        let mut at = Vec::new();
        for _ in 0..3 {
            let context = soon(stream.next()).await.unwrap().unwrap();
            let leaf = context.default_svid().unwrap().leaf().as_bytes().to_vec();
            assert!(!leaves.contains(&leaf));
            leaves.push(leaf);
            at.push(clock().read().wall);
        }
        for pair in at.windows(2) {
            let between_ns = pair[1].since_ns(pair[0]);
            assert!(
                (2_000_000_000..5_000_000_000).contains(&between_ns),
                "{between_ns}"
            );
        }
    });
}

#[test]
fn streams_hear_of_other_terms_at_once_with_the_full_set() {
    let world = World::of_this_process();
    world.runtime.block_on(async {
        let client = client(&world).await;
        let mut svids = client.stream_x509_contexts().await.unwrap();
        let mut bundles = client.stream_x509_bundles().await.unwrap();
        let mut keys = client.stream_jwt_bundles().await.unwrap();
        assert_eq!(soon(svids.next()).await.unwrap().unwrap().svids().len(), 1);
        assert_eq!(soon(bundles.next()).await.unwrap().unwrap().len(), 2);
        assert_eq!(soon(keys.next()).await.unwrap().unwrap().len(), 2);
        let mut more = vec![entry(LAKE, &[this_user()]), entry(API, &[this_user()])];
        more.iter_mut().for_each(|one| one.federates_with.clear());
        world.replace(more);
        let context = soon(svids.next()).await.unwrap().unwrap();
        // What is no longer there is gone with it: the foreign bundle.
        assert_eq!((context.svids().len(), context.bundle_set().len()), (2, 1));
        assert_eq!(soon(bundles.next()).await.unwrap().unwrap().len(), 1);
        assert_eq!(soon(keys.next()).await.unwrap().unwrap().len(), 1);
    });
}

#[test]
fn a_revoked_identity_leaves_and_the_last_one_ends_the_stream() {
    let both = vec![entry(LAKE, &[this_user()]), entry(API, &[this_user()])];
    let world = World::new(3600, both);
    world.runtime.block_on(async {
        let client = client(&world).await;
        let mut stream = client.stream_x509_contexts().await.unwrap();
        assert_eq!(soon(stream.next()).await.unwrap().unwrap().svids().len(), 2);
        world.api.revoke(&id(API));
        let left = soon(stream.next()).await.unwrap().unwrap();
        assert_eq!(left.default_svid().unwrap().spiffe_id().to_string(), LAKE);
        world.api.revoke(&id(LAKE));
        let ended = soon(stream.next()).await.unwrap().unwrap_err();
        assert!(
            format!("{ended:?}").contains("PermissionDenied"),
            "{ended:?}"
        );
        assert!(soon(stream.next()).await.is_none());
        // And no new one begins.
        assert!(client.fetch_x509_context().await.is_err());
    });
    assert!(
        world
            .heard()
            .iter()
            .any(|line| line.contains("FetchX509SVID refused: IIA-IDN-0146"))
    );
}

#[test]
fn i7_no_contract_no_svid_and_the_log_says_why() {
    let other = Selector::cgroup("/of/nobody");
    let world = World::new(
        3600,
        vec![
            entry(BARE, &[this_user()]),
            entry(LAKE, &[this_user(), other]),
        ],
    );
    world.runtime.block_on(async {
        let client = client(&world).await;
        let refused = client.fetch_x509_context().await.unwrap_err();
        let told = format!("{refused:?}");
        assert!(told.contains("PermissionDenied"), "{told}");
        // The peer hears a code, and neither who it would be nor who others are.
        assert!(
            told.contains("IIA-IDN-0106") && !told.contains("spiffe://"),
            "{told}"
        );
        assert!(client.fetch_x509_bundles().await.is_err());
        assert!(client.fetch_jwt_bundles().await.is_err());
        assert!(client.fetch_jwt_token(["a"], None).await.is_err());
        world.replace(vec![entry(
            LAKE,
            &[this_user(), Selector::cgroup("/of/nobody")],
        )]);
        assert!(client.fetch_x509_context().await.is_err());
    });
    let heard = world.heard().join("\n");
    let why = format!("{BARE}: no contract names this workload: process ");
    assert!(heard.contains(&why), "{heard}");
    let nearest = format!("nearest is {LAKE}, which wants unix:cgroup:/of/nobody");
    assert!(heard.contains(&nearest), "{heard}");
    assert!(!heard.contains("x509-svid spiffe"), "{heard}");
}

#[test]
fn an_operator_may_want_no_tokens() {
    let world = World::with(3600, vec![entry(LAKE, &[this_user()])], None);
    world.runtime.block_on(async {
        let client = client(&world).await;
        assert!(client.fetch_x509_context().await.is_ok());
        let off = |error| format!("{error:?}").contains("Unimplemented");
        assert!(off(client.fetch_jwt_token(["a"], None).await.unwrap_err()));
        assert!(off(client.fetch_jwt_bundles().await.unwrap_err()));
        assert!(off(client.validate_jwt_token("a", "x").await.unwrap_err()));
    });
}
