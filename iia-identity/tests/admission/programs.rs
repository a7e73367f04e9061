//! Executables: what was hashed is what runs.

use iia_identity::admission::{Admission, AdmissionError, BuildKey, Sha256, bundle, statement};
use iia_identity::issue::KeyKind;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::{admission, code, key, lake};

/// A copy of a program that may be started, and the bundle that lets it.
fn program(dir: &Path, key: &BuildKey) -> (PathBuf, Vec<u8>, Sha256) {
    let path = dir.join("program");
    fs::copy("/bin/echo", &path).unwrap();
    let digest = Sha256::of(&fs::read(&path).unwrap());
    let (body, message) = statement(&digest, "program");
    (path, bundle(&body, &key.sign(&message).unwrap()), digest)
}

#[test]
fn an_executable_is_started_by_the_descriptor_that_was_hashed() {
    let (dir, key) = (tempfile::tempdir().unwrap(), key(KeyKind::P256));
    let (path, bundle, digest) = program(dir.path(), &key);
    let opened = admission(&key, digest)
        .admit_executable(&lake(), &path, &bundle)
        .unwrap();
    assert_eq!(opened.digest(), digest);
    // Another program is put in its place: what was hashed is what runs.
    fs::copy("/bin/false", dir.path().join("other")).unwrap();
    fs::rename(dir.path().join("other"), &path).unwrap();
    let done = Command::new(opened.path()).arg("hashed").output().unwrap();
    assert_eq!(String::from_utf8_lossy(&done.stdout), "hashed\n");
    assert!(
        opened.check_unwritten().is_err(),
        "its name is gone, so its times changed: nothing is taken on trust"
    );
}

#[test]
fn an_executable_that_is_written_to_while_it_is_admitted_is_found_out() {
    let (dir, key) = (tempfile::tempdir().unwrap(), key(KeyKind::P256));
    let (path, bundle, digest) = program(dir.path(), &key);
    let opened = admission(&key, digest)
        .admit_executable(&lake(), &path, &bundle)
        .unwrap();
    assert_eq!(opened.check_unwritten(), Ok(()));
    let writing = fs::OpenOptions::new().append(true).open(&path).unwrap();
    let started = Command::new(opened.path()).output();
    assert_eq!(
        started.unwrap_err().kind(),
        std::io::ErrorKind::ExecutableFileBusy,
        "the kernel refuses"
    );
    std::io::Write::write_all(&mut &writing, b"x").unwrap();
    drop(writing);
    assert_eq!(opened.check_unwritten(), Err(AdmissionError::Written));
}

#[test]
fn executables_without_contract_or_signature_and_those_that_others_may_write_are_refused() {
    let (dir, own, other) = (
        tempfile::tempdir().unwrap(),
        key(KeyKind::P256),
        key(KeyKind::P256),
    );
    let (path, bundle, digest) = program(dir.path(), &own);
    let admit =
        |admission: &Admission, bundle: &[u8]| admission.admit_executable(&lake(), &path, bundle);
    assert_eq!(
        code(admit(&admission(&own, Sha256::of(b"x")), &bundle)),
        "IIA-IDN-0120"
    );
    assert_eq!(
        code(admit(&admission(&other, digest), &bundle)),
        "IIA-IDN-0121"
    );
    assert_eq!(code(admit(&admission(&own, digest), b"{}")), "IIA-IDN-0022");
    let missing =
        admission(&own, digest).admit_executable(&lake(), &dir.path().join("none"), &bundle);
    assert_eq!(code(missing), "IIA-IDN-0520");
    let a_directory = admission(&own, digest).admit_executable(&lake(), dir.path(), &bundle);
    assert_eq!(code(a_directory), "IIA-IDN-0520");
    assert!(admit(&admission(&own, digest), &bundle).is_ok());
    fs::set_permissions(&path, fs::Permissions::from_mode(0o775)).unwrap();
    assert_eq!(
        code(admit(&admission(&own, digest), &bundle)),
        "IIA-IDN-0122"
    );
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    let mut bytes = fs::read(&path).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(&path, bytes).unwrap();
    assert_eq!(
        code(admit(&admission(&own, digest), &bundle)),
        "IIA-IDN-0120"
    );
}

/// A file signed by `cosign sign-blob --bundle` without a log: the signature is over the file itself.
#[test]
fn a_bundle_over_the_file_itself_counts_for_an_executable() {
    use base64::Engine as _;
    let standard = base64::engine::general_purpose::STANDARD;
    let (dir, key) = (tempfile::tempdir().unwrap(), key(KeyKind::P256));
    let (path, _, digest) = program(dir.path(), &key);
    let bytes = fs::read(&path).unwrap();
    let bundle = |signature: &[u8], digest: &Sha256| {
        serde_json::json!({
            "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
            "verificationMaterial": { "publicKey": { "hint": "x" } },
            "messageSignature": {
                "messageDigest": { "algorithm": "SHA2_256", "digest": standard.encode(digest.as_bytes()) },
                "signature": standard.encode(signature),
            },
        })
        .to_string()
    };
    let good = bundle(&key.sign(&bytes).unwrap(), &digest);
    let admission = admission(&key, digest);
    assert!(
        admission
            .admit_executable(&lake(), &path, good.as_bytes())
            .is_ok()
    );
    let other = bundle(&key.sign(b"another").unwrap(), &digest);
    assert_eq!(
        code(admission.admit_executable(&lake(), &path, other.as_bytes())),
        "IIA-IDN-0121"
    );
    let named = bundle(&key.sign(&bytes).unwrap(), &Sha256::of(b"another"));
    assert_eq!(
        code(admission.admit_executable(&lake(), &path, named.as_bytes())),
        "IIA-IDN-0121"
    );
}
