//! OpenSSL's own client at a listening link: what is not a contracted workload over TLS 1.3 gets nothing, and never HTTP.
#![cfg(feature = "tokio")]
#![expect(clippy::unwrap_used, reason = "tests")]

use std::io::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::Arc;

use iia_core::SpiffeId;
use iia_core::gate::{Ask, Gate, Refusal};
use iia_core::time::{Clock as _, Floor, SystemClock};
use iia_identity::IdentityError;
use iia_identity::bundle::BundleSet;
use iia_identity::issue::{Issuer, PrivateKey, request};
use iia_identity::svid::{Store, Svid};
use iia_link::LinkError;
use iia_link::frame::{COUNTED, Frame, Kind};
use iia_link::hello::{HELLO_LEN_MAX, Hello};
use iia_link::rt::{Endpoint, Incoming, Listener};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

/// Longest frame with a hello, as its length says it.
const BODY_MAX: usize = COUNTED + HELLO_LEN_MAX;
const LAKE: &str = "spiffe://iia.local/zone/lake/workload/w";
const COLLECT: &str = "spiffe://iia.local/zone/collect/workload/c";

struct Everything;

impl Gate for Everything {
    fn permits(&self, _: &Ask<'_>) -> Result<(), Refusal> {
        Ok(())
    }
    fn knows(&self, _: &SpiffeId) -> bool {
        true
    }
}

fn openssl(test: &str) -> bool {
    let there = Command::new("openssl").arg("version").output();
    if there.is_ok_and(|done| done.stdout.starts_with(b"OpenSSL 3.")) {
        return true;
    }
    let line = format!("SKIPPED: {test}: openssl 3\n");
    assert!(
        std::env::var_os("IIA_REQUIRE_ALL").is_none_or(|all| all != "1"),
        "{line}"
    );
    let _closed = std::io::stderr().write_all(line.as_bytes());
    false
}

fn issuer(domain: &str) -> Issuer {
    let now = SystemClock::new(Floor::default(), 0).read();
    Issuer::create(domain.parse().unwrap(), 3600, 1, now).unwrap()
}

fn svid(issuer: &Issuer, id: &str) -> (Vec<Vec<u8>>, PrivateKey) {
    let now = SystemClock::new(Floor::default(), 0).read();
    let id: SpiffeId = id.parse().unwrap();
    let (csr, key) = request(&id).unwrap();
    let issued = issuer.issue(&csr, &id, &Everything, now).unwrap();
    (issued.chain, key)
}

async fn listening(issuer: &Issuer) -> (Listener, SocketAddr) {
    let (chain, key) = svid(issuer, LAKE);
    let store = Arc::new(Store::new(Svid::new(chain, key).unwrap()));
    let mut bundles = BundleSet::default();
    bundles
        .add_root(issuer.domain().clone(), issuer.root().to_vec())
        .unwrap();
    let endpoint = Endpoint::new(
        LAKE.parse().unwrap(),
        store,
        Arc::new(bundles),
        Arc::new(Everything),
    );
    let listener = endpoint
        .listen("127.0.0.1:0".parse().unwrap())
        .await
        .unwrap();
    let addr = listener.local_addr().unwrap();
    (listener, addr)
}

/// Certificate and key as PEM, by OpenSSL's own hand.
fn files(dir: &Path, issuer: &Issuer, id: &str) -> (PathBuf, PathBuf) {
    let (chain, key) = svid(issuer, id);
    let put = |name: &str, command: &str, der: &[u8]| {
        let (from, to) = (dir.join(format!("{name}.der")), dir.join(name));
        std::fs::write(&from, der).unwrap();
        let done = Command::new("openssl")
            .args([command, "-inform", "der", "-in"])
            .arg(&from)
            .arg("-out")
            .arg(&to)
            .output()
            .unwrap();
        assert!(done.status.success());
        to
    };
    (
        put("leaf", "x509", chain.first().unwrap()),
        put("key", "pkey", key.as_pkcs8()),
    )
}

/// `openssl s_client` with these arguments, which sends `first` and then listens until the server ends it.
async fn client(addr: SocketAddr, arguments: Vec<String>, first: Vec<u8>) -> Output {
    let run = move || {
        let mut child = Command::new("openssl")
            .args([
                "s_client",
                "-connect",
                &addr.to_string(),
                "-ign_eof",
                "-noservername",
            ])
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let _gone = stdin.write_all(&first);
        let done = child.wait_with_output();
        drop(stdin);
        done.unwrap()
    };
    tokio::task::spawn_blocking(run).await.unwrap()
}

fn words(text: &[&str]) -> Vec<String> {
    text.iter().map(|word| (*word).to_owned()).collect()
}

async fn refused(listener: &mut Listener) -> LinkError {
    match listener.accept().await.unwrap() {
        Incoming::Session(session) => unreachable!("{session:?}"),
        Incoming::Refused(refused) => refused.error,
    }
}

/// Nothing of HTTP in whatever came back, in clear or out of the TLS session.
fn no_http(answer: &[u8]) {
    let text = String::from_utf8_lossy(answer);
    assert!(!text.contains("HTTP/"), "{text}");
}

#[tokio::test]
async fn openssl_with_a_good_svid_is_answered() {
    if !openssl("openssl_with_a_good_svid_is_answered") {
        return;
    }
    let (dir, issuer) = (tempfile::tempdir().unwrap(), issuer("iia.local"));
    let (mut listener, addr) = listening(&issuer).await;
    let (leaf, key) = files(dir.path(), &issuer, COLLECT);
    let arguments = words(&[
        "-tls1_3",
        "-alpn",
        "iia/1",
        "-quiet",
        "-cert",
        leaf.to_str().unwrap(),
        "-key",
        key.to_str().unwrap(),
    ]);
    let hello = Hello {
        contract: "c".into(),
        version: String::new(),
        operation: "WRITE".into(),
    };
    let first = bytes(Kind::Hello, &hello.encode());
    let session = tokio::spawn(async move {
        match listener.accept().await.unwrap() {
            Incoming::Session(session) => {
                (session.peer().to_string(), session.operation().to_owned())
            }
            Incoming::Refused(refused) => unreachable!("{refused:?}"),
        }
    });
    let done = client(addr, arguments, first).await;
    assert_eq!(
        session.await.unwrap(),
        (COLLECT.to_owned(), "WRITE".to_owned())
    );
    let answer = [bytes(Kind::Accept, &[]), bytes(Kind::End, &[])].concat();
    assert_eq!(done.stdout, answer);
}

fn bytes(kind: Kind, payload: &[u8]) -> Vec<u8> {
    let frame = Frame {
        kind,
        session: 1,
        id: 0,
        payload,
    };
    let mut out = Vec::new();
    frame.encode_to(&mut out).unwrap();
    out
}

#[tokio::test]
async fn openssl_without_what_a_link_asks_for_is_refused() {
    if !openssl("openssl_without_what_a_link_asks_for_is_refused") {
        return;
    }
    let (own, foreign) = (issuer("iia.local"), issuer("evil.example"));
    // Somebody else's authority that says it is ours.
    let forged = issuer("iia.local");
    let (mut listener, addr) = listening(&own).await;
    let (dirs, outsiders) = (
        [(); 3].map(|()| tempfile::tempdir().unwrap()),
        [
            (&own, COLLECT),
            (&foreign, "spiffe://evil.example/a"),
            (&forged, COLLECT),
        ],
    );
    let [good, stranger, impostor] = [0, 1, 2].map(|at: usize| {
        let (dir, (issuer, id)) = (dirs.get(at).unwrap(), outsiders.get(at).unwrap());
        let (leaf, key) = files(dir.path(), issuer, id);
        words(&[
            "-cert",
            leaf.to_str().unwrap(),
            "-key",
            key.to_str().unwrap(),
        ])
    });
    let with = |more: &[&str], svid: &[String]| [&words(more), svid].concat();
    let other = LinkError::ANOTHER_PROTOCOL;
    let identity = LinkError::Identity;
    let rows = [
        (
            "TLS 1.2",
            with(&["-tls1_2", "-alpn", "iia/1"], &good),
            LinkError::OldTls,
        ),
        (
            "TLS 1.1",
            with(
                &["-tls1_1", "-cipher", "ALL:@SECLEVEL=0", "-alpn", "iia/1"],
                &good,
            ),
            LinkError::OldTls,
        ),
        (
            "no certificate",
            with(&["-tls1_3", "-alpn", "iia/1"], &[]),
            identity(IdentityError::NoCertificate),
        ),
        (
            "another trust domain",
            with(&["-tls1_3", "-alpn", "iia/1"], &stranger),
            identity(IdentityError::UnknownTrustDomain),
        ),
        (
            "another authority of the same name",
            with(&["-tls1_3", "-alpn", "iia/1"], &impostor),
            identity(IdentityError::BadPath),
        ),
        (
            "HTTP/2 as protocol",
            with(&["-tls1_3", "-alpn", "h2"], &good),
            other.clone(),
        ),
        (
            "HTTP/1.1 as protocol",
            with(&["-tls1_3", "-alpn", "http/1.1,h2"], &good),
            other.clone(),
        ),
        ("no protocol named", with(&["-tls1_3"], &good), other),
    ];
    for (what, arguments, want) in rows {
        let request = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n".to_vec();
        let done = client(addr, arguments, request).await;
        let error = refused(&mut listener).await;
        assert_eq!(error, want, "{what}");
        no_http(&done.stdout);
    }
}

#[tokio::test]
async fn i1_http_inside_a_good_tls_session_gets_no_answer() {
    if !openssl("i1_http_inside_a_good_tls_session_gets_no_answer") {
        return;
    }
    let (dir, issuer) = (tempfile::tempdir().unwrap(), issuer("iia.local"));
    let (mut listener, addr) = listening(&issuer).await;
    let (leaf, key) = files(dir.path(), &issuer, COLLECT);
    let arguments = words(&[
        "-tls1_3",
        "-alpn",
        "iia/1",
        "-quiet",
        "-cert",
        leaf.to_str().unwrap(),
        "-key",
        key.to_str().unwrap(),
    ]);
    for first in [
        "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "OPTIONS * HTTP/1.1\r\n\r\n",
    ] {
        let done = client(addr, arguments.clone(), first.as_bytes().to_vec()).await;
        assert_eq!(done.stdout, b"", "{first:?}");
        assert_eq!(
            refused(&mut listener).await,
            LinkError::HttpPreface,
            "{first:?}"
        );
    }
}

/// A client that proved who it is and not yet what it wants makes us hold a few hundred bytes at most.
#[tokio::test]
async fn a_first_frame_longer_than_any_hello_is_refused_before_it_comes() {
    if !openssl("a_first_frame_longer_than_any_hello_is_refused_before_it_comes") {
        return;
    }
    let (dir, issuer) = (tempfile::tempdir().unwrap(), issuer("iia.local"));
    let (mut listener, addr) = listening(&issuer).await;
    let (leaf, key) = files(dir.path(), &issuer, COLLECT);
    let (leaf, key) = (leaf.to_str().unwrap(), key.to_str().unwrap());
    let arguments = [
        "-tls1_3", "-alpn", "iia/1", "-quiet", "-cert", leaf, "-key", key,
    ];
    for len in [BODY_MAX as u32 + 1, 16 * 1024 * 1024] {
        let done = client(addr, words(&arguments), len.to_be_bytes().to_vec()).await;
        assert_eq!(done.stdout, b"");
        let (len, max) = (u64::from(len), BODY_MAX as u64);
        assert_eq!(
            refused(&mut listener).await,
            LinkError::FrameTooLong { len, max }
        );
    }
}

/// HTTP and other beginnings in clear: at most a TLS alert comes back (RFC 8446 6: type 21, seven bytes).
#[tokio::test]
async fn i1_whatever_is_sent_in_clear_gets_an_alert_at_most() {
    let issuer = issuer("iia.local");
    let (mut listener, addr) = listening(&issuer).await;
    for (first, want) in [
        (&b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"[..], LinkError::NotTls),
        (b"GET / HTTP/1.0\r\n\r\n", LinkError::NotTls),
        (
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0",
            LinkError::NotTls,
        ),
        (
            b"POST / HTTP/1.1\r\nUpgrade: h2c\r\n\r\n",
            LinkError::NotTls,
        ),
        (b"CONNECT x:443 HTTP/1.1\r\n\r\n", LinkError::NotTls),
        (b"SSH-2.0-x\r\n", LinkError::NotTls),
        (b"\x16\x03\x01\xff\xff", LinkError::NotTls),
        (b"\0\0\0\x0d\x01\0\0\0\0\0\0\0\0c\nW", LinkError::NotTls),
        (b"", LinkError::Truncated),
    ] {
        let mut tcp = tokio::net::TcpStream::connect(addr).await.unwrap();
        tcp.write_all(first).await.unwrap();
        tcp.shutdown().await.unwrap();
        let mut answer = Vec::new();
        let _reset = tcp.read_to_end(&mut answer).await;
        no_http(&answer);
        assert!(
            answer.is_empty() || answer.len() == 7 && answer.starts_with(&[21, 3]),
            "{answer:?}"
        );
        assert_eq!(refused(&mut listener).await, want, "{first:?}");
    }
}
