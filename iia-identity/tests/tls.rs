//! Two ends in memory: every handshake is a whole one, and there is no TLS but 1.3.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::sync::Arc;

use iia_core::SpiffeId;
use iia_core::gate::{Ask, Gate, Refusal};
use iia_core::time::{Clock as _, Floor, SystemClock};
use iia_identity::bundle::BundleSet;
use iia_identity::issue::{Issuer, request};
use iia_identity::svid::{Store, Svid};
use iia_identity::tls::{client_config, server_config};
use rustls::pki_types::ServerName;
use rustls::{
    ClientConfig, ClientConnection, HandshakeKind, ProtocolVersion, ServerConfig, ServerConnection,
};

const LAKE: &str = "spiffe://iia.local/zone/lake/workload/lake_writer";
const BUS: &str = "spiffe://iia.local/zone/bus/workload/relay";

struct Everybody;

impl Gate for Everybody {
    fn permits(&self, _: &Ask<'_>) -> Result<(), Refusal> {
        Ok(())
    }
    fn knows(&self, _: &SpiffeId) -> bool {
        true
    }
}

fn ends() -> (Arc<ClientConfig>, Arc<ServerConfig>) {
    // rustls asks the machine's clock, so the SVIDs must be of now.
    let now = SystemClock::new(Floor::default(), 0).read();
    let issuer = Issuer::create("iia.local".parse().unwrap(), 3600, 1, now).unwrap();
    let mut bundles = BundleSet::default();
    bundles
        .add_root("iia.local".parse().unwrap(), issuer.root().to_vec())
        .unwrap();
    let store = |id: &str| {
        let id = id.parse().unwrap();
        let (csr, key) = request(&id).unwrap();
        let issued = issuer.issue(&csr, &id, &Everybody, now).unwrap();
        Arc::new(Store::new(Svid::new(issued.chain, key).unwrap()))
    };
    let bundles = Arc::new(bundles);
    let client = client_config(&store(BUS), &bundles, &LAKE.parse().unwrap()).unwrap();
    let server = server_config(&store(LAKE), &bundles).unwrap();
    (Arc::new(client), Arc::new(server))
}

/// A handshake and one message each way, after which a client would hold a ticket if there were one.
fn meet(
    client: &Arc<ClientConfig>,
    server: &Arc<ServerConfig>,
) -> (ClientConnection, ServerConnection) {
    let name = ServerName::try_from("127.0.0.1").unwrap();
    let mut client = ClientConnection::new(Arc::clone(client), name).unwrap();
    let mut server = ServerConnection::new(Arc::clone(server)).unwrap();
    for _ in 0..8 {
        let mut wire = Vec::new();
        while client.wants_write() {
            client.write_tls(&mut wire).unwrap();
        }
        server.read_tls(&mut wire.as_slice()).unwrap();
        server.process_new_packets().unwrap();
        let mut wire = Vec::new();
        while server.wants_write() {
            server.write_tls(&mut wire).unwrap();
        }
        client.read_tls(&mut wire.as_slice()).unwrap();
        client.process_new_packets().unwrap();
    }
    assert!(!client.is_handshaking() && !server.is_handshaking());
    (client, server)
}

#[test]
fn no_session_is_resumed() {
    let (client, server) = ends();
    for _ in 0..3 {
        let (one, other) = meet(&client, &server);
        assert_eq!(one.handshake_kind(), Some(HandshakeKind::Full));
        assert_eq!(other.handshake_kind(), Some(HandshakeKind::Full));
        assert_eq!(one.tls13_tickets_received(), 0);
    }
}

#[test]
fn the_version_is_1_3_and_the_key_exchange_withstands_quantum_computers() {
    let (client, server) = ends();
    let (one, _) = meet(&client, &server);
    assert_eq!(one.protocol_version(), Some(ProtocolVersion::TLSv1_3));
    let group = one.negotiated_key_exchange_group().unwrap().name();
    assert_eq!(group, rustls::NamedGroup::X25519MLKEM768);
}
