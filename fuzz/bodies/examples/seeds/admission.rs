//! Lists of revoked certificates, logs of issuance, manifests and signatures.

use iia_core::time::{Clock as _, ManualClock};
use iia_fuzz_bodies::identity;
use iia_identity::admission::{BuildKey, Sha256, bundle, payload, statement};
use iia_identity::device::{DEVICE_LIFE_SECS, Device, DevicePki, Used};
use iia_identity::issue::request;
use iia_identity::issue::{Issuer, KeyKind};

use crate::{Corpus, Outcome};

/// What an issuer lists and logs, and what is read before something starts.
pub(super) fn put(corpus: &Corpus) -> Outcome {
    let clock = ManualClock::new(iia_core::Timestamp::from_secs(identity::AT_SECS));
    let mut pki = DevicePki::create("cell", KeyKind::P256, clock.read())?;
    corpus.put("crl", "empty", &[&pki.crl(clock.read())?])?;
    let id = identity::ID.parse()?;
    let (csr, _key) = request(&id)?;
    for name in ["a", "b"] {
        let (common_name, serial_number) = (name.into(), "SN-1".into());
        let (hosts, used) = (Vec::new(), Used::Client);
        let device = Device {
            common_name,
            serial_number,
            hosts,
            used,
        };
        pki.revoke(
            &pki.issue(&csr, &device, DEVICE_LIFE_SECS, clock.read())?,
            clock.read(),
        )?;
    }
    corpus.put("crl", "two", &[&pki.crl(clock.read())?])?;
    let issuer = Issuer::create("iia.local".parse()?, 3600, 1, clock.read())?;
    let mut record = issuer
        .issue(&csr, &id, &identity::Knows, clock.read())?
        .issuance;
    record.seq = 1;
    let first = record.to_frame();
    (record.seq, record.prev) = (2, record.digest());
    corpus.put("issuance_log", "two", &[&first, &record.to_frame()])?;
    corpus.put("issuance_log", "torn", &[&first, &first[..9]])?;
    let (digest, (key, _)) = (Sha256::of(b""), BuildKey::create(KeyKind::P256)?);
    corpus.put(
        "cosign_payload",
        "payload",
        &[&payload(&digest, "box.example/iia/box")],
    )?;
    let (body, message) = statement(&digest, "program");
    corpus.put(
        "cosign_payload",
        "statement",
        &[&bundle(&body, &key.sign(&message)?)],
    )?;
    corpus.put("cosign_payload", "key", &[key.public_pem().as_bytes()])?;
    let part =
        format!(r#"{{"mediaType":"a","digest":"{digest}","size":0,"annotations":{{"b":"c"}}}}"#);
    let manifest =
        format!(r#"{{"schemaVersion":2,"config":{part},"layers":[{part}],"subject":{part}}}"#);
    corpus.put("oci_manifest", "manifest", &[manifest.as_bytes()])?;
    let index = format!(r#"{{"schemaVersion":2,"manifests":[{part},{part}]}}"#);
    corpus.put("oci_manifest", "index", &[index.as_bytes()])
}
