//! Python's `cryptography` finds in our bundles the keys of the certificates, whatever kind of key OpenSSL made.
#![expect(clippy::unwrap_used, reason = "tests")]

mod common;

use std::path::{Path, PathBuf};
use std::process::Command;

use iia_identity::bundle::Bundle;

const CONFIG: &str = "[req]\ndistinguished_name=d\nx509_extensions=e\n[d]\n[e]\n\
    basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign\n";

fn python() -> PathBuf {
    let own = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/venv/bin/python");
    std::env::var_os("IIA_PYTHON").map_or_else(|| own.into(), PathBuf::from)
}

/// A self-signed root of OpenSSL's.
fn root(dir: &Path, key: &[&str]) -> Vec<u8> {
    let (config, out) = (dir.join("config"), dir.join("root"));
    std::fs::write(&config, CONFIG).unwrap();
    let done = Command::new("openssl")
        .args([
            "req", "-x509", "-nodes", "-outform", "DER", "-subj", "/CN=root", "-config",
        ])
        .arg(&config)
        .args(["-keyout", "/dev/null", "-out"])
        .arg(&out)
        .args(key)
        .output()
        .unwrap();
    assert!(
        done.status.success(),
        "{}",
        String::from_utf8_lossy(&done.stderr)
    );
    std::fs::read(out).unwrap()
}

#[test]
fn python_cryptography_reads_our_bundle() {
    let test = "python_cryptography_reads_our_bundle";
    let imports = Command::new(python())
        .args(["-c", "import cryptography"])
        .output();
    let openssl = Command::new("openssl").arg("version").output();
    if !imports.is_ok_and(|done| done.status.success()) || openssl.is_err() {
        return common::skip(
            test,
            "openssl and a Python with cryptography (IIA_PYTHON or target/venv)",
        );
    }
    let dir = tempfile::tempdir().unwrap();
    let curve = |name| ["-newkey", "ec", "-pkeyopt", name];
    let roots = vec![
        root(dir.path(), &curve("ec_paramgen_curve:P-256")),
        root(dir.path(), &curve("ec_paramgen_curve:P-384")),
        root(dir.path(), &curve("ec_paramgen_curve:P-521")),
        root(dir.path(), &["-newkey", "rsa:2048"]),
        root(dir.path(), &["-newkey", "ed25519"]),
    ];
    let bundle = Bundle::new(roots, 1).unwrap();
    let json = bundle.to_json().unwrap();
    assert_eq!(Bundle::parse(&json), Ok(bundle));
    let file = dir.path().join("bundle.json");
    std::fs::write(&file, &json).unwrap();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/judges/read_bundle.py");
    let done = Command::new(python())
        .arg(script)
        .arg(&file)
        .output()
        .unwrap();
    let want = "EC P-256 True\nEC P-384 True\nEC P-521 True\nRSA - True\nOKP Ed25519 True\n";
    assert_eq!(
        String::from_utf8_lossy(&done.stdout),
        want,
        "{}",
        String::from_utf8_lossy(&done.stderr)
    );
}
