//! Two workloads of one trust domain, their authority, and peers that are not what they should be.

use std::net::SocketAddr;
use std::sync::Arc;

use iia_core::SpiffeId;
use iia_core::gate::{Ask, Gate, Refusal};
use iia_core::time::{Clock as _, Floor, SystemClock};
use iia_identity::bundle::BundleSet;
use iia_identity::issue::{Issuer, request};
use iia_identity::svid::{Store, Svid};
use iia_identity::tls;
use iia_link::LinkError;
use iia_link::frame::{Frame, Kind};
use iia_link::hello::Hello;
use iia_link::rt::{Endpoint, Incoming, Listener, Session, Target};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, KeyPair, KeyUsagePurpose, SanType};
use time::{Duration, OffsetDateTime};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::client::ResolvesClientCert;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio_rustls::rustls::sign::{CertifiedKey, SingleCertAndKey};
use tokio_rustls::rustls::{ClientConfig, ClientConnection, crypto};

pub(crate) const LAKE: &str = "spiffe://iia.local/zone/lake/workload/w";
pub(crate) const COLLECT: &str = "spiffe://iia.local/zone/collect/workload/c";

struct Everything;

impl Gate for Everything {
    fn permits(&self, _: &Ask<'_>) -> Result<(), Refusal> {
        Ok(())
    }
    fn knows(&self, _: &SpiffeId) -> bool {
        true
    }
}

pub(crate) fn uri(id: &str) -> SanType {
    SanType::URI(id.try_into().unwrap())
}

/// A certificate and its key, right or wrong.
pub(crate) struct Credentials {
    pub(crate) leaf: CertificateDer<'static>,
    pub(crate) key: Vec<u8>,
}

/// An authority of `iia.local` that signs whatever it is asked to.
pub(crate) struct Authority {
    issuer: rcgen::Issuer<'static, KeyPair>,
    root: Vec<u8>,
}

impl Authority {
    pub(crate) fn new() -> Self {
        let mut params = CertificateParams::default();
        params
            .distinguished_name
            .push(DnType::CommonName, "iia.local issuer");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        params.subject_alt_names = vec![uri("spiffe://iia.local")];
        let key = KeyPair::generate().unwrap();
        let root = params.self_signed(&key).unwrap().der().to_vec();
        Self {
            issuer: rcgen::Issuer::new(params, key),
            root,
        }
    }

    /// An SVID that is good but for what is changed.
    pub(crate) fn leaf(&self, id: &str, change: fn(&mut CertificateParams)) -> Credentials {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::ExplicitNoCa;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.subject_alt_names = vec![uri(id)];
        params.not_before = OffsetDateTime::now_utc() - Duration::minutes(1);
        params.not_after = params.not_before + Duration::minutes(30);
        change(&mut params);
        let key = KeyPair::generate().unwrap();
        let leaf = params.signed_by(&key, &self.issuer).unwrap();
        Credentials {
            leaf: leaf.der().clone(),
            key: key.serialize_der(),
        }
    }
}

pub(crate) struct World {
    pub(crate) authority: Authority,
    lake: Endpoint,
    collect: Endpoint,
    config: ClientConfig,
}

impl World {
    pub(crate) fn new() -> Self {
        let (own, authority) = (issuer(), Authority::new());
        let mut bundles = BundleSet::default();
        for root in [own.root(), &authority.root] {
            bundles
                .add_root(own.domain().clone(), root.to_vec())
                .unwrap();
        }
        let bundles = Arc::new(bundles);
        let end = |id: &str| {
            let id: SpiffeId = id.parse().unwrap();
            Endpoint::new(
                id.clone(),
                store(&own, &id),
                Arc::clone(&bundles),
                Arc::new(Everything),
            )
        };
        let lake = LAKE.parse().unwrap();
        let config = tls::client_config(&store(&own, &COLLECT.parse().unwrap()), &bundles, &lake);
        Self {
            authority,
            lake: end(LAKE),
            collect: end(COLLECT),
            config: config.unwrap(),
        }
    }

    pub(crate) fn revoke(&self, ids: &[&str]) {
        for id in ids {
            self.lake.revoke(&id.parse().unwrap());
            self.collect.revoke(&id.parse().unwrap());
        }
    }

    pub(crate) async fn listen(&self) -> (Listener, SocketAddr) {
        let listener = self
            .lake
            .listen("127.0.0.1:0".parse().unwrap())
            .await
            .unwrap();
        let addr = listener.local_addr().unwrap();
        (listener, addr)
    }

    /// Our end as a client of whoever listens there: who it is, or why it is refused.
    pub(crate) async fn connect(&self, addr: SocketAddr) -> Result<String, LinkError> {
        let target = Target {
            peer: LAKE.parse().unwrap(),
            contract: "c".into(),
            operation: "WRITE".into(),
        };
        let session = self.collect.connect(addr, target).await?;
        Ok(session.peer().to_string())
    }

    /// What a client of ours is configured with, but it shows other credentials.
    pub(crate) fn config(&self, svid: Option<&Credentials>) -> ClientConfig {
        let mut config = self.config.clone();
        config.client_auth_cert_resolver = match svid {
            Some(svid) => Arc::new(SingleCertAndKey::from(certified(svid))),
            None => Arc::new(Nobody),
        };
        config.enable_secret_extraction = true;
        config
    }

    pub(crate) async fn tls(&self, addr: SocketAddr, config: ClientConfig) -> TlsStream<TcpStream> {
        let tcp = TcpStream::connect(addr).await.unwrap();
        let connector = TlsConnector::from(Arc::new(config));
        connector.connect(addr.ip().into(), tcp).await.unwrap()
    }

    /// A client over our TLS stack that asks for a link and stays until the other side has answered.
    pub(crate) async fn bare_client(&self, addr: SocketAddr, svid: &Credentials) {
        self.client_that_says(addr, svid, &first_frame()).await;
    }

    pub(crate) async fn client_that_says(
        &self,
        addr: SocketAddr,
        svid: &Credentials,
        first: &[u8],
    ) {
        let stream = self.tls(addr, self.config(Some(svid))).await;
        say(stream, first).await;
    }

    pub(crate) async fn nameless_client(&self, addr: SocketAddr) {
        let stream = self.tls(addr, self.config(None)).await;
        say(stream, &first_frame()).await;
    }

    /// The first bytes of a good handshake, as one record.
    pub(crate) fn client_hello(&self) -> Vec<u8> {
        let name = "127.0.0.1".try_into().unwrap();
        let mut connection = ClientConnection::new(Arc::new(self.config.clone()), name).unwrap();
        let mut record = Vec::new();
        connection.write_tls(&mut record).unwrap();
        record
    }
}

async fn say(mut stream: TlsStream<TcpStream>, first: &[u8]) {
    // In TLS 1.3 a client learns only by reading that its certificate was not believed.
    let _refused = stream.write_all(first).await;
    let _answer = stream.read(&mut [0; 64]).await;
}

#[derive(Debug)]
struct Nobody;

impl ResolvesClientCert for Nobody {
    fn resolve(
        &self,
        _: &[&[u8]],
        _: &[tokio_rustls::rustls::SignatureScheme],
    ) -> Option<Arc<CertifiedKey>> {
        None
    }

    fn has_certs(&self) -> bool {
        false
    }
}

fn certified(svid: &Credentials) -> CertifiedKey {
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(svid.key.clone()));
    let key = crypto::aws_lc_rs::sign::any_supported_type(&key).unwrap();
    CertifiedKey::new(vec![svid.leaf.clone()], key)
}

fn issuer() -> Issuer {
    let now = SystemClock::new(Floor::default(), 0).read();
    Issuer::create("iia.local".parse().unwrap(), 3600, 1, now).unwrap()
}

fn store(issuer: &Issuer, id: &SpiffeId) -> Arc<Store> {
    let now = SystemClock::new(Floor::default(), 0).read();
    let (csr, key) = request(id).unwrap();
    let issued = issuer.issue(&csr, id, &Everything, now).unwrap();
    Arc::new(Store::new(Svid::new(issued.chain, key).unwrap()))
}

/// What a good server says first.
pub(crate) fn accept_frame() -> Vec<u8> {
    bytes(Kind::Accept, &[])
}

/// What a good client says first.
pub(crate) fn first_frame() -> Vec<u8> {
    let hello = Hello {
        contract: "c".into(),
        version: String::new(),
        operation: "WRITE".into(),
    };
    bytes(Kind::Hello, &hello.encode())
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

pub(crate) async fn error(listener: &mut Listener) -> LinkError {
    match listener.accept().await.unwrap() {
        Incoming::Session(session) => panic!("{session:?}"),
        Incoming::Refused(refused) => refused.error,
    }
}

pub(crate) async fn session(listener: &mut Listener) -> Session {
    match listener.accept().await.unwrap() {
        Incoming::Session(session) => *session,
        Incoming::Refused(refused) => panic!("{refused:?}"),
    }
}

pub(crate) async fn accepted(listener: &mut Listener) -> String {
    session(listener).await.peer().to_string()
}
