//! A client that begins a second handshake inside its session, which no stack offers: the record is made by hand.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::rustls::crypto::cipher::{OutboundChunks, OutboundPlainMessage};
use tokio_rustls::rustls::{ConnectionTrafficSecrets, ContentType, ProtocolVersion};

use crate::world::{Credentials, World, first_frame};

/// Length of a record's head in bytes (RFC 8446 5.1).
const HEAD_LEN: usize = 5;

/// Opens a link and then sends a ClientHello as its next record.
pub(crate) async fn client(world: &World, addr: SocketAddr, svid: &Credentials) -> TcpStream {
    let mut stream = world.tls(addr, world.config(Some(svid))).await;
    stream.write_all(&first_frame()).await.unwrap();
    assert_ne!(
        stream.read(&mut [0; 64]).await.unwrap(),
        0,
        "the link is accepted"
    );
    let (mut tcp, connection) = stream.into_inner();
    let suite = connection
        .negotiated_cipher_suite()
        .unwrap()
        .tls13()
        .unwrap();
    let secrets = connection.dangerous_extract_secrets().unwrap();
    let (number, secrets) = secrets.tx;
    let (ConnectionTrafficSecrets::Aes128Gcm { key, iv }
    | ConnectionTrafficSecrets::Aes256Gcm { key, iv }
    | ConnectionTrafficSecrets::Chacha20Poly1305 { key, iv }) = secrets
    else {
        panic!("unknown cipher");
    };
    let hello = world.client_hello().split_off(HEAD_LEN);
    let message = OutboundPlainMessage {
        typ: ContentType::Handshake,
        version: ProtocolVersion::TLSv1_3,
        payload: OutboundChunks::Single(&hello),
    };
    let record = suite
        .aead_alg
        .encrypter(key, iv)
        .encrypt(message, number)
        .unwrap();
    tcp.write_all(&record.encode()).await.unwrap();
    tcp
}
