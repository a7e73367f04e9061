//! Links between real sockets on the loopback interface.
#![cfg(feature = "tokio")]
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::net::SocketAddr;
use std::sync::Arc;

use iia_core::SpiffeId;
use iia_core::gate::{Ask, Gate, Refusal};
use iia_core::time::{Clock as _, Floor, SystemClock};
use iia_identity::IdentityError;
use iia_identity::bundle::BundleSet;
use iia_identity::issue::{Issuer, request};
use iia_identity::svid::{Store, Svid};
use iia_link::LinkError;
use iia_link::rt::{
    Endpoint, HALF_OPEN_MAX, Incoming, Listener, Message, Refused, Session, Target,
};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

struct Everything;

impl Gate for Everything {
    fn permits(&self, ask: &Ask<'_>) -> Result<(), Refusal> {
        match ask.operation {
            "WRITE" => Ok(()),
            _ => Err(Refusal::NoOperation {
                contract: ask.contract.into(),
                operation: ask.operation.into(),
            }),
        }
    }
    fn knows(&self, _: &SpiffeId) -> bool {
        true
    }
}

/// Asks nobody: stands for a client whose own catalog was tampered with.
struct Careless;

impl Gate for Careless {
    fn permits(&self, _: &Ask<'_>) -> Result<(), Refusal> {
        Ok(())
    }
    fn knows(&self, _: &SpiffeId) -> bool {
        true
    }
}

struct World {
    issuer: Issuer,
}

impl World {
    fn new(domain: &str) -> Self {
        let clock = SystemClock::new(Floor::default(), 0);
        Self {
            issuer: Issuer::create(domain.parse().unwrap(), 3600, 1, clock.read()).unwrap(),
        }
    }

    fn endpoint(&self, id: &str, trusts: &Self, gate: Arc<dyn Gate>) -> Endpoint {
        let clock = SystemClock::new(Floor::default(), 0);
        let id: SpiffeId = id.parse().unwrap();
        let (csr, key) = request(&id).unwrap();
        let issued = self
            .issuer
            .issue(&csr, &id, &Everything, clock.read())
            .unwrap();
        let store = Arc::new(Store::new(Svid::new(issued.chain, key).unwrap()));
        let mut bundles = BundleSet::default();
        let domain = trusts.issuer.domain().clone();
        bundles
            .add_root(domain, trusts.issuer.root().to_vec())
            .unwrap();
        Endpoint::new(id, store, Arc::new(bundles), gate)
    }
}

const LAKE: &str = "spiffe://iia.local/zone/lake/workload/w";
const COLLECT: &str = "spiffe://iia.local/zone/collect/workload/c";

fn target(peer: &str, operation: &str) -> Target {
    Target {
        peer: peer.parse().unwrap(),
        contract: "c".into(),
        operation: operation.into(),
    }
}

async fn listener(endpoint: &Endpoint) -> (Listener, SocketAddr) {
    let listener = endpoint
        .listen("127.0.0.1:0".parse().unwrap())
        .await
        .unwrap();
    let addr = listener.local_addr().unwrap();
    (listener, addr)
}

async fn session(listener: &mut Listener) -> Session {
    match listener.accept().await.unwrap() {
        Incoming::Session(session) => *session,
        Incoming::Refused(refused) => panic!("{refused:?}"),
    }
}

async fn refused(listener: &mut Listener) -> Refused {
    match listener.accept().await.unwrap() {
        Incoming::Session(session) => panic!("{session:?}"),
        Incoming::Refused(refused) => refused,
    }
}

#[tokio::test]
async fn a_contracted_call_is_answered() {
    let world = World::new("iia.local");
    let lake = world.endpoint(LAKE, &world, Arc::new(Everything));
    let collect = world.endpoint(COLLECT, &world, Arc::new(Everything));
    let (mut listener, addr) = listener(&lake).await;
    let server = tokio::spawn(async move {
        let mut session = session(&mut listener).await;
        assert_eq!(session.peer().as_str(), COLLECT);
        let question = session.recv().await.unwrap().unwrap();
        let answer = Message::answer(&question, question.payload.clone());
        session.send(answer).await.unwrap();
        assert!(session.recv().await.unwrap().is_none());
    });
    let mut session = collect.connect(addr, target(LAKE, "WRITE")).await.unwrap();
    assert_eq!(session.call(b"rows").await.unwrap(), b"rows");
    drop(session);
    server.await.unwrap();
}

#[tokio::test]
async fn no_contract_no_link_and_the_refusal_is_reported() {
    let world = World::new("iia.local");
    let lake = world.endpoint(LAKE, &world, Arc::new(Everything));
    let (mut listener, addr) = listener(&lake).await;
    let honest = world.endpoint(COLLECT, &world, Arc::new(Everything));
    let got = honest.connect(addr, target(LAKE, "DELETE")).await;
    assert!(matches!(got, Err(LinkError::Catalog(_))), "{got:?}");
    let careless = world.endpoint(COLLECT, &world, Arc::new(Careless));
    let got = careless.connect(addr, target(LAKE, "DELETE")).await;
    assert_eq!(
        got.unwrap_err(),
        LinkError::Refused {
            code: "IIA-COR-0111".into()
        }
    );
    let refused = refused(&mut listener).await;
    assert_eq!(refused.peer.unwrap().as_str(), COLLECT);
    assert_eq!(
        (refused.contract.as_str(), refused.operation.as_str()),
        ("c", "DELETE")
    );
}

#[tokio::test]
async fn a_foreign_or_wrong_peer_is_refused_at_either_end() {
    let (world, foreign) = (World::new("iia.local"), World::new("evil.example"));
    let lake = world.endpoint(LAKE, &world, Arc::new(Careless));
    let (mut listener, addr) = listener(&lake).await;
    let stranger = foreign.endpoint("spiffe://evil.example/a", &world, Arc::new(Careless));
    let outcome = stranger.connect(addr, target(LAKE, "WRITE")).await;
    assert!(outcome.is_err());
    let unknown = LinkError::Identity(IdentityError::UnknownTrustDomain);
    assert_eq!(refused(&mut listener).await.error, unknown);
    let collect = world.endpoint(COLLECT, &world, Arc::new(Careless));
    let outcome = collect
        .connect(
            addr,
            target("spiffe://iia.local/zone/audit/workload/x", "WRITE"),
        )
        .await;
    assert_eq!(
        outcome.unwrap_err(),
        LinkError::Identity(IdentityError::WrongPeer)
    );
}

#[tokio::test]
async fn i1_plain_http_gets_no_http_answer() {
    let world = World::new("iia.local");
    let lake = world.endpoint(LAKE, &world, Arc::new(Everything));
    let (mut listener, addr) = listener(&lake).await;
    for text in [
        "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ] {
        let mut tcp = tokio::net::TcpStream::connect(addr).await.unwrap();
        tcp.write_all(text.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        let _reset = tcp.read_to_end(&mut answer).await;
        assert!(
            !answer.starts_with(b"HTTP") && answer.len() < 64,
            "{answer:?}"
        );
        assert_eq!(refused(&mut listener).await.error, LinkError::NotTls);
    }
}

#[tokio::test]
async fn a_silent_peer_does_not_hold_up_others() {
    let world = World::new("iia.local");
    let lake = world.endpoint(LAKE, &world, Arc::new(Everything));
    let collect = world.endpoint(COLLECT, &world, Arc::new(Everything));
    let (mut listener, addr) = listener(&lake).await;
    let _silent = tokio::net::TcpStream::connect(addr).await.unwrap();
    let (opened, accepted) = tokio::join!(
        collect.connect(addr, target(LAKE, "WRITE")),
        session(&mut listener)
    );
    opened.unwrap();
    assert_eq!(accepted.operation(), "WRITE");
}

#[tokio::test]
async fn a_revoked_identity_says_nothing_more() {
    let world = World::new("iia.local");
    let lake = world.endpoint(LAKE, &world, Arc::new(Everything));
    let collect = world.endpoint(COLLECT, &world, Arc::new(Everything));
    let (mut listener, addr) = listener(&lake).await;
    let (opened, accepted) = tokio::join!(
        collect.connect(addr, target(LAKE, "WRITE")),
        session(&mut listener)
    );
    let (mut client, mut server) = (opened.unwrap(), accepted);
    client
        .send(Message::push(b"before".to_vec()))
        .await
        .unwrap();
    assert!(server.recv().await.unwrap().is_some());
    lake.revoke(&COLLECT.parse().unwrap());
    client.send(Message::push(b"after".to_vec())).await.unwrap();
    assert_eq!(server.recv().await, Err(LinkError::Revoked));
    let again = collect.connect(addr, target(LAKE, "WRITE")).await;
    assert!(again.is_err());
    assert_eq!(refused(&mut listener).await.error, LinkError::Revoked);
}

#[tokio::test]
async fn a_revoked_certificate_says_nothing_more_and_its_owner_speaks_with_another() {
    let world = World::new("iia.local");
    let lake = world.endpoint(LAKE, &world, Arc::new(Everything));
    let [lost, renewed] = [(), ()].map(|()| world.endpoint(COLLECT, &world, Arc::new(Everything)));
    let (mut listener, addr) = listener(&lake).await;
    let (opened, mut server) = tokio::join!(
        lost.connect(addr, target(LAKE, "WRITE")),
        session(&mut listener)
    );
    let mut client = opened.unwrap();
    lake.revoke_certificate(&server.peer_shown().serial.clone());
    client.send(Message::push(b"after".to_vec())).await.unwrap();
    assert_eq!(server.recv().await, Err(LinkError::Revoked));
    let again = lost.connect(addr, target(LAKE, "WRITE")).await;
    assert!(again.is_err());
    assert_eq!(refused(&mut listener).await.error, LinkError::Revoked);
    let (opened, server) = tokio::join!(
        renewed.connect(addr, target(LAKE, "WRITE")),
        session(&mut listener)
    );
    opened.unwrap();
    assert_eq!(server.peer().as_str(), COLLECT);
}

#[tokio::test]
async fn sessions_with_one_peer_share_a_connection_until_the_svid_is_another() {
    let world = World::new("iia.local");
    let lake = world.endpoint(LAKE, &world, Arc::new(Everything));
    let collect = world.endpoint(COLLECT, &world, Arc::new(Everything));
    let (mut listener, addr) = listener(&lake).await;
    let (mut held, mut ports) = (Vec::new(), std::collections::BTreeSet::new());
    for _ in 0..65 {
        let (near, far) = tokio::join!(
            collect.connect(addr, target(LAKE, "WRITE")),
            session(&mut listener)
        );
        ports.extend(near.as_ref().unwrap().local_addr());
        held.push((near.unwrap(), far));
    }
    assert_eq!(
        ports.len(),
        2,
        "64 sessions on one connection, the next on another"
    );
    for (number, (near, far)) in held.iter_mut().enumerate() {
        near.send(Message::push(vec![number as u8])).await.unwrap();
        assert_eq!(far.recv().await.unwrap().unwrap().payload, [number as u8]);
    }
    held.truncate(1);
    let (near, far) = tokio::join!(
        collect.connect(addr, target(LAKE, "WRITE")),
        session(&mut listener)
    );
    assert!(ports.contains(&near.as_ref().unwrap().local_addr().unwrap()));
    held.push((near.unwrap(), far));
}

#[tokio::test]
async fn a_connection_without_an_end_within_tls_is_an_error_and_no_end() {
    let world = World::new("iia.local");
    let lake = world.endpoint(LAKE, &world, Arc::new(Everything));
    let collect = world.endpoint(COLLECT, &world, Arc::new(Everything));
    let (mut listener, real) = listener(&lake).await;
    // Somebody on the way, who cannot read and can end TCP.
    let middle = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = middle.local_addr().unwrap();
    let (cut, mut told) = tokio::sync::oneshot::channel::<()>();
    tokio::spawn(async move {
        let mut near = middle.accept().await.unwrap().0;
        let mut far = tokio::net::TcpStream::connect(real).await.unwrap();
        tokio::select! {
            _ = tokio::io::copy_bidirectional(&mut near, &mut far) => {}
            _ = &mut told => {}
        }
    });
    let (near, far) = tokio::join!(
        collect.connect(addr, target(LAKE, "WRITE")),
        session(&mut listener)
    );
    let (mut near, mut far) = (near.unwrap(), far);
    near.send(Message::push(b"whole".to_vec())).await.unwrap();
    assert_eq!(far.recv().await.unwrap().unwrap().payload, b"whole");
    cut.send(()).unwrap();
    assert_eq!(far.recv().await, Err(LinkError::Truncated));
    assert_eq!(near.recv().await, Err(LinkError::Truncated));
}

#[tokio::test]
async fn a_contract_that_is_taken_away_ends_a_live_session_at_once() {
    let world = World::new("iia.local");
    let lake = world.endpoint(LAKE, &world, Arc::new(Everything));
    let collect = world.endpoint(COLLECT, &world, Arc::new(Everything));
    let (mut listener, addr) = listener(&lake).await;
    let (near, far) = tokio::join!(
        collect.connect(addr, target(LAKE, "WRITE")),
        session(&mut listener)
    );
    let (mut near, mut far) = (near.unwrap(), far);
    near.send(Message::push(b"unread".to_vec())).await.unwrap();
    lake.replace_gate(Arc::new(Nothing));
    assert!(matches!(far.recv().await, Err(LinkError::Catalog(_))));
    let told = LinkError::Refused {
        code: "IIA-COR-0110".into(),
    };
    assert_eq!(near.recv().await, Err(told.clone()));
    assert_eq!(
        collect
            .connect(addr, target(LAKE, "WRITE"))
            .await
            .unwrap_err(),
        told
    );
    assert!(matches!(
        refused(&mut listener).await.error,
        LinkError::Catalog(_)
    ));
    assert_eq!(listener.refusals(), 1);
}

struct Nothing;

impl Gate for Nothing {
    fn permits(&self, ask: &Ask<'_>) -> Result<(), Refusal> {
        let contract = ask.contract.into();
        Err(Refusal::NoContract { contract })
    }
    fn knows(&self, _: &SpiffeId) -> bool {
        true
    }
}

#[tokio::test]
async fn a_newer_handshake_displaces_the_oldest_and_an_honest_one_gets_through() {
    let world = World::new("iia.local");
    let lake = world.endpoint(LAKE, &world, Arc::new(Everything));
    let collect = world.endpoint(COLLECT, &world, Arc::new(Everything));
    let (mut listener, addr) = listener(&lake).await;
    let mut silent = Vec::new();
    for _ in 0..HALF_OPEN_MAX + 2 {
        silent.push(tokio::net::TcpStream::connect(addr).await.unwrap());
    }
    let opened = collect.connect(addr, target(LAKE, "WRITE")).await.unwrap();
    for _ in 0..3 {
        let error = refused(&mut listener).await.error;
        assert!(matches!(error, LinkError::TimedOut { .. }), "{error}");
    }
    let accepted = session(&mut listener).await;
    assert_eq!(accepted.peer().as_str(), COLLECT);
    assert_eq!(
        silent
            .first_mut()
            .unwrap()
            .read(&mut [0])
            .await
            .unwrap_or(0),
        0,
        "the oldest is gone"
    );
    drop(opened);
}

/// What is no TLS: whoever speaks it gets one alert, seven bytes in one packet, and the end.
#[tokio::test]
async fn i1_other_protocols_are_refused_in_one_packet() {
    let world = World::new("iia.local");
    let lake = world.endpoint(LAKE, &world, Arc::new(Everything));
    let (mut listener, addr) = listener(&lake).await;
    let rows: [&[u8]; 6] = [
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"\x10\x0e\x00\x04MQTT\x04\x02\x00\x3c\x00\x02xy",
        b"\x00\x01\x00\x00\x00\x06\x01\x03\x00\x00\x00\x01",
        b"HELF\x20\x00\x00\x00",
    ];
    for said in rows {
        let mut tcp = tokio::net::TcpStream::connect(addr).await.unwrap();
        tcp.write_all(said).await.unwrap();
        let mut first = [0; 64];
        let len = tcp.read(&mut first).await.unwrap_or(0);
        // RFC 8446 6: an alert is a record of type 21 with two bytes.
        assert!(
            len == 0 || len == 7 && first.first() == Some(&21),
            "{said:?}: {first:?}"
        );
        assert_eq!(
            tcp.read(&mut first).await.unwrap_or(0),
            0,
            "{said:?}: one packet"
        );
        assert_eq!(
            refused(&mut listener).await.error,
            LinkError::NotTls,
            "{said:?}"
        );
    }
}
