//! What a certificate (RFC 5280) says of whom it names: serial, issuer, subject, validity, names with SPIFFE IDs among
//! them. Nothing is verified here.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::Write as _;

use iia_core::Timestamp;
use iia_core::time::parse_utc;

use super::der::{Der, tag};

/// Names of a certificate that are told at most.
pub const NAMES_MAX: usize = 256;
/// Parts of a distinguished name that are told at most.
pub const PARTS_MAX: usize = 32;
/// What a URI of a SPIFFE ID begins with.
const SPIFFE: &[u8] = b"spiffe://";

/// What is told of a certificate.
#[derive(Debug, Default)]
pub struct Certificate<'a> {
    /// Its number at the issuer.
    pub serial: &'a [u8],
    /// Who issued it, as RFC 4514 writes names.
    pub issuer: String,
    /// For whom.
    pub subject: String,
    /// From when on it holds.
    pub not_before: Option<Timestamp>,
    /// Until when.
    pub not_after: Option<Timestamp>,
    /// Names in the DNS that it holds for.
    pub dns: Vec<&'a [u8]>,
    /// URIs that it holds for.
    pub uris: Vec<&'a [u8]>,
    /// IP addresses that it holds for.
    pub addresses: Vec<&'a [u8]>,
}

impl<'a> Certificate<'a> {
    /// Reads one; `None` where it is none.
    pub fn read(bytes: &'a [u8]) -> Option<Self> {
        let mut certificate = Der(bytes).within(tag::SEQUENCE)?;
        let mut inner = certificate.within(tag::SEQUENCE)?;
        // The version is left out where it is 1.
        inner.take(0xa0);
        let serial = inner.take(tag::INTEGER)?;
        inner.take(tag::SEQUENCE)?;
        let issuer = name(inner.within(tag::SEQUENCE)?);
        let mut validity = inner.within(tag::SEQUENCE)?;
        let (not_before, not_after) = (moment(validity.value()?), moment(validity.value()?));
        let subject = name(inner.within(tag::SEQUENCE)?);
        inner.take(tag::SEQUENCE)?;
        inner.take(0x81);
        inner.take(0x82);
        let mut found = Self {
            serial,
            issuer,
            subject,
            not_before,
            not_after,
            ..Self::default()
        };
        if let Some(mut extensions) = inner
            .within(0xa3)
            .and_then(|mut all| all.within(tag::SEQUENCE))
        {
            while let Some(extension) = extensions.within(tag::SEQUENCE) {
                found.extension(extension);
            }
        }
        Some(found)
    }

    /// SPIFFE IDs among the URIs.
    pub fn spiffe(&self) -> impl Iterator<Item = &'a [u8]> {
        let ids = self.uris.iter().copied();
        ids.filter(|uri| uri.starts_with(SPIFFE))
    }

    /// The alternative names (RFC 5280, 4.2.1.6).
    fn extension(&mut self, mut extension: Der<'a>) {
        const ALTERNATIVE_NAME: &[u8] = &[0x55, 0x1d, 0x11];
        if extension.take(tag::OID) != Some(ALTERNATIVE_NAME) {
            return;
        }
        extension.take(tag::BOOLEAN);
        let value = extension.take(tag::OCTETS).unwrap_or_default();
        let Some(mut names) = Der(value).within(tag::SEQUENCE) else {
            return;
        };
        for _ in 0..NAMES_MAX {
            match names.value() {
                Some((0x82, name)) => self.dns.push(name),
                Some((0x86, name)) => self.uris.push(name),
                Some((0x87, name)) => self.addresses.push(name),
                Some(_) => {}
                None => return,
            }
        }
    }
}

/// A distinguished name as RFC 4514 writes it, but in the order of the certificate.
fn name(mut parts: Der<'_>) -> String {
    let mut text = String::new();
    for _ in 0..PARTS_MAX {
        let Some(mut set) = parts.within(tag::SET) else {
            break;
        };
        while let Some(mut pair) = set.within(tag::SEQUENCE) {
            let (Some(kind), Some((_, value))) = (pair.take(tag::OID), pair.value()) else {
                continue;
            };
            if !text.is_empty() {
                text.push(',');
            }
            attribute(&mut text, kind);
            text.push('=');
            escaped(&mut text, value);
        }
    }
    text
}

/// The short name of an attribute (RFC 4514, 3), or its number.
fn attribute(text: &mut String, oid: &[u8]) {
    let known = match oid {
        [0x55, 4, 3] => "CN",
        [0x55, 4, 5] => "serialNumber",
        [0x55, 4, 6] => "C",
        [0x55, 4, 7] => "L",
        [0x55, 4, 8] => "ST",
        [0x55, 4, 9] => "STREET",
        [0x55, 4, 10] => "O",
        [0x55, 4, 11] => "OU",
        [0x09, 0x92, 0x26, 0x89, 0x93, 0xf2, 0x2c, 0x64, 1, 25] => "DC",
        [0x09, 0x92, 0x26, 0x89, 0x93, 0xf2, 0x2c, 0x64, 1, 1] => "UID",
        [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 1] => "emailAddress",
        _ => {
            for byte in oid {
                // Writing to a string cannot fail.
                let _ = write!(text, "{byte:02x}");
            }
            return;
        }
    };
    text.push_str(known);
}

fn escaped(text: &mut String, value: &[u8]) {
    for chunk in value.utf8_chunks() {
        for letter in chunk.valid().chars() {
            match letter {
                ',' | '+' | '"' | '\\' | '<' | '>' | ';' => text.extend(['\\', letter]),
                _ if letter.is_control() => text.extend(letter.escape_default()),
                _ => text.push(letter),
            }
        }
        for byte in chunk.invalid() {
            let _ = write!(text, "\\{byte:02x}");
        }
    }
}

/// A moment (RFC 5280, 4.1.2.5): in UTC, with seconds.
fn moment((kind, bytes): (u8, &[u8])) -> Option<Timestamp> {
    let text = core::str::from_utf8(bytes).ok()?.strip_suffix('Z')?;
    let (year, rest) = match (kind, bytes.first()?) {
        // Years from 50 on are of the last century.
        (tag::UTC_TIME, b'5'..=b'9') => (format!("19{}", text.get(..2)?), text.get(2..)?),
        (tag::UTC_TIME, _) => (format!("20{}", text.get(..2)?), text.get(2..)?),
        (tag::GENERALIZED_TIME, _) => (text.get(..4)?.into(), text.get(4..)?),
        _ => return None,
    };
    let part = |at: usize| rest.get(at..at + 2);
    let (month, day, hour) = (part(0)?, part(2)?, part(4)?);
    let (minute, second) = (part(6)?, part(8)?);
    let whole = rest.len() == 10;
    let text = format!("{year}-{month}-{day}T{hour}:{minute}:{second}Z");
    whole.then(|| parse_utc(&text)).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_read_of_both_kinds() {
        let of = |kind, text: &[u8]| moment((kind, text)).map(Timestamp::as_secs);
        assert_eq!(of(0x17, b"700101000000Z"), Some(0));
        assert_eq!(of(0x17, b"491231235959Z"), Some(2_524_607_999));
        assert_eq!(of(0x18, b"20000229120000Z"), Some(951_825_600));
        assert_eq!(of(0x18, b"20261129203000Z"), Some(1_795_984_200));
        for bad in [
            &b"701301000000Z"[..],
            b"700101000000",
            b"7001010000Z",
            b"7x0101000000Z",
        ] {
            assert_eq!(of(0x17, bad), None);
        }
    }
}
