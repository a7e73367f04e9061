//! Nothing is admitted that no contract pins, that nobody signed, or that is not what its digest says.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

mod common;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use common::judge::{Place, has_openssl, openssl, python};
use iia_core::code::Coded as _;
use iia_core::event::EventKind;
use iia_core::{SpiffeId, Timestamp};
use iia_identity::admission::{
    Admission, AdmissionError, Admitted as _, BuildKey, KEYS_MAX, Keys, Layout, PAYLOAD_LEN_MAX,
    Pins, Refused, Sha256, bundle, payload, statement, verify_bundle, verify_payload,
};
use iia_identity::image::{Image, attach};
use iia_identity::issue::KeyKind;

const NAME: &str = "box.example/iia/box";

fn lake() -> SpiffeId {
    "spiffe://iia.local/zone/lake/workload/lake_writer"
        .parse()
        .unwrap()
}

/// A catalog that pins one digest to one workload.
struct Pin(SpiffeId, Sha256);

impl Pins for Pin {
    fn pins(&self, workload: &SpiffeId, digest: &Sha256) -> bool {
        (workload, digest) == (&self.0, &self.1)
    }
}

fn key(kind: KeyKind) -> BuildKey {
    BuildKey::create(kind).unwrap().0
}

fn keys(key: &BuildKey) -> Keys {
    let mut keys = Keys::default();
    keys.add(key.public_pem().as_bytes()).unwrap();
    keys
}

fn admission(key: &BuildKey, digest: Sha256) -> Admission {
    Admission::new(keys(key), Box::new(Pin(lake(), digest)))
}

/// A small image in a layout, signed by a key.
fn image(dir: &Path, key: &BuildKey) -> Sha256 {
    let mut image = Image::new("amd64", 1_800_000_000);
    image
        .put("usr/bin/hello", b"#!/bin/false\n".to_vec(), true)
        .unwrap();
    image.set_entrypoint(vec!["/usr/bin/hello".into()]);
    let digest = image.write(dir, "v1").unwrap();
    let payload = payload(&digest, NAME);
    attach(dir, &digest, &payload, &key.sign(&payload).unwrap()).unwrap();
    digest
}

fn blob(dir: &Path, digest: &str) -> PathBuf {
    dir.join("blobs/sha256")
        .join(digest.strip_prefix("sha256:").unwrap())
}

fn code(refused: Result<impl Sized, Refused>) -> String {
    refused.err().unwrap().error.code().to_string()
}

#[test]
fn an_image_that_is_pinned_and_signed_is_admitted_and_its_workload_gets_an_identity_until_it_ends()
{
    for kind in [KeyKind::P256, KeyKind::Ed25519] {
        let (dir, key) = (tempfile::tempdir().unwrap(), key(kind));
        let digest = image(dir.path(), &key);
        let admission = admission(&key, digest);
        assert_eq!(admission.admitted(&lake()), None);
        assert_eq!(admission.admit_image(&lake(), dir.path(), None), Ok(digest));
        assert_eq!(
            admission.admit_image(&lake(), dir.path(), Some("v1")),
            Ok(digest)
        );
        assert_eq!(admission.admitted(&lake()), Some(digest.to_string()));
        admission.withdraw(&lake());
        assert!(
            admission.admitted(&lake()).is_some(),
            "it was admitted twice"
        );
        admission.withdraw(&lake());
        assert_eq!(admission.admitted(&lake()), None);
    }
}

#[test]
fn an_image_without_contract_signature_or_name_is_refused_by_its_own_code() {
    let (dir, own, other) = (
        tempfile::tempdir().unwrap(),
        key(KeyKind::P256),
        key(KeyKind::P256),
    );
    let digest = image(dir.path(), &own);
    let try_as = |admission: &Admission, id: &SpiffeId| admission.admit_image(id, dir.path(), None);
    let somebody = "spiffe://iia.local/zone/a/workload/b".parse().unwrap();
    assert_eq!(
        code(try_as(&admission(&own, digest), &somebody)),
        "IIA-IDN-0120"
    );
    assert_eq!(
        code(try_as(&admission(&own, Sha256::of(b"other")), &lake())),
        "IIA-IDN-0120"
    );
    assert_eq!(
        code(try_as(&admission(&other, digest), &lake())),
        "IIA-IDN-0121"
    );
    let nobody = Admission::new(Keys::default(), Box::new(Pin(lake(), digest)));
    assert_eq!(code(try_as(&nobody, &lake())), "IIA-IDN-0121");
    let got = admission(&own, digest).admit_image(&lake(), dir.path(), Some("v2"));
    assert_eq!(code(got), "IIA-IDN-0021");
    let nowhere = dir.path().join("nowhere");
    assert_eq!(
        code(admission(&own, digest).admit_image(&lake(), &nowhere, None)),
        "IIA-IDN-0520"
    );
    let refused = try_as(&admission(&other, digest), &lake()).unwrap_err();
    assert_eq!(admission(&other, digest).admitted(&lake()), None);
    // What the chain and whoever watches over assets are told.
    let now = Timestamp::from_secs(1_800_000_000);
    let event = refused.event(now);
    assert_eq!(
        (event.kind, event.check()),
        (EventKind::SignatureFailed, Ok(()))
    );
    assert_eq!(event.field("digest"), Some(digest.to_string().as_str()));
    assert_eq!(
        (event.field("step"), event.field("code")),
        (Some("admission"), Some("IIA-IDN-0121"))
    );
    let finding = refused.finding(now);
    assert_eq!(
        (finding.stream.as_str(), finding.source.as_str()),
        ("ot.attestation.image", lake().as_str())
    );
    assert!(
        finding.reason.contains("no trusted key has signed"),
        "{}",
        finding.reason
    );
}

/// R-IMG-04: one bit of any part of it, and it does not start.
#[test]
fn one_turned_bit_anywhere_in_an_image_is_refused() {
    let (dir, key) = (tempfile::tempdir().unwrap(), key(KeyKind::P256));
    let digest = image(dir.path(), &key);
    let admission = admission(&key, digest);
    let admit = || admission.admit_image(&lake(), dir.path(), None);
    let mut parts: Vec<PathBuf> = fs::read_dir(dir.path().join("blobs/sha256"))
        .unwrap()
        .map(|one| one.unwrap().path())
        .collect();
    assert_eq!(
        parts.len(),
        6,
        "layer, configuration, manifest; payload, configuration, manifest"
    );
    // The configuration of a signature says nothing that anybody reads.
    let index = Layout::open(dir.path()).unwrap().index().unwrap();
    let of_signature = fs::read(blob(dir.path(), &index[1].digest.to_string())).unwrap();
    let unread: serde_json::Value = serde_json::from_slice(&of_signature).unwrap();
    let unread = blob(dir.path(), unread["config"]["digest"].as_str().unwrap());
    parts.retain(|part| *part != unread);
    for part in parts {
        let whole = fs::read(&part).unwrap();
        for at in (0..whole.len()).step_by(whole.len() / 16 + 1) {
            let mut bent = whole.clone();
            bent[at] ^= 1;
            fs::write(&part, &bent).unwrap();
            assert!(admit().is_err(), "{} {at}", part.display());
        }
        fs::write(&part, &whole[1..]).unwrap();
        assert!(admit().is_err(), "{}", part.display());
        fs::write(&part, [whole.as_slice(), b"x"].concat()).unwrap();
        assert!(admit().is_err(), "{}", part.display());
        fs::write(&part, &whole).unwrap();
        assert!(admit().is_ok());
    }
}

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
    let other = place.put("other", self::key(KeyKind::P256).public_pem().as_bytes());
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
