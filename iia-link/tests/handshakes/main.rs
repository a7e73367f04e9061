//! The handshake matrix: each way to be wrong, over a real socket, has its own test and its own code.
//!
//! A wrong peer is tried as a client of our listener, once over our TLS stack and once over OpenSSL's, and as a server
//! of OpenSSL's that our end connects to.
#![cfg(feature = "tokio")]
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod judge;
mod renegotiate;
mod world;

use std::collections::BTreeSet;

use iia_core::code::Coded as _;
use iia_link::LinkError;
use rcgen::{BasicConstraints, CertificateParams, IsCa, KeyUsagePurpose};
use time::Duration;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio_rustls::rustls::pki_types::CertificateDer;
use world::{Authority, Credentials, World, uri};

/// Every row and its code.
const TABLE: [(&str, &str); 17] = [
    ("ca leaf", "IIA-IDN-0108"),
    ("cut certificate", "IIA-IDN-0001"),
    ("cut handshake", "IIA-LNK-0004"),
    ("expired", "IIA-IDN-0301"),
    ("foreign chain", "IIA-IDN-0103"),
    ("http in clear", "IIA-LNK-0003"),
    ("http in tls", "IIA-LNK-0001"),
    ("missing usage", "IIA-IDN-0109"),
    ("no certificate", "IIA-IDN-0110"),
    ("not yet valid", "IIA-IDN-0303"),
    ("other protocol", "IIA-LNK-0002"),
    ("path tricks", "IIA-IDN-0003"),
    ("renegotiation", "IIA-LNK-0302"),
    ("revoked", "IIA-LNK-0103"),
    ("tls 1.2", "IIA-LNK-0104"),
    ("two uri names", "IIA-IDN-0107"),
    ("wrong trust domain", "IIA-IDN-0104"),
];

fn is(row: &str, error: &LinkError) {
    let (_, code) = TABLE.iter().find(|(name, _)| *name == row).unwrap();
    assert_eq!(error.code().to_string(), *code, "{row}: {error}");
}

#[test]
fn no_two_rows_have_the_same_code() {
    let codes: BTreeSet<_> = TABLE.iter().map(|(_, code)| code).collect();
    assert_eq!(codes.len(), TABLE.len());
    let page = include_str!("../../README.md");
    let rows = page
        .lines()
        .filter(|line| line.contains("tests/handshakes/main.rs::"));
    let written: BTreeSet<_> = rows
        .flat_map(|row| row.split('`'))
        .filter(|part| part.starts_with("IIA-"))
        .collect();
    assert_eq!(
        written,
        codes.into_iter().copied().collect(),
        "the page has the same codes"
    );
}

/// What is changed of a good certificate.
type Change = fn(&mut CertificateParams);

/// A peer with this certificate is refused from either side, whoever's TLS it speaks.
async fn refused(row: &str, change: Change) {
    let world = World::new();
    refused_with(row, &world, &|id| world.authority.leaf(id, change)).await;
}

async fn refused_with(row: &str, world: &World, svid: &dyn Fn(&str) -> Credentials) {
    let (mut listener, addr) = world.listen().await;
    world.bare_client(addr, &svid(world::COLLECT)).await;
    is(row, &world::error(&mut listener).await);
    if !judge::there(row) {
        return;
    }
    let files = judge::files(&svid(world::COLLECT));
    let answer = judge::client(addr, &files, &["-tls1_3", "-alpn", "iia/1"]).await;
    is(row, &world::error(&mut listener).await);
    assert_eq!(answer, b"", "{row}: nothing of ours came back");
    let server = judge::Server::start(
        judge::files(&svid(world::LAKE)),
        &["-tls1_3", "-alpn", "iia/1"],
    );
    is(row, &world.connect(server.addr).await.unwrap_err());
}

/// Without this row the others would say nothing.
#[tokio::test]
async fn a_good_svid_is_accepted_whoevers_tls_it_speaks() {
    let world = World::new();
    let good = |id: &str| world.authority.leaf(id, |_| ());
    let (mut listener, addr) = world.listen().await;
    world.bare_client(addr, &good(world::COLLECT)).await;
    assert_eq!(world::accepted(&mut listener).await, world::COLLECT);
    if !judge::there("a_good_svid_is_accepted_whoevers_tls_it_speaks") {
        return;
    }
    let files = judge::files(&good(world::COLLECT));
    let (_, peer) = tokio::join!(
        judge::client(addr, &files, &["-tls1_3", "-alpn", "iia/1"]),
        world::accepted(&mut listener)
    );
    assert_eq!(peer, world::COLLECT);
    let files = judge::files(&good(world::LAKE));
    let server = judge::Server::start(files, &["-tls1_3", "-alpn", "iia/1"]);
    assert_eq!(world.connect(server.addr).await, Ok(world::LAKE.into()));
}

#[tokio::test]
async fn an_expired_svid_is_refused() {
    refused("expired", |leaf| {
        leaf.not_after = leaf.not_before + Duration::seconds(30)
    })
    .await;
}

#[tokio::test]
async fn an_svid_that_is_not_yet_valid_is_refused() {
    refused("not yet valid", |leaf| {
        leaf.not_before += Duration::hours(1)
    })
    .await;
}

#[tokio::test]
async fn an_svid_of_a_trust_domain_without_a_bundle_is_refused() {
    refused("wrong trust domain", |leaf| {
        leaf.subject_alt_names = vec![uri("spiffe://evil.example/zone/collect/workload/c")];
    })
    .await;
}

#[tokio::test]
async fn two_uri_names_are_refused() {
    refused("two uri names", |leaf| {
        leaf.subject_alt_names.push(uri("https://iia.local"))
    })
    .await;
}

#[tokio::test]
async fn a_leaf_that_is_an_authority_is_refused() {
    refused("ca leaf", |leaf| {
        leaf.is_ca = IsCa::Ca(BasicConstraints::Unconstrained)
    })
    .await;
}

#[tokio::test]
async fn a_leaf_without_the_usage_of_a_leaf_is_refused() {
    refused("missing usage", |leaf| leaf.key_usages.clear()).await;
    refused("missing usage", |leaf| {
        leaf.key_usages = vec![KeyUsagePurpose::KeyEncipherment]
    })
    .await;
}

/// Every text that some reader takes for another path than another reader does.
#[tokio::test]
async fn tricks_with_paths_are_refused() {
    let tricks: [Change; 7] = [
        |leaf| {
            leaf.subject_alt_names = vec![uri("spiffe://iia.local/zone/x/../collect/workload/c")]
        },
        |leaf| leaf.subject_alt_names = vec![uri("spiffe://iia.local/zone/./collect/workload/c")],
        |leaf| leaf.subject_alt_names = vec![uri("spiffe://iia.local//zone/collect/workload/c")],
        |leaf| leaf.subject_alt_names = vec![uri("spiffe://iia.local/zone/collect/workload/c/")],
        |leaf| leaf.subject_alt_names = vec![uri("spiffe://iia.local/zone/collect/workload/%63")],
        |leaf| leaf.subject_alt_names = vec![uri("spiffe://iia.local/zone/collect/workload/c\n")],
        |leaf| leaf.subject_alt_names = vec![uri("spiffe://iia.local/zone/collect/workload/c?x")],
    ];
    for trick in tricks {
        refused("path tricks", trick).await;
    }
}

/// Somebody else's authority that bears our name.
#[tokio::test]
async fn a_chain_to_an_authority_of_the_same_name_is_refused() {
    let (world, forged) = (World::new(), Authority::new());
    refused_with("foreign chain", &world, &|id| forged.leaf(id, |_| ())).await;
}

#[tokio::test]
async fn a_revoked_identity_is_refused() {
    let world = World::new();
    world.revoke(&[world::COLLECT, world::LAKE]);
    refused_with("revoked", &world, &|id| world.authority.leaf(id, |_| ())).await;
}

/// OpenSSL cannot be made to show such a certificate; our own stack can.
#[tokio::test]
async fn a_cut_certificate_is_refused() {
    let world = World::new();
    let (mut listener, addr) = world.listen().await;
    let mut svid = world.authority.leaf(world::COLLECT, |_| ());
    let whole = svid.leaf.to_vec();
    for len in [1, whole.len() / 2, whole.len() - 1] {
        svid.leaf = CertificateDer::from(whole[..len].to_vec());
        world.bare_client(addr, &svid).await;
        is("cut certificate", &world::error(&mut listener).await);
    }
}

/// The beginning of a good handshake, and then the end of the connection.
#[tokio::test]
async fn a_cut_handshake_is_refused() {
    let world = World::new();
    let (mut listener, addr) = world.listen().await;
    let hello = world.client_hello();
    for len in [0, 1, 5, 6, hello.len() / 2, hello.len() - 1, hello.len()] {
        let mut tcp = TcpStream::connect(addr).await.unwrap();
        tcp.write_all(&hello[..len]).await.unwrap();
        drop(tcp);
        is("cut handshake", &world::error(&mut listener).await);
    }
}

#[tokio::test]
async fn a_client_without_a_certificate_is_refused() {
    let world = World::new();
    let (mut listener, addr) = world.listen().await;
    world.nameless_client(addr).await;
    is("no certificate", &world::error(&mut listener).await);
    if judge::there("a_client_without_a_certificate_is_refused") {
        judge::client(addr, &judge::Files::none(), &["-tls1_3", "-alpn", "iia/1"]).await;
        is("no certificate", &world::error(&mut listener).await);
    }
}

#[tokio::test]
async fn tls_1_2_is_refused() {
    if !judge::there("tls_1_2_is_refused") {
        return;
    }
    let world = World::new();
    let (mut listener, addr) = world.listen().await;
    let good = |id| judge::files(&world.authority.leaf(id, |_| ()));
    for version in ["-tls1_2", "-tls1_1"] {
        let more = [version, "-alpn", "iia/1", "-cipher", "ALL:@SECLEVEL=0"];
        judge::client(addr, &good(world::COLLECT), &more).await;
        is("tls 1.2", &world::error(&mut listener).await);
    }
    let server = judge::Server::start(good(world::LAKE), &["-tls1_2", "-alpn", "iia/1"]);
    is("tls 1.2", &world.connect(server.addr).await.unwrap_err());
}

#[tokio::test]
async fn another_application_protocol_is_refused() {
    if !judge::there("another_application_protocol_is_refused") {
        return;
    }
    let world = World::new();
    let (mut listener, addr) = world.listen().await;
    let good = |id| judge::files(&world.authority.leaf(id, |_| ()));
    for more in [&["-alpn", "h2"][..], &["-alpn", "http/1.1,h2"], &[]] {
        let arguments = [&["-tls1_3"], more].concat();
        judge::client(addr, &good(world::COLLECT), &arguments).await;
        is("other protocol", &world::error(&mut listener).await);
    }
    let server = judge::Server::start(good(world::LAKE), &["-tls1_3"]);
    is(
        "other protocol",
        &world.connect(server.addr).await.unwrap_err(),
    );
}

#[tokio::test]
async fn i1_http_is_refused_in_clear_and_in_a_good_session() {
    let world = World::new();
    let (mut listener, addr) = world.listen().await;
    let mut tcp = TcpStream::connect(addr).await.unwrap();
    tcp.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
    is("http in clear", &world::error(&mut listener).await);
    let svid = world.authority.leaf(world::COLLECT, |_| ());
    world
        .client_that_says(addr, &svid, b"GET / HTTP/1.1\r\n\r\n")
        .await;
    is("http in tls", &world::error(&mut listener).await);
}

/// RFC 8446 4.1.2: a second ClientHello, rightly encrypted, in a session that was good until then.
#[tokio::test]
async fn renegotiation_ends_the_session() {
    let world = World::new();
    let (mut listener, addr) = world.listen().await;
    let svid = world.authority.leaf(world::COLLECT, |_| ());
    let (tcp, mut session) = tokio::join!(
        renegotiate::client(&world, addr, &svid),
        world::session(&mut listener)
    );
    is("renegotiation", &session.recv().await.unwrap_err());
    drop(tcp);
}
