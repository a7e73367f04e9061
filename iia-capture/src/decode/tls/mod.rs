//! TLS, its handshake only: who wants to speak to whom, what is offered and taken, whose certificates are shown. Application
//! data is passed unread.

mod certificate;
mod der;
mod hello;
mod names;

pub use certificate::{Certificate, NAMES_MAX, PARTS_MAX};
pub use der::{Der, tag};

use alloc::vec::Vec;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use iia_core::Timestamp;
use iia_core::observe::{Outcome, Protocol, Value};

use super::{Cut, Fields, Reader, Session, Turn};

/// Bytes of a handshake message that are kept until it is whole; a longer one is told by its type alone.
pub const MESSAGE_LEN_MAX: usize = 32 * 1024;
/// Certificates of a chain that are told at most.
pub const CERTIFICATES_MAX: usize = 8;
/// The content of a record at most (RFC 8446, 5.2).
const RECORD_LEN_MAX: u16 = 16_384 + 2048;
const HEAD_LEN: usize = 5;
const CHANGE_CIPHER_SPEC: u8 = 20;
const ALERT: u8 = 21;
const HANDSHAKE: u8 = 22;
const APPLICATION_DATA: u8 = 23;
const CLIENT_HELLO: u8 = 1;
const SERVER_HELLO: u8 = 2;
const CERTIFICATE: u8 = 11;

/// A record's type and the length of its content.
fn head(bytes: &[u8]) -> Option<(u8, u16)> {
    let [kind, major, minor, l1, l2] = *bytes.first_chunk::<HEAD_LEN>()?;
    let len = u16::from_be_bytes([l1, l2]);
    let known = matches!(kind, CHANGE_CIPHER_SPEC..=24) && major == 3 && minor <= 4;
    (known && len > 0 && len <= RECORD_LEN_MAX).then_some((kind, len))
}

/// Whether bytes can be nothing else: a record with a hello whose length fits it, of a version that exists.
pub fn claims(bytes: &[u8]) -> bool {
    let Some((HANDSHAKE, len)) = head(bytes) else {
        return false;
    };
    let Some([kind, 0, l1, l2, 3, minor]) = bytes.get(HEAD_LEN..HEAD_LEN + 6) else {
        return false;
    };
    let message = u16::from_be_bytes([*l1, *l2]);
    let hello = matches!(*kind, CLIENT_HELLO | SERVER_HELLO) && *minor <= 4;
    // Shorter than its message is only a record that is one of several.
    let fits = message.saturating_add(4) <= len || len >= 512;
    hello && message >= 38 && fits
}

/// Whether bytes on a port of TLS begin with a record, from the middle of a connection too: the record behind it must be
/// one as well, where it is there.
pub fn fits(bytes: &[u8]) -> bool {
    let Some((_, len)) = head(bytes) else {
        return false;
    };
    let behind = bytes.get(HEAD_LEN + usize::from(len)..).unwrap_or_default();
    behind.len() < HEAD_LEN || head(behind).is_some()
}

/// What one side has said.
#[derive(Debug, Default)]
struct Side {
    /// The beginning of a handshake message whose rest is in the next record.
    partial: Vec<u8>,
    /// Bytes of a long one that are still to be passed.
    skip: usize,
    /// Handshake messages are encrypted from here on.
    secret: bool,
}

/// A connection.
#[derive(Debug, Default)]
pub struct Tls {
    sides: [Side; 2],
}

impl Session for Tls {
    fn protocol(&self) -> Protocol {
        Protocol::Tls
    }

    fn cut(&self, _from_orig: bool, bytes: &[u8]) -> Cut {
        match head(bytes) {
            Some((_, len)) => Cut::Unit(HEAD_LEN as u64 + u64::from(len)),
            None if bytes.len() < HEAD_LEN => Cut::More,
            None => Cut::Not,
        }
    }

    fn due(&self) -> Timestamp {
        Timestamp::MAX
    }

    fn unit(&mut self, turn: &mut Turn<'_>, unit: &[u8]) {
        let Some((kind, _)) = head(unit) else { return };
        let body = unit.get(HEAD_LEN..).unwrap_or_default();
        let [orig, resp] = &mut self.sides;
        let side = if turn.from_orig { orig } else { resp };
        match kind {
            CHANGE_CIPHER_SPEC => side.secret = true,
            ALERT => alert(turn, body, side.secret),
            // A second hello, after a retry, is in the open again (RFC 8446, D.4).
            HANDSHAKE if !side.secret || claims(unit) => {
                side.secret = false;
                side.handshake(turn, body);
            }
            // What is behind is encrypted, and before it too from TLS 1.3 on.
            APPLICATION_DATA => side.secret = true,
            _ => {}
        }
    }

    fn gap(&mut self, from_orig: bool) {
        let [orig, resp] = &mut self.sides;
        let side = if from_orig { orig } else { resp };
        side.partial.clear();
        side.skip = 0;
    }

    fn held(&self) -> usize {
        self.sides.iter().map(|side| side.partial.len()).sum()
    }
}

/// An alert (RFC 8446, 6), where it can be read: an encrypted one is longer.
fn alert(turn: &mut Turn<'_>, body: &[u8], secret: bool) {
    let mut fields = turn.fields();
    if let ([level, description], false) = (body, secret) {
        fields.code("tls.alert_message.level", *level, names::level(*level));
        fields.code(
            "tls.alert_message.desc",
            *description,
            names::alert(*description),
        );
    }
    turn.tell("alert", Outcome::Stated, fields);
}

impl Side {
    /// A record's part of the stream of handshake messages: several in one record, one in several.
    fn handshake(&mut self, turn: &mut Turn<'_>, body: &[u8]) {
        let passed = self.skip.min(body.len());
        self.skip -= passed;
        let fresh = body.get(passed..).unwrap_or_default();
        if self.partial.is_empty() {
            return self.messages(turn, fresh);
        }
        let mut joined = core::mem::take(&mut self.partial);
        joined.extend_from_slice(fresh);
        self.messages(turn, &joined);
    }

    fn messages(&mut self, turn: &mut Turn<'_>, mut bytes: &[u8]) {
        while let [kind, l1, l2, l3, rest @ ..] = bytes {
            let len = usize::try_from(u32::from_be_bytes([0, *l1, *l2, *l3])).unwrap_or(usize::MAX);
            let Some(word) = names::handshake(*kind) else {
                // A capture that began in the middle, or a record that is encrypted: nothing more can be read.
                self.secret = true;
                return;
            };
            match rest.split_at_checked(len) {
                Some((body, behind)) => {
                    message(turn, (*kind, word), body);
                    bytes = behind;
                }
                None if len > MESSAGE_LEN_MAX => {
                    let mut fields = turn.fields();
                    fields.code("tls.handshake.type", *kind, Some(word));
                    turn.tell(word, Outcome::Stated, fields);
                    self.skip = len - rest.len();
                    return;
                }
                None => break,
            }
        }
        self.partial = bytes.to_vec();
    }
}

fn message(turn: &mut Turn<'_>, (kind, word): (u8, &'static str), body: &[u8]) {
    let chain = match kind {
        CERTIFICATE => chain(body),
        _ => None,
    };
    let mut fields = turn.fields();
    fields.code("tls.handshake.type", kind, Some(word));
    let whole = match kind {
        CLIENT_HELLO => hello::client(&mut fields, body).is_some(),
        SERVER_HELLO => hello::server(&mut fields, body).is_some(),
        CERTIFICATE => {
            for certificate in chain.iter().flatten() {
                tell(&mut fields, certificate);
            }
            chain.is_some()
        }
        _ => true,
    };
    let outcome = match whole {
        true => Outcome::Stated,
        false => Outcome::Malformed,
    };
    turn.tell(word, outcome, fields);
}

/// The certificates of a message of TLS 1.2 and before (RFC 5246, 7.4.2); from 1.3 on they are encrypted.
fn chain(body: &[u8]) -> Option<Vec<Certificate<'_>>> {
    let mut reader = Reader::new(body);
    let mut list = length24(&mut reader).and_then(|len| reader.part(len))?;
    let mut chain = Vec::new();
    while !list.is_empty() && chain.len() < CERTIFICATES_MAX {
        let len = length24(&mut list)?;
        chain.push(Certificate::read(list.take(len)?)?);
    }
    Some(chain)
}

fn length24(reader: &mut Reader<'_>) -> Option<usize> {
    let [a, b, c] = reader.array()?;
    usize::try_from(u32::from_be_bytes([0, a, b, c])).ok()
}

/// What a certificate says. Wireshark spreads names over many fields; here each is one text.
fn tell<'a>(fields: &mut Fields<'a>, certificate: &'a Certificate<'a>) {
    fields.add("x509af.serialNumber", Value::Bytes(certificate.serial));
    fields.add(
        "iia.tls.certificate.issuer",
        Value::Text(&certificate.issuer),
    );
    fields.add(
        "iia.tls.certificate.subject",
        Value::Text(&certificate.subject),
    );
    if let Some(moment) = certificate.not_before {
        fields.add("iia.tls.certificate.not_before", Value::Time(moment));
    }
    if let Some(moment) = certificate.not_after {
        fields.add("iia.tls.certificate.not_after", Value::Time(moment));
    }
    for name in &certificate.dns {
        fields.text("x509ce.dNSName", name);
    }
    for uri in &certificate.uris {
        fields.text("x509ce.uniformResourceIdentifier", uri);
    }
    for id in certificate.spiffe() {
        fields.text("iia.tls.certificate.spiffe_id", id);
    }
    for address in &certificate.addresses {
        let v4: Option<[u8; 4]> = (*address).try_into().ok();
        let v6: Option<[u8; 16]> = (*address).try_into().ok();
        match (v4, v6) {
            (Some(octets), _) => {
                let address = IpAddr::V4(Ipv4Addr::from(octets));
                fields.add("x509ce.IPAddress.ipv4", Value::Ip(address));
            }
            (_, Some(octets)) => {
                let address = IpAddr::V6(Ipv6Addr::from(octets));
                fields.add("x509ce.IPAddress.ipv6", Value::Ip(address));
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests;
