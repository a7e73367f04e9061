//! Sessions that really break, expire and are revoked, told to the observer of the network by the codes of their ends.
#![cfg(feature = "tokio")]
#![expect(clippy::panic, clippy::unwrap_used, reason = "tests")]

mod made;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use iia_attest::correlator::Correlator as _;
use iia_attest::network::Sessions;
use iia_attest::network::sessions::{
    BREAKS_MAX, FAILURES_MAX, GRACE_NS, HANDSHAKE_MAX_NS, How, Seen, Session,
};
use iia_core::code::Coded as _;
use iia_core::finding::Finding;
use iia_core::time::{Reading, SECOND_NS};
use iia_core::{SpiffeId, Timestamp};
use iia_identity::IdentityError;
use iia_identity::bundle::BundleSet;
use iia_identity::issue::{Issuer, request};
use iia_identity::svid::{Store, Svid};
use iia_link::LinkError;
use iia_link::rt::{Endpoint, Incoming, Listener, Message, Refused};
use made::{COLLECT, Catalog, LAKE, Pair, World, hello, later, now, over, target};
use tokio::net::TcpStream;

fn endpoint(world: &World, id: &str, svid: Svid) -> Endpoint {
    let store = Arc::new(Store::new(svid));
    let gate = Arc::new(Catalog::default());
    Endpoint::new(id.parse().unwrap(), store, Arc::clone(&world.bundles), gate)
}

async fn listener(endpoint: &Endpoint) -> (Listener, SocketAddr) {
    let any = "127.0.0.1:0".parse().unwrap();
    let listener = endpoint.listen(any).await.unwrap();
    let addr = listener.local_addr().unwrap();
    (listener, addr)
}

async fn refused(listener: &mut Listener) -> Refused {
    match listener.accept().await.unwrap() {
        Incoming::Session(session) => panic!("{session:?}"),
        Incoming::Refused(refused) => refused,
    }
}

fn session(source: &str, number: u64) -> Session {
    Session {
        source: source.into(),
        destination: LAKE.into(),
        number,
    }
}

fn ended(source: &str, number: u64, error: &LinkError) -> Seen {
    let how = How::of_code(&error.code().to_string());
    Seen::Ended {
        session: session(source, number),
        how: how.unwrap_or_else(|| panic!("{error:?}")),
    }
}

fn observer() -> Sessions {
    Sessions::new(&iia_contract::Catalog::default())
}

fn drain(observer: &mut Sessions) -> Vec<Finding> {
    std::iter::from_fn(|| observer.poll_finding()).collect()
}

const fn at(number: u64) -> Timestamp {
    Timestamp::from_secs(number.cast_signed())
}

/// Connections that are reset: as many as are tolerated are no finding, and one more is.
#[tokio::test]
async fn connections_that_are_reset_are_found_when_they_are_too_many() {
    let world = World::new();
    let lake = endpoint(&world, LAKE, world.svid(LAKE));
    let (mut listener, addr) = listener(&lake).await;
    let mut observer = observer();
    for number in 0..=BREAKS_MAX {
        assert_eq!(drain(&mut observer), []);
        let peer = TcpStream::connect(addr).await.unwrap();
        // What is closed so is reset.
        peer.set_zero_linger().unwrap();
        drop(peer);
        let error = refused(&mut listener).await.error;
        assert!(matches!(error, LinkError::Transport { .. }), "{error:?}");
        observer.handle_observation(at(number), ended("127.0.0.1", number, &error));
    }
    let found = drain(&mut observer);
    assert_eq!(found.len(), 1);
    assert!(
        found[0].reason.contains("was reset, 3 broken sessions"),
        "{found:#?}"
    );
}

/// A certificate that has expired is shown to a real listener, and never tolerated.
#[tokio::test]
async fn a_session_with_a_certificate_that_has_expired_is_found_at_once() {
    let past = Reading {
        wall: now().wall - 7200 * SECOND_NS,
        ..now()
    };
    let issuer = Issuer::create("iia.local".parse().unwrap(), 3600, 1, past).unwrap();
    let mut bundles = BundleSet::default();
    let root = issuer.root().to_vec();
    bundles.add_root(issuer.domain().clone(), root).unwrap();
    let svid = |id: &str, when: Reading| {
        let id: SpiffeId = id.parse().unwrap();
        let (csr, key) = request(&id).unwrap();
        let issued = issuer.issue(&csr, &id, &Catalog::default(), when).unwrap();
        Svid::new(issued.chain, key).unwrap()
    };
    let (fresh, old) = (svid(LAKE, now()), svid(COLLECT, past));
    let bundles = Arc::new(bundles);
    let world = World { issuer, bundles };
    let lake = endpoint(&world, LAKE, fresh);
    let collect = endpoint(&world, COLLECT, old);
    let (mut listener, addr) = listener(&lake).await;
    let (opened, refused) = tokio::join!(collect.connect(addr, target()), refused(&mut listener));
    assert!(opened.is_err(), "{opened:?}");
    let error = refused.error;
    assert_eq!(error, LinkError::Identity(IdentityError::Expired));
    let mut observer = observer();
    observer.handle_observation(at(1), ended("127.0.0.1", 1, &error));
    let found = drain(&mut observer);
    assert_eq!(found.len(), 1);
    assert!(
        found[0]
            .reason
            .ends_with("with a certificate that has expired"),
        "{found:#?}"
    );
}

/// A link over which nothing is said is ended with the SVID by whoever holds it, in its own time; that is its end in order.
#[tokio::test]
async fn an_idle_link_ends_by_itself_with_the_svid_of_its_peer_and_is_no_finding() {
    // What is left of it is three seconds.
    // Half of a short life lies before its issue.
    let life = 6;
    let issuer = Issuer::create("iia.local".parse().unwrap(), life, 1, now()).unwrap();
    let mut bundles = BundleSet::default();
    let root = issuer.root().to_vec();
    bundles.add_root(issuer.domain().clone(), root).unwrap();
    let bundles = Arc::new(bundles);
    let world = World { issuer, bundles };
    let lake = endpoint(&world, LAKE, world.svid(LAKE));
    let collect = world.store(COLLECT);
    let not_after = collect.not_after();
    let gate = Arc::new(Catalog::default());
    let collect = Endpoint::new(
        COLLECT.parse().unwrap(),
        collect,
        Arc::clone(&world.bundles),
        gate,
    );
    let (mut listener, addr) = listener(&lake).await;
    let (opened, accepted) = tokio::join!(collect.connect(addr, target()), listener.accept());
    let (_client, accepted) = (opened.unwrap(), accepted.unwrap());
    let Incoming::Session(mut server) = accepted else {
        panic!("{accepted:?}");
    };
    let mut observer = observer();
    let session = session(COLLECT, 1);
    observer.handle_observation(now().wall, Seen::Opened { session, not_after });
    let idle = tokio::time::timeout(Duration::from_secs(20), server.recv()).await;
    let error = idle.unwrap().unwrap_err();
    let over = now().wall;
    assert_eq!(error, LinkError::SvidExpired);
    assert!(
        (0..2 * SECOND_NS).contains(&over.since_ns(not_after)),
        "{over} {not_after}"
    );
    observer.handle_observation(over, ended(COLLECT, 1, &error));
    observer.handle_timeout(over + 3600 * SECOND_NS);
    assert_eq!(drain(&mut observer), []);
}

/// The same link held by whoever does not look at the clock: nothing ends it, and the observer says so at the grace's end.
#[test]
fn an_idle_link_that_is_kept_past_the_svid_of_its_peer_is_found_and_once() {
    let (world, begin) = (World::new(), now());
    let (near, far) = (Catalog::default(), Catalog::default());
    let mut pair = Pair::new(&world.party(COLLECT, near), &world.party(LAKE, far), &begin);
    pair.open(&begin, hello("")).unwrap();
    let (peer, not_after) = pair.far.peer().unwrap();
    let session = session(&peer.to_string(), 1);
    let mut observer = observer();
    observer.handle_observation(begin.wall, Seen::Opened { session, not_after });
    let due = not_after + GRACE_NS;
    observer.handle_timeout(due - 1);
    assert_eq!(drain(&mut observer), []);
    observer.handle_timeout(due);
    assert_eq!(over(&pair.far_told), None, "it is open still");
    let found = drain(&mut observer);
    assert_eq!(found.len(), 1);
    let words = "is still open 10 s after its certificate has ended";
    assert!(found[0].reason.ends_with(words), "{found:#?}");
    observer.handle_timeout(due + 3600 * SECOND_NS);
    assert_eq!(drain(&mut observer), []);
    // When somebody looks at last it ends, long after its time, which is told as well.
    let end = later(&begin, 3_700_000_000_000);
    pair.far.handle_timeout(&end);
    pair.pump(&end);
    let error = over(&pair.far_told).unwrap();
    observer.handle_observation(end.wall, ended(COLLECT, 1, error));
    let found = drain(&mut observer);
    assert_eq!(found.len(), 1);
    assert!(
        found[0]
            .reason
            .ends_with("with a certificate that has expired"),
        "{found:#?}"
    );
}

#[tokio::test]
async fn a_session_of_whom_is_revoked_is_found_at_once() {
    let world = World::new();
    let lake = endpoint(&world, LAKE, world.svid(LAKE));
    let collect = endpoint(&world, COLLECT, world.svid(COLLECT));
    let (mut listener, addr) = listener(&lake).await;
    let (opened, accepted) = tokio::join!(collect.connect(addr, target()), listener.accept());
    let (mut client, accepted) = (opened.unwrap(), accepted.unwrap());
    let Incoming::Session(mut server) = accepted else {
        panic!("{accepted:?}");
    };
    lake.revoke(&COLLECT.parse().unwrap());
    client.send(Message::push(b"after".to_vec())).await.unwrap();
    let error = server.recv().await.unwrap_err();
    let mut observer = observer();
    observer.handle_observation(at(1), ended(COLLECT, 1, &error));
    let found = drain(&mut observer);
    assert_eq!(found.len(), 1);
    assert!(
        found[0]
            .reason
            .ends_with("with an identity that is revoked"),
        "{found:#?}"
    );
}

/// Connections whose handshake nobody goes on with stay half open; the observer does not wait for the listener to say so.
#[tokio::test]
async fn connections_that_are_left_half_open_are_found_when_a_handshake_is_due() {
    let world = World::new();
    let lake = endpoint(&world, LAKE, world.svid(LAKE));
    let (mut listener, addr) = listener(&lake).await;
    let (mut observer, mut open) = (observer(), Vec::new());
    for number in 0..=FAILURES_MAX {
        open.push(TcpStream::connect(addr).await.unwrap());
        observer.handle_observation(at(number), Seen::Begun(session("127.0.0.1", number)));
    }
    let nothing = tokio::time::timeout(Duration::from_millis(50), listener.accept()).await;
    assert!(nothing.is_err(), "{nothing:?}");
    let end = at(FAILURES_MAX) + HANDSHAKE_MAX_NS;
    observer.handle_timeout(end - 1);
    assert_eq!(drain(&mut observer), []);
    observer.handle_timeout(end);
    let found = drain(&mut observer);
    assert_eq!(found.len(), 1);
    assert!(found[0].reason.contains("was left half open"), "{found:#?}");
}
