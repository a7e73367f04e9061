//! One end of TLS 1.3 without I/O: bytes of the network and bytes of the application, in and out.

use std::io::{self, BufRead as _, Write as _};
use std::sync::Arc;

use iia_core::digest::{Context, Digest, hex};
use iia_core::{SpiffeId, Timestamp};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, Connection, ServerConfig, ServerConnection};

use super::ALPN;
use super::fault::{Fault, fault};
use crate::IdentityError;
use crate::rules::{parse, spiffe_id};

/// Encrypted bytes that wait for the network at most.
pub const WAITING_MAX: usize = 256 * 1024;

/// One end of a TLS session.
#[derive(Debug)]
pub struct Wire {
    tls: Connection,
}

/// Who the peer of a finished handshake is.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Peer {
    /// Its identity.
    pub id: SpiffeId,
    /// When its SVID ends.
    pub not_after: Timestamp,
    /// Which certificate it showed.
    pub shown: Shown,
}

/// A certificate that a peer showed, as a log of issuance names it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Shown {
    /// Its serial number, lower-case hexadecimal.
    pub serial: String,
    /// The whole of it, as a digest of [`Context::File`].
    pub certificate: Digest,
}

/// Where a session stands.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Progress {
    /// The handshake goes on.
    pub handshaking: bool,
    /// The peer has said that nothing follows.
    pub closed: bool,
}

impl Wire {
    /// The end that is dialled.
    ///
    /// # Errors
    /// [`IdentityError::Internal`] when the configuration does not hold together.
    pub fn server(config: Arc<ServerConfig>) -> Result<Self, IdentityError> {
        let tls = ServerConnection::new(config).map_err(|_| INTERNAL)?;
        Ok(Self::new(tls.into()))
    }

    /// The end that dials. Peers are known by their SPIFFE ID, so there is no server name.
    ///
    /// # Errors
    /// [`IdentityError::Internal`] when the configuration does not hold together.
    pub fn client(config: Arc<ClientConfig>) -> Result<Self, IdentityError> {
        let nobody = ServerName::try_from("peer.invalid").map_err(|_| INTERNAL)?;
        let tls = ClientConnection::new(config, nobody).map_err(|_| INTERNAL)?;
        Ok(Self::new(tls.into()))
    }

    fn new(mut tls: Connection) -> Self {
        tls.set_buffer_limit(Some(WAITING_MAX));
        Self { tls }
    }

    /// Takes bytes of the network as far as there is room; gives how many. What they say is to be read by
    /// [`Wire::plain`] before there is room for more.
    ///
    /// # Errors
    /// What is wrong with them. An alert for the peer then waits in [`Wire::transmit`].
    pub fn handle_input(&mut self, mut bytes: &[u8]) -> Result<(usize, Progress), Fault> {
        // A full buffer is no error here: the caller reads first and comes again.
        let taken = self.tls.read_tls(&mut bytes).unwrap_or(0);
        let state = self.tls.process_new_packets().map_err(|e| fault(&e))?;
        let progress = Progress {
            handshaking: self.tls.is_handshaking(),
            closed: state.peer_has_closed(),
        };
        Ok((taken, progress))
    }

    /// What the peer said, as far as it can be read at once; empty when nothing is there.
    pub fn plain<T>(&mut self, read: impl FnOnce(&[u8]) -> T) -> Option<T> {
        let mut reader = self.tls.reader();
        let bytes = reader.fill_buf().ok().filter(|bytes| !bytes.is_empty())?;
        let len = bytes.len();
        let told = read(bytes);
        reader.consume(len);
        Some(told)
    }

    /// Encrypts as much of this as there is room for; gives how many bytes.
    pub fn say(&mut self, bytes: &[u8]) -> usize {
        self.tls.writer().write(bytes).unwrap_or(0)
    }

    /// Whether bytes wait for the network.
    pub fn wants_transmit(&self) -> bool {
        self.tls.wants_write()
    }

    /// Writes what waits for the network.
    ///
    /// # Errors
    /// Those of `to`, `WouldBlock` among them.
    pub fn transmit(&mut self, to: &mut dyn io::Write) -> io::Result<()> {
        while self.tls.wants_write() {
            if self.tls.write_tls(to)? == 0 {
                return Err(io::ErrorKind::WriteZero.into());
            }
        }
        Ok(())
    }

    /// Says that nothing follows.
    pub fn close(&mut self) {
        self.tls.send_close_notify();
    }

    /// Whether the handshake goes on.
    pub fn is_handshaking(&self) -> bool {
        self.tls.is_handshaking()
    }

    /// Whether the key exchange of a finished handshake withstands quantum computers.
    pub fn is_post_quantum(&self) -> bool {
        let group = self.tls.negotiated_key_exchange_group();
        group.is_some_and(|group| group.name() == rustls::NamedGroup::X25519MLKEM768)
    }

    /// Who the peer of a finished handshake is. The handshake itself verified the chain, and there is none without.
    ///
    /// # Errors
    /// [`Fault::NoProtocol`] when the peer named no protocol of ours, [`Fault::Identity`] without a certificate.
    pub fn peer(&self) -> Result<Peer, Fault> {
        if self.tls.alpn_protocol() != Some(ALPN) {
            return Err(Fault::NoProtocol);
        }
        let leaf = self.tls.peer_certificates().and_then(<[_]>::first);
        let leaf = leaf.ok_or(Fault::Identity(IdentityError::NoCertificate))?;
        let certificate = parse(leaf).map_err(Fault::Identity)?;
        Ok(Peer {
            id: spiffe_id(&certificate).map_err(Fault::Identity)?,
            not_after: Timestamp::from_secs(certificate.validity().not_after.timestamp()),
            shown: Shown {
                serial: hex(certificate.raw_serial()),
                certificate: Digest::of(Context::File, leaf),
            },
        })
    }
}

const INTERNAL: IdentityError = IdentityError::Internal { what: "TLS 1.3" };
