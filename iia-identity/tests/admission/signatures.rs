//! Signatures of cosign and sigstore, and who believes whose.

use crate::common::judge::{Place, has_openssl, openssl, python};
use iia_identity::admission::{
    AdmissionError, BuildKey, KEYS_MAX, Keys, PAYLOAD_LEN_MAX, Sha256, bundle, payload, statement,
    verify_bundle, verify_payload,
};
use iia_identity::issue::KeyKind;
use std::fs;
use std::process::Command;

use crate::{NAME, key, keys};

#[test]
fn a_signature_over_another_image_or_about_something_else_does_not_count() {
    let key = key(KeyKind::P256);
    let (keys, digest) = (keys(&key), Sha256::of(b"image"));
    let sign = |message: &[u8]| {
        use base64::Engine as _;
        base64::engine::general_purpose::STANDARD.encode(key.sign(message).unwrap())
    };
    let good = payload(&digest, NAME);
    assert_eq!(verify_payload(&good, &sign(&good), &keys), Ok(digest));
    let text = String::from_utf8(good.clone()).unwrap();
    for bent in [
        text.replace("cosign container image signature", "note"),
        text.replace("sha256:", "sha512:"),
        text.replace("docker-manifest-digest", "digest"),
        text.replace("{\"critical\":", "{\"critical\":{},\"critical\":"),
        String::from("{}"),
        String::from("nothing"),
        "[".repeat(PAYLOAD_LEN_MAX),
        " ".repeat(PAYLOAD_LEN_MAX + 1),
    ] {
        let got = verify_payload(bent.as_bytes(), &sign(bent.as_bytes()), &keys);
        assert!(
            matches!(
                got,
                Err(AdmissionError::BadSignature { .. } | AdmissionError::BadDigest)
            ),
            "{got:?}"
        );
    }
    let got = verify_payload(&good, &sign(b"another"), &keys);
    assert!(matches!(got, Err(AdmissionError::NotSigned { .. })));
    // A signed statement about the image's parts is no leave to run it.
    let (body, _) = statement(&digest, NAME);
    let other = String::from_utf8(body.clone())
        .unwrap()
        .replace("cosign/sign/v1", "cosign/attest/v1");
    let head = format!("DSSEv1 28 application/vnd.in-toto+json {} ", other.len());
    let signed = bundle(
        other.as_bytes(),
        &key.sign([head.as_bytes(), other.as_bytes()].concat().as_slice())
            .unwrap(),
    );
    let got = verify_bundle(&signed, &digest, &mut || Ok(Vec::new()), &keys);
    assert_eq!(
        got,
        Err(AdmissionError::BadSignature {
            what: "a statement about something else"
        })
    );
    let (body, message) = statement(&digest, NAME);
    let signed = bundle(&body, &key.sign(&message).unwrap());
    assert_eq!(
        verify_bundle(&signed, &digest, &mut || Ok(Vec::new()), &keys),
        Ok(())
    );
    let got = verify_bundle(&signed, &Sha256::of(b"x"), &mut || Ok(Vec::new()), &keys);
    assert!(matches!(got, Err(AdmissionError::NotSigned { .. })));
}

#[test]
fn keys_are_those_that_sign_and_no_more_than_the_limit() {
    let mut keys = Keys::default();
    let one = key(KeyKind::P256).public_pem();
    for bad in [
        "",
        "-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----\n",
        "MIIB",
    ] {
        assert_eq!(
            keys.add(bad.as_bytes()),
            Err(AdmissionError::BadKey),
            "{bad}"
        );
    }
    assert_eq!(keys.add(&vec![b'x'; 8193]), Err(AdmissionError::BadKey));
    for _ in 0..KEYS_MAX {
        keys.add(one.as_bytes()).unwrap();
    }
    assert!(matches!(
        keys.add(one.as_bytes()),
        Err(AdmissionError::TooLarge { .. })
    ));
}

/// Signatures made by OpenSSL count here, and ours there: files, payloads, every kind of key.
#[test]
fn openssl_and_we_believe_each_others_signatures() {
    if !has_openssl("openssl_and_we_believe_each_others_signatures") {
        return;
    }
    let (place, digest) = (Place::new(), Sha256::of(b"image"));
    let message = place.put("payload", &payload(&digest, NAME));
    for (algorithm, option, sign) in [
        (
            "EC",
            Some("ec_paramgen_curve:P-256"),
            &["dgst", "-sha256", "-sign"][..],
        ),
        (
            "RSA",
            Some("rsa_keygen_bits:2048"),
            &["dgst", "-sha256", "-sign"],
        ),
        ("ED25519", None, &["pkeyutl", "-sign", "-rawin", "-inkey"]),
    ] {
        let [key, public, out] = ["key", "public", "out"].map(|name| place.put(name, b""));
        let mut made = vec!["genpkey", "-algorithm", algorithm, "-out", &key];
        made.extend(option.into_iter().flat_map(|option| ["-pkeyopt", option]));
        openssl(&made);
        openssl(&["pkey", "-in", &key, "-pubout", "-out", &public]);
        let file = if algorithm == "ED25519" {
            vec!["-in", &message]
        } else {
            vec![message.as_str()]
        };
        openssl(&[sign, &[key.as_str(), "-out", &out], &file].concat());
        let mut keys = Keys::default();
        keys.add(&fs::read(&public).unwrap()).unwrap();
        let (content, signature) = (fs::read(&message).unwrap(), fs::read(&out).unwrap());
        assert!(keys.have_signed(&content, &signature), "{algorithm}");
        // The other way: OpenSSL reads the key that it made here as well.
        let Ok(ours) = BuildKey::read(&fs::read(&key).unwrap()) else {
            assert_eq!(algorithm, "RSA");
            continue;
        };
        assert_eq!(
            ours.public_pem().replace("\r\n", "\n"),
            fs::read_to_string(&public).unwrap()
        );
        let signed = place.put("signed", &ours.sign(&content).unwrap());
        if algorithm == "EC" {
            let said = openssl(&[
                "dgst",
                "-sha256",
                "-verify",
                &public,
                "-signature",
                &signed,
                &message,
            ]);
            assert_eq!(said, "Verified OK\n");
        } else {
            openssl(&[
                "pkeyutl", "-verify", "-rawin", "-pubin", "-inkey", &public, "-sigfile", &signed,
                "-in", &message,
            ]);
        }
    }
}

/// The envelope of a bundle, opened by the library that cosign's Python relatives use.
#[test]
fn securesystemslib_verifies_the_envelope_of_our_bundle() {
    let test = "securesystemslib_verifies_the_envelope_of_our_bundle";
    let Some(python) = python(test, "securesystemslib.dsse") else {
        return;
    };
    let (place, key) = (Place::new(), key(KeyKind::P256));
    let (body, message) = statement(&Sha256::of(b"x"), "program");
    let file = place.put("bundle", &bundle(&body, &key.sign(&message).unwrap()));
    let public = place.put("public", key.public_pem().as_bytes());
    let other = place.put("other", crate::key(KeyKind::P256).public_pem().as_bytes());
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/judges/open_envelope.py");
    let ask = |public: &str| {
        let done = Command::new(&python)
            .args([script, &file, public])
            .output()
            .unwrap();
        String::from_utf8_lossy(&done.stdout).into_owned()
    };
    assert_eq!(ask(&public), "good https://sigstore.dev/cosign/sign/v1\n");
    assert_eq!(ask(&other), "refused\n");
}
