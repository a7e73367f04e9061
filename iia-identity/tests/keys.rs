//! Both kinds of keys, read by others: OpenSSL takes key and chain, and Python's `cryptography` the key.
#![expect(clippy::unwrap_used, reason = "tests")]

mod common;

use std::process::Command;

use common::judge::{Place, believes, has_openssl, openssl, python};
use iia_core::Timestamp;
use iia_core::time::{Clock as _, ManualClock};
use iia_identity::IdentityError;
use iia_identity::bundle::BundleSet;
use iia_identity::issue::{Issuer, KeyKind, REQUEST_LEN_MAX, Subject, Terms, request_for};
use iia_identity::svid::Svid;
use iia_identity::verify::verify_chain;

const ID: &str = "spiffe://iia.local/zone/lake/workload/lake_writer";
const NOW: i64 = 1_800_000_000;
const KINDS: [KeyKind; 2] = [KeyKind::P256, KeyKind::Ed25519];

fn clock() -> ManualClock {
    ManualClock::new(Timestamp::from_secs(NOW))
}

fn issuer(kind: KeyKind) -> Issuer {
    let terms = Terms {
        svid_secs: 3600,
        root_secs: 86_400,
        kind,
    };
    Issuer::create_with("iia.local".parse().unwrap(), terms, clock().read()).unwrap()
}

fn subject() -> Subject {
    Subject::of(ID.parse().unwrap()).unwrap()
}

#[test]
fn every_kind_of_key_is_believed_under_every_kind_of_root() {
    for (root, leaf) in KINDS
        .into_iter()
        .flat_map(|root| KINDS.map(|leaf| (root, leaf)))
    {
        let issuer = issuer(root);
        let made = issuer.issue_with_key(leaf, &subject(), &common::Everybody, clock().read());
        let (issued, key) = made.unwrap();
        let mut bundles = BundleSet::default();
        let domain = issuer.domain().clone();
        bundles.add_root(domain, issuer.root().to_vec()).unwrap();
        let chain: Vec<_> = issued
            .chain
            .iter()
            .map(|der| der.as_slice().into())
            .collect();
        let id = verify_chain(&chain, &bundles, clock().read().wall);
        assert_eq!(id, Ok(ID.parse().unwrap()), "{root:?} {leaf:?}");
        assert!(Svid::new(issued.chain, key).is_ok(), "{leaf:?}");
    }
}

/// The provider writes Ed25519 keys as PKCS#8 version 2, which OpenSSL 3.0 refuses; ours are version 1.
#[test]
fn openssl_reads_keys_and_chains_of_both_kinds() {
    if !has_openssl("openssl_reads_keys_and_chains_of_both_kinds") {
        return;
    }
    for (kind, names, signs) in [
        (KeyKind::P256, "NIST CURVE: P-256", "ecdsa-with-SHA256"),
        (KeyKind::Ed25519, "ED25519", "ED25519"),
    ] {
        let (place, issuer) = (Place::new(), issuer(kind));
        let made = issuer.issue_with_key(kind, &subject(), &common::Everybody, clock().read());
        let (issued, key) = made.unwrap();
        let root = place.pem("x509", "root", issuer.root());
        let leaf = place.pem("x509", "leaf", &issued.chain[0]);
        let key = place.pem("pkey", "key", key.as_pkcs8());
        let at = NOW.to_string();
        assert!(believes(&root, None, &leaf, &["-attime", &at]), "{kind:?}");
        openssl(&["pkey", "-in", &key, "-check", "-noout"]);
        // The key is the one that the certificate is over.
        let ours = openssl(&["pkey", "-in", &key, "-pubout"]);
        assert_eq!(ours, openssl(&["x509", "-in", &leaf, "-noout", "-pubkey"]));
        let text = openssl(&["x509", "-in", &leaf, "-noout", "-text"]);
        assert!(text.contains(names) && text.contains(signs), "{text}");
        let (csr, _key) = request_for(kind, &ID.parse().unwrap()).unwrap();
        let csr = place.put("csr", &csr);
        openssl(&["req", "-inform", "der", "-in", &csr, "-noout", "-verify"]);
    }
}

#[test]
fn python_cryptography_loads_keys_of_both_kinds() {
    let Some(python) = python(
        "python_cryptography_loads_keys_of_both_kinds",
        "cryptography",
    ) else {
        return;
    };
    let place = Place::new();
    let script = "import sys; from cryptography.hazmat.primitives.serialization import load_der_private_key as load\n\
                  print(type(load(open(sys.argv[1], 'rb').read(), None)).__name__)";
    for (kind, name) in [
        (KeyKind::P256, "ECPrivateKey\n"),
        (KeyKind::Ed25519, "Ed25519PrivateKey\n"),
    ] {
        let (_, key) = request_for(kind, &ID.parse().unwrap()).unwrap();
        let file = place.put("key", key.as_pkcs8());
        let done = Command::new(&python)
            .args(["-c", script, &file])
            .output()
            .unwrap();
        assert_eq!(String::from_utf8_lossy(&done.stdout), name, "{done:?}");
    }
}

/// A request of a weak or strange key gives no SVID, however well it is signed.
#[test]
fn requests_with_keys_that_are_not_for_workloads_are_refused() {
    if !has_openssl("requests_with_keys_that_are_not_for_workloads_are_refused") {
        return;
    }
    let (place, issuer) = (Place::new(), issuer(KeyKind::P256));
    let issue = |csr: &[u8]| {
        issuer.issue(
            csr,
            &ID.parse().unwrap(),
            &common::Everybody,
            clock().read(),
        )
    };
    for (algorithm, option, good) in [
        ("EC", "ec_paramgen_curve:P-256", true),
        ("EC", "ec_paramgen_curve:P-384", true),
        ("EC", "ec_paramgen_curve:secp256k1", false),
        ("RSA", "rsa_keygen_bits:1024", false),
        ("RSA", "rsa_keygen_bits:2048", false),
    ] {
        let (key, csr) = (place.put("key", b""), place.put("csr", b""));
        openssl(&[
            "genpkey",
            "-algorithm",
            algorithm,
            "-pkeyopt",
            option,
            "-out",
            &key,
        ]);
        openssl(&[
            "req", "-new", "-key", &key, "-subj", "/CN=x", "-outform", "der", "-out", &csr,
        ]);
        let got = issue(&std::fs::read(&csr).unwrap());
        assert_eq!(got.is_ok(), good, "{option}");
    }
    assert_eq!(
        issue(&vec![0x30; REQUEST_LEN_MAX + 1]),
        Err(IdentityError::BadRequest)
    );
}
