//! Lists of revoked certificates, records of issuance, and what is read before something starts: manifests and signatures.

use std::sync::OnceLock;

use iia_core::Timestamp;
use iia_core::issuance::{ISSUANCE_LEN_MAX, Issuance};
use iia_core::time::{Clock as _, ManualClock};
use iia_identity::admission::{
    BuildKey, Keys, Manifest, PARTS_MAX, PAYLOAD_LEN_MAX, Sha256, parse_index, parse_payload,
    payload, statement, verify_bundle, verify_payload,
};
use iia_identity::crl::{CRL_LEN_MAX, Crl, ENTRIES_MAX};
use iia_identity::device::DevicePki;
use iia_identity::issue::KeyKind;

use super::AT_SECS;
use crate::input::{Input, bend};

/// A PKI, made once: its intermediate and a list of it.
fn pki() -> &'static (Vec<u8>, Vec<u8>) {
    static PKI: OnceLock<(Vec<u8>, Vec<u8>)> = OnceLock::new();
    PKI.get_or_init(|| {
        let clock = ManualClock::new(Timestamp::from_secs(AT_SECS));
        let made = DevicePki::create("cell", KeyKind::P256, clock.read());
        let list =
            made.and_then(|mut pki| Ok((pki.intermediate().to_vec(), pki.crl(clock.read())?)));
        list.unwrap_or_default()
    })
}

/// A list reads within its limits; nobody has signed it but the one authority, and no bent byte of its own list counts.
pub fn crl(data: &[u8]) {
    let (authority, good) = pki();
    let now = Timestamp::from_secs(AT_SECS);
    if let Ok(list) = Crl::parse(data) {
        assert!(data.len() <= CRL_LEN_MAX && list.len() <= ENTRIES_MAX);
        assert_eq!(list.check_follows(&list), Ok(()));
    }
    assert!(data == good.as_slice() || Crl::verify(data, authority, now).is_err());
    assert!(Crl::verify(good, authority, now).is_ok());
    let bent = bend(good, Input(data).u64());
    assert!(bent == *good || Crl::verify(&bent, authority, now).is_err());
}

/// A manifest or an index reads within its limits, every part of it under a digest that is one, and reads the same again.
pub fn manifest(data: &[u8]) {
    if let Ok(read) = Manifest::parse(data) {
        assert!(read.layers.len() <= PARTS_MAX);
        for part in read
            .layers
            .iter()
            .chain([&read.config])
            .chain(&read.subject)
        {
            assert_eq!(part.digest.to_string().parse(), Ok(part.digest));
            assert_eq!(part.digest.to_hex().len(), 64);
        }
        assert_eq!(Manifest::parse(data), Ok(read));
    }
    if let Ok(index) = parse_index(data) {
        assert!(index.len() <= PARTS_MAX);
    }
}

/// A payload or a bundle of a stranger counts for nothing, whatever it says; what we write is read back.
pub fn signature(data: &[u8]) {
    static KEY: OnceLock<Option<BuildKey>> = OnceLock::new();
    let make = || BuildKey::create(KeyKind::P256).ok().map(|(key, _)| key);
    let Some(key) = KEY.get_or_init(make) else {
        panic!("no key");
    };
    let mut keys = Keys::default();
    assert_eq!(keys.add(key.public_pem().as_bytes()), Ok(()));
    let digest = Sha256::of(data);
    let mut content = || Ok(data.to_vec());
    assert!(verify_bundle(data, &digest, &mut content, &keys).is_err());
    let text = String::from_utf8_lossy(data);
    assert!(verify_payload(data, &text, &keys).is_err());
    if parse_payload(data).is_ok() {
        assert!(data.len() <= PAYLOAD_LEN_MAX);
    }
    let name: String = text.chars().take(200).collect();
    assert_eq!(
        parse_payload(&payload(&digest, &name)),
        Ok((digest, name.clone()))
    );
    let (body, message) = statement(&digest, &name);
    assert!(message.ends_with(&body) && message.starts_with(b"DSSEv1 "));
    let _any = keys.add(data);
}

/// A record of issuance reads within its limit and writes the same bytes; files end, however they end.
pub fn issuance(data: &[u8]) {
    let mut rest = data;
    while let Ok(Some((record, after))) = Issuance::take(rest) {
        let frame = record.to_frame();
        assert!(frame.len() <= ISSUANCE_LEN_MAX + 4 && rest.starts_with(&frame));
        assert_eq!(rest.len() - after.len(), frame.len());
        rest = after;
    }
}
