//! OpenSSL reads our SVIDs as they are meant, believes what is to be believed and refuses the rest.
#![expect(clippy::unwrap_used, reason = "tests")]

mod common;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use iia_core::Timestamp;
use iia_core::time::{Clock as _, ManualClock};
use iia_identity::issue::{Issued, Issuer, request};

const ID: &str = "spiffe://iia.local/zone/lake/workload/lake_writer";
const NOW: i64 = 1_800_000_000;

fn openssl(test: &str) -> bool {
    let there = Command::new("openssl").arg("version").output();
    let there = there.is_ok_and(|done| done.stdout.starts_with(b"OpenSSL 3."));
    if !there {
        common::skip(test, "openssl 3");
    }
    there
}

fn run(arguments: &[&str]) -> Output {
    Command::new("openssl").args(arguments).output().unwrap()
}

fn text(arguments: &[&str]) -> String {
    let done = run(arguments);
    assert!(
        done.status.success(),
        "{}",
        String::from_utf8_lossy(&done.stderr)
    );
    String::from_utf8(done.stdout).unwrap()
}

struct Place(tempfile::TempDir);

impl Place {
    /// Writes a certificate as PEM by OpenSSL's own hand.
    fn put(&self, name: &str, der: &[u8]) -> PathBuf {
        let (from, to) = (
            self.0.path().join(format!("{name}.der")),
            self.0.path().join(name),
        );
        fs::write(&from, der).unwrap();
        text(&[
            "x509",
            "-inform",
            "der",
            "-in",
            path(&from),
            "-out",
            path(&to),
        ]);
        to
    }
}

fn path(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn clock() -> ManualClock {
    ManualClock::new(Timestamp::from_secs(NOW))
}

fn issuer() -> Issuer {
    Issuer::create("iia.local".parse().unwrap(), 3600, 1, clock().read()).unwrap()
}

fn issue(issuer: &Issuer) -> Issued {
    let (csr, _key) = request(&ID.parse().unwrap()).unwrap();
    let id = ID.parse().unwrap();
    issuer
        .issue(&csr, &id, &common::Everybody, clock().read())
        .unwrap()
}

fn believes(root: &Path, leaf: &Path, at: i64, purpose: &str) -> bool {
    let (root, leaf, at) = (path(root), path(leaf), at.to_string());
    let strict = ["verify", "-x509_strict", "-check_ss_sig", "-attime", &at];
    run(&[&strict[..], &["-purpose", purpose, "-CAfile", root, leaf]].concat())
        .status
        .success()
}

#[test]
fn openssl_believes_our_svid_for_its_hour_and_under_its_root_only() {
    if !openssl("openssl_believes_our_svid_for_its_hour_and_under_its_root_only") {
        return;
    }
    let place = Place(tempfile::tempdir().unwrap());
    let (own, other) = (issuer(), issuer());
    let issued = issue(&own);
    let (root, foreign) = (
        place.put("root", own.root()),
        place.put("foreign", other.root()),
    );
    let leaf = place.put("leaf", &issued.chain[0]);
    // The last second itself is in by RFC 5280 4.1.2.5 and for us; OpenSSL counts it out.
    for purpose in ["sslserver", "sslclient"] {
        for (at, want) in [
            (NOW - 61, false),
            (NOW - 60, true),
            (NOW, true),
            (NOW + 3539, true),
            (NOW + 3541, false),
        ] {
            assert_eq!(believes(&root, &leaf, at, purpose), want, "{purpose} {at}");
        }
        assert!(!believes(&foreign, &leaf, NOW, purpose));
    }
    assert_eq!(issued.not_after, Timestamp::from_secs(NOW + 3540));
    // A leaf is no authority, and good for nothing else.
    assert!(!believes(&leaf, &leaf, NOW, "sslserver"));
    assert!(!believes(&root, &leaf, NOW, "smimesign"));
    assert!(!believes(&root, &leaf, NOW, "timestampsign"));
}

#[test]
fn openssl_refuses_every_turned_byte_of_our_svid() {
    if !openssl("openssl_refuses_every_turned_byte_of_our_svid") {
        return;
    }
    let place = Place(tempfile::tempdir().unwrap());
    let own = issuer();
    let (root, good) = (place.put("root", own.root()), issue(&own).chain[0].clone());
    for at in (0..good.len()).step_by(5) {
        let mut bent = good.clone();
        bent[at] ^= 4;
        let file = place.0.path().join("bent");
        fs::write(&file, bent).unwrap();
        assert!(!believes(&root, &file, NOW, "sslserver"), "{at}");
    }
}

#[test]
fn openssl_reads_what_the_standard_asks_for() {
    if !openssl("openssl_reads_what_the_standard_asks_for") {
        return;
    }
    let place = Place(tempfile::tempdir().unwrap());
    let own = issuer();
    let (root, leaf) = (
        place.put("root", own.root()),
        place.put("leaf", &issue(&own).chain[0]),
    );
    let extension = |file: &Path, name: &str| {
        let found = text(&["x509", "-noout", "-in", path(file), "-ext", name]);
        found.lines().map(str::trim).collect::<Vec<_>>().join(" ")
    };
    for (file, name, want) in [
        (&leaf, "subjectAltName", format!("X509v3 Subject Alternative Name: URI:{ID}")),
        (&leaf, "basicConstraints", "X509v3 Basic Constraints: critical CA:FALSE".into()),
        (&leaf, "keyUsage", "X509v3 Key Usage: critical Digital Signature".into()),
        (
            &leaf,
            "extendedKeyUsage",
            "X509v3 Extended Key Usage: TLS Web Server Authentication, TLS Web Client Authentication".into(),
        ),
        (&root, "subjectAltName", "X509v3 Subject Alternative Name: URI:spiffe://iia.local".into()),
        (&root, "basicConstraints", "X509v3 Basic Constraints: critical CA:TRUE, pathlen:1".into()),
        (&root, "keyUsage", "X509v3 Key Usage: critical Certificate Sign, CRL Sign".into()),
    ] {
        assert_eq!(extension(file, name), want);
    }
    let key = text(&["x509", "-noout", "-in", path(&leaf), "-text"]);
    assert!(key.contains("NIST CURVE: P-256") && key.contains("ecdsa-with-SHA256"));
    let (csr, _key) = request(&ID.parse().unwrap()).unwrap();
    let file = place.0.path().join("csr");
    fs::write(&file, csr).unwrap();
    text(&[
        "req",
        "-inform",
        "der",
        "-in",
        path(&file),
        "-noout",
        "-verify",
    ]);
}

/// The webpki profile of Python's `cryptography`, whose path building is again another.
#[test]
fn python_cryptography_believes_our_svid_as_a_client() {
    let test = "python_cryptography_believes_our_svid_as_a_client";
    let own = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/venv/bin/python");
    let python = std::env::var_os("IIA_PYTHON").map_or_else(|| own.into(), PathBuf::from);
    let imports = Command::new(&python)
        .args(["-c", "import cryptography"])
        .output();
    if !imports.is_ok_and(|done| done.status.success()) {
        return common::skip(
            test,
            "a Python with cryptography (IIA_PYTHON or target/venv)",
        );
    }
    let place = Place(tempfile::tempdir().unwrap());
    let (own, other) = (issuer(), issuer());
    let (root, foreign) = (place.0.path().join("root"), place.0.path().join("foreign"));
    let leaf = place.0.path().join("leaf");
    fs::write(&root, own.root()).unwrap();
    fs::write(&foreign, other.root()).unwrap();
    fs::write(&leaf, &issue(&own).chain[0]).unwrap();
    let ask = |root: &Path, at: i64| {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/judges/verify_client.py");
        let files = [script, path(root), path(&leaf), &at.to_string()];
        let done = Command::new(&python).args(files).output().unwrap();
        String::from_utf8(done.stdout).unwrap()
    };
    assert_eq!(ask(&root, NOW), format!("{ID}\n"));
    for (root, at) in [(&foreign, NOW), (&root, NOW + 3541), (&root, NOW - 61)] {
        assert!(ask(root, at).starts_with("refused"), "{at}");
    }
}
